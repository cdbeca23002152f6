"""Sessions as the API shows them, read as rows: plain data, ready to be written as JSON."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, NewType, TypeVar

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from core.api.datetimes import stored_instant
from core.timezones.wall_clock import wall
from core.web.localized_fields import stored_languages
from labs.api import addresses_of
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.models.seating import MODES, seating_of

# Who appears, by the ids of session and agenda item; None for the session as a whole.
People = Mapping[tuple[int, int | None], list[dict[str, Any]]]


# A column as the text that is stored. Django would make an object of each date and multilingual text of a row, which
# took three quarters of the time of a long list.
Stored = NewType("Stored", str)


class _SessionRow(NamedTuple):
    pk: int
    slug: str
    uid: str
    title: Stored
    abstract: Stored
    start_date: Stored
    start_time: Stored
    starts_at: Stored
    end_date: Stored
    end_time: Stored
    ends_at: Stored
    time_zone: str
    track__slug: str | None
    room: int | None
    room__name: Stored
    room__address: str
    room__online: bool
    visibility: str
    status: str
    sequence: int
    format: str
    room_capacity: int | None
    room_taken: int
    room_held: int
    room_waiting: int
    online_capacity: int | None
    online_taken: int
    online_held: int
    online_waiting: int
    spoken_languages: list[str]
    interpreted_languages: list[str]
    sign_languages: list[str]
    captioned_languages: list[str]
    content_revised_at: Stored


class _AgendaRow(NamedTuple):
    pk: int
    session: int
    session__start_date: Stored
    session__end_date: Stored
    session__time_zone: str
    title: Stored
    abstract: Stored
    start_time: Stored
    starts_at: Stored
    end_time: Stored
    ends_at: Stored


class _AppearanceRow(NamedTuple):
    session: int
    agenda_item: int | None
    role: str
    speaker: int


class _SpeakerRow(NamedTuple):
    pk: int
    slug: str
    name: Stored
    affiliation: Stored


Row = TypeVar("Row", bound=NamedTuple)


def _rows(found: QuerySet[Any], kind: type[Row]) -> list[Row]:
    """Return the columns that `kind` names, a row each."""
    columns = [
        Cast(name, TextField()) if type_ is Stored else name for name, type_ in kind.__annotations__.items()
    ]
    return [kind._make(row) for row in found.values_list(*columns)]


def _moment(on: str, at: str, zone: str, instant: str) -> dict[str, Any]:
    return {"local": f"{on}T{at[:5]}", "time_zone": zone, "at": stored_instant(instant)}


def sessions_data(sessions: QuerySet[Session], lab: str) -> list[dict[str, Any]]:
    """Return sessions of the lab of this slug as the API shows them. Four queries, for rows and not for objects."""
    rows = _rows(sessions, _SessionRow)
    people = _people_in(sessions)
    agendas = _agendas_of(sessions, people)
    address, name_of_room = addresses_of("session", lab), cache(stored_languages)
    return [
        {
            "slug": row.slug,
            "uid": row.uid,
            "address": address(row.slug),
            "title": stored_languages(row.title),
            "abstract": stored_languages(row.abstract),
            "starts": _moment(row.start_date, row.start_time, row.time_zone, row.starts_at),
            "ends": _moment(row.end_date, row.end_time, row.time_zone, row.ends_at),
            "track": row.track__slug,
            "room": row.room
            and {
                "name": name_of_room(row.room__name),
                "address": row.room__address,
                "online": row.room__online,
            },
            "visibility": row.visibility,
            "status": row.status,
            "sequence": row.sequence,
            "format": row.format,
            "seats": [
                {"mode": one.mode, "capacity": one.capacity, "left": one.left, "waiting": one.waiting}
                for one in (seating_of(row, mode) for mode in MODES[row.format])
            ],
            "spoken_languages": row.spoken_languages,
            "interpreted_languages": row.interpreted_languages,
            "sign_languages": row.sign_languages,
            "captioned_languages": row.captioned_languages,
            "revised_at": stored_instant(row.content_revised_at),
            "agenda": agendas[row.pk],
            "speakers": people[row.pk, None],
        }
        for row in rows
    ]


def _agendas_of(sessions: QuerySet[Session], people: People) -> Mapping[int, list[dict[str, Any]]]:
    """Return the agendas of sessions by id. One query."""
    agendas: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    items = AgendaItem.objects.filter(session__in=sessions.values("pk")).order_by("position", "id")
    for item in _rows(items, _AgendaRow):
        agendas[item.session].append(
            {
                "title": stored_languages(item.title),
                "abstract": stored_languages(item.abstract),
                "starts": _moment_in(item, item.start_time, item.starts_at),
                "ends": _moment_in(item, item.end_time, item.ends_at),
                "speakers": people[item.session, item.pk],
            }
        )
    return agendas


def _moment_in(item: _AgendaRow, at: str | None, instant: str | None) -> dict[str, Any] | None:
    if at is None or instant is None:
        return None
    zone, day = item.session__time_zone, item.session__start_date
    if day != item.session__end_date:
        day = wall(datetime.fromisoformat(instant).replace(tzinfo=UTC), zone).date().isoformat()
    return _moment(day, at, zone, instant)


def _people_in(sessions: QuerySet[Session]) -> People:
    """Return who appears in these sessions. Two queries."""
    # Of a list, asked again: a thousand ids in a statement take longer than the list.
    appearances = Appearance.objects.filter(session__in=sessions.values("pk")).order_by("position", "id")
    rows = _rows(appearances, _AppearanceRow)
    found = Speaker.objects.filter(pk__in={row.speaker for row in rows}).order_by()
    speakers = {
        one.pk: (one.slug, stored_languages(one.name), stored_languages(one.affiliation))
        for one in _rows(found, _SpeakerRow)
    }
    people: defaultdict[tuple[int, int | None], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.speaker not in speakers:  # deleted in between
            continue
        slug, name, affiliation = speakers[row.speaker]
        people[row.session, row.agenda_item].append(
            {"speaker": slug, "name": name, "role": row.role, "affiliation": affiliation}
        )
    return people
