"""Why somebody gets no seat where seats are left: the quota without room, in words."""

from collections.abc import Iterable
from itertools import chain

from django.db.models import F, Q
from django.utils.translation import get_language, gettext

from core.web.localized_fields import text_of
from labs.models import Lab
from registrations.models import Quota, Registration, Seat, SeatMovement
from registrations.quotas import Place, applies, counted, holder_of, places_of
from sessions.models import Session

# Where a quota is the reason if it is full: those who wait, those who got nothing, and those who have not confirmed.
_WITHOUT_SEAT = (Seat.State.WAITING, Seat.State.CANCELLED, Seat.State.REQUESTED)


def of_seats(registration: Registration, seats: Iterable[Seat]) -> dict[int, str]:
    """Return why each of these seats is not the person's, by session, as `of_places`."""
    wanted = {
        (seat.session_id, seat.mode)
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
    if not wanted:
        return {}
    of_these = Q(session__isnull=True) | Q(session__in={session_id for session_id, _mode in wanted})
    full = Quota.objects.filter(of_these, lab=registration.lab_id, taken__gte=F("limit"))
    limits = list(full.select_related("city", "stakeholder_group").order_by("pk"))
    if not limits:
        return {}
    holder = holder_of(registration)
    already = counted(limits, holder, places_of(registration.pk) if registration.pk else ())
    reasons = {}
    for place in wanted:
        applying = (one for one in limits if one.pk not in already and applies(one, holder, place))
        if quota := next(applying, None):
            reasons[place] = in_words(quota, registration.lab)
    return reasons


def in_words(quota: Quota, lab: Lab) -> str:
    """Return "The places for this group in this session are taken: Sofia, In person.", in the active language."""
    language = get_language() or "en"
    named = (text_of(one.name, language, lab) for one in (quota.city, quota.stakeholder_group) if one)
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
