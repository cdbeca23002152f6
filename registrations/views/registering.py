"""Pages to register, and to request the private link again."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from core.mail.address_budget import EMAILS_PER_HOUR
from core.web.domain_slips import meant_address
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from core.web.idempotency import FIELD, IdempotencyKeyReused, run_once
from core.web.rate_limits import allow, client_address
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from registrations import asking_for_links, registering
from registrations.consent import consent_text
from registrations.erasure import about_address
from registrations.forms import SWITCH, LinkForm, RegistrationForm, initial_from, is_slug
from sessions.models import Session
from sessions.opengraph import lab_preview

ONE_HOUR = 60 * 60
LINKS_PER_HOUR = 60


@access.public
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, lab: str) -> HttpResponse:
    """The registration form for any number of sessions; `?session=<slug>` selects some."""
    found = get_visible_lab_or_404(viewer_of(request), lab)
    if not found.takes_registrations(timezone.now()):
        return _closed(request, found)
    if request.method != "POST" or SWITCH in request.POST:
        initial = _initial(request, found) if request.method != "POST" else initial_from(request.POST)
        return _form(request, found, RegistrationForm(lab=found, viewer=viewer_of(request), initial=initial))
    form = RegistrationForm(request.POST, lab=found, viewer=viewer_of(request))
    if not form.is_valid():
        return _form(request, found, form, status=422)
    if form.has_new_overlaps:
        return _form(request, found, form, overlapping=True)
    if not allow("register", client_address(request), settings.REGISTRATIONS_PER_HOUR, ONE_HOUR):
        return render(request, "registrations/too_many.html", {"lab": found}, status=429)

    def operation() -> dict[str, str]:
        registering.submit(found, viewer_of(request), form.plan)
        return {}

    try:
        run_once(
            "registration",
            request.POST.get(FIELD, ""),
            [found.slug, _answers(request.POST)],
            operation,
            about=about_address(address_key(form.cleaned_data["email"])),
        )
    except IdempotencyKeyReused as reused:
        form.add_error(None, reused.message)
        return _form(request, found, form, status=409)
    except RuleViolation as violation:
        if violation.code == "not_open":
            return _closed(request, found)
        form.add_error("session", violation.message)
        return _form(request, found, form, status=422)
    # Not a redirect: the page shows the email address, which must not be in a URL.
    return _sent(request, found, form.cleaned_data["email"], request.POST)


@access.public
@require_safe
def session_register(request: HttpRequest, lab: str, session: str) -> HttpResponse:
    """The lab's form with this session selected."""
    visible = Session.objects.visible_to(viewer_of(request)).filter(lab__slug=lab, slug=session)
    if not visible.exists():
        raise Http404
    return redirect(f"{reverse('register', args=[lab])}?session={session}")


@access.public
@require_safe
def register_sent(request: HttpRequest, lab: str) -> HttpResponse:
    """The page after sending the form, the same for everybody."""
    return _sent(request, get_visible_lab_or_404(viewer_of(request), lab))


@access.public
@require_http_methods(["GET", "HEAD", "POST"])
def registration_link(request: HttpRequest) -> HttpResponse:
    """Request the private link again. The response does not reveal whether the address is registered.

    `?lab=<slug>` requests the links of that lab only; one that is not visible is ignored.
    """
    slug = (request.POST if request.method == "POST" else request.GET).get("lab", "")
    lab = Lab.objects.visible_to(viewer_of(request)).filter(slug=slug).first() if is_slug(slug) else None
    context = {"asked_for": lab, "form": LinkForm(), "sent": "sent" in request.GET}
    if request.method != "POST":
        return render(request, "registrations/link.html", context)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return render(request, "registrations/link.html", {**context, "form": form}, status=422)
    if not allow("registration-link", client_address(request), LINKS_PER_HOUR, ONE_HOUR):
        return render(request, "registrations/too_many.html", status=429)
    asking_for_links.queue_links(form.cleaned_data["email"], lab)
    here = QueryDict(mutable=True)
    here.update({"lab": lab.slug} if lab else {})
    here["sent"] = ""
    return redirect(f"{reverse('registration_link')}?{here.urlencode()}")


@access.public
@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """The page after erasing a person."""
    return render(request, "registrations/erased.html")


def _sent(request: HttpRequest, lab: Lab, email: str = "", typed: QueryDict | None = None) -> HttpResponse:
    """Show the email address and a form to correct it, with the other answers in hidden fields."""
    answered = _answers(typed) if typed is not None else {}
    context = {
        "lab": lab,
        "days": registering.UNCONFIRMED_DAYS,
        "emails_per_hour": EMAILS_PER_HOUR,
        "email": email,
        "meant": meant_address(email) if email else None,
        "name": answered.get("name", [""])[0],
        "others": [(name, value) for name in answered if name != "email" for value in answered[name]],
        "form": LinkForm(initial={"email": email}),
    }
    return render(request, "registrations/sent.html", context)


def _initial(request: HttpRequest, lab: Lab) -> dict[str, object]:
    return {
        "session": request.GET.getlist("session"),
        "language": get_language() or settings.LANGUAGE_CODE,
        "time_zone": getattr(request, "reader_zone", None) or lab.time_zone,
    }


def _answers(post: QueryDict) -> dict[str, list[str]]:
    own = (FIELD, "csrfmiddlewaretoken")
    return {name: post.getlist(name) for name in sorted(post) if name not in own}


def _form(
    request: HttpRequest, lab: Lab, form: RegistrationForm, *, status: int = 200, overlapping: bool = False
) -> HttpResponse:
    if form.is_bound:
        form.offer_everything()
    language = get_language() or settings.LANGUAGE_CODE
    # Nobody fills in a form that cannot be sent. One that was sent is shown with what is wrong.
    can_choose = form.is_bound or any(pick.control for pick in form.picks)
    is_listed = lab.visibility == Lab.Visibility.PUBLIC and not form.is_bound
    context = {
        "lab": lab,
        "preview": lab_preview(lab, language, "register") if is_listed else None,
        "form": form,
        "zone": getattr(request, "reader_zone", None) or lab.time_zone,
        "kept_form": "answers" if can_choose else "",
        "suggests_zone": request.method != "POST" and not getattr(request, "reader_zone", None),
        "consent": consent_text(lab, language),
        "kept_until": lab.answers_kept_until,
        "overlapping": overlapping,
        "picks": form.picks,
        "can_choose": can_choose,
        "all_full": any(not pick.session.is_cancelled for pick in form.picks),
        "chosen": form.chosen,
    }
    return render(request, "registrations/register.html", context, status=status)


def _closed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Show when registration opens, or that it is closed."""
    now = timezone.now()
    is_planned = lab.visibility == Lab.Visibility.PUBLIC
    opens_at = lab.registration_opens_at if is_planned else None
    has_opened = opens_at is not None and opens_at <= now
    context = {
        "lab": lab,
        "is_over": lab.is_over(now),
        "has_opened": has_opened,
        "opens_at": opens_at,
        "closed_at": lab.registration_closes_at,
    }
    return render(
        request, "registrations/closed.html", context, status=409 if request.method == "POST" else 200
    )
