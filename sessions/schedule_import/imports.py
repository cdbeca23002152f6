"""The steps of an import: upload, match the columns, preview, choose, apply, undo; and its end after a day.

Files that take long are read and applied by the worker; how far it is stands on the import.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.jobs.leases import Lease, enqueue
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.revisions import lock_lab
from sessions.models import ImportColumns, ImportEntry, ScheduleImport
from sessions.schedule_import import applying, files, tables, undoing, words
from sessions.schedule_import.comparing import Entry, compare
from sessions.schedule_import.document import Finding, Place, UnreadableFile
from sessions.schedule_import.files import Format

State = ScheduleImport.State
KEPT = timedelta(days=1)
MAX_OPEN = 20  # imports of a lab at one time
# A file of at most so many bytes, and so many sessions, is dealt with while the organiser waits.
SMALL_FILE = 120 * 1024
SMALL_IMPORT = 200
EXAMPLES = 3
PREVIEW, APPLY, FORGET = "sessions.preview_import", "sessions.apply_import", "sessions.forget_imports"
CHOSEN_FIRST = (ImportEntry.State.NEW, ImportEntry.State.CHANGED)


@dataclass(frozen=True)
class Upload:
    """A file whose kind and columns are found. `is_complete` unless columns have to be matched first."""

    name: str
    content: bytes
    format: Format
    sheets: list[dict[str, Any]]
    columns: dict[str, list[str]]
    is_complete: bool


def look(lab: Lab, name: str, content: bytes) -> Upload:
    """Find what a file is, and of a table which columns it has. Raises RuleViolation (unreadable).

    Outside the transaction in which it is stored: a hostile file takes a second.
    """
    try:
        format = files.format_of(content)
        sheets, columns, is_complete = _tables_of(lab, content, format) if format.is_table else ([], {}, True)
    except UnreadableFile as error:
        said = " ".join(str(each) for each in error.findings[:5])
        raise RuleViolation("unreadable", said, "file") from error
    return Upload(name, content, format, sheets, columns, is_complete)


def start(lab: Lab, upload: Upload, by: User | None = None) -> ScheduleImport:
    """Store a file, and read it (`run_if_small`) or leave that to the worker. Raises RuleViolation (too_many)."""
    with transaction.atomic():
        lock_lab(lab.pk)
        if lab.schedule_imports.count() >= MAX_OPEN:
            message = _("The lab has %(limit)d imports of the last 24 hours. Delete one of them first.")
            raise RuleViolation("too_many", message % {"limit": MAX_OPEN}, "file")
        run = ScheduleImport.objects.create(
            lab=lab,
            by=by,
            language=get_language() or "en",
            file_name=_plain_name(upload.name),
            format=upload.format,
            content=upload.content,
            sheets=upload.sheets,
            columns=upload.columns,
            state=State.PREVIEWING if upload.is_complete else State.COLUMNS,
        )
        if upload.is_complete:
            _queue_preview(run)
    return run


def _plain_name(name: str) -> str:
    plain = "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable())
    return plain[-200:] or "file"


def _tables_of(
    lab: Lab, content: bytes, format: Format
) -> tuple[list[dict[str, Any]], dict[str, list[str]], bool]:
    """Return the sheets of a table with examples, the columns that their headings seem to mean, and whether these
    suffice.
    """
    remembered = ImportColumns.objects.filter(lab=lab).values_list("columns", flat=True).first() or {}
    sheets, columns, is_complete = [], {}, True
    for sheet in files.table_of(content, format).sheets:
        model = tables.model_of(sheet)
        found = tables.guess(model, sheet.header, lab, remembered)
        columns[sheet.name] = found
        is_complete = is_complete and not tables.missing_columns(model, found)
        rows = [cells for (_number, cells), _index in zip(sheet.rows, range(EXAMPLES), strict=False)]
        examples = [
            [_example(row[index]) for row in rows if index < len(row)] for index in range(len(sheet.header))
        ]
        sheets.append({"name": sheet.name, "model": model, "header": sheet.header, "examples": examples})
    return sheets, columns, is_complete


def _example(cell: Any) -> str:
    return "" if cell is None else str(cell)[:60]


def set_columns(run: ScheduleImport, chosen: Mapping[str, Sequence[str]]) -> None:
    """Set which of our columns each heading means, remember it for the lab, and read the file again.

    `chosen` has a column for each heading by the name of the sheet; "-" leaves one out. Raises RuleViolation by field
    "<sheet number>.<column number>".
    """
    if run.state not in (State.COLUMNS, State.PREVIEWED, State.FAILED) or not run.sheets:
        raise RuleViolation("not_possible", _("This import can no longer be changed. Upload the file again."))
    lab = run.lab
    remembered: dict[str, str] = {}
    for number, sheet in enumerate(run.sheets):
        found = list(chosen.get(sheet["name"], ()))
        offered = {*tables.columns_of(sheet["model"], lab.languages), "", tables.IGNORED}
        if len(found) != len(sheet["header"]) or not set(found) <= offered:
            raise RuleViolation("columns", _("Choose one of the columns in the list."))
        counts = Counter(column for column in found if column not in ("", tables.IGNORED))
        for index, column in enumerate(found):
            if counts[column] > 1:
                message = _("Two columns of the file are matched to “%(column)s”. Choose one of them.")
                raise RuleViolation("columns", message % {"column": column}, f"{number}.{index}")
        if tables.missing_columns(sheet["model"], found):
            raise RuleViolation(
                "columns", _("Choose which column has the title of the sessions."), f"{number}.0"
            )
        for heading, column in zip(sheet["header"], found, strict=True):
            if heading:
                remembered[f"{sheet['model']}:{words.folded(heading)}"] = column or tables.IGNORED
    with transaction.atomic():
        lock_lab(lab.pk)
        stored, _new = ImportColumns.objects.get_or_create(lab=lab)
        stored.columns = dict(list({**stored.columns, **remembered}.items())[-1000:])
        stored.save(update_fields=["columns"])
        run.columns = {sheet["name"]: list(chosen[sheet["name"]]) for sheet in run.sheets}
        run.state, run.message = State.PREVIEWING, ""
        run.save(update_fields=["columns", "state", "message"])
        _queue_preview(run)


def _queue_preview(run: ScheduleImport) -> None:
    run.position = run.total = 0
    if len(run.content) > SMALL_FILE:
        run.task = enqueue(PREVIEW, {"run": run.pk})
    run.save(update_fields=["task", "position", "total"])


def run_if_small(run: ScheduleImport) -> None:
    """Do now what was not left to the worker; after the transaction that asked for it."""
    run.refresh_from_db()
    if run.task_id is not None:
        return
    if run.state == State.PREVIEWING:
        preview(run)
    elif run.state == State.APPLYING:
        apply(run)


def preview(run: ScheduleImport, lease: Lease | None = None) -> None:
    """Read the file and store what it would change. A worker that takes over begins anew."""
    if run.state != State.PREVIEWING:
        return
    with override(run.language):
        try:
            document = files.document_of(bytes(run.content), Format(run.format), run.lab, run.columns)
            entries = [] if document.is_unusable else compare(run.lab, document, _progress_of(run, lease))
            findings, unlisted = document.findings, document.unlisted
        except UnreadableFile as error:
            _fail(run, error.findings)
            return
        if document.is_unusable:
            _fail(run, document.findings)
            return
        if unlisted:
            findings = [
                *findings,
                Finding(Place(), _("%(count)d more are not listed.") % {"count": unlisted}, False),
            ]
        rows = [_row(run, position, entry) for position, entry in enumerate(entries)]
    counts = Counter(f"{row.kind}.{row.state}" for row in rows)
    with transaction.atomic():
        run.entries.all().delete()
        ImportEntry.objects.bulk_create(rows, batch_size=500)
        _write(
            run,
            State.PREVIEWING,
            state=State.PREVIEWED,
            findings=[_finding(one) for one in findings],
            counts=dict(counts),
            task=None,
        )


def _progress_of(run: ScheduleImport, lease: Lease | None) -> Any:
    def progress(position: int, total: int) -> None:
        ScheduleImport.objects.filter(pk=run.pk).update(position=position, total=total)
        if lease is not None:
            lease.renew()

    return progress


def _row(run: ScheduleImport, position: int, entry: Entry) -> ImportEntry:
    return ImportEntry(
        of=run,
        position=position,
        kind=str(entry.kind),
        state=entry.state,
        key=(
            entry.stored.slug
            if entry.state == ImportEntry.State.MISSING
            else entry.row.key
            if entry.row
            else ""
        )[:255],
        label=entry.label,
        place=str(entry.row.place)[:200] if entry.row else "",
        when=entry.when[:200],
        differences=[[one.label, one.before, one.after] for one in entry.differences],
        errors=entry.errors,
        notes=entry.notes,
        can_choose=entry.can_choose,
        is_chosen=entry.state in CHOSEN_FIRST,
        fingerprint=entry.fingerprint,
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {"place": str(finding.place), "message": finding.message, "is_error": finding.is_error}


def _fail(run: ScheduleImport, findings: Sequence[Finding]) -> None:
    _write(run, run.state, state=State.FAILED, findings=[_finding(one) for one in findings], task=None)


def _write(run: ScheduleImport, before: str, **changes: Any) -> bool:
    """Write the import if it is still in this state, in the database and here; tell whether it was."""
    changed = ScheduleImport.objects.filter(pk=run.pk, state=before).update(**changes)
    if changed:
        for name, value in changes.items():
            setattr(run, name, value)
    return bool(changed)


@transaction.atomic
def choose(run: ScheduleImport, shown: Collection[int], chosen: Collection[int]) -> None:
    """Choose of the entries that were shown (ids) those that were ticked. Raises RuleViolation."""
    _require(run, State.PREVIEWED)
    entries = run.entries.filter(pk__in=list(shown), can_choose=True)
    entries.exclude(pk__in=list(chosen)).filter(is_chosen=True).update(is_chosen=False)
    entries.filter(pk__in=list(chosen), is_chosen=False).update(is_chosen=True)


@transaction.atomic
def choose_all(run: ScheduleImport, states: Mapping[str, bool]) -> None:
    """Choose all entries of a state, or none of them. Raises RuleViolation."""
    _require(run, State.PREVIEWED)
    for state, is_chosen in states.items():
        run.entries.filter(state=state, can_choose=True).update(is_chosen=is_chosen)


@transaction.atomic
def choose_positions(run: ScheduleImport, positions: Collection[int]) -> None:
    """Choose the entries at these positions and no others. Raises RuleViolation for one that cannot be applied."""
    _require(run, State.PREVIEWED)
    wanted = set(positions)
    found = dict(run.entries.filter(can_choose=True).values_list("position", "pk"))
    if wanted - found.keys():
        message = _("The entry at position %(position)d cannot be applied.")
        raise RuleViolation("entries", message % {"position": min(wanted - found.keys())}, "entries")
    run.entries.update(is_chosen=False)
    keys = [found[position] for position in sorted(wanted)]
    for start in range(0, len(keys), 500):
        run.entries.filter(pk__in=keys[start : start + 500]).update(is_chosen=True)


def _require(run: ScheduleImport, state: State) -> None:
    if not ScheduleImport.objects.select_for_update().filter(pk=run.pk, state=state).exists():
        raise RuleViolation("not_possible", _("This import can no longer be changed. Upload the file again."))


def chosen_count(run: ScheduleImport) -> int:
    return run.entries.filter(is_chosen=True, can_choose=True).count()


@transaction.atomic
def start_applying(run: ScheduleImport) -> None:
    """Apply what is chosen, or leave it to the worker. Raises RuleViolation."""
    _require(run, State.PREVIEWED)
    count = chosen_count(run)
    if not count:
        raise RuleViolation("nothing", _("Nothing is chosen. Tick what is to be imported."))
    run.state, run.message, run.task = State.APPLYING, "", None
    if count > SMALL_IMPORT or len(run.content) > SMALL_FILE:
        run.task = enqueue(APPLY, {"run": run.pk})
    run.save(update_fields=["state", "message", "task"])


def apply(run: ScheduleImport) -> None:
    """Apply what is chosen. Where the lab has changed since, nothing is applied and the preview is made anew."""
    if run.state != State.APPLYING:
        return
    chosen = dict(run.entries.filter(is_chosen=True, can_choose=True).values_list("position", "fingerprint"))
    with override(run.language):
        try:
            document = files.document_of(bytes(run.content), Format(run.format), run.lab, run.columns)
            with transaction.atomic():
                done = applying.apply(run.lab, document, chosen, run.by)
                changes = {
                    "counts": dict(done.counts),
                    "undo": done.undo,
                    "applied_at": timezone.now(),
                    "task": None,
                }
                if not _write(run, State.APPLYING, state=State.APPLIED, **changes):
                    raise applying.Outdated  # another worker was faster
        except applying.Outdated:
            message = _(
                "The programme has changed since the preview, so nothing was imported. This is a new preview."
            )
            if _write(run, State.APPLYING, state=State.PREVIEWING, message=message, task=None):
                preview(run)
        except RuleViolation as error:
            message = _("Nothing was imported.") + " " + error.message
            _write(run, State.APPLYING, state=State.PREVIEWED, message=message[:2000], task=None)
        except UnreadableFile as error:
            _fail(run, error.findings)


@transaction.atomic
def undo(run: ScheduleImport, by: User | None = None) -> undoing.Undone:
    """Undo an import as far as nothing else has changed since. Raises RuleViolation (too_late)."""
    row = (
        ScheduleImport.objects.select_for_update(of=("self",)).select_related("lab__programme").get(pk=run.pk)
    )
    if not row.can_undo:
        raise RuleViolation("too_late", _("This cannot be undone."))
    with override(row.language):
        undone = undoing.undo_import(row.lab, row.undo, by)
    row.undone, row.undone_at = asdict(undone), timezone.now()
    row.save(update_fields=["undone", "undone_at"])
    return undone


@transaction.atomic
def delete(run: ScheduleImport) -> None:
    """Delete an import with its file. What it changed stays. Raises RuleViolation while it is being applied."""
    row = ScheduleImport.objects.select_for_update().filter(pk=run.pk).first()
    if row is not None and row.state == State.APPLYING:
        raise RuleViolation("not_possible", _("This import is being applied."))
    if row is not None:
        row.delete()


def forget() -> None:
    """Delete imports a day after they were uploaded."""
    ScheduleImport.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
