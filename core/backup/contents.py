"""What is known of a database that was copied, or counted."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Copied:
    """A copy of the database, with the rows counted in it (by table) and its migrations ("app.name")."""

    path: Path
    engine_version: str
    tables: dict[str, int]
    migrations: list[str]


@dataclass(frozen=True)
class Counted:
    """Rows by table, and how many mails wait to be sent."""

    tables: dict[str, int]
    queued: int
