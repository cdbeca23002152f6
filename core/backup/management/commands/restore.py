"""`manage.py restore FILE`: puts a backup into an empty installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.backup.backups import SIZE_LIMIT, restore


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty database and an empty files folder, and migrate forward. "
        "Restore only your own archives: a database can contain programs."
    )
    # The database is empty: nothing can be checked against it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the archive")
        parser.add_argument(
            "--max-size", type=int, default=SIZE_LIMIT // 1024**2, help="MB that the archive may unpack to"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = restore(options["file"], size_limit=options["max_size"] * 1024**2)
        self.stdout.write(
            _("Restored the backup of %(made_at)s: %(rows)d rows in %(tables)d tables, %(files)d files.")
            % {"made_at": done.manifest.made_at, **done.manifest.figures}
        )
        if not done.same_key:
            self.stdout.write(
                _(
                    "SECRET_KEY is different from the one used then: private links in emails sent before will "
                    "not work. "
                )
                + _("Set it to the old one, or add the old one to SECRET_KEY_FALLBACKS.")
            )
        if done.queued_messages:
            self.stdout.write(
                ngettext(
                    "%(count)d email was waiting to be sent. The worker will send it when it starts, possibly a "
                    "second time.",
                    "%(count)d emails were waiting to be sent. The worker will send them when it starts, some "
                    "possibly a second time.",
                    done.queued_messages,
                )
                % {"count": done.queued_messages}
            )
