"""Seats change hands: they are taken off one registration and put on another under the locks of their sessions."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import erasure, quotas, seats
from registrations.models import Registration, Seat, SeatMovement
from registrations.pending_transfers import takeable_seats
from registrations.seat_rows import Claim, write

GONE = _("This offer has expired, was withdrawn, or was used already.")

Reason = SeatMovement.Reason


def hand_over(
    giver: Registration, new: Registration, viewer: Viewer, forms: Collection[int], now: datetime
) -> tuple[list[Seat], list[Seat]]:
    """Put those of the giver's seats that `viewer` may take over on the new registration, and give the others up to the
    next.

    `forms` are unconfirmed registrations of the same person, which are deleted. The sessions count as many seats as
    before. Returns the seats moved and those given up. Raises RuleViolation (codes: no_seat, quota_full).
    """
    coming = Seat.objects.filter(registration=giver, session__ends_at__gt=now)
    erasure.delete_forms(giver.lab_id, forms, coming)
    # Under the locks of their sessions: an organiser may have taken one back.
    moving = takeable_seats(giver, viewer, now)
    if not moving:
        raise RuleViolation("no_seat", GONE)
    rest = set(coming.values_list("session", flat=True)) - {seat.session_id for seat in moving}
    # Before quotas are counted: the giver keeps nothing.
    given_up = seats.give_up(giver, rest, Reason.REGISTRATION_CANCELLED)
    _recount(giver, new, moving)
    places = {seat.session_id: seat.queue_position for seat in moving}
    write([(seat, Claim(Seat.State.CANCELLED, Reason.TRANSFERRED)) for seat in moving], now, None)
    sent = dict(
        Seat.objects.filter(
            session__in=places, registration__lab=new.lab_id, registration__email_key=new.email_key
        )
        .order_by()
        .values_list("session")
        .annotate(Max("sequence"))
    )
    taken = [
        Seat(
            registration=new,
            session_id=seat.session_id,
            mode=seat.mode,
            state="",
            sequence=sent.get(seat.session_id, 0),
        )
        for seat in moving
    ]
    claims = [
        (seat, Claim(Seat.State.CONFIRMED, Reason.TRANSFERRED, places[seat.session_id])) for seat in taken
    ]
    write(claims, now, None)
    return taken, given_up


def _recount(giver: Registration, new: Registration, moving: list[Seat]) -> None:
    """Count the new person in the quotas instead of the giver, before the seats move."""
    limits = quotas.lock_quotas(giver.lab_id, [seat.session_id for seat in moving])
    if not limits:
        return
    places, moved = quotas.places_of(giver.pk), {(seat.session_id, seat.mode) for seat in moving}
    of_giver = quotas.holder_of(giver)
    gone = quotas.counted(limits, of_giver, places) - quotas.counted(limits, of_giver, places - moved)
    try:
        with transaction.atomic():
            quotas.move(gone, quotas.counted(limits, quotas.holder_of(new), moved))
    except IntegrityError:
        raise RuleViolation(
            "quota_full", _("All places for this city or type of organisation are taken.")
        ) from None
