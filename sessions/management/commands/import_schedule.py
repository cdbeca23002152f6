"""`manage.py import_schedule FILE --lab SLUG [--dry-run]`: imports a lab's schedule from a file."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core.web.errors import RuleViolation
from labs.models import Lab
from sessions.models import ImportEntry, ScheduleImport
from sessions.schedule_import import imports
from sessions.schedule_import.files import MAX_BYTES

State = ScheduleImport.State


class Command(BaseCommand):
    help = (
        "Import a lab's schedule from CSV, XLSX, iCalendar, schedule.xml, schedule.json or our own JSON "
        "(docs/import.md): what is new and what has changed. Sessions that the file lacks stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file")
        parser.add_argument("--lab", required=True, help="slug of the lab")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lab = Lab.objects.select_related("programme").filter(slug=options["lab"]).first()
        if lab is None:
            raise CommandError(_("There is no lab with the address “%(slug)s”.") % {"slug": options["lab"]})
        name: str = options["file"]
        try:
            with Path(name).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            reason = error.strerror or error
            raise CommandError(
                _("%(file)s cannot be read: %(reason)s.") % {"file": name, "reason": reason}
            ) from None
        try:
            run = imports.start(lab, imports.look(lab, Path(name).name, content))
        except RuleViolation as error:
            raise CommandError(error.message) from None
        try:
            self._import(run, dry_run=options["dry_run"])
        finally:
            run.delete()

    def _import(self, run: ScheduleImport, *, dry_run: bool) -> None:
        if run.state == State.COLUMNS:
            raise CommandError(_("The columns of the file are not known. Match them once in the console."))
        imports.preview(run)
        for one in run.findings:
            place = f"{one['place']}: " if one["place"] else ""
            (self.stderr if one["is_error"] else self.stdout).write(place + one["message"])
        if run.state == State.FAILED:
            raise CommandError(_("The file cannot be imported. Nothing was changed."))
        for entry in run.entries.exclude(state=ImportEntry.State.UNCHANGED):
            self._say(entry)
        counts = Counter(run.entries.values_list("state", flat=True))
        self.stdout.write(
            ", ".join(f"{ImportEntry.State(state).label}: {counts[state]}" for state in sorted(counts))
        )
        if dry_run or not imports.chosen_count(run):
            self.stdout.write(_("Nothing was changed."))
            return
        imports.start_applying(run)
        imports.apply(run)
        if run.state != State.APPLIED:
            raise CommandError(run.message or _("The file cannot be imported. Nothing was changed."))
        self.stdout.write(_("Imported."))

    def _say(self, entry: ImportEntry) -> None:
        self.stdout.write(f"{entry.get_state_display()}: {entry.label} ({entry.key}) {entry.when}".rstrip())
        for label, before, after in entry.differences:
            self.stdout.write(f"  {label}: {_line(before)} → {_line(after)}")
        for error in entry.errors:
            self.stderr.write(f"  {error}")
        for note in entry.notes:
            self.stdout.write(f"  {note}")


def _line(text: str) -> str:
    return " / ".join(text.splitlines())
