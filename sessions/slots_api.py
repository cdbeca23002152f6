"""The API of the slot finder. For organisers."""

from datetime import datetime, time
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.datetimes import Day, instant_text
from core.api.pagination import BoundedPagination, Listing
from core.timezones.wall_clock import wall
from core.web.errors import InvalidFields
from labs.api import LocalizedText
from labs.api_authentication import lab_of_organiser
from labs.models import ApiToken, Lab
from sessions.slot_finder import Party, Slot, find_slots
from sessions.slot_search import Wanted, query_of
from sessions.slot_words import in_words

router = Router(tags=["Sessions and speakers"])


class SlotHoursOut(Schema):
    city: str = Field(description="The city's slug")
    time_zone: str = Field(description="IANA name")
    starts: str = Field(description="Local time in the city, like 2027-04-06T11:30+03:00")
    ends: str = Field(description="Local time in the city")


class FreeRoomOut(Schema):
    id: int
    name: LocalizedText


class RemarkOut(Schema):
    kind: str = Field(description="Such as `early-or-late`, `weekend` or `city-busy`")
    message: str = Field(description="In the language asked for")
    who: list[str] = Field(description="Slugs of the cities or speakers, ids of the rooms")


class SlotOut(Schema):
    starts_at: datetime
    ends_at: datetime
    fits: bool = Field(description="False: a near miss. There are such only where nothing fits")
    score: int = Field(description="From 0 to 100, the best first; 0 for a near miss")
    hours: list[SlotHoursOut] = Field(description="The hours in each city")
    rooms: list[FreeRoomOut] = Field(description="Rooms that are free")
    reasons: list[RemarkOut] = Field(description="Why it has its score, or what is in the way")


class SlotsIn(Schema):
    cities: list[str] = Field(
        [], description="Slugs of cities of the programme. If omitted, all of them", max_length=1000
    )
    minutes: int = Field(60, description="Length of the session, from 5 to 720")
    speakers: list[str] = Field([], description="Slugs of speakers of the programme", max_length=1000)
    rooms: list[int] = Field(
        [], description="Ids of rooms, one of which has to be free, as answers list them", max_length=1000
    )
    first_day: Day | None = Field(None, description="One of the lab’s days. If omitted, the first")
    last_day: Day | None = Field(None, description="One of the lab’s days. If omitted, the last")
    day_begins: str = Field("09:00", max_length=5, description="From when, by the clocks of each city")
    day_ends: str = Field("17:00", max_length=5, description="Until when, by the clocks of each city")
    session: str | None = Field(None, max_length=80, description="Slug of a session that is to be moved")


def slot_data(slot: Slot, cities: tuple[Party, ...], lab: Lab) -> dict[str, Any]:
    remarks = slot.obstacles or slot.remarks
    return {
        "starts_at": instant_text(slot.starts_at),
        "ends_at": instant_text(slot.ends_at),
        "fits": not slot.obstacles,
        "score": slot.score,
        "hours": [
            {
                "city": city.slug,
                "time_zone": city.time_zone,
                "starts": wall(slot.starts_at, city.time_zone).isoformat(timespec="minutes"),
                "ends": wall(slot.ends_at, city.time_zone).isoformat(timespec="minutes"),
            }
            for city in cities
        ],
        "rooms": [{"id": int(room.slug), "name": room.name} for room in slot.rooms],
        "reasons": [
            {"kind": one.reason, "message": in_words(one, lab), "who": [who.slug for who in one.parties]}
            for one in remarks
        ],
    }


@router.get("/labs/{lab}/slots", response=list[SlotOut], url_name="slots")
@paginate(BoundedPagination)
def list_slots(request: HttpRequest, lab: str, asked: Query[SlotsIn]) -> Listing:
    """Find times for a session: within the working hours of every city, while cities, speakers and rooms are free.

    The best first. Where nothing fits, the nearest misses. Nothing is saved. Scope: read.
    """
    found = lab_of_organiser(request, lab, ApiToken.Scope.READ)
    query = query_of(found, _wanted(found, asked))
    result = find_slots(query)
    return Listing(
        result.slots or result.misses,
        lambda slots: [slot_data(slot, query.cities, found) for slot in slots],
    )


def _wanted(lab: Lab, asked: SlotsIn) -> Wanted:
    """Return what is asked for. Raises InvalidFields for slugs and ids that are not of the lab."""
    programme = lab.programme
    rows: dict[str, Any] = {
        "cities": {city.slug: city for city in programme.cities.filter(slug__in=asked.cities)},
        "speakers": {
            one.slug: one for one in programme.speakers.select_related("city").filter(slug__in=asked.speakers)
        },
        "rooms": {room.pk: room for room in lab.rooms.all()},
    }
    errors: dict[str, list[str]] = {}
    chosen: dict[str, Any] = {}
    for name, known in rows.items():
        wanted = dict.fromkeys(getattr(asked, name))
        if unknown := [str(one)[:80] for one in wanted if one not in known]:
            errors[name] = [_("Not found: %(names)s.") % {"names": ", ".join(unknown[:10])}]
        chosen[name] = [known[one] for one in wanted if one in known]
    if not asked.cities:
        chosen["cities"] = list(programme.cities.all())
    moved = lab.sessions.filter(slug=asked.session).first() if asked.session else None
    if asked.session and moved is None:
        errors["session"] = [_("Not found: %(names)s.") % {"names": asked.session}]
    if errors:
        raise InvalidFields(errors)
    return Wanted(
        **chosen,
        minutes=asked.minutes,
        first_day=asked.first_day,
        last_day=asked.last_day,
        day_begins=hour_of(asked.day_begins, "day_begins"),
        day_ends=hour_of(asked.day_ends, "day_ends"),
        moved=moved,
    )


def hour_of(text: str, field: str) -> time:
    """Return an hour that is written like 15:30. Raises InvalidFields for this field."""
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise InvalidFields({field: [_("Enter a time like 15:30.")]}) from None
