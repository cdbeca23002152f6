"""Change parts of labs and programmes: headings of days, tracks, rooms, stakeholder groups."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.lab_editing import Findings, Texts, apply_plan, is_used
from labs.models import Lab, LabDay, Programme, Room, StakeholderGroup, Track
from labs.revisions import lock_lab, lock_row, public_parts, touch, touch_all
from labs.signals import room_changed

MAX_ROWS = 100

Named = TypeVar("Named", bound=Track | StakeholderGroup)


@dataclass(frozen=True)
class NamedPlan:
    """A track or a stakeholder group. `row` is the id of the one to change; None creates a new one."""

    name: Texts
    row: int | None = None


@dataclass(frozen=True)
class RoomPlan:
    """The fields of a physical or online room."""

    name: Texts = field(default_factory=dict)
    online: bool = False
    address: str = ""
    join_link: str = ""
    capacity: int | None = None
    position: int = 0


ROOM_COLUMNS = tuple(column.name for column in fields(RoomPlan))


@transaction.atomic
def set_days(lab: Lab, titles: Mapping[date, Texts], by: User | None = None) -> None:
    """Set the headings of these days; an empty text removes one. Errors have the field "<index>.title"."""
    findings = Findings()
    lab = lock_lab(lab.pk)
    rows = {day.on: day for day in lab.days.all()}
    wanted: list[LabDay] = []
    for place, (on, title) in enumerate(titles.items()):
        texts = languages_of(dict(title))
        if not texts:
            continue
        if not lab.starts_on <= on <= lab.ends_on:
            findings.add(f"{place}.title", gettext("This is not a day of the lab."))
            continue
        row = rows.get(on) or LabDay(lab=lab, on=on)
        if languages_of(row.title) != texts:
            row.title = texts
            findings.check_columns(row, ["title"], f"{place}.")
            wanted.append(row)
    findings.raise_errors()
    gone = [row.pk for on, row in rows.items() if on in titles and not languages_of(dict(titles[on]))]
    before = public_parts(lab)
    for row in wanted:
        row.save()
    if gone:
        LabDay.objects.filter(pk__in=gone).delete()
    if wanted or gone:
        touch(lab.pk, public=public_parts(lab) != before, sessions=())


@transaction.atomic
def set_tracks(lab: Lab, plans: Sequence[NamedPlan], remove: Collection[int] = ()) -> list[Track]:
    """Create and change the tracks of the plans, in their order, and delete those with an id in `remove`, if unused.

    Other tracks stay, after these: they may have been added concurrently. Errors have the field "<index>.name" with
    the index in the plans. Raises RuleViolation.
    """
    lock_lab(lab.pk)
    before = public_parts(lab)
    tracks, differs = _set_named(
        list(lab.tracks.all()),
        plans,
        remove,
        lambda: Track(lab=lab),
        gettext("%(name)s has sessions. Move them to another track first, or keep this one."),
        "track",
    )
    if differs:
        touch(lab.pk, public=public_parts(lab) != before)
    return tracks


@transaction.atomic
def set_groups(
    programme: Programme, plans: Sequence[NamedPlan], remove: Collection[int] = ()
) -> list[StakeholderGroup]:
    """Create, change and delete the programme's stakeholder groups, like `set_tracks`."""
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    groups, differs = _set_named(
        list(programme.stakeholder_groups.all()),
        plans,
        remove,
        lambda: StakeholderGroup(programme=programme),
        gettext("%(name)s was chosen by people who registered and cannot be removed."),
        "group",
    )
    if differs:
        touch_all(Lab.objects.filter(programme=programme), sessions=())
    return groups


def _set_named(
    existing: list[Named],
    plans: Sequence[NamedPlan],
    remove: Collection[int],
    new: Callable[[], Named],
    in_use: str,
    otherwise: str,
) -> tuple[list[Named], bool]:
    """Apply the plans; the caller has locked the parent row.

    Returns the rows in their order, and whether anything has changed.
    """
    rows = {row.pk: row for row in existing}
    findings = Findings()
    if len(plans) > MAX_ROWS:
        raise RuleViolation(
            "too_many_rows", gettext("You can have at most %(limit)d rows.") % {"limit": MAX_ROWS}
        )
    named = [plan.row for plan in plans if plan.row is not None] + list(remove)
    if len(set(named)) != len(named) or set(named) - set(rows):
        raise RuleViolation(
            "deleted", gettext("A row has been deleted in the meantime. Open the page again.")
        )
    taken = {row.slug for row in existing}
    wanted: list[Named] = []
    changed: list[Named] = []
    gone = [row for row in existing if row.pk in remove]
    plans = [
        *plans,
        *(NamedPlan(languages_of(row.name), row.pk) for row in existing if row.pk not in named),
    ]
    for position, plan in enumerate(plans):
        texts = languages_of(dict(plan.name))
        is_new = plan.row is None
        row = new() if plan.row is None else rows[plan.row]
        if is_new:
            row.slug = unique_slug(texts, taken, limit=60, otherwise=otherwise)
            taken.add(row.slug)
        if is_new or languages_of(row.name) != texts or row.position != position:
            row.name, row.position = texts, position
            findings.check_columns(row, ["name"], f"{position}.")
            changed.append(row)
        wanted.append(row)
    for row in gone:
        # Locks the key as well, so that no new row can refer to it.
        type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
        if is_used(row):
            findings.add("", in_use % {"name": row.name})
    findings.raise_errors()
    for row in gone:
        row.delete()
    for row in changed:
        row.save()
    return wanted, bool(gone or changed)


# Rooms


@transaction.atomic
def create_room(lab: Lab, plan: RoomPlan, by: User | None = None) -> Room:
    """Create a room of the lab. Raises RuleViolation."""
    lock_lab(lab.pk)
    room = Room(lab=lab)
    apply_plan(room, plan, ROOM_COLUMNS)
    _check_room(room)
    room.save()
    touch(lab.pk, public=False, sessions=())
    return room


@transaction.atomic
def change_room(room: Room, plan: RoomPlan, by: User | None = None) -> Room:
    """Apply the plan to the room; a new name or place updates its sessions. Raises RuleViolation."""
    lock_row(room)
    shown = (languages_of(room.name), room.address, room.online, room.join_link)
    before = copy(room)
    if not apply_plan(room, plan, ROOM_COLUMNS):
        return room
    _check_room(room)
    room.save()
    after = (languages_of(room.name), room.address, room.online, room.join_link)
    if shown != after:
        room_changed.send(
            sender=Room,
            room_id=room.pk,
            before=before,
            moved=shown[1:] != after[1:],
            seen=shown[:-1] != after[:-1],
            by=by,
        )
    touch(room.lab_id, public=False, sessions=())
    return room


@transaction.atomic
def delete_room(room: Room, by: User | None = None) -> None:
    """Delete a room without sessions. Raises RuleViolation."""
    lab_id = room.lab_id
    lock_lab(lab_id)
    if is_used(room):
        raise RuleViolation(
            "in_use", gettext("Sessions take place in this room. Choose another room for them first.")
        )
    room.delete()
    touch(lab_id, public=False, sessions=())


def _check_room(room: Room) -> None:
    findings = Findings()
    findings.check_columns(room, ROOM_COLUMNS)
    findings.raise_errors()
