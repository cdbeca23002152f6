"""The organiser's page of certificates: who has earned one, issuing, revoking, replacing."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from certificates import issuing
from certificates.candidates import Candidate, Standing, candidates, has_earned, minutes_in_all
from certificates.forms import RevokeForm
from certificates.issuing import NotIssuable, NotPrinted
from certificates.models import Certificate
from certificates.outdated import differences
from certificates.printable import lost_characters, obstacle_of
from certificates.progress import progress
from core.accounts.models import User
from core.search import fold
from core.web.forms.searching import FilterInUse
from labs import access
from labs.models import Lab
from registrations import statistics
from registrations.models import Attendance, Registration
from sessions.models import Session

PER_PAGE = 100


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  (the access declaration lets nobody else in)
    return request.user


@access.organiser
def certificates(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Everyone who attended, with where each stands; `?standing=` and `?q=` narrow the list."""
    everyone = candidates(lab)
    counts = Counter(candidate.standing.value for candidate in everyone)
    wanted = request.GET.get("standing", "")
    search = request.GET.get("q", "").strip()[:100]
    pieces = [fold(word).replace(" ", "") for word in search.split()]
    shown = [
        candidate
        for candidate in everyone
        if (not wanted or candidate.standing.value == wanted)
        and all(piece in candidate.registration.name_key for piece in pieces)
    ]
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    works = [found for replacing in (False, True) if (found := progress(lab, replacing=replacing))]
    erased = list(Certificate.objects.outdated().filter(lab=lab, registration=None).defer("content"))
    of_erased = differences(erased, lab)
    texts = lost_characters(lab)
    early = _not_over(lab)
    in_trouble = (Standing.OUTDATED, Standing.FAILED, Standing.BLOCKED)
    context = {
        "lab": lab,
        "section": "certificates",
        "page_obj": page,
        "rows": _rows(page, lab),
        "counts": {standing.name.lower(): counts[standing.value] for standing in Standing},
        "standings": [(standing.value, _label(standing), counts[standing.value]) for standing in Standing],
        "wanted": wanted,
        "search": search,
        "filters": [FilterInUse("q", _("Name"), search)] if search else [],
        "everyone": len(everyone),
        # So that this page and the overview, which counts all who came, can be read side by side.
        "not_listed": statistics.people_counts([lab.pk])[lab.pk][statistics.ATTENDED]
        - sum(bool(one.attended) for one in everyone),
        "issuable": sum(candidate.can_be_issued for candidate in everyone),
        "replaceable": sum(candidate.can_be_replaced for candidate in everyone),
        "works": works,
        "is_issuing": any(work.goes_on and not work.replacing for work in works),
        "is_replacing": any(work.goes_on and work.replacing for work in works),
        "lost_characters": texts,
        "early": early,
        "has_notices": bool(
            works or erased or texts or early or any(counts[one.value] for one in in_trouble)
        ),
        "erased": [(one, of_erased[one.pk]) for one in erased],
    }
    return render(request, "certificates/console/list.html", context)


def _not_over(lab: Lab) -> list[Session]:
    """Return the sessions in which people are marked as present before they end, in order of time. One query."""
    marked = Attendance.objects.filter(session=OuterRef("pk"))
    coming = Session.objects.filter(Exists(marked), lab=lab, ends_at__gt=timezone.now()).taking_place()
    return list(coming.only("lab", "slug", "title").order_by("starts_at", "pk"))


def _rows(page: Iterable[Candidate], lab: Lab) -> list[tuple[Candidate, list[str]]]:
    """Return the people of one page, each with what is different today from what their certificate says."""
    shown = list(page)
    valid = [one.certificate for one in shown if one.standing is Standing.OUTDATED or one.attended_more]
    differ = differences((certificate for certificate in valid if certificate), lab)
    return [(one, differ.get(one.certificate.pk, []) if one.certificate else []) for one in shown]


def _label(standing: Standing) -> str:
    return {
        Standing.OUTDATED: _("No longer correct"),
        Standing.FAILED: _("Could not be issued"),
        Standing.ISSUED: _("Issued"),
        Standing.READY: _("Ready to issue"),
        Standing.BLOCKED: _("Name cannot be printed"),
        Standing.REVOKED: _("Revoked"),
        Standing.NOT_YET: _("Not enough sessions"),
    }[standing]


@access.organiser
@require_POST
def issue_all(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Put the issuing down as work for the worker; pressing twice starts it once."""
    if any(candidate.can_be_issued for candidate in candidates(lab)):
        issuing.start_issuing(lab, _user(request))
        messages.info(request, _("The certificates will be issued. Everyone gets an email with the link."))
    else:
        messages.info(request, _("There are no certificates to issue."))
    return redirect("console_certificates", lab.slug)


@access.organiser
def replace_all(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Show what is no longer so on which certificate, then put down the work of replacing them all."""
    outdated = [candidate for candidate in candidates(lab) if candidate.standing is Standing.OUTDATED]
    replaceable = [candidate for candidate in outdated if candidate.can_be_replaced]
    if request.method == "POST":
        if replaceable:
            issuing.start_issuing(lab, _user(request), replacing=True)
            messages.info(
                request, _("The certificates will be replaced. Everyone gets an email with the link.")
            )
        else:
            messages.info(request, _("There are no certificates to replace."))
        return redirect("console_certificates", lab.slug)
    page = Paginator(replaceable, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "lab": lab,
        "section": "certificates",
        "page_obj": page,
        "rows": _rows(page, lab),
        "count": len(replaceable),
        "left": len(outdated) - len(replaceable),
    }
    return render(request, "certificates/console/replace_all.html", context)


def _says_why_not(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show on the list why a certificate could not be made or changed; a failure of the renderer has its own page."""

    @wraps(view)
    def explained(request: HttpRequest, lab: Lab, **names: str) -> HttpResponse:
        try:
            return view(request, lab, **names)
        except NotPrinted as error:
            return _not_printed(request, lab, error)
        except NotIssuable as error:
            messages.error(request, error.message)
            return redirect("console_certificates", lab.slug)

    return explained


@access.organiser
@require_POST
@_says_why_not
def issue_one(request: HttpRequest, lab: Lab, registration: str) -> HttpResponse:
    person = get_object_or_404(Registration, lab=lab, public_id=registration)
    issued = issuing.issue(person, _user(request))
    messages.info(request, _("Certificate %(code)s issued. An email will be sent.") % {"code": issued.code})
    return redirect("console_certificates", lab.slug)


def _not_printed(request: HttpRequest, lab: Lab, error: NotPrinted) -> HttpResponse:
    """Say that it was the service's failure, and offer the same button again."""
    context = {"lab": lab, "section": "certificates", "said": error.message}
    response = render(request, "certificates/console/not_printed.html", context, status=503)
    response["Retry-After"] = str(issuing.TRY_AGAIN_SECONDS)
    return response


def _of_lab(lab: Lab, code: str) -> Certificate:
    return get_object_or_404(Certificate.objects.select_related("registration"), lab=lab, code=code)


@access.organiser
@_says_why_not
def revoke(request: HttpRequest, lab: Lab, code: str) -> HttpResponse:
    """Ask for the reason, then withdraw."""
    certificate = _of_lab(lab, code)
    if certificate.state != Certificate.State.VALID:
        raise Http404
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        issuing.revoke(certificate, form.cleaned_data["reason"], _user(request))
        words = _("Certificate %(code)s revoked. Its check page says so, and its holder will be emailed.")
        messages.info(request, words % {"code": code})
        return redirect("console_certificates", lab.slug)
    context = {"lab": lab, "section": "certificates", "certificate": certificate, "form": form}
    return render(request, "certificates/console/revoke.html", context, status=400 if form.errors else 200)


@access.organiser
@require_POST
@_says_why_not
def restore(request: HttpRequest, lab: Lab, code: str) -> HttpResponse:
    issuing.restore(_of_lab(lab, code), _user(request))
    words = _("Certificate %(code)s is valid again. Its holder will be emailed.")
    messages.info(request, words % {"code": code})
    return redirect("console_certificates", lab.slug)


@access.organiser
@_says_why_not
def replace(request: HttpRequest, lab: Lab, code: str) -> HttpResponse:
    """Show what the new certificate would say, then issue it in place of the old one."""
    certificate = _of_lab(lab, code)
    registration = certificate.registration
    if certificate.state != Certificate.State.VALID or registration is None:
        raise Http404
    if request.method == "POST":
        new = issuing.reissue(certificate, _user(request))
        words = _("Certificate %(old)s replaced by %(new)s. An email will be sent.")
        messages.info(request, words % {"old": code, "new": new.code})
        return redirect("console_certificates", lab.slug)
    attended = has_earned(registration)
    compared = Certificate.objects.compared().select_related("registration").get(pk=certificate.pk)
    context = {
        "lab": lab,
        "section": "certificates",
        "certificate": certificate,
        "registration": registration,
        "attended": attended,
        "obstacle": obstacle_of(registration.name),
        "minutes": minutes_in_all((session.starts_at, session.ends_at) for session in attended),
        "differences": differences([compared], lab).get(compared.pk, []),
    }
    return render(request, "certificates/console/replace.html", context)
