"""Pages to give one's place to a colleague, and to take it over."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from core.web.domain_slips import meant_address
from core.web.email_addresses import address_key
from core.web.errors import InvalidFields, RuleViolation
from core.web.idempotency import FIELD, earlier_result, run_once
from core.web.rate_limits import allow
from labs import access
from labs.current_viewer import viewer_of
from registrations import links, pending_transfers, transfers
from registrations.consent import consent_text, mark_of
from registrations.erasure import about_address
from registrations.kept_forms import initial_from, sent_of, typed_of
from registrations.models import QuestionSet, Registration, Seat, Transfer
from registrations.personal_calendar import with_sessions
from registrations.question_forms import AnswersForm, session_names
from registrations.questionnaire import questionnaire_of
from registrations.transfer_forms import AcceptForm, OfferForm
from registrations.views.managing import redirect_done
from registrations.views.private_links import context_of, requires_confirmed

OFFERS_PER_HOUR = 10
# The purpose under which it is recorded that a form to accept was sent.
ACCEPT = "transfer_accept"


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_transfer(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Offer the place to a colleague: a form, then a page to confirm what was entered."""
    now = timezone.now()
    sent = None if "change" in request.POST else sent_of(request)
    form = OfferForm(sent, initial=initial_from(request.POST))
    seats = with_sessions(found, pending_transfers.movable_seats(found, now))
    context = context_of(
        found,
        token,
        pending=pending_transfers.of(found),
        seats=seats,
        has_internal=any(not seat.session.is_public for seat in seats),
        ends_at=pending_transfers.end_of_transfer(found, now),
        form=form,
    )
    if sent is None:
        return render(request, "registrations/transfer.html", context)
    if not form.is_valid():
        return render(request, "registrations/transfer.html", context, status=422)
    name, email = form.cleaned_data["name"], form.cleaned_data["email"]
    if "confirmed" not in request.POST:
        return render(
            request,
            "registrations/transfer_confirm.html",
            {**context, "name": name, "email": email, "meant": meant_address(email)},
        )
    if not allow("transfer", str(found.pk), OFFERS_PER_HOUR, 3600):
        return render(request, "registrations/too_many.html", {"lab": found.lab}, status=429)

    def operation() -> dict[str, object]:
        transfers.offer(found, name, email)
        return {}

    try:
        run_once(
            "transfer_offer",
            request.POST.get(FIELD, ""),
            [str(found.public_id), name, email],
            operation,
            about=about_address(address_key(email)),
        )
    except RuleViolation as violation:
        if violation.code in ("gone", "not_registered"):
            raise
        form.add_error(violation.field or None, violation.message)
        return render(request, "registrations/transfer.html", context, status=422)
    except ValidationError as error:
        form.add_error(None, error)
        return render(request, "registrations/transfer.html", context, status=422)
    return redirect_done(token, "transfer")


@access.personal_link
@require_POST
@requires_confirmed
def registration_transfer_take_back(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Take the offer back."""
    transfers.take_back(found)
    return redirect_done(token, "taken-back")


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: HttpRequest, token: str) -> HttpResponse:
    """Where a colleague takes over a place, with an own consent and own answers."""
    try:
        found = transfers.find(token)
    except Http404:
        return _accepted(request, token)
    giver = found.registration
    viewer, now = viewer_of(request), timezone.now()
    movable = pending_transfers.movable_seats(giver, now)
    if not movable:
        return _accepted(request, token)
    # Not as in the giver's calendar: of internal sessions the colleague sees what he or she may.
    seats = with_sessions(giver, pending_transfers.takeable_seats(giver, viewer, now))
    more = len(movable) - len(seats)
    if not seats:
        context = {"lab": giver.lab, "decline": token}
        return render(request, "registrations/transfer_hidden.html", context, status=403)
    session_ids = [seat.session_id for seat in seats]
    asked = questionnaire_of(giver.lab, QuestionSet.Stage.REGISTERING)
    typed, sent = typed_of(request), sent_of(request)
    if sent is None:
        initial = {
            "name": found.name,
            "language": get_language() or giver.language,
            "time_zone": giver.time_zone,
            "organisation": giver.organisation,
        }
        form = AcceptForm(lab=giver.lab, initial=initial if typed is None else initial_from(typed))
        return _form(request, found, seats, more, form, AnswersForm(asked, typed))
    form, questions = AcceptForm(sent, lab=giver.lab), AnswersForm(asked, sent)
    given = questions.check(session_ids)
    if not form.is_valid() or given is None:
        return _form(request, found, seats, more, form, questions, status=422)

    def operation() -> dict[str, str]:
        new = transfers.accept(token, viewer, form.said(given))
        return {"registration": str(new.public_id)}

    about = about_address(found.email_key)
    try:
        run_once(ACCEPT, request.POST.get(FIELD, ""), [token], operation, about=about)
    except Http404:
        return _gone(request)
    except RuleViolation as violation:
        if violation.code in ("gone", "no_seat"):
            return _gone(request)
        if isinstance(violation, InvalidFields):
            questions.add_errors(violation.errors)
        else:
            form.add_error(violation.field if violation.field in form.fields else None, violation.message)
        return _form(request, found, seats, more, form, questions, status=422)
    except ValidationError as error:
        form.add_error(None, error)
        return _form(request, found, seats, more, form, questions, status=422)
    return _accepted(request, token)


def _accepted(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the registration that this form made, also when it is sent again; else say that the offer is gone."""
    result = None
    if request.method == "POST":
        result = earlier_result(ACCEPT, request.POST.get(FIELD, ""), [token])
    new = Registration.objects.filter(public_id=result["registration"]).first() if result else None
    if new is None:
        return _gone(request)
    return redirect(f"{links.path_of(new, links.MANAGE)}?done=confirmed")


def _form(
    request: HttpRequest,
    found: Transfer,
    seats: list[Seat],
    more: int,
    form: AcceptForm,
    questions: AnswersForm,
    status: int = 200,
) -> HttpResponse:
    lab = found.registration.lab
    sessions = [seat.session for seat in seats]
    context = {
        "lab": lab,
        "transfer": found,
        "giver": found.registration,
        "seats": seats,
        "more": more,
        "zone": lab.time_zone,
        "form": form,
        "questions": questions,
        "sections": questions.for_sessions(sessions).sections(session_names(sessions)),
        "consent": consent_text(lab, get_language() or "en"),
        "consent_mark": mark_of(lab),
        "kept_until": lab.answers_kept_until,
        "decline": transfers.token_of(found),
        "kept_form": "answers",
    }
    return render(request, "registrations/transfer_accept.html", context, status=status)


@access.personal_link
@require_POST
def transfer_decline(request: HttpRequest, token: str) -> HttpResponse:
    """Say no, which deletes the address."""
    try:
        transfers.decline(token)
    except (Http404, RuleViolation):
        return _gone(request)
    return redirect("registration_erased")


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "registrations/transfer_gone.html", status=404)
