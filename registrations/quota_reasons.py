"""Why somebody gets no seat where seats are left: the quota without room, in words."""

from collections.abc import Iterable
from itertools import chain

from django.db.models import F, Q
from django.utils.translation import get_language, gettext

from core.web.localized_fields import text_of
from registrations.models import Quota, Registration, Seat, SeatMovement
from registrations.models.seats import TAKEN
from registrations.quotas import Holder, Place, applies, counted, holder_of, places_of
from sessions.models import Session

# Where a quota is the reason if it is full: those who wait, those who got nothing, and those who have not confirmed.
_WITHOUT_SEAT = (Seat.State.WAITING, Seat.State.CANCELLED, Seat.State.REQUESTED)


def of_seats(registration: Registration, seats: Iterable[Seat]) -> dict[int, str]:
    """Return why each of these seats is not the person's, by session, as `of_places`."""
    wanted = {
        _place(seat)
        for seat in seats
        if seat.state in _WITHOUT_SEAT and seat.moved_for in (None, SeatMovement.Reason.QUOTA)
    }
    return {session_id: words for (session_id, _mode), words in of_places(registration, wanted).items()}


def of_sessions(registration: Registration, sessions: Iterable[Session]) -> dict[int, str]:
    """Return why no seat of these sessions is to be had, in whichever way they are attended, by session."""
    modes = {session.pk: [str(mode) for mode in session.modes] for session in sessions}
    full = of_places(registration, [(pk, mode) for pk, offered in modes.items() for mode in offered])
    return {
        pk: full[pk, offered[0]]
        for pk, offered in modes.items()
        if all((pk, mode) in full for mode in offered)
    }


def of_places(registration: Registration, wanted: Iterable[Place]) -> dict[Place, str]:
    """Return which quota has no room for this person by now, in the active language, for each place that is not to be
    had. At most two queries, none where nothing is wanted.
    """
    wanted = list(wanted)
    full = _full_quotas(registration.lab_id, wanted)
    if not full:
        return {}
    return _stopping(
        full, holder_of(registration), places_of(registration.pk) if registration.pk else (), wanted
    )


def of_people(people: Iterable[Registration]) -> dict[int, str]:
    """Return which quota has no room for people of one lab by now, by id of the seats that they do not have for it.

    They come with all their seats, and these with the reason of the last movement. One query, none where all
    have seats.
    """
    people = list(people)
    without = {person.pk: [seat for seat in person.seats.all() if _may_be_stopped(seat)] for person in people}
    wanted = [_place(seat) for seats in without.values() for seat in seats]
    full = _full_quotas(people[0].lab_id, wanted) if wanted else {}
    reasons: dict[int, str] = {}
    for person in people if full else ():
        taken = [_place(seat) for seat in person.seats.all() if seat.state in TAKEN]
        seats = {_place(seat): seat.pk for seat in without[person.pk]}
        stopped = _stopping(full, holder_of(person), taken, seats)
        reasons |= {seats[place]: words for place, words in stopped.items()}
    return reasons


def _may_be_stopped(seat: Seat) -> bool:
    if seat.state == Seat.State.CANCELLED:
        return seat.moved_for == SeatMovement.Reason.QUOTA
    return seat.state in _WITHOUT_SEAT


def _place(seat: Seat) -> Place:
    return (seat.session_id, seat.mode)


def _full_quotas(lab_id: int, wanted: Iterable[Place]) -> dict[Quota, str]:
    """Return the quotas without room that these places may fall under, in words. One query, none for no places."""
    session_ids = {session_id for session_id, _mode in wanted}
    if not session_ids:
        return {}
    of_these = Q(session__isnull=True) | Q(session__in=session_ids)
    full = Quota.objects.filter(of_these, lab=lab_id, taken__gte=F("limit"))
    return {
        one: in_words(one) for one in full.select_related("lab", "city", "stakeholder_group").order_by("pk")
    }


def _stopping(
    full: dict[Quota, str], holder: Holder, taken: Iterable[Place], wanted: Iterable[Place]
) -> dict[Place, str]:
    """Return the words of the first of these quotas that each place falls under and that does not count the person."""
    already = counted(full, holder, taken)
    reasons = {}
    for place in wanted:
        applying = (
            words for one, words in full.items() if one.pk not in already and applies(one, holder, place)
        )
        if words := next(applying, None):
            reasons[place] = words
    return reasons


def in_words(quota: Quota) -> str:
    """Return "The places for this group in this session are taken: Sofia, In person.", in the active language."""
    language = get_language() or "en"
    named = (text_of(one.name, language, quota.lab) for one in (quota.city, quota.stakeholder_group) if one)
    who = ", ".join(chain(named, [quota.get_mode_display()] if quota.mode else []))
    if quota.session_id is None:
        return (
            gettext("The places for this group in the whole event are taken: %(who)s.") % {"who": who}
            if who
            else gettext("The places in the whole event are taken.")
        )
    return (
        gettext("The places for this group in this session are taken: %(who)s.") % {"who": who}
        if who
        else gettext("The places in this session are taken.")
    )
