"""Import of a schedule in the console: upload, columns, preview, choice, question, result."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.timezones.formatting import grouped
from core.web.errors import RuleViolation
from core.web.workbooks import MEDIA_TYPE
from labs import access
from labs.models import Lab
from labs.views.form_posts import create_with, person
from sessions.forms.importing import ColumnsForm, UploadForm
from sessions.models import ImportEntry, ScheduleImport
from sessions.schedule_import import imports, samples
from sessions.schedule_import.files import Format

State = ScheduleImport.State
EntryState = ImportEntry.State
PER_PAGE = 100
# Seconds after which the page of an import that is being read or applied loads itself again.
AGAIN = 3
FORMATS = {
    Format.CSV: "CSV", Format.XLSX: "XLSX", Format.ICALENDAR: "iCalendar", Format.XML: "schedule.xml",
    Format.PRETALX: "schedule.json", Format.PROGRAMME: "JSON",
}  # fmt: skip


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Upload a file, or go on with one of the last 24 hours."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    found: list[imports.Upload] = []
    if request.method == "POST" and form.is_valid():
        try:
            found.append(imports.look(lab, *form.upload))
        except RuleViolation as error:
            form.add_errors(error.errors)

    def operation() -> dict[str, Any]:
        return {"run": str(imports.start(lab, found[0], person(request)).public_id)}

    made = create_with(request, form, "console.import", operation)
    if made is not None:
        run = _run(lab, UUID(str(made["run"])))
        imports.run_if_small(run)
        return redirect("console_import_run", lab.slug, run.public_id)
    context = {
        "lab": lab,
        "section": "sessions",
        "form": form,
        "runs": lab.schedule_imports.defer("content", "undo", "findings").select_related("by"),
        "zone": lab.time_zone,
    }
    return render(request, "sessions/console/import.html", context, status=422 if form.errors else 200)


@access.organiser
@require_safe
def sample(request: HttpRequest, lab: Lab, kind: str) -> HttpResponse:
    """A file with the lab's columns and two sessions, to begin with."""
    content, media_type = (
        (samples.csv_sample(lab), "text/csv; charset=utf-8")
        if kind == "csv"
        else (samples.xlsx_sample(lab), MEDIA_TYPE)
    )
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{lab.slug}-sample.{kind}"'
    return response


def _run(lab: Lab, public_id: UUID) -> ScheduleImport:
    return get_object_or_404(
        ScheduleImport.objects.select_related("task", "by"), lab=lab, public_id=public_id
    )


@access.organiser
@require_safe
def run(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """What a file would change, or how far its import is."""
    found = _run(lab, run)
    if found.state == State.COLUMNS:
        return redirect("console_import_columns", lab.slug, found.public_id)
    context = _context(lab, found)
    if found.state == State.PREVIEWED:
        context |= _preview(request, found)
    response = render(request, "sessions/console/import_run.html", context)
    if found.is_waiting:
        response["Refresh"] = str(AGAIN)
    return response


def _context(lab: Lab, found: ScheduleImport) -> dict[str, Any]:
    return {
        "lab": lab,
        "section": "sessions",
        "run": found,
        "format": FORMATS[Format(found.format)],
        "zone": lab.time_zone,
        "now": timezone.now(),
        "outcome": _outcome(found) if found.state == State.APPLIED else [],
    }


def _preview(request: HttpRequest, found: ScheduleImport) -> dict[str, Any]:
    """Return what the page of a preview shows: the entries of one state, by pages."""
    counts = dict.fromkeys(EntryState.values, 0)
    for name, count in found.counts.items():
        counts[name.partition(".")[2]] += count
    asked = request.GET.get("show", "")
    first = next((state for state in ("error", "changed", "new", "missing") if counts[state]), "unchanged")
    state = asked if counts.get(asked) else first
    pages = Paginator(found.entries.filter(state=state).order_by("position"), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return {
        "tabs": [(one, EntryState(one).label, counts[one]) for one in EntryState.values if counts[one]],
        "shown": state,
        "page_obj": page,
        "rows": [(entry, KINDS[entry.kind]) for entry in page.object_list],
        "chosen": imports.chosen_count(found),
        "can_choose": state in ("new", "changed") or any(entry.can_choose for entry in page.object_list),
        "nothing": not any(counts[state] for state in ("error", "new", "changed")),
    }


KINDS = {
    "track": gettext_lazy("Track"),
    "room": gettext_lazy("Room"),
    "speaker": gettext_lazy("Speaker"),
    "session": gettext_lazy("Session"),
}


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """Match the columns of a table to ours."""
    found = _run(lab, run)
    if not found.sheets or found.state not in (State.COLUMNS, State.PREVIEWED, State.FAILED):
        return redirect("console_import_run", lab.slug, found.public_id)
    form = ColumnsForm(request.POST if request.method == "POST" else None, run=found)
    if request.method == "POST" and form.is_valid():
        try:
            imports.set_columns(found, form.chosen)
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            imports.run_if_small(found)
            return redirect("console_import_run", lab.slug, found.public_id)
    context = _context(lab, found) | {"form": form}
    return render(
        request, "sessions/console/import_columns.html", context, status=422 if form.errors else 200
    )


@access.organiser
@require_POST
def choose(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """Keep what was ticked on this page, or tick all or nothing of a state; then stay, or go on to the question."""
    found = _run(lab, run)
    then, state = request.POST.get("then", ""), request.POST.get("state", "")
    try:
        if then in ("all", "none") and state in EntryState.values:
            imports.choose_all(found, {state: then == "all"})
        else:
            imports.choose(found, _ids(request, "shown"), _ids(request, "entry"))
    except RuleViolation as error:
        messages.error(request, error.message)
        return redirect("console_import_run", lab.slug, found.public_id)
    if then == "apply":
        return redirect("console_import_apply", lab.slug, found.public_id)
    page = request.POST.get("page", "")
    address = reverse("console_import_run", args=[lab.slug, found.public_id])
    query = f"?show={state}" if state in EntryState.values else ""
    return redirect(
        address + query + (f"&page={int(page)}" if query and page.isdecimal() and len(page) < 6 else "")
    )


def _ids(request: HttpRequest, name: str) -> list[int]:
    return [
        int(text)
        for text in request.POST.getlist(name)[: PER_PAGE * 2]
        if text.isdecimal() and len(text) < 19
    ]


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """Ask whether to import what is chosen; do it, or leave it to the worker."""
    found = _run(lab, run)
    if request.method == "POST":
        try:
            imports.start_applying(found)
        except RuleViolation as error:
            messages.error(request, error.message)
        else:
            imports.run_if_small(found)
        return redirect("console_import_run", lab.slug, found.public_id)
    if found.state != State.PREVIEWED or not (count := imports.chosen_count(found)):
        return redirect("console_import_run", lab.slug, found.public_id)
    context = _context(lab, found) | {
        "question": ngettext("Import %(count)d entry?", "Import %(count)d entries?", count)
        % {"count": count},
        "about": found.file_name,
        "facts": _facts(found),
        "button": _("Import"),
        "back": reverse("console_import_run", args=[lab.slug, found.public_id]),
    }
    return render(request, "labs/console/confirm.html", context)


def _facts(found: ScheduleImport) -> list[str]:
    """Say what will happen, to whom, and whether it can be undone."""
    chosen = found.entries.filter(is_chosen=True, can_choose=True)
    counts: dict[tuple[str, ...], int] = {}
    for kind, state in chosen.values_list("kind", "state"):
        counts[kind, state] = counts.get((kind, state), 0) + 1
    facts = _lines(counts)
    left = found.entries.filter(state=EntryState.ERROR).count()
    if left:
        facts.append(
            ngettext(
                "%(count)d entry has errors and is not imported.",
                "%(count)d entries have errors and are not imported.",
                left,
            )
            % {"count": left}
        )
    return [
        *facts,
        _(
            "Participants are not emailed. If their sessions move, you are asked afterwards whether to email them."
        ),
        _(
            "All is imported at once or nothing is. You can undo it for 24 hours, as far as nothing else changes."
        ),
    ]


# What an import does, in the order in which it is said.
LINES: dict[tuple[str, str], str | Promise] = {
    ("session", "new"): gettext_lazy("New sessions: %(count)s"),
    ("session", "changed"): gettext_lazy("Changed sessions: %(count)s"),
    ("session", "missing"): gettext_lazy("Deleted drafts: %(count)s"),
    ("room", "new"): gettext_lazy("New rooms: %(count)s"),
    ("room", "changed"): gettext_lazy("Changed rooms: %(count)s"),
    ("track", "new"): gettext_lazy("New tracks: %(count)s"),
    ("track", "changed"): gettext_lazy("Changed tracks: %(count)s"),
    ("speaker", "new"): gettext_lazy("New speakers: %(count)s"),
    ("speaker", "changed"): gettext_lazy("Changed speakers: %(count)s"),
}


def _lines(counts: Mapping[tuple[str, ...], int]) -> list[str]:
    language = get_language() or "en"
    return [
        str(words) % {"count": grouped(counts[key], language)}
        for key, words in LINES.items()
        if counts.get(key)
    ]


def _outcome(found: ScheduleImport) -> list[str]:
    """Say what an import did."""
    counts = {tuple(name.split(".")): count for name, count in found.counts.items()}
    if deleted := counts.pop(("session", "deleted"), 0):
        counts["session", "missing"] = deleted
    return _lines(counts)


@access.organiser
@require_POST
def undo(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """Undo an import as far as nothing else has changed since."""
    found = _run(lab, run)
    try:
        imports.undo(found, person(request))
    except RuleViolation as error:
        messages.error(request, error.message)
    return redirect("console_import_run", lab.slug, found.public_id)


@access.organiser
@require_POST
def delete(request: HttpRequest, lab: Lab, run: UUID) -> HttpResponse:
    """Delete a file that was uploaded; what it changed stays."""
    try:
        imports.delete(_run(lab, run))
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("File deleted."))
    return redirect("console_import", lab.slug)
