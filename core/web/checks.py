"""Checks at start-up."""

import re
import zoneinfo
from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from core.timezones.zones import rules_version

SQLITE = "sqlite"


@register(SQLITE)
def sqlite_keeps_its_journal_safely(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """Report WAL on a SQLite library that can corrupt it (3.7.0 to 3.51.2 except 3.50.7), and warn of slower modes."""
    return [
        fault
        for alias, database in settings.DATABASES.items()
        if database["ENGINE"].endswith("sqlite3") and not settings.SQLITE_IS_SOUND
        for fault in [journal_fault(alias, str(database.get("OPTIONS", {}).get("init_command", "")))]
    ]


def journal_fault(alias: str, pragmas: str) -> CheckMessage:
    """Return what an unsound library means for a database that is opened with these pragmas."""
    hint = "Install pysqlite3 or a SQLite of 3.51.3 or later, or use PostgreSQL."
    if "journal_mode=wal" in pragmas.replace(" ", "").lower():
        message = f"The database {alias} would keep its journal in WAL mode on a SQLite library that can corrupt it."
        return Error(message, hint=hint, id="web.E001")
    message = f"The database {alias} keeps the slower rollback journal: this SQLite library can corrupt WAL."
    return Warning(message, hint=hint, id="web.W001")


def refuse_other_zone_rules() -> None:
    """Raise ImproperlyConfigured unless time zones follow the release of tzdata pinned in requirements/app.txt.

    Machines with different rules would show different hours for one session.
    """
    lock = (settings.BASE_DIR / "requirements" / "app.txt").read_text(encoding="utf-8")
    pinned = re.search(r"^tzdata==(\S+)", lock, re.MULTILINE)
    if pinned is None or pinned[1] != rules_version():
        raise ImproperlyConfigured(
            f"Time zones follow tzdata {rules_version()}, but requirements/app.txt names "
            f"{pinned[1] if pinned else 'none'}. Run scripts/setup, which installs the release named there."
        )
    if zoneinfo.TZPATH:
        raise ImproperlyConfigured(
            f"Time zones follow the files in {', '.join(zoneinfo.TZPATH)}, not the package tzdata {pinned[1]}."
        )
