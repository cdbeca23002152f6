"""Pages to register, and to request the private link again."""

from dataclasses import replace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.jobs import tallies
from core.mail.address_budget import EMAILS_PER_HOUR
from core.web.domain_slips import meant_address
from core.web.email_addresses import address_key
from core.web.errors import InvalidFields, RuleViolation
from core.web.idempotency import FIELD, IdempotencyKeyReused, run_once
from core.web.rate_limits import allow, client_address
from labs import access
from labs.current_viewer import get_visible_lab_or_404, viewer_of
from labs.models import Lab
from registrations import asking_for_links, corrections, invitations, opening, registering, trap
from registrations.admission import may_hold, may_register
from registrations.breakdowns import FORM_SEEN
from registrations.consent import consent_text, mark_of
from registrations.erasure import about_address
from registrations.forms import RegistrationForm, is_slug
from registrations.kept_forms import SHOWN_IN, initial_from, sent_of, typed_of
from registrations.models import QuestionSet, Registration, RegistrationRules
from registrations.models.rules import rules_of
from registrations.own_forms import LinkForm
from registrations.proof import proof_rules_of
from registrations.question_forms import AnswersForm, session_names
from registrations.questionnaire import questionnaire_of
from registrations.rules import seats_in_words
from sessions.models import Session
from sessions.opengraph import lab_preview

ONE_HOUR = 60 * 60


@access.public
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, lab: str) -> HttpResponse:
    """The registration form for any number of sessions; `?session=<slug>` selects some."""
    found = get_visible_lab_or_404(viewer_of(request), lab, "registration_rules")
    queue = opening.state_of(found, rules_of(found))
    if not found.takes_registrations(timezone.now()):
        if queue is not None and queue.phase in (opening.Phase.EARLY, opening.Phase.GATHERING):
            return redirect("register_queue", found.slug)
        return _closed(request, found)
    token = (request.POST if request.method == "POST" else request.GET).get(opening.FIELD, "")[:100]
    if request.method != "POST" and not opening.may_enter(found, queue, token):
        return redirect("register_queue", found.slug)
    asked = questionnaire_of(found, QuestionSet.Stage.REGISTERING)
    typed, sent = typed_of(request), sent_of(request)
    questions = AnswersForm(asked, typed)
    if sent is None:
        initial = _initial(request, found) if typed is None else initial_from(typed)
        form = RegistrationForm(lab=found, viewer=viewer_of(request), initial=initial)
        return _form(request, found, form, questions)
    form = RegistrationForm(sent, lab=found, viewer=viewer_of(request))
    given = questions.check([session.pk for session in form.chosen])
    if not form.is_valid() or given is None:
        return _form(request, found, form, questions, status=422)
    if form.has_new_overlaps:
        return _form(request, found, form, questions, overlapping=True)
    if not allow("register", client_address(request), settings.REGISTRATIONS_PER_HOUR, ONE_HOUR):
        return render(request, "registrations/too_many.html", {"lab": found}, status=429)

    made: Registration | None = None

    def operation() -> dict[str, str]:
        nonlocal made
        plan = replace(form.plan, answers=given, may_hold=may_hold(request, found))
        made = corrections.submit_instead(
            found, viewer_of(request), plan, request.POST.get(corrections.FIELD, "")
        )
        return {}

    try:
        if trap.is_filled(request.POST):
            trap.pretend(found, operation)
            made = None
        else:
            run_once(
                "registration",
                request.POST.get(FIELD, ""),
                [found.slug, _answers(request.POST)],
                operation,
                about=about_address(address_key(form.cleaned_data["email"])),
            )
    except IdempotencyKeyReused as reused:
        form.add_error(None, reused.message)
        return _form(request, found, form, questions, status=409)
    except RuleViolation as violation:
        if violation.code == "not_open":
            return _closed(request, found)
        if isinstance(violation, InvalidFields):
            questions.add_errors(violation.errors)
        else:
            form.add_error(
                violation.field if violation.field in form.fields else "session", violation.message
            )
        return _form(request, found, form, questions, status=422)
    # Not a redirect: the page shows the email address, which must not be in a URL.
    return _sent(request, found, form.cleaned_data["email"], request.POST, made)


@access.public
@require_POST
def form_seen(request: HttpRequest, lab: str) -> HttpResponse:
    """Count that the form was opened, as its script says: no cookie, no identifier, nothing of the request is kept.

    Not the view that shows the form, because GET changes nothing. The lab's own organisers are not counted.
    """
    viewer = viewer_of(request)
    found = get_visible_lab_or_404(viewer, lab)
    is_counted = found.takes_registrations(timezone.now()) and not viewer.organises(found)
    if is_counted and allow("form-seen", client_address(request), settings.REGISTRATIONS_PER_HOUR, ONE_HOUR):
        tallies.add(FORM_SEEN, 1, lab_id=found.pk)
    return HttpResponse(status=204)


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
    if not allow("registration-link", client_address(request), asking_for_links.PER_HOUR, ONE_HOUR):
        return render(request, "registrations/too_many.html", status=429)
    asking_for_links.queue_links(form.cleaned_data["email"], lab)
    here = QueryDict(mutable=True)
    here.update({"lab": lab.slug} if lab else {})
    here["sent"] = ""
    return redirect(f"{reverse('registration_link')}?{here.urlencode()}")


@access.public
@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """The page after erasing a person; `?held=<slug>` says what that lab holds of people who attended."""
    slug = request.GET.get("held", "")
    lab = Lab.objects.visible_to(viewer_of(request)).filter(slug=slug).first() if is_slug(slug) else None
    rules = proof_rules_of(lab) if lab else None
    return render(request, "registrations/erased.html", {"held": rules if rules and rules.is_held else None})


def _sent(
    request: HttpRequest,
    lab: Lab,
    email: str = "",
    typed: QueryDict | None = None,
    made: Registration | None = None,
) -> HttpResponse:
    """Show the email address and a form to correct it, with the other answers in hidden fields."""
    answered = _answers(typed) if typed is not None else {}
    context = {
        "lab": lab,
        "days": registering.UNCONFIRMED_DAYS,
        "seats_rule": seats_in_words(rules_of(lab)),
        "emails_per_hour": EMAILS_PER_HOUR,
        "email": email,
        "meant": meant_address(email) if email else None,
        "name": answered.get("name", [""])[0],
        "corrects": corrections.token_of(made),
        "others": [(name, value) for name in answered if name != "email" for value in answered[name]],
        "form": LinkForm(initial={"email": email}),
    }
    return render(request, "registrations/sent.html", context)


def _initial(request: HttpRequest, lab: Lab) -> dict[str, object]:
    token = request.GET.get(invitations.FIELD, "")[:100]
    invitation = invitations.find(lab, token) if token else None
    return {
        "session": request.GET.getlist("session"),
        "invitation": token,
        # Only that address got this link.
        "email": invitation.email if invitation else "",
        "queue_number": request.GET.get(opening.FIELD, "")[:100],
        "language": get_language() or settings.LANGUAGE_CODE,
        "time_zone": getattr(request, "reader_zone", None) or lab.time_zone,
    }


def _answers(post: QueryDict) -> dict[str, list[str]]:
    own = (FIELD, "csrfmiddlewaretoken", corrections.FIELD, SHOWN_IN)
    return {name: post.getlist(name) for name in sorted(post) if name not in own}


def _form(
    request: HttpRequest,
    lab: Lab,
    form: RegistrationForm,
    questions: AnswersForm,
    *,
    status: int = 200,
    overlapping: bool = False,
) -> HttpResponse:
    if form.is_bound:
        form.offer_everything()
    # Of a session that the reader cannot choose, no question is shown either.
    questions = questions.for_sessions(form.offered.values())
    language = get_language() or settings.LANGUAGE_CODE
    # Nobody fills in a form that cannot be sent. One that was sent is shown with what is wrong.
    can_choose = form.is_bound or any(pick.control for pick in form.picks)
    is_listed = lab.visibility == Lab.Visibility.PUBLIC and not form.is_bound
    rules = rules_of(lab)
    if not form.is_bound and not may_register(lab, rules, [viewer_of(request)]):
        return render(request, "registrations/delegates_only.html", {"lab": lab})
    is_invited_only = rules.access == RegistrationRules.Access.INVITED
    if not form.is_bound and is_invited_only and not invitations.find(lab, form["invitation"].value() or ""):
        return render(request, "registrations/invited_only.html", {"lab": lab})
    context = {
        "lab": lab,
        "rules": rules,
        "preview": lab_preview(lab, language, "register") if is_listed else None,
        "form": form,
        "questions": questions,
        "sections": questions.sections(session_names(list(form.offered.values()))),
        "zone": getattr(request, "reader_zone", None) or lab.time_zone,
        "language": language,
        "is_opened": request.method == "GET",
        "kept_form": "answers" if can_choose else "",
        "suggests_zone": request.method != "POST" and not getattr(request, "reader_zone", None),
        "seats_rule": seats_in_words(rules),
        "consent": consent_text(lab, language),
        "consent_mark": mark_of(lab),
        "kept_until": lab.answers_kept_until,
        "overlapping": overlapping,
        "picks": form.picks,
        "can_choose": can_choose,
        "all_full": any(not pick.session.is_cancelled for pick in form.picks),
        "chosen": form.chosen,
    }
    response = render(request, "registrations/register.html", context, status=status)
    if form.initial.get("email"):
        response["Cache-Control"] = "no-store"
    return response


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
