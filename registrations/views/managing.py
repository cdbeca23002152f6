"""Pages of a person's private links: confirm, view, change, cancel, erase."""

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.mail.models import Message
from core.timezones import zone_hours
from core.web.access import View
from core.web.errors import RuleViolation
from labs import access
from labs.current_viewer import viewer_of
from labs.viewer import Viewer
from registrations import erasure, links, registering, seats
from registrations.forms import SWITCH, DetailsForm, SessionsForm, details_initial, initial_from
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import waiting_positions
from registrations.timeline import events
from registrations.visibility import confirming_viewers, visible_ids
from sessions.models import Session
from sessions.places import is_online, join_link_of
from sessions.timezone_hints import instants_of

State = Registration.State
# Values of `?done=` with a message.
DONE = ("confirmed", "sessions", "details", "feed")


@dataclass(frozen=True)
class OwnSeat:
    """A seat on its owner's page. `position` is the position in the waiting list.

    `offset` is set if hours on the page have different offsets; `elsewhere` are the hours in the zones of the lab and
    the session, if they differ from the person's.
    """

    seat: Seat
    offset: str
    elsewhere: tuple[str, ...]
    position: int | None
    attended: bool
    is_over: bool
    join_link: str
    has_page: bool

    @property
    def session(self) -> Session:
        return self.seat.session

    @property
    def is_without_link(self) -> bool:
        """Tell whether the session is online and its join link is still missing."""
        has_seat = self.seat.state == Seat.State.CONFIRMED and not self.session.is_cancelled
        return has_seat and is_online(self.session) and not self.is_over and not self.join_link


def requires_link(
    purpose: links.Purpose, states: Collection[str] | None = None
) -> Callable[[Callable[..., HttpResponse]], View]:
    """Pass the registration of the link's token to the view, if it is in one of `states`.

    An invalid or revoked link shows a page about it. A POST for a registration that was cancelled or erased since
    redirects to its page.
    """

    def decorate(view: Callable[..., HttpResponse]) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest, token: str, **parts: str) -> HttpResponseBase:
            try:
                found = links.find(token, purpose)
            except Http404:
                return _gone(request)
            if states is None or found.state in states:
                try:
                    return view(request, found, token, **parts)
                except RuleViolation:
                    return redirect("registration", token=token)
            if found.state == State.CANCELLED:
                return render(request, "registrations/cancelled.html", _context(found, token))
            return _gone(request)

        return answer

    return decorate


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "registrations/link_gone.html", status=404)


# For confirmed registrations.
requires_confirmed = requires_link(links.MANAGE, [State.CONFIRMED])


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def registration_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm by POST, because mail scanners open links."""
    try:
        if request.method == "POST":
            registration = registering.confirm_by_link(token, viewer_of(request))
            return redirect(f"{links.path_of(registration, links.MANAGE)}?done=confirmed")
        registration = links.find(token, links.CONFIRM)
    except Http404:
        return _gone(request)
    except RuleViolation as violation:
        context = {"lab": links.find(token, links.CONFIRM).lab, "violation": violation}
        return render(request, "registrations/not_confirmed.html", context, status=409)
    requested = _seats(registration, Seat.State.REQUESTED)
    seen = visible_ids(
        registration.lab_id,
        confirming_viewers(registration, viewer_of(request)),
        [seat.session_id for seat in requested],
    )
    context = {
        "lab": registration.lab,
        "registration": registration,
        "is_open": registration.lab.takes_registrations(timezone.now()),
        # Readers of this mailbox may know who else is registered with the address.
        "colleagues": Registration.objects.active()
        .filter(lab=registration.lab_id, email_key=registration.email_key)
        .exclude(pk=registration.pk)
        .values_list("name", flat=True),
        "seats": [seat for seat in requested if seat.session_id in seen],
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
    held = _seats(found, *seats.ACTIVE)
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
    positions = waiting_positions(own)
    messages = Message.objects.without_content().filter(registration=found)
    done = request.GET.get("done", "")
    zone, language = found.time_zone, get_language() or "en"
    clocks_change = zone_hours.clocks_change(zone, instants_of(seat.session for seat in own))
    context = {
        "lab": found.lab,
        "registration": found,
        "token": token,
        "seats": [
            OwnSeat(
                seat=seat,
                offset=zone_hours.offsets(seat.session.starts_at, seat.session.ends_at, zone)
                if clocks_change
                else "",
                elsewhere=zone_hours.hours_in_other_zones(
                    seat.session.starts_at,
                    seat.session.ends_at,
                    zone,
                    (found.lab.time_zone, seat.session.time_zone),
                    language,
                ),
                position=positions.get(seat.pk),
                attended=seat.session_id in attended,
                is_over=seat.session.is_over(now),
                join_link=_join_link(seat, seat.session.is_over(now)),
                has_page=seat.session.visibility == "public",
            )
            for seat in own
        ],
        "now": now,
        "events": events(found, movements, attendances, messages, language, seen),
        "hidden_count": len(held) - len(own),
        "attended_count": counted,
        "missing_count": max(found.lab.certificate_min_sessions - counted, 0),
        "lab_is_over": found.lab.is_over(timezone.now()),
        "feed": links.subscription(found),
        "takes_registrations": found.lab.takes_registrations(now),
        "done": done if done in DONE else "",
    }
    return render(request, "registrations/registration.html", context)


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_edit(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Change name, city, language and the like."""
    if request.method != "POST" or SWITCH in request.POST:
        initial = details_initial(found) if request.method != "POST" else initial_from(request.POST)
        form = DetailsForm(lab=found.lab, initial=initial)
        return render(request, "registrations/edit.html", _context(found, token, form=form))
    form = DetailsForm(request.POST, lab=found.lab)
    if not form.is_valid():
        form.offer_everything()
        return render(request, "registrations/edit.html", _context(found, token, form=form), status=422)
    try:
        registering.change_details(found, form.details)
    except RuleViolation as violation:
        if violation.code != "same_name":
            raise
        form.add_error("name", violation.message)
        form.offer_everything()
        return render(request, "registrations/edit.html", _context(found, token, form=form), status=422)
    return _redirect_done(token, "details")


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_sessions(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Choose other sessions."""
    now = timezone.now()
    own = _seats_in_sight(request, found)
    mine = [seat.session for seat in own]
    viewer = _viewer(request, own)
    takes_new = found.lab.takes_registrations(now)
    is_sent = request.method == "POST" and SWITCH not in request.POST
    form = SessionsForm(
        request.POST if is_sent else None,
        lab=found.lab,
        viewer=viewer,
        mine=mine,
        takes_new=takes_new,
        initial={"session": [session.slug for session in mine]}
        if request.method != "POST"
        else initial_from(request.POST),
    )
    status = 200
    if is_sent:
        if form.is_valid() and not form.has_new_overlaps:
            try:
                registering.change_sessions(found, viewer, form.session_ids)
            except RuleViolation as violation:
                if violation.code in ("gone", "not_registered"):
                    raise
                form.add_error("session", violation.message)
            else:
                return _redirect_done(token, "sessions")
        status = 422 if form.errors else 200
    context = _context(
        found,
        token,
        form=form,
        picks=form.picks,
        zone=found.time_zone,
        now=now,
        takes_new=takes_new,
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
        rest = [other.session_id for other in own if other.pk != seat.pk]
        registering.change_sessions(found, _viewer(request, own), rest)
        return _redirect_done(token, "sessions")
    return render(request, "registrations/give_up.html", _context(found, token, seat=seat))


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_cancel(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Cancel the registration, after a confirmation page."""
    if request.method == "POST":
        registering.cancel(found)
        return redirect("registration", token=token)
    now = timezone.now()
    held = [seat for seat in _seats(found, *seats.ACTIVE) if not seat.session.is_over(now)]
    taken = sum(seat.state == Seat.State.CONFIRMED for seat in held)
    others_wait = any(seat.state == Seat.State.CONFIRMED and seat.session.seats_waiting for seat in held)
    own = _seats_in_sight(request, found)
    return render(
        request,
        "registrations/cancel.html",
        _context(found, token, seats=own, taken=taken, waiting=len(held) - taken, others_wait=others_wait),
    )


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_link(links.MANAGE, [State.CONFIRMED, State.CANCELLED])
def registration_erase(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Erase the person, also after cancelling, after a page about what is erased and what is kept."""
    if request.method == "POST":
        erasure.erase(found)
        return redirect("registration_erased")
    return render(
        request,
        "registrations/erase.html",
        _context(
            found,
            token,
            seats=_seats_in_sight(request, found),
            attended=found.attendances.count(),
            mails=Message.objects.filter(registration=found).count(),
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
    registering.renew_feed_address(found)
    return _redirect_done(token, "feed")


def _seats(found: Registration, *states: str) -> list[Seat]:
    own = list(
        Seat.objects.filter(registration=found, state__in=states)
        .select_related("session__room", "session__track")
        .order_by("session__starts_at", "session_id")
    )
    for seat in own:
        seat.session.lab = found.lab
    return own


def _seats_in_sight(request: HttpRequest, found: Registration) -> list[Seat]:
    """Return the seats and places in waiting lists of sessions that are not over and visible to the person."""
    now = timezone.now()
    held = [seat for seat in _seats(found, *seats.ACTIVE) if not seat.session.is_over(now)]
    seen = visible_ids(found.lab_id, [_viewer(request, held)], [seat.session_id for seat in held])
    return [seat for seat in held if seat.session_id in seen]


def _viewer(request: HttpRequest, own: list[Seat]) -> Viewer:
    return viewer_of(request).with_seats(frozenset(seat.session_id for seat in own))


def _join_link(seat: Seat, is_over: bool) -> str:
    """Return the join link of a confirmed seat until the session is over, else ""."""
    if seat.state != Seat.State.CONFIRMED or seat.session.is_cancelled or is_over:
        return ""
    return join_link_of(seat.session)


def _context(found: Registration, token: str, **more: object) -> dict[str, object]:
    kept = {"kept_form": "answers"} if "form" in more else {}
    return {"lab": found.lab, "registration": found, "token": token, **kept, **more}


def _redirect_done(token: str, what: str) -> HttpResponse:
    response = redirect("registration", token=token)
    response.headers["Location"] += f"?done={what}"
    return response
