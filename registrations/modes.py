"""How people attend: switching between the room and online, and sessions that change their format."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from registrations import quotas, seats
from registrations.claiming import claim_places
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import ACTIVE
from registrations.seat_rows import Claim, lock_sessions, write
from registrations.waiting_list import promote, release
from sessions.models import Session

State = Seat.State
Reason = SeatMovement.Reason


@transaction.atomic
def switch_mode(registration: Registration, session_id: int, mode: str, by: User | None = None) -> Seat:
    """Attend a session in the other way: the seat changes if one is free there, and the next person gets the old one.

    Who waits goes to the end of the other waiting list, or gets a free seat; who asked for approval goes on asking.
    Raises RuleViolation (codes: no_seat, offered, mode_full: the seat stays as it is) and RegistrationNotConfirmed.
    """
    seats.lock_confirmed(registration)
    locked = lock_sessions([session_id])
    seat = Seat.objects.filter(registration=registration, session=session_id, state__in=ACTIVE).first()
    if seat is None:
        raise RuleViolation("no_seat", _("You have no seat in this session."))
    if seat.mode == mode:
        return seat
    seat.registration = registration
    was = seat.state
    now = timezone.now()
    if was == State.OFFERED:
        raise RuleViolation("offered", _("Accept the seat first. Then change how you attend."))
    if was == State.PENDING:
        if mode not in Session.objects.get(pk=session_id).modes:
            raise RuleViolation("mode_full", _("No seat is free. You keep what you have."))
        seat.mode = mode
        write([(seat, Claim(State.PENDING, Reason.SWITCHED))], now, by)
        return seat
    release([seat])
    # Out of the old quotas before the new ones are asked.
    Seat.objects.filter(pk=seat.pk).update(state=State.CANCELLED)
    claim = claim_places(registration, {session_id: mode}, locked, now, Reason.SWITCHED)[session_id]
    if claim.state != State.CONFIRMED and (was == State.CONFIRMED or claim.state == State.CANCELLED):
        raise RuleViolation("mode_full", _("No seat is free. You keep what you have."))
    seat.mode = mode
    write([(seat, Claim(claim.state, Reason.SWITCHED, claim.place))], now, by)
    if was == State.CONFIRMED or claim.state == State.WAITING:
        promote(session_id, unless_told=registration)
        seat.refresh_from_db()
    return seat


@transaction.atomic
def follow_format(session_id: int) -> None:
    """Make the seats of modes that a session no longer offers seats of the other, as which it counts them already."""
    lock_sessions([session_id])
    session = Session.objects.get(pk=session_id)
    if session.is_hybrid:
        return
    [mode] = session.modes
    now = timezone.now()
    moved = list(Seat.objects.filter(session=session_id).exclude(mode=mode).order_by("pk"))
    SeatMovement.objects.bulk_create(
        SeatMovement(seat=seat, at=now, before=seat.state, after=seat.state, reason=Reason.REFORMATTED)
        for seat in moved
        if seat.state != State.CANCELLED
    )
    Seat.objects.filter(pk__in=[seat.pk for seat in moved]).update(mode=mode, changed_at=now)
    quotas.recount_all(session.lab_id)
