"""The private page of somebody whom a city named: accept or decline."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import text_of
from labs import access
from labs.current_viewer import viewer_of
from registrations import links, nominees, registering
from registrations.consent import consent_text, mark_of
from registrations.kept_forms import initial_from, sent_of, typed_of
from registrations.models import Nomination, QuestionSet, Registration
from registrations.nomination_forms import AcceptForm
from registrations.question_forms import AnswersForm, session_names
from registrations.questionnaire import questionnaire_of
from registrations.timeline import how_it_ended
from registrations.views.private_links import show_gone

State = Registration.State


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def nomination(request: HttpRequest, token: str) -> HttpResponse:
    """What the city named the person for; a POST accepts or declines."""
    try:
        found = links.find(token, links.NOMINEE)
    except Http404:
        return show_gone(request)
    named = (
        Nomination.objects.filter(registration=found)
        .select_related("places__city", "places__track", "contact")
        .first()
    )
    if found.state == State.CONFIRMED:
        return redirect("registration", links.token_of(found, links.MANAGE))
    if named is None or found.state == State.CANCELLED:
        city = text_of(named.places.city.name, get_language() or "en", found.lab) if named else ""
        context = {"lab": found.lab, "how": how_it_ended(found, city)}
        return render(request, "registrations/nomination_over.html", context)
    if request.POST.get("answer") == "decline":
        if "confirmed" not in request.POST:
            context = {"lab": found.lab, "token": token, "places": named.places}
            return render(request, "registrations/nomination_decline.html", context)
        nominees.decline(found)
        return redirect("nomination", token)
    return _accept(request, found, named, token)


def _accept(request: HttpRequest, found: Registration, named: Nomination, token: str) -> HttpResponse:
    language = get_language() or found.language
    asked = questionnaire_of(found.lab, QuestionSet.Stage.REGISTERING)
    chosen = registering.seen_choice_of(found, viewer_of(request))
    typed, sent = typed_of(request), sent_of(request)
    questions = AnswersForm(asked, typed)
    form = AcceptForm(
        sent,
        lab=found.lab,
        seats=chosen,
        consent=consent_text(found.lab, language),
        initial=None if typed is None else initial_from(typed),
    )
    status = 200
    if sent is not None:
        given = questions.check([seat.session_id for seat in chosen])
        if form.is_valid() and given is not None:
            try:
                nominees.accept(
                    found,
                    viewer_of(request),
                    consent=True,
                    consent_language=language,
                    consent_shown=form.cleaned_data["consent_shown"],
                    modes=form.modes,
                    given=given,
                    photos=form.asked["photos"],
                    accepted=form.asked["documents"],
                )
                return redirect(f"{links.path_of(found, links.MANAGE)}?done=confirmed")
            except InvalidFields as error:
                questions.add_errors(error.errors)
            except RuleViolation as error:
                if error.code in ("already_registered", "cancelled", "gone"):
                    context = {"lab": found.lab, "violation": error}
                    return render(request, "registrations/not_confirmed.html", context, status=409)
                form.add_errors(error.errors)
        status = 422
    questions = questions.for_sessions([seat.session for seat in chosen])
    context = {
        "lab": found.lab,
        "registration": found,
        "token": token,
        "places": named.places,
        "contact": named.contact,
        "form": form,
        "consent_mark": mark_of(found.lab),
        "questions": questions,
        "sections": questions.sections(session_names([seat.session for seat in chosen])),
        "is_of_city": found.is_of_city(timezone.now()),
        "kept_form": "answers",
        "leave": links.path_of(found, links.LEAVE),
    }
    return render(request, "registrations/nomination.html", context, status=status)
