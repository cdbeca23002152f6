"""Recognise exceptions of an unavailable database or a full disk, answered 503 with Retry-After, and conflicts."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

from core.web.errors import RuleViolation

# Result codes of SQLite (https://sqlite.org/rescode.html); the lower eight bits are the primary code.
_BUSY = {5, 6, 15}  # BUSY, LOCKED, PROTOCOL
_CANNOT_WRITE = {8, 10, 13, 14}  # READONLY, IOERR, FULL, CANTOPEN
# PostgreSQL's: disk full, system errors; a standby that only reads.
_POSTGRES_CANNOT_WRITE = ("53100", "58030", "25006")
# A concurrent transaction inserted the same key, or deleted the referenced row.
_SQLITE_CONFLICTS = (
    "UNIQUE constraint failed",
    "FOREIGN KEY constraint failed",
)  # pysqlite3 has no extended codes
_POSTGRES_CONFLICTS = ("23503", "23505")  # foreign_key_violation, unique_violation
_CANNOT_WRITE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@dataclass(frozen=True)
class Unavailable:
    """A dependency is unavailable. `retry_after` is in seconds."""

    cannot_write: bool

    @property
    def retry_after(self) -> int:
        return 60 if self.cannot_write else 5


def unavailable_because_of(error: BaseException | None) -> Unavailable | None:
    """Return what is unavailable if that caused the error, else None."""
    for one in _chain_of(error):
        if isinstance(one, OSError) and one.errno in _CANNOT_WRITE_ERRNOS:
            return Unavailable(cannot_write=True)
        if isinstance(one, DatabaseError | InterfaceError):
            cannot_write = _database_cannot_write(one)
            if cannot_write is not None:
                return Unavailable(cannot_write)
    return None


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether a concurrent change caused the error.

    Pages check rules before they lock rows; a rule that is broken only after that was broken in between.
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
        for one in _chain_of(error)
    )


def _chain_of(error: BaseException | None) -> Iterator[BaseException]:
    for _number in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _database_cannot_write(error: Exception) -> bool | None:
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
