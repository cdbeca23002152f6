"""The seats on a person's own page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from core.timezones import zone_hours
from registrations import quota_reasons
from registrations.models import Registration, Seat
from registrations.models.seats import waiting_positions
from sessions.models import Session
from sessions.models.seating import Mode
from sessions.places import join_link_of
from sessions.timezone_hints import instants_of


@dataclass(frozen=True)
class OwnSeat:
    """A seat on its owner's page. `position` is the position in the waiting list, `why` the quota that has no room.

    `offset` is set if hours on the page have different offsets; `elsewhere` are the hours in the zones of the lab and
    the session, if they differ from the person's.
    """

    seat: Seat
    offset: str
    elsewhere: tuple[str, ...]
    position: int | None
    why: str
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
        return has_seat and self.seat.mode == Mode.ONLINE and not self.is_over and not self.join_link


def own_seats(
    found: Registration, own: Sequence[Seat], attended: Collection[int], now: datetime
) -> list[OwnSeat]:
    """Return these seats as the page shows them; `attended` are ids of sessions."""
    positions, reasons = waiting_positions(own), quota_reasons.of_seats(found, own)
    zone, language = found.time_zone, get_language() or "en"
    clocks_change = zone_hours.clocks_change(zone, instants_of(seat.session for seat in own))
    return [
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
            why=reasons.get(seat.session_id, ""),
            attended=seat.session_id in attended,
            is_over=seat.session.is_over(now),
            join_link=_join_link(seat, seat.session.is_over(now)),
            has_page=seat.session.visibility == "public",
        )
        for seat in own
    ]


def _join_link(seat: Seat, is_over: bool) -> str:
    """Return the join link of a confirmed seat until the session is over, else ""."""
    if seat.state != Seat.State.CONFIRMED or seat.session.is_cancelled or is_over:
        return ""
    return join_link_of(seat.session, seat.mode)
