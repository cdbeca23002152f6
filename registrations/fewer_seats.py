"""Fewer seats than are taken: who came last moves to the head of the waiting list."""

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs.revisions import lock_lab, touch
from registrations import emails, managing
from registrations.models import Registration, Seat, SeatMovement
from registrations.personal_calendar import with_sessions
from registrations.seat_lines import text_of
from registrations.seat_rows import Claim, count, lock_sessions, write
from registrations.waiting_list import release
from sessions.models import Session
from sessions.models.seating import Mode
from sessions.publishing import Change, send_session_changed
from sessions.revisions import save_session

State = Seat.State
# Held seats stay: somebody was promised them until a certain time.
_MAY_MOVE = (State.CONFIRMED, State.OFFERED)
MAX_AT_ONCE = 2000


def who_would_move(session: Session, mode: str, capacity: int) -> list[Seat]:
    """Return the seats that `lower` would take, those that came last first, with their registrations.

    Raises RuleViolation (code: held, field "capacity") if too many are held, (code: too_many) above 2,000.
    """
    taken = session.seating(Mode(mode)).taken
    over = taken - capacity
    if over <= 0:
        return []
    if over > MAX_AT_ONCE:
        raise RuleViolation("too_many", _("At most 2,000 people can be moved at once."), "capacity")
    found = Seat.objects.filter(session=session, mode=mode, state__in=_MAY_MOVE)
    seats = list(found.select_related("registration").order_by("-queue_position")[:over])
    if len(seats) < over:
        least = taken - len(seats)
        words = ngettext(
            "%(count)d seat is held at the moment. Enter at least %(count)d.",
            "%(count)d seats are held at the moment. Enter at least %(count)d.",
            least,
        )
        raise RuleViolation("held", words % {"count": least}, "capacity")
    return seats


def key_of(seats: Sequence[Seat]) -> str:
    """Return what tells whether the same seats were shown."""
    return hashlib.sha256(repr([seat.pk for seat in seats]).encode()).hexdigest()[:32]


@transaction.atomic
def lower(
    session: Session, mode: str, capacity: int, by: User | None = None, expected: str | None = None
) -> list[Seat]:
    """Set the capacity of a way to attend, and move who came last to the waiting list, or cancel their seats where the
    session keeps none. Each is told by email. Returns the seats moved.

    Nobody loses the place in line: they are ahead of all who wait. `expected` is the key of the seats that were shown.
    Raises RuleViolation (codes: held, too_many, as `who_would_move`; changed if other seats would move now; no_mode).
    """
    # The lab is locked before its sessions: writing the new capacity revises it.
    lock_lab(session.lab_id)
    if Mode(mode) not in session.modes:
        raise RuleViolation("no_mode", _("The session cannot be attended in this way."), "mode")
    session = Session.objects.get(pk=session.pk)
    ids = {seat.registration_id for seat in who_would_move(session, mode, capacity)}
    people = {row.pk: row for row in Registration.objects.filter(pk__in=ids).locked()}
    lock_sessions([session.pk])
    current = Session.objects.select_related("lab__programme", "room", "track").get(pk=session.pk)
    seats = who_would_move(current, mode, capacity)
    is_as_shown = expected is None or expected == key_of(seats)
    if not is_as_shown or not {seat.registration_id for seat in seats} <= people.keys():
        raise RuleViolation(
            "changed", _("Other people would lose their seats by now. Look at the list again.")
        )
    now = timezone.now()
    claims = []
    for seat in seats:
        seat.registration = people[seat.registration_id]
        release([seat])
        if current.waiting_list:
            count(current.pk, mode, waiting=1)
            claims.append((seat, Claim(State.WAITING, SeatMovement.Reason.FEWER_SEATS, seat.queue_position)))
        else:
            claims.append((seat, Claim(State.CANCELLED, SeatMovement.Reason.FEWER_SEATS)))
    write(claims, now, by)
    _set_capacity(current, mode, capacity, by)
    _tell(seats)
    return seats


def _set_capacity(session: Session, mode: str, capacity: int, by: User | None) -> None:
    session.refresh_from_db()
    setattr(session, f"{mode}_capacity", capacity)
    save_session(session, by, seen=True, edited=True)
    touch(session.lab_id, public=session.is_public, sessions=[session.pk])
    send_session_changed(session, Change.CAPACITY)


def _tell(seats: Sequence[Seat]) -> None:
    for seat in seats:
        person = seat.registration
        managing.mark_revised(person)
        lost = [seat] if seat.state == State.CANCELLED else []
        title = text_of(seat.session.title, person)
        with translation.override(person.language):
            why = gettext(
                "The organisers have reduced the seats of “%(session)s”. Those who registered last no longer have one."
            )
        why %= {"session": title}
        emails.changed(person, managing.seats_of(person), with_sessions(person, lost), why=why)
