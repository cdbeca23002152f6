"""Pages of a person's private links: confirm, view, change, cancel, erase."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs import access
from labs.current_viewer import viewer_of
from labs.viewer import Viewer
from registrations import (
    documents,
    erasure,
    links,
    managing,
    pending_transfers,
    proof,
    quota_reasons,
    registering,
)
from registrations.forms import DetailsForm, SessionOption, SessionsForm, details_initial
from registrations.kept_forms import initial_from, sent_of, typed_of
from registrations.mode_fields import mode_name
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.models.seats import ACTIVE
from registrations.own_answers import own_sets
from registrations.reachability import last_trouble
from registrations.timeline import events
from registrations.views.own_seats import own_seats
from registrations.views.private_links import context_of, requires_confirmed, requires_link, show_gone
from registrations.visibility import confirming_viewers, visible_ids

State = Registration.State
# Values of `?done=` with a message.
DONE = (
    "confirmed",
    "sessions",
    "details",
    "answers",
    "feed",
    "accepted",
    "all",
    "photos",
    "transfer",
    "taken-back",
    "kept",
    "documents",
)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def registration_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm by POST, because mail scanners open links."""
    try:
        if request.method == "POST":
            registration = registering.confirm_by_link(token, viewer_of(request))
            return redirect(f"{links.path_of(registration, links.MANAGE)}?done=confirmed")
        registration = links.find(token, links.CONFIRM)
        if registration.nominated_until is not None:
            return redirect("nomination", links.token_of(registration, links.NOMINEE))
    except Http404:
        return show_gone(request)
    except RuleViolation as violation:
        context = {"lab": links.find(token, links.CONFIRM).lab, "violation": violation}
        return render(request, "registrations/not_confirmed.html", context, status=409)
    requested = _seats(registration, Seat.State.REQUESTED, Seat.State.HELD)
    seen = visible_ids(
        registration.lab_id,
        confirming_viewers(registration, viewer_of(request)),
        [seat.session_id for seat in requested],
    )
    shown = [seat for seat in requested if seat.session_id in seen]
    reasons = quota_reasons.of_seats(registration, shown)
    context = {
        "lab": registration.lab,
        "registration": registration,
        "is_open": registration.lab.takes_registrations(timezone.now()),
        # Readers of this mailbox may know who else is registered with the address.
        "colleagues": Registration.objects.active()
        .filter(lab=registration.lab_id, email_key=registration.email_key)
        .exclude(pk=registration.pk)
        .values_list("name", flat=True),
        "seats": [(seat, reasons.get(seat.session_id, "")) for seat in shown],
        "manage": links.path_of(registration, links.MANAGE) if registration.state == State.CONFIRMED else "",
        "leave": links.path_of(registration, links.LEAVE),
    }
    return render(request, "registrations/confirm.html", context)


@access.personal_link
@require_safe
@requires_confirmed
def registration(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """The person's page: seats, waiting lists, join links, calendar, history."""
    now = timezone.now()
    held = _seats(found, *ACTIVE)
    attendances = list(found.attendances.select_related("session"))
    attended = {attendance.session_id for attendance in attendances}
    counted = found.attendances.ended().count()
    movements = list(SeatMovement.objects.filter(seat__registration=found).select_related("seat__session"))
    seen = visible_ids(
        found.lab_id,
        [_viewer(request, held)],
        {seat.session_id for seat in held} | attended | {movement.seat.session_id for movement in movements},
    )
    own = [seat for seat in held if seat.session_id in seen]
    messages = list(Message.objects.without_content().filter(registration=found))
    done = request.GET.get("done", "")
    language = get_language() or "en"
    context = {
        "lab": found.lab,
        "registration": found,
        "token": token,
        "trouble": last_trouble(found, messages),
        "unsubscribe": links.path_of(found, links.UNSUBSCRIBE),
        "seats": own_seats(found, own, attended, now),
        "now": now,
        "events": events(found, movements, attendances, messages, language, seen),
        "hidden_count": len(held) - len(own),
        "attended_count": counted,
        "missing_count": max(found.lab.certificate_min_sessions - counted, 0),
        "lab_is_over": found.lab.is_over(timezone.now()),
        "feed": links.subscription(found),
        "own_sets": (sets := own_sets(found, own, now, language)),
        "waiting_sets": [one for one in sets if one.is_waited_for],
        "takes_registrations": found.lab.takes_registrations(now),
        "accepted_documents": (accepted := list(documents.accepted_by(found))),
        "documents_left": documents.left_to_accept(found, accepted),
        "photos_asked": rules_of(found.lab).asks_photos,
        "offer_hours": rules_of(found.lab).offer_hours,
        "pending_transfer": pending_transfers.of(found),
        "can_transfer": pending_transfers.can_offer(found, held, now),
        "done": done if done in DONE else "",
    }
    return render(request, "registrations/registration.html", context)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_edit(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Change name, city, language and the like."""
    typed, sent = typed_of(request), sent_of(request)
    if sent is None:
        initial = details_initial(found) if typed is None else initial_from(typed)
        form = DetailsForm(lab=found.lab, initial=initial)
        return render(request, "registrations/edit.html", context_of(found, token, form=form))
    form = DetailsForm(sent, lab=found.lab)
    if not form.is_valid():
        form.offer_everything()
        return render(request, "registrations/edit.html", context_of(found, token, form=form), status=422)
    try:
        managing.change_details(found, form.details)
    except RuleViolation as violation:
        if violation.code in ("gone", "not_registered"):
            raise
        # A quota counts people by their city or type of organisation.
        field = "name" if violation.code == "same_name" else "city"
        form.add_error(field if field in form.fields else None, violation.message)
        form.offer_everything()
        return render(request, "registrations/edit.html", context_of(found, token, form=form), status=422)
    return redirect_done(token, "details")


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_sessions(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Choose other sessions."""
    now = timezone.now()
    own = _seats_in_sight(request, found)
    viewer = _viewer(request, own)
    takes_new = found.lab.takes_registrations(now)
    sent = sent_of(request)
    # From an email about a second form; of what cannot be chosen nothing is shown.
    added = request.GET.getlist(links.ADD)
    form = SessionsForm(
        sent,
        lab=found.lab,
        viewer=viewer,
        mine=own,
        takes_new=takes_new,
        initial={
            "session": [*(seat.session.slug for seat in own), *added],
            **{mode_name(seat.session.slug): seat.mode for seat in own},
        }
        if request.method != "POST"
        else initial_from(request.POST),
    )
    status = 200
    if sent is not None:
        if form.is_valid() and not form.has_new_overlaps:
            try:
                managing.change_sessions(found, viewer, form.wishes)
            except RuleViolation as violation:
                if violation.code in ("gone", "not_registered"):
                    raise
                form.add_error("session", violation.message)
            else:
                return redirect_done(token, "sessions")
        status = 422 if form.errors else 200
    context = context_of(
        found,
        token,
        form=form,
        picks=_picks(found, form),
        zone=found.time_zone,
        now=now,
        takes_new=takes_new,
        has_added=bool(added) and any(pick.checked and not pick.is_mine for pick in form.picks),
        overlapping=form.is_bound and form.has_new_overlaps,
    )
    return render(request, "registrations/sessions.html", context, status=status)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_give_up(request: HttpRequest, found: Registration, token: str, session: str) -> HttpResponse:
    """Give up one seat or place in a waiting list, after a confirmation page."""
    own = _seats_in_sight(request, found)
    seat = next((seat for seat in own if seat.session.slug == session), None)
    if seat is None:
        raise Http404
    if request.method == "POST":
        rest = {other.session_id: "" for other in own if other.pk != seat.pk}
        managing.change_sessions(found, _viewer(request, own), rest)
        return redirect_done(token, "sessions")
    return render(request, "registrations/give_up.html", context_of(found, token, seat=seat))


@access.personal_link
@require_POST
@requires_confirmed
def registration_accept(request: HttpRequest, found: Registration, token: str, session: str) -> HttpResponse:
    """Accept a seat that is offered."""
    seat = next((seat for seat in _seats_in_sight(request, found) if seat.session.slug == session), None)
    if seat is None:
        raise Http404
    managing.accept_offer(found, seat.session_id)
    return redirect_done(token, "accepted")


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_cancel(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Cancel the registration, after a confirmation page."""
    if request.method == "POST":
        managing.cancel(found)
        return redirect("registration", token=token)
    now = timezone.now()
    held = [seat for seat in _seats(found, *ACTIVE) if not seat.session.is_over(now)]
    taken = sum(seat.state == Seat.State.CONFIRMED for seat in held)
    others_wait = any(seat.state == Seat.State.CONFIRMED and seat.session.seats_waiting for seat in held)
    own = _seats_in_sight(request, found)
    return render(
        request,
        "registrations/cancel.html",
        context_of(found, token, seats=own, taken=taken, waiting=len(held) - taken, others_wait=others_wait),
    )


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_link(links.MANAGE, [State.CONFIRMED, State.CANCELLED])
def registration_erase(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Erase the person, also after cancelling, after a page about what is erased and what is kept."""
    if request.method == "POST":
        held = proof.rules_that_hold(found)
        erasure.erase(found)
        path = reverse("registration_erased")
        return redirect(f"{path}?held={found.lab.slug}" if held else path)
    return render(
        request,
        "registrations/erase.html",
        context_of(
            found,
            token,
            seats=_seats_in_sight(request, found),
            attended=found.attendances.count(),
            mails=Message.objects.filter(registration=found).count(),
            answers=found.answers.exists(),
            held=proof.rules_that_hold(found),
        ),
    )


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_link(links.LEAVE)
def registration_leave(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """“Not you?”: erase the data of this address, after a confirmation page."""
    if request.method == "POST":
        erasure.erase(found)
        return redirect("registration_erased")
    return render(request, "registrations/leave.html", {"lab": found.lab, "registration": found})


@access.personal_link
@require_POST
@requires_confirmed
def registration_renew_feed(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Replace the calendar's URL."""
    managing.renew_feed_address(found)
    return redirect_done(token, "feed")


def _seats(found: Registration, *states: str) -> list[Seat]:
    own = list(
        Seat.objects.filter(registration=found, state__in=states)
        .select_related("session__room", "session__track")
        .order_by("session__starts_at", "session_id")
    )
    for seat in own:
        seat.session.lab = found.lab
    return own


def seats_held(request: HttpRequest, found: Registration) -> list[Seat]:
    """Return the seats and places in waiting lists of sessions that the person may see, also of those that are over."""
    held = _seats(found, *ACTIVE)
    seen = visible_ids(found.lab_id, [_viewer(request, held)], [seat.session_id for seat in held])
    return [seat for seat in held if seat.session_id in seen]


def _seats_in_sight(request: HttpRequest, found: Registration) -> list[Seat]:
    """Return the seats and places in waiting lists of sessions that are not over and visible to the person."""
    now = timezone.now()
    held = [seat for seat in _seats(found, *ACTIVE) if not seat.session.is_over(now)]
    seen = visible_ids(found.lab_id, [_viewer(request, held)], [seat.session_id for seat in held])
    return [seat for seat in held if seat.session_id in seen]


def _picks(found: Registration, form: SessionsForm) -> list[SessionOption]:
    picks = form.picks
    reasons = quota_reasons.of_sessions(found, [pick.session for pick in picks if not pick.is_mine])
    for pick in picks:
        pick.why = reasons.get(pick.session.pk, "")
    return picks


def _viewer(request: HttpRequest, own: list[Seat]) -> Viewer:
    return viewer_of(request).with_seats(frozenset(seat.session_id for seat in own))


def redirect_done(token: str, what: str) -> HttpResponse:
    response = redirect("registration", token=token)
    response.headers["Location"] += f"?done={what}"
    return response
