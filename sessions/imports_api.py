"""The API of imports of schedules: upload a file, read what it would change, apply it, undo it. For organisers."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from sessions.models import ImportEntry, ScheduleImport
from sessions.schedule_import import imports

router = Router(tags=["Sessions and speakers"])

SCOPE = ApiToken.Scope.SCHEDULE
State = ScheduleImport.State
ImportState = Annotated[State, INLINE_SCHEMA]
EntryState = Annotated[ImportEntry.State, INLINE_SCHEMA]
Columns = Annotated[dict[str, list[str]], Field(json_schema_extra={"format": "columns"})]
# Base64 of what fits in the body of a call.
MAX_BASE64 = 2_000_000


class ImportIn(Schema):
    model_config = ConfigDict(extra="forbid")

    file_name: str = Field(min_length=1, max_length=200, description="Name of the file, for people")
    content: str = Field(
        min_length=1,
        max_length=MAX_BASE64,
        description="The file in Base64: CSV, XLSX, iCalendar, schedule.xml, schedule.json or our own JSON. What "
        "it is, is found from the content",
    )
    columns: Columns | None = Field(
        None,
        description="Of a table: by the name of the sheet (“Sessions” for CSV), which of our columns each heading "
        "means, in order; “-” for none. Without it, headings are guessed",
    )


class ApplyIn(Schema):
    model_config = ConfigDict(extra="forbid")

    entries: list[int] | None = Field(
        None,
        max_length=20_000,
        description="Positions of the entries to import. Without it, everything new and changed. Rooms, tracks and "
        "speakers that a session needs are imported with it",
    )


class FindingOut(Schema):
    place: str = Field(description="Sheet, row and cell, line or path; empty for the file as a whole")
    message: str
    is_error: bool


class NotUndoneOut(Schema):
    label: str
    reason: str


class ImportOut(Schema):
    id: UUID = Field(description="ID of the import")
    file_name: str
    format: str = Field(
        description="What the file is: csv, xlsx, icalendar, schedule.xml, schedule.json or programme"
    )
    state: ImportState
    position: int = Field(description="How many sessions are compared so far")
    total: int = Field(description="How many sessions are to be compared; 0 until it is known")
    message: str = Field(description="Why nothing was applied, if so")
    findings: list[FindingOut] = Field(description="About the file as a whole")
    counts: dict[str, int] = Field(
        json_schema_extra={"format": "counts"},
        description="Entries by kind and state, such as “session.new”; once applied, what was done",
    )
    columns: Columns = Field(description="Of a table: the column of each heading by sheet")
    can_undo: bool
    not_undone: list[NotUndoneOut] = Field(description="What undoing left, and why")
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None


class ImportDifferenceOut(Schema):
    label: str
    before: str
    after: str


class ImportEntryOut(Schema):
    position: int
    kind: str = Field(description="track, room, speaker or session")
    state: EntryState
    key: str = Field(description="Key in the source; of a session that the file lacks, its slug")
    label: str
    place: str = Field(description="Where it stands in the file")
    when: str = Field(description="What was understood of a session's time, with zone and offset")
    differences: list[ImportDifferenceOut]
    errors: list[str] = Field(description="What is wrong, with the place of each")
    notes: list[str]
    can_choose: bool = Field(description="Whether it can be applied")


def import_data(run: ScheduleImport) -> dict[str, Any]:
    return {
        "id": run.public_id,
        "file_name": run.file_name,
        "format": run.format,
        "state": run.state,
        "position": run.position,
        "total": run.total,
        "message": run.message,
        "findings": run.findings,
        "counts": run.counts,
        "columns": run.columns,
        "can_undo": run.can_undo,
        "not_undone": [{"label": label, "reason": reason} for label, reason in run.undone.get("left", [])],
        "created_at": instant_text(run.created_at),
        "applied_at": instant_text(run.applied_at),
        "undone_at": instant_text(run.undone_at),
    }


def entry_data(entry: ImportEntry) -> dict[str, Any]:
    differences = [
        {"label": label, "before": before, "after": after} for label, before, after in entry.differences
    ]
    names = ("position", "kind", "state", "key", "label", "place", "when", "errors", "notes", "can_choose")
    return {name: getattr(entry, name) for name in names} | {"differences": differences}


def _run(lab: Lab, public_id: UUID | str) -> ScheduleImport:
    rows = ScheduleImport.objects.select_related("lab__programme", "by")
    return get_object_or_404(rows, lab=lab, public_id=public_id)


@router.post("/labs/{lab}/imports", response={202: ImportOut}, url_name="start_import")
def start(request: HttpRequest, lab: str, form: ImportIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Upload a schedule, to see what it would change. Scope: schedule.

    Nothing is changed. A large file is read in the background: ask for the import until its state is “previewed”. In
    the state “columns” the title of sessions was not found: send the file again with `columns`. A file is deleted after
    24 hours.
    """
    found = lab_of_organiser(request, lab, SCOPE)
    by = account_of(request)
    try:
        content = b64decode(form.content, validate=True)
    except (Base64Error, ValueError):
        raise Problem(errors={"content": _("This is not Base64.")}) from None

    upload = imports.look(found, form.file_name, content)

    def operation() -> dict[str, Any]:
        run = imports.start(found, upload, by)
        if form.columns is not None and run.sheets:
            run.state = State.COLUMNS
            imports.set_columns(run, form.columns)
        return {"run": str(run.public_id)}

    made = run_once(request, "start_import", idempotency_key, form, operation)
    run = _run(found, made["run"])
    imports.run_if_small(run)
    return Status(202, import_data(run))


@router.get("/labs/{lab}/imports/{run}", response=ImportOut, url_name="schedule_import")
def read(request: HttpRequest, lab: str, run: UUID) -> dict[str, Any]:
    """Get how far an import is. Scope: schedule."""
    return import_data(_run(lab_of_organiser(request, lab, SCOPE), run))


@router.get("/labs/{lab}/imports/{run}/entries", response=list[ImportEntryOut], url_name="import_entries")
@paginate(BoundedPagination)
def entries(
    request: HttpRequest,
    lab: str,
    run: UUID,
    state: Annotated[EntryState | None, Query(description="Only entries of this state")] = None,
) -> Listing:
    """List what a file says beside what is stored: new, changed, unchanged, missing, wrong. Scope: schedule."""
    found = _run(lab_of_organiser(request, lab, SCOPE), run)
    rows = found.entries.order_by("position")
    return Listing(rows.filter(state=state) if state else rows, partial(map, entry_data))


@router.post("/labs/{lab}/imports/{run}/apply", response={202: ImportOut}, url_name="apply_import")
def apply(request: HttpRequest, lab: str, run: UUID, form: ApplyIn) -> Status[dict[str, Any]]:
    """Apply an import, all of it in one transaction. Scope: schedule.

    If the lab has changed since the preview, nothing is applied: `message` says so and the entries are new. Large
    imports are applied in the background.
    """
    found = _run(lab_of_organiser(request, lab, SCOPE), run)
    if form.entries is not None:
        imports.choose_positions(found, form.entries)
    imports.start_applying(found)
    imports.run_if_small(found)
    return Status(202, import_data(found))


@router.post("/labs/{lab}/imports/{run}/undo", response=ImportOut, url_name="undo_import")
def undo(request: HttpRequest, lab: str, run: UUID) -> dict[str, Any]:
    """Undo an import as far as nothing else has changed since. Scope: schedule."""
    found = _run(lab_of_organiser(request, lab, SCOPE), run)
    imports.undo(found, account_of(request))
    found.refresh_from_db()
    return import_data(found)


@router.delete("/labs/{lab}/imports/{run}", response={204: None}, url_name="delete_import")
def delete(request: HttpRequest, lab: str, run: UUID) -> Status[None]:
    """Delete a file that was uploaded. What was imported from it stays. Scope: schedule."""
    imports.delete(_run(lab_of_organiser(request, lab, SCOPE), run))
    return Status(204, None)
