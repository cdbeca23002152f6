"""Our own JSON, the programme file (`sessions.programme_import`): what it says of one lab."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from labs.models import City, Lab
from sessions.models.seating import MODES
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.programme_import import ProgrammeFileError, schema
from sessions.programme_import import read as read_programme
from sessions.programme_import.fields import Record
from sessions.programme_import.speakers import Appearances
from sessions.schedule_import.document import (
    AgendaItem,
    Document,
    Finding,
    Kind,
    Local,
    Place,
    Row,
    UnreadableFile,
    When,
)


def read(content: bytes, lab: Lab) -> Document:
    """Return what the file says of the lab: the one with its address, or the only one. Raises UnreadableFile.

    What it says of programmes, cities and of the lab itself is loaded by `manage.py load_programme` alone.
    """
    try:
        file = read_programme(content, frozenset(City.objects.values_list("slug", flat=True)))
    except ProgrammeFileError as error:
        refused = UnreadableFile("")
        refused.findings = [Finding(Place(part=each.path), each.message) for each in error.problems]
        raise refused from None
    labs = [(programme, one) for programme in file.programmes for one in programme.labs]
    found = next((pair for pair in labs if pair[1].slug == lab.slug), labs[0] if len(labs) == 1 else None)
    if found is None:
        message = _("The file has no lab with the address “%(slug)s”.")
        raise UnreadableFile(message % {"slug": lab.slug})
    programme, said = found
    document = Document("programme")
    for notice in file.notices:
        document.note(notice.message, Place(part=notice.path))
    for track in said.tracks:
        _add(document, Kind.TRACK, track, track.slug, name=track.name)
    for room in said.rooms:
        _add(document, Kind.ROOM, room, room.slug, name=room.name, address=room.address, online=room.online,
             join_link=room.join_link, capacity=room.capacity)  # fmt: skip
    named = {one.speaker for session in said.sessions for one in session.all_appearances}
    for speaker in programme.speakers:
        if speaker.slug in named:
            _add(document, Kind.SPEAKER, speaker, speaker.slug, name=speaker.name, city=speaker.city,
                 affiliation=speaker.affiliation, biography=speaker.biography, website=speaker.website)  # fmt: skip
    for session in said.sessions:
        document.rows.append(_session(session, lab))
    return document


def _add(document: Document, kind: Kind, record: Record, slug: str, **values: Any) -> Row:
    given = {name: value for name, value in values.items() if value is not None}
    row = Row(kind, Place(part=record.path), key=slug, slug=slug, values=given)
    row.places = {name: Place(part=f"{record.path}.{name}") for name in given}
    document.rows.append(row)
    return row


def _session(said: schema.Session, lab: Lab) -> Row:
    names = (
        "title", "abstract", "visibility", "track", "room", "join_link", "format", "waiting_list",
        "needs_approval", "online_capacity", *LANGUAGE_COLUMNS, *ORDER_COLUMNS,
    )  # fmt: skip
    values = {name: getattr(said, name) for name in names}
    if said.capacity is not None:
        modes = MODES.get(said.format or lab.format, ())
        values["online_capacity" if len(modes) == 1 and "online" in modes else "room_capacity"] = (
            said.capacity
        )
    if said.audience is not None:
        values["audience"] = list(said.audience)
    if said.appearances is not None:
        values["people"] = _people(said.appearances)
    if said.agenda is not None:
        values["agenda"] = [
            AgendaItem(
                item.title,
                Place(part=item.path),
                item.abstract,
                item.starts.time() if item.starts else None,
                item.ends.time() if item.ends else None,
                _people(item.appearances),
            )
            for item in said.agenda
        ]
    if not said.times_assumed:
        values["time_zone"] = said.time_zone
        values["when"] = When(
            _local(said.starts, said.starts_fold), _local(said.ends, said.ends_fold), said.time_zone
        )
    row = Row(Kind.SESSION, Place(part=said.path), key=said.slug, slug=said.slug)
    row.values = {name: value for name, value in values.items() if value is not None}
    row.places = {name: Place(part=f"{said.path}.{name}") for name in (*row.values, "starts", "ends")}
    return row


def _local(at: datetime, fold: int | None) -> Local:
    return Local(at.date(), at.time(), fold)


def _people(appearances: Appearances) -> list[tuple[str, str]]:
    return [(one.speaker, str(one.role)) for one in appearances]
