"""A lab's revision dates, the number of its public revision, and its lock.

Rows are locked in one order everywhere (see docs/developers.md), to prevent deadlocks.
"""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Case, F, Model, PositiveIntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from core.timezones.wall_clock import wall
from core.web.edit_conflicts import DeletedMeanwhile
from core.web.localized_fields import languages_of
from labs.models import Lab
from labs.signals import lab_touched

Row = TypeVar("Row", bound=Model)


def lock_lab(lab_id: int) -> Lab:
    """Lock the lab's row and return it with its programme.

    Every change of a lab, its parts or its sessions begins with this. `no_key` allows concurrent inserts of
    registrations and emails that refer to the lab.
    """
    rows = Lab.objects.select_for_update(no_key=True, of=("self",)).select_related("programme")
    return rows.get(pk=lab_id)


def lock_row(row: Row) -> Row:
    """Lock and refresh `row`, after its lab if it belongs to one. Raises DeletedMeanwhile."""
    try:
        if lab_id := getattr(row, "lab_id", None):
            lock_lab(lab_id)
        row.refresh_from_db(
            from_queryset=type(row)._base_manager.select_for_update(no_key=True, of=("self",))
        )
    except ObjectDoesNotExist:
        raise DeletedMeanwhile from None
    return row


def touch(
    lab_id: int, *, public: bool = True, withdrawn: bool = False, sessions: Collection[int] | None = None
) -> None:
    """Set the lab's revision date, in the transaction of the change.

    `public` if visitors see the change once the lab is public: only then does its public revision rise; and with a lab
    that is `withdrawn`, whose sessions leave the programme's calendar. `sessions`
    are the ids of those whose calendar entries may have changed; None: any of the lab's.
    """
    now = timezone.now()
    columns: dict[str, object] = {"revised_at": now}
    if public:
        is_public = Q(pk=lab_id) if withdrawn else Q(visibility=Lab.Visibility.PUBLIC)
        columns["public_revised_at"] = Case(When(is_public, then=Value(now)), default=F("public_revised_at"))
        risen = Case(When(is_public, then=1), default=0, output_field=PositiveIntegerField())
        columns["public_revision"] = F("public_revision") + risen
    Lab.objects.filter(pk=lab_id).update(**columns)
    if sessions is None or sessions:
        lab_touched.send(sender=Lab, lab_id=lab_id, session_ids=sessions)


def touch_all(labs: QuerySet[Lab], *, sessions: Collection[int] | None = None) -> None:
    """Touch several labs, locked lowest id first. `sessions` as in `touch`."""
    rows = labs.select_for_update(no_key=True, of=("self",)).order_by("pk")
    for lab_id in list(rows.values_list("pk", flat=True)):
        touch(lab_id, sessions=sessions)


def public_parts(lab: Lab) -> list[object]:
    """Return the lab's tracks and headings of days that visitors see: those with a public session, in order."""
    starts = lab.sessions.filter(visibility="public").order_by().values_list("starts_at", flat=True)
    days = {wall(at, lab.time_zone).date() for at in starts}
    tracks = lab.tracks.filter(sessions__visibility="public").order_by("position", "pk").distinct()
    return [
        *((track.slug, languages_of(track.name)) for track in tracks),
        *((day.on, languages_of(day.title)) for day in lab.days.filter(on__in=days).order_by("on")),
    ]
