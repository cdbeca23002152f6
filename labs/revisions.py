"""What tells that a lab has changed: a number for those who keep what was made of it, and a date for its visitors.

And the lock that whoever changes something of a lab takes first. Rows are locked in one order everywhere (see
docs/developers.md), so that two transactions never wait for each other.
"""

from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Case, F, Model, QuerySet, Value, When
from django.utils import timezone

from core.timezones.wall_clock import wall
from core.web.edit_conflicts import DeletedMeanwhile
from core.web.localized_fields import languages_of
from labs.models import Lab

Row = TypeVar("Row", bound=Model)


def lock_lab(lab_id: int) -> Lab:
    """Lock the lab's row until the transaction ends, and return it as it is now, with its programme.

    Whatever changes a lab, its parts or its sessions begins with this. Registrations and mails that refer to the lab
    are written meanwhile: the lock leaves its key alone.
    """
    rows = Lab.objects.select_for_update(no_key=True, of=("self",)).select_related("programme")
    return rows.get(pk=lab_id)


def lock_row(row: Row) -> Row:
    """Bring `row` up to date and hold it until the transaction ends (SQLite: the database is held).

    What belongs to a lab is held after its lab. Raises DeletedMeanwhile.
    """
    try:
        if lab_id := getattr(row, "lab_id", None):
            lock_lab(lab_id)
        row.refresh_from_db(
            from_queryset=type(row)._base_manager.select_for_update(no_key=True, of=("self",))
        )
    except ObjectDoesNotExist:
        raise DeletedMeanwhile from None
    return row


def touch(lab_id: int, *, public: bool = True) -> None:
    """Raise the lab's revision. Call it in the transaction of the change itself.

    `public` where visitors see the change, as soon as the lab is public: their dates follow those changes alone.
    """
    now = timezone.now()
    columns: dict[str, Any] = {"revision": F("revision") + 1, "revised_at": now}
    if public:
        is_public = When(visibility=Lab.Visibility.PUBLIC, then=Value(now))
        columns["public_revised_at"] = Case(is_public, default=F("public_revised_at"))
    Lab.objects.filter(pk=lab_id).update(**columns)


def touch_all(labs: QuerySet[Lab]) -> None:
    """Raise the revisions of several labs, locked lowest id first."""
    rows = labs.select_for_update(no_key=True, of=("self",)).order_by("pk")
    for lab_id in list(rows.values_list("pk", flat=True)):
        touch(lab_id)


def parts_in_public(lab: Lab) -> list[object]:
    """Return what visitors see of the lab's tracks and headings of days: those with a public session, in order."""
    starts = lab.sessions.filter(visibility="public").order_by().values_list("starts_at", flat=True)
    days = {wall(at, lab.time_zone).date() for at in starts}
    tracks = lab.tracks.filter(sessions__visibility="public").order_by("position", "pk").distinct()
    return [
        *((track.slug, languages_of(track.name)) for track in tracks),
        *((day.on, languages_of(day.title)) for day in lab.days.filter(on__in=days).order_by("on")),
    ]
