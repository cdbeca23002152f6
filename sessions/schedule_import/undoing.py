"""Undoes an import, as far as nothing else has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.edit_conflicts import DeletedMeanwhile, EditConflict
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from labs import undo
from labs.lab_parts import NamedPlan, RoomPlan, change_room, delete_room, set_tracks
from labs.models import City, Lab, Room, Track
from labs.revisions import touch
from labs.signals import lab_rescheduled
from sessions import publishing
from sessions.models import Session, Speaker
from sessions.schedule_import.applying import lock_all
from sessions.scheduling import change_session, delete_session
from sessions.speakers import SpeakerPlan, change_speaker, delete_speaker
from sessions.undo import plan_from_data


@dataclass
class Undone:
    """How many rows are as before, and which are not: (what it is called, why)."""

    count: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


class _Changed(Exception):
    """The row was changed after the import."""


@transaction.atomic
def undo_import(lab: Lab, facts: dict[str, Any], by: User | None = None) -> Undone:
    """Restore what an import changed, created and deleted; `facts` are those of `Applied.undo`.

    What somebody changed since, or others have seen, stays and is listed.
    """
    lab = lock_all(lab)
    undone = Undone()
    created, changed = facts["created"], facts["changed"]
    for rows in facts["deleted"]:
        title = next((str(languages_of(row["row"].get("title")).get("en", "")) for row in rows), "")
        _attempt(undone, partial(undo.insert_rows, rows), title)
    # Before rooms change back, which changes their sessions.
    same = {row.pk for row, said in _stored(Session, changed["session"]) if _is_as_imported(row, said["now"])}
    steps: list[tuple[type[models.Model], list[Any], Callable[[Any, Any], None]]] = [
        (Room, changed["room"], lambda row, said: _restore_room(row, said, by)),
        (Speaker, changed["speaker"], lambda row, said: _restore_speaker(row, said)),
        (Track, changed["track"], lambda row, said: _restore_track(lab, row, said)),
        (Session, changed["session"], lambda row, said: _restore_session(row, said, by, row.pk in same)),
        (Session, _ids(created["session"]), lambda row, said: _remove_session(row, by)),
        (Room, _ids(created["room"]), lambda row, said: delete_room(row, by)),
        (Speaker, _ids(created["speaker"]), lambda row, said: delete_speaker(row)),
        (Track, _ids(created["track"]), lambda row, said: _remove_track(lab, row)),
    ]
    for table, rows, step in steps:
        for row, said in _stored(table, rows):
            _attempt(undone, partial(step, row, said), str(row))
    if facts["deleted"]:
        lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
        touch(lab.pk, public=False)
    return undone


def _stored(table: type[models.Model], rows: list[dict[str, Any]]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the rows that still exist, the last one first."""
    found = table._base_manager.in_bulk([said["id"] for said in rows])
    for said in reversed(rows):
        if said["id"] in found:
            yield found[said["id"]], said


def _attempt(undone: Undone, step: Callable[[], object], label: str) -> None:
    try:
        with transaction.atomic():
            step()
    except (_Changed, EditConflict, DeletedMeanwhile, IntegrityError, undo.NotUndoable):
        undone.left.append((label, _("It was changed after the import.")))
    except RuleViolation as error:
        undone.left.append((label, error.message))
    else:
        undone.count += 1


def _ids(created: list[int]) -> list[dict[str, int]]:
    return [{"id": pk} for pk in created]


def _is_as_imported(session: Session, now: dict[str, Any]) -> bool:
    return session.version == now["version"] and session.visibility == now["visibility"]


def _restore_session(session: Session, said: dict[str, Any], by: User | None, is_same: bool) -> None:
    was = said["was"]
    if not is_same:
        raise _Changed
    change_session(session, plan_from_data(said["plan"], session), by)
    audience = set(session.audience.values_list("pk", flat=True))
    if was["visibility"] == Session.Visibility.INTERNAL:
        if not session.is_internal or audience != set(was["audience"]):
            publishing.make_internal(session, City.objects.filter(pk__in=was["audience"]), by)
    elif was["visibility"] == Session.Visibility.PUBLIC:
        publishing.publish(session, by)
    else:
        publishing.unpublish(session, by)


def _remove_session(session: Session, by: User | None) -> None:
    if session.version != 1:
        raise _Changed
    delete_session(session, by)


def _restore_room(room: Room, said: dict[str, Any], by: User | None) -> None:
    if room.version != said["version"]:
        raise _Changed
    change_room(room, RoomPlan(**said["before"]), by)


def _restore_speaker(speaker: Speaker, said: dict[str, Any]) -> None:
    if speaker.version != said["version"]:
        raise _Changed
    city = City.objects.filter(pk=said["before"]["city"]).first() if said["before"]["city"] else None
    plan = SpeakerPlan(**{name: getattr(speaker, name) for name in SpeakerPlan.__dataclass_fields__})
    change_speaker(speaker, replace(plan, **said["before"] | {"city": city}))


def _restore_track(lab: Lab, track: Track, said: dict[str, Any]) -> None:
    if languages_of(track.name) != said["after"]["name"]:
        raise _Changed
    rows = lab.tracks.order_by("position", "pk")
    set_tracks(
        lab,
        [
            NamedPlan(said["before"]["name"] if row.pk == track.pk else languages_of(row.name), row.pk)
            for row in rows
        ],
    )


def _remove_track(lab: Lab, track: Track) -> None:
    rows = lab.tracks.exclude(pk=track.pk).order_by("position", "pk")
    set_tracks(lab, [NamedPlan(languages_of(row.name), row.pk) for row in rows], remove=[track.pk])
