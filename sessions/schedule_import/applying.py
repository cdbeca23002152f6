"""Applies the chosen entries of a comparison by the verbs of the console, in one transaction; and undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction

from core.accounts.models import User
from core.web.edit_conflicts import EditConflict
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from labs.lab_parts import ROOM_COLUMNS, NamedPlan, RoomPlan, change_room, create_room, set_tracks
from labs.models import Lab, Programme
from labs.undo import serialize_rows
from sessions import publishing
from sessions.models import ImportedKey, ImportEntry, Session
from sessions.schedule_import.comparing import Entry, compare, needed_by, new_model_of
from sessions.schedule_import.document import Document, Kind
from sessions.scheduling import NewSession, change_locked_session, create_sessions, delete_session
from sessions.speakers import COLUMNS as SPEAKER_COLUMNS
from sessions.speakers import SpeakerPlan, change_speaker, create_speaker
from sessions.undo import plan_data

State = ImportEntry.State


class Outdated(Exception):
    """What was chosen is no longer what would be done: the lab has changed since the preview."""


@dataclass
class Applied:
    """What an import did: how many rows of each kind by what became of them, and what undoes it (JSON)."""

    counts: Counter[str] = field(default_factory=Counter)
    undo: dict[str, Any] = field(
        default_factory=lambda: {
            "created": {str(kind): [] for kind in Kind},
            "changed": {str(kind): [] for kind in Kind},
            "deleted": [],
        }
    )

    def created(self, kind: Kind, pk: int) -> None:
        self.counts[f"{kind}.new"] += 1
        self.undo["created"][kind].append(pk)

    def changed(self, kind: Kind, **facts: object) -> None:
        self.counts[f"{kind}.changed"] += 1
        self.undo["changed"][kind].append(facts)


@transaction.atomic
def apply(lab: Lab, document: Document, chosen: Mapping[int, str], by: User | None = None) -> Applied:
    """Do what the chosen entries say; `chosen` has their fingerprints by position.

    New tracks, rooms and speakers that a chosen session needs are made as well. Raises Outdated, and RuleViolation for
    what a verb refuses; nothing is changed then.
    """
    lab = lock_all(lab)
    entries = compare(lab, document)
    wanted = []
    for position, fingerprint in chosen.items():
        if position >= len(entries) or entries[position].fingerprint != fingerprint:
            raise Outdated
        wanted.append(entries[position])
    done = Applied()
    needed = needed_by(wanted)
    parts = [
        entry
        for entry in entries
        if entry.kind != Kind.SESSION
        and entry.state in (State.NEW, State.CHANGED)
        and (entry in wanted or new_model_of(entry) in needed - {0})
    ]
    places = {id(entry.row): entry for entry in wanted if entry.kind == Kind.SESSION and entry.row}
    missing = [entry.stored for entry in wanted if entry.state == State.MISSING]
    _write_parts(lab, document, parts, by, done)
    sessions = list(places.values())
    if parts and sessions:
        # Once more, so that plans hold what is stored now, and sessions what their rooms made of them.
        entries = compare(lab, document)
        sessions = [entry for entry in entries if entry.row and id(entry.row) in places]
    _create_sessions(lab, document, [entry for entry in sessions if entry.stored is None], by, done)
    for entry in sessions:
        if entry.stored is not None:
            _change_session(entry, by, done)
            _remember(lab, document, entry, entry.stored)
    for session in missing:
        _delete_session(session, by, done)
    _remember_unchanged(lab, document, entries)
    return done


def lock_all(lab: Lab) -> Lab:
    """Lock the programme, its labs and the lab's sessions, in the order of all who lock them."""
    Programme.objects.select_for_update(no_key=True).get(pk=lab.programme_id)
    labs = Lab.objects.select_for_update(no_key=True).filter(programme=lab.programme_id)
    found = {row.pk: row for row in labs.select_related(None).order_by("pk")}
    list(Session.objects.select_for_update(no_key=True).filter(lab=lab).order_by("pk").values_list("pk"))
    locked = found[lab.pk]
    locked.programme = lab.programme
    return locked


def _write_parts(
    lab: Lab, document: Document, parts: Sequence[Entry], by: User | None, done: Applied
) -> None:
    for entry in parts:
        with _saying(entry):
            stored = {Kind.TRACK: _track, Kind.ROOM: _room, Kind.SPEAKER: _speaker}[entry.kind](
                lab, entry, by, done
            )
        _remember(lab, document, entry, stored)


def _track(lab: Lab, entry: Entry, by: User | None, done: Applied) -> Any:
    name = entry.values.get("name") or languages_of(entry.model.name)
    rows = list(lab.tracks.order_by("position", "pk"))
    if entry.stored is None:
        plans = [NamedPlan(languages_of(row.name), row.pk) for row in rows]
        track = set_tracks(lab, [*plans, NamedPlan(name)])[-1]
        done.created(Kind.TRACK, track.pk)
        return track
    before = languages_of(entry.stored.name)
    plans = [NamedPlan(name if row.pk == entry.stored.pk else languages_of(row.name), row.pk) for row in rows]
    set_tracks(lab, plans)
    done.changed(Kind.TRACK, id=entry.stored.pk, before={"name": before}, after={"name": languages_of(name)})
    return entry.stored


def _room(lab: Lab, entry: Entry, by: User | None, done: Applied) -> Any:
    values = {name: entry.values[name] for name in ROOM_COLUMNS if name in entry.values}
    if entry.stored is None:
        plan = RoomPlan(
            name=languages_of(entry.model.name), online=entry.model.online, position=lab.rooms.count()
        )
        room = create_room(lab, replace(plan, **values), by)
        done.created(Kind.ROOM, room.pk)
        return room
    before = {name: getattr(entry.stored, name) for name in ROOM_COLUMNS}
    before["name"] = languages_of(before["name"])
    room = change_room(entry.stored, RoomPlan(**before | values), by)
    done.changed(Kind.ROOM, id=room.pk, version=room.version, before=before)
    return room


def _speaker(lab: Lab, entry: Entry, by: User | None, done: Applied) -> Any:
    values = {name: entry.values[name] for name in SPEAKER_COLUMNS if name in entry.values}
    if entry.stored is None:
        speaker = create_speaker(
            lab.programme, SpeakerPlan(**{"name": languages_of(entry.model.name)} | values)
        )
        done.created(Kind.SPEAKER, speaker.pk)
        return speaker
    before = {name: getattr(entry.stored, name) for name in SPEAKER_COLUMNS}
    for name in ("name", "affiliation", "biography"):
        before[name] = languages_of(before[name])
    speaker = change_speaker(entry.stored, SpeakerPlan(**before | values))
    plain = {name: before[name] for name in ("name", "affiliation", "biography", "website")}
    plain["city"] = before["city"].pk if before["city"] else None
    done.changed(Kind.SPEAKER, id=speaker.pk, version=speaker.version, before=plain)
    return speaker


def _create_sessions(
    lab: Lab, document: Document, entries: Sequence[Entry], by: User | None, done: Applied
) -> None:
    wanted = [
        NewSession(entry.plan, entry.visibility, entry.audience or ()) for entry in entries if entry.plan
    ]
    created = create_sessions(lab, wanted, by)
    for session in created:
        done.created(Kind.SESSION, session.pk)
    _remember_all(lab, document, list(zip(entries, created, strict=True)))


def _change_session(entry: Entry, by: User | None, done: Applied) -> None:
    session = entry.stored
    audience = [city.pk for city in session.audience.all()]
    was = {"visibility": session.visibility, "audience": audience}
    with _saying(entry):
        if entry.plan is not None and entry.before is not None:
            change_locked_session(session, entry.before, entry.plan, by)
        if entry.visibility == Session.Visibility.INTERNAL:
            cities = entry.audience or ()
            if not session.is_internal or {city.pk for city in cities} != set(audience):
                publishing.make_internal(session, cities, by)
        elif entry.visibility != session.visibility:
            show = (
                publishing.publish if entry.visibility == Session.Visibility.PUBLIC else publishing.unpublish
            )
            show(session, by)
    before = plan_data(entry.before) if entry.before else {}
    now = {"visibility": session.visibility, "version": session.version}
    done.changed(Kind.SESSION, id=session.pk, plan=before, was=was, now=now)


def _delete_session(session: Session, by: User | None, done: Applied) -> None:
    rows = serialize_rows(session)
    try:
        delete_session(session, by)
    except RuleViolation as error:
        raise RuleViolation(error.code, f"“{session}”: {error.message}") from error
    done.counts["session.deleted"] += 1
    done.undo["deleted"].append(rows)


class _saying:
    """Says which entry a verb refuses."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, RuleViolation):
            raise RuleViolation(error.code, f"“{self.entry.label}”: {error.message}") from error
        if isinstance(error, EditConflict | IntegrityError):
            raise Outdated from error


# Keys of sources


def _remember(lab: Lab, document: Document, entry: Entry, stored: Any) -> None:
    _remember_all(lab, document, [(entry, stored)])


def _remember_unchanged(lab: Lab, document: Document, entries: Sequence[Entry]) -> None:
    """Remember the keys of what was there already, so that it is the same even when its name changes."""
    pairs = [(entry, entry.stored) for entry in entries if entry.state == State.UNCHANGED and entry.stored]
    _remember_all(lab, document, pairs)


def _remember_all(lab: Lab, document: Document, pairs: Sequence[tuple[Entry, Any]]) -> None:
    """Store the keys by which the source names these rows."""
    keys = [
        ImportedKey(
            lab=lab,
            source=document.source,
            kind=entry.kind,
            key=entry.row.key,
            **{f"{entry.kind}_id": stored.pk},
        )
        for entry, stored in pairs
        if entry.row is not None and entry.row.key
    ]
    ImportedKey.objects.bulk_create(
        keys,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["lab", "source", "kind", "key"],
        update_fields=["track", "room", "speaker", "session"],
    )
