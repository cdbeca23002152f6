"""Errors that pass by themselves or by the operator's hand: the database is away or busy, or the disk is full.

They are no errors of the service's own: they are answered 503, with a word about when another try is worth it.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

from core.web.errors import RuleViolation

# Result codes of SQLite (https://sqlite.org/rescode.html); the lower eight bits say the kind.
_BUSY = {5, 6, 15}  # BUSY, LOCKED, PROTOCOL
_CANNOT_WRITE = {8, 10, 13, 14}  # READONLY, IOERR, FULL, CANTOPEN
# PostgreSQL's: disk full, system errors; a standby that only reads.
_POSTGRES_CANNOT_WRITE = ("53100", "58030", "25006")
# A row that another one of the same name, or one that it refers to, came before or went away in between.
_SQLITE_CONFLICTS = (
    "UNIQUE constraint failed",
    "FOREIGN KEY constraint failed",
)  # pysqlite3 tells no finer code
_POSTGRES_CONFLICTS = ("23503", "23505")  # foreign_key_violation, unique_violation
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@dataclass(frozen=True)
class Unavailable:
    """Why something cannot be done at the moment. `retry_after` is in seconds."""

    cannot_write: bool

    @property
    def retry_after(self) -> int:
        return 60 if self.cannot_write else 5


def unavailable_because_of(error: BaseException | None) -> Unavailable | None:
    """Return what is unavailable if that, or nothing the service itself did, is behind the error."""
    for one in _with_its_causes(error):
        if isinstance(one, OSError) and one.errno in _NO_ROOM:
            return Unavailable(cannot_write=True)
        if isinstance(one, DatabaseError | InterfaceError):
            cannot_write = _what_the_database_says(one)
            if cannot_write is not None:
                return Unavailable(cannot_write)
    return None


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether somebody else's change at the same moment is behind the error.

    Pages check a rule when they are opened; one that is broken only when the rows are locked, or that the database
    alone sees broken, was broken in between.
    """
    return any(
        isinstance(one, RuleViolation)
        or (
            isinstance(one, IntegrityError)
            and (
                str(one).startswith(_SQLITE_CONFLICTS)
                or getattr(one.__cause__, "sqlstate", None) in _POSTGRES_CONFLICTS
            )
        )
        for one in _with_its_causes(error)
    )


def _with_its_causes(error: BaseException | None) -> Iterator[BaseException]:
    for _number in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _what_the_database_says(error: Exception) -> bool | None:
    """Tell whether the database cannot write (True) or is away or busy (False); None for mistakes of the service."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _POSTGRES_CANNOT_WRITE:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return False
    kind = code & 0xFF
    return True if kind in _CANNOT_WRITE else False if kind in _BUSY else None
