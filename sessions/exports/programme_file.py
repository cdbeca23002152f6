"""The programme file of a lab: our own JSON, which `sessions.programme_import` reads (docs/programme-file.md).

Whatever a key would say nothing new about is left out, as the importer takes a missing key for "as it is". What is
exported and imported again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from core.timezones.wall_clock import WallClockError, instant, is_ambiguous, wall
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.models import City, Lab, Room
from sessions.exports.contents import Contents
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS

CONTENT_TYPE = "application/json"
_SLUG_LENGTH = 60


def programme_file(contents: Contents) -> bytes:
    """Return the lab with its sessions as a programme file in UTF-8."""
    lab = contents.lab
    programme = lab.programme
    document = {
        "about": absolute_url("lab", lab.slug),
        "cities": [_city(city) for city in contents.cities],
        "programmes": [
            {
                "slug": programme.slug,
                "name": languages_of(programme.name),
                "organiser": languages_of(programme.organiser),
                "languages": programme.languages,
                "speakers": [_speaker(speaker) for speaker in contents.speakers],
                "labs": [_lab(contents)],
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not said: None, and empty texts and lists."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", {}, [])}


def _city(city: City) -> dict[str, Any]:
    return {
        "slug": city.slug,
        "name": languages_of(city.name),
        "country": city.country,
        "time_zone": city.time_zone,
    }


def _speaker(speaker: Speaker) -> dict[str, Any]:
    return _filled(
        {
            "slug": speaker.slug,
            "name": languages_of(speaker.name),
            "affiliation": languages_of(speaker.affiliation),
            "biography": languages_of(speaker.biography),
            "city": speaker.city.slug if speaker.city else None,
            "website": speaker.website,
            "languages": speaker.languages,
        }
    )


def _lab(contents: Contents) -> dict[str, Any]:
    lab = contents.lab
    rooms = _slugs_of(contents.rooms)
    values = {
        "slug": lab.slug,
        "title": languages_of(lab.title),
        "theme": languages_of(lab.theme),
        "description": languages_of(lab.description),
        "starts_on": lab.starts_on.isoformat(),
        "ends_on": lab.ends_on.isoformat(),
        "time_zone": lab.time_zone,
        "languages": lab.languages,
        "format": lab.format,
        "venue": languages_of(lab.venue),
        "visibility": lab.visibility,
        "colour": lab.colour,
        "registration": _registration(lab),
        "certificate_min_sessions": lab.certificate_min_sessions,
        **(_of_organisers(lab) if contents.for_organisers else {}),
        "days": [{"on": day.on.isoformat(), "title": languages_of(day.title)} for day in contents.days],
        "tracks": [{"slug": track.slug, "name": languages_of(track.name)} for track in contents.tracks],
        "rooms": [_room(room, rooms[room.pk], contents) for room in contents.rooms],
        "sessions": [_session(session, rooms, contents) for session in contents.sessions],
    }
    return _filled(values)


def _of_organisers(lab: Lab) -> dict[str, Any]:
    """What the file says of a lab to those alone who organise it."""
    return {
        "contact_email": lab.contact_email,
        "consent": languages_of(lab.consent),
        "retention_days": lab.retention_days,
        "signatory_name": lab.signatory_name,
        "signatory_function": languages_of(lab.signatory_function),
    }


def _registration(lab: Lab) -> dict[str, str] | None:
    """When registration opens and closes, where a wall time in whole minutes says it."""
    times = {"opens": lab.registration_opens_at, "closes": lab.registration_closes_at}
    written = {name: _written_instant(at, lab.time_zone) for name, at in times.items() if at}
    return written if "opens" in written and all(written.values()) else None  # type: ignore[return-value]


def _written_instant(at: datetime, zone: str) -> str | None:
    local = wall(at, zone)
    try:
        found = instant(local.date(), local.time().replace(second=0, microsecond=0), zone)
    except WallClockError:
        return None
    return _written(local.date(), local.time()) if found == at else None


def _written(on: date, at: time) -> str:
    return f"{on.isoformat()}T{at.hour:02d}:{at.minute:02d}"


def _slugs_of(rooms: Iterable[Room]) -> dict[int, str]:
    """Return the names by which the file refers to rooms, by id."""
    found: dict[int, str] = {}
    for room in rooms:
        found[room.pk] = unique_slug(
            languages_of(room.name), set(found.values()), limit=_SLUG_LENGTH, otherwise="room"
        )
    return found


def _room(room: Room, slug: str, contents: Contents) -> dict[str, Any]:
    values = {
        "slug": slug,
        "name": languages_of(room.name),
        "address": room.address,
        "online": room.online,
    }
    if contents.for_organisers:
        values |= {"capacity": room.capacity, "join_link": room.join_link}
    return _filled(values)


def _session(session: Session, rooms: Mapping[int, str], contents: Contents) -> dict[str, Any]:
    values = {
        "slug": session.slug,
        "title": languages_of(session.title),
        "abstract": languages_of(session.abstract),
        "visibility": session.visibility,
        "status_note": session.status if session.is_cancelled else None,
        **_times(session),
        "track": session.track.slug if session.track else None,
        "room": rooms.get(session.room_id) if session.room_id else None,
        "format": session.format,
        **_seats(session),
        **{name: getattr(session, name) for name in LANGUAGE_COLUMNS},
        "speakers": _people(session.appearances_in()),
        "agenda": [_item(session, item) for item in session.agenda_items],
    }
    if contents.for_organisers:
        values |= {
            "audience_cities": [city.slug for city in session.audience.all()],
            "join_link": session.join_link,
            "waiting_list": session.waiting_list,
            "needs_approval": session.needs_approval,
            **{name: on.isoformat() for name in ORDER_COLUMNS if (on := getattr(session, name))},
        }
    return _filled(values)


def _times(session: Session) -> dict[str, Any]:
    """Return start and end as wall times of the session's zone, with the fold where clocks show them twice."""
    sides = {
        "starts": (session.start_date, session.start_time, session.start_fold),
        "ends": (session.end_date, session.end_time, session.end_fold),
    }
    folds = {
        f"{name}_fold": fold
        for name, (on, at, fold) in sides.items()
        if is_ambiguous(on, at, session.time_zone)
    }
    written = {name: _written(on, at) for name, (on, at, _fold) in sides.items()}
    return {"time_zone": session.time_zone, **written, **folds}


def _seats(session: Session) -> dict[str, Any]:
    """Return the capacities: `capacity` is that of the only way to attend, or in person."""
    if session.format == Lab.Format.ONLINE:
        return {"capacity": session.online_capacity}
    return {"capacity": session.room_capacity, "online_capacity": session.online_capacity}


def _people(appearances: Iterable[Appearance]) -> list[dict[str, str]]:
    return [{"speaker": one.speaker.slug, "role": one.role} for one in appearances]


def _item(session: Session, item: AgendaItem) -> dict[str, Any]:
    times = {}
    # The file cannot say times that are more than a day after the start.
    if item.starts_at and item.ends_at:
        local = [wall(at, session.time_zone) for at in (item.starts_at, item.ends_at)]
        times = {
            name: _written(at.date(), at.time()) for name, at in zip(("starts", "ends"), local, strict=True)
        }
    return _filled(
        {
            "title": languages_of(item.title),
            "abstract": languages_of(item.abstract),
            **times,
            "speakers": _people(session.appearances_in(item)),
        }
    )
