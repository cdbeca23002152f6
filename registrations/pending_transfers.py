"""Transfers that wait for a colleague: who may offer one, until when, and how they end without coming about."""

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from core.mail import message_counts
from core.mail.models import Message
from labs.viewer import Viewer
from registrations.models import Registration, Seat, Transfer
from registrations.visibility import visible_ids

TRANSFER_DAYS = 7


def begins_at(registration: Registration) -> datetime:
    """Return the first instant of the lab's first day, in its zone."""
    lab = registration.lab
    return datetime.combine(lab.starts_on, time(), ZoneInfo(lab.time_zone))


def end_of_transfer(registration: Registration, now: datetime) -> datetime:
    """Return until when a transfer that is offered now can be accepted."""
    return min(now + timedelta(days=TRANSFER_DAYS), begins_at(registration))


def movable_seats(registration: Registration, now: datetime) -> list[Seat]:
    """Return the seats that a colleague can take over, by session id; none once the lab has begun.

    Places in waiting lists, offers and what waits for approval are the person's own. One query.
    """
    if registration.state != Registration.State.CONFIRMED or begins_at(registration) <= now:
        return []
    held = Seat.objects.filter(
        registration=registration, state=Seat.State.CONFIRMED, session__starts_at__gt=now
    )
    return list(held.order_by("session_id"))


def takeable_seats(registration: Registration, viewer: Viewer, now: datetime) -> list[Seat]:
    """Return those of the movable seats whose sessions this viewer may see: no other can be taken over."""
    seats = movable_seats(registration, now)
    seen = visible_ids(registration.lab_id, [viewer], [seat.session_id for seat in seats])
    return [seat for seat in seats if seat.session_id in seen]


def can_offer(registration: Registration, held: Iterable[Seat], now: datetime) -> bool:
    """Tell whether any of these seats, which come with their sessions, can be given to a colleague."""
    return begins_at(registration) > now and any(
        seat.state == Seat.State.CONFIRMED and seat.session.starts_at > now for seat in held
    )


def forget(registrations: Collection[Registration]) -> None:
    """Delete the transfers of these locked registrations, with the emails to the colleagues."""
    found = Transfer.objects.filter(registration__in=[row.pk for row in registrations])
    message_counts.delete(Message.objects.filter(transfer__in=found))
    found.delete()


def of(registration: Registration) -> Transfer | None:
    """Return the transfer that waits for a colleague; None where there is none, or it has expired."""
    found: Transfer | None = getattr(registration, "transfer", None)
    return found if found is not None and found.expires_at > timezone.now() else None
