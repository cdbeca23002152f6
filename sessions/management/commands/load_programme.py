"""`manage.py load_programme FILE`: loads programmes, labs and sessions from a JSON file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labs.models import City
from sessions.models import Session
from sessions.programme_import import ProgrammeFileError, read
from sessions.programme_import.importer import NAMES, Report, load
from sessions.programme_import.json_document import MAX_BYTES
from sessions.unannounced_changes import pending_sessions


class Command(BaseCommand):
    help = (
        "Load programmes, labs and sessions from a JSON file (docs/programme-file.md). "
        "The whole file is checked first; if it has errors, nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file; - reads from standard input")
        parser.add_argument("--check", action="store_true", help="check the file and load nothing")
        parser.add_argument(
            "--tell", action="store_true", help="email the participants of sessions that the file moves"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["file"]
        try:
            facts = read(_content(name), frozenset(City.objects.values_list("slug", flat=True)))
            for notice in facts.notices:
                self.stdout.write(str(notice))
            if options["check"]:
                self.stdout.write(_("%(file)s is valid. Nothing was loaded.") % {"file": name})
                return
            report = load(facts, tell=options["tell"])
        except ProgrammeFileError as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(_summary(name, error)) from None
        except IntegrityError:
            raise CommandError(
                _(
                    "Someone else changed the same programme at the same time. Nothing was loaded; load it again."
                )
            ) from None
        self._say(name, report)

    def _say(self, name: str, report: Report) -> None:
        if report.changes_nothing:
            self.stdout.write(
                _("%(file)s: everything is already there; nothing was changed.") % {"file": name}
            )
            return
        self.stdout.write(_("%(file)s loaded.") % {"file": name})
        for title, counts in (
            (_("created"), report.created),
            (_("changed"), report.changed),
            (_("unchanged"), report.unchanged),
        ):
            rows = ", ".join(f"{label} {counts[kind]}" for kind, label in NAMES.items() if counts[kind])
            if rows:
                self.stdout.write(f"  {title}: {rows}")
        unannounced = len(pending_sessions(Session.objects.all()))
        if unannounced:
            # The console asks whether to email them.
            self.stdout.write(
                ngettext(
                    "People have not been told about the change of %(count)s session.",
                    "People have not been told about the changes of %(count)s sessions.",
                    unannounced,
                )
                % {"count": unannounced}
            )


def _content(name: str) -> bytes:
    """Return the file's bytes, at most one more than the limit."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.") % {"file": name, "reason": error.strerror or error}
        ) from None


def _summary(name: str, error: ProgrammeFileError) -> str:
    count = len(error.problems) + error.unlisted
    return ngettext(
        "%(file)s has %(count)d problem. Nothing was loaded.",
        "%(file)s has %(count)d problems. Nothing was loaded.",
        count,
    ) % {"file": name, "count": count}
