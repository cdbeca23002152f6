"""`manage.py backup [FILE]` writes a backup; `--verify FILE` proves one by restoring it into a temporary place."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from core.backup.backups import SIZE_LIMIT, back_up, verify


class Command(BaseCommand):
    help = "Write database and files into one archive, or verify that such an archive can be restored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="the archive (default: a new one in the backups folder of VAR_DIR)",
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="restore an archive into a temporary place and count; without a file, create one first",
        )
        parser.add_argument("--with-keys", action="store_true", help="include the secret key in the archive")
        parser.add_argument(
            "--max-size", type=int, default=SIZE_LIMIT // 1024**2, help="MB that an archive may unpack to"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        if path is None or not options["verify"]:
            name = f"citylabs-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip"
            path = path or Path(settings.VAR_DIR) / "backups" / name
            made = back_up(path, with_keys=options["with_keys"])
            self.stdout.write(
                _("%(file)s: %(tables)d tables with %(rows)d rows, %(files)d files, %(size).1f MB.")
                % {"file": path, **made.figures, "size": path.stat().st_size / 1024**2}
            )
            if options["with_keys"]:
                self.stdout.write(
                    _("It contains the secret key: anyone who has it can create private links.")
                )
            else:
                self.stdout.write(
                    _("The secret key is not included. Keep these settings elsewhere: %(names)s.")
                    % {"names": ", ".join(made.settings_to_keep)}
                )
        if options["verify"]:
            proven = verify(path, size_limit=options["max_size"] * 1024**2)
            self.stdout.write(
                _(
                    "%(file)s is valid: restored, %(rows)d rows counted in %(tables)d tables, %(files)d files "
                    "compared."
                )
                % {"file": path, **proven.figures}
            )
