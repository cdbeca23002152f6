"""Chooses the SQLite library and how it keeps its journal.

SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when two connections write and checkpoint
at the same moment; 3.51.3 and the back-port 3.50.7 are sound. With any other library the service
falls back to the rollback journal, which is slower but never had the fault.
"""

import sys


def prefer_bundled_library() -> None:
    """Put pysqlite3 (a current SQLite in a wheel) in place of the interpreter's own sqlite3, where it exists."""
    try:
        import pysqlite3
        import pysqlite3.dbapi2
    except ImportError:
        return
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2


def is_sound_for_wal(version: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite release is free of the WAL-reset fault."""
    return version >= (3, 51, 3) or (version[:2] == (3, 50) and version[2] >= 7)


def library_is_sound() -> bool:
    """Tell whether the library in use is free of the WAL-reset fault."""
    import sqlite3

    return is_sound_for_wal(sqlite3.sqlite_version_info)


def journal_mode() -> str:
    """Return "WAL" on a sound library, "DELETE" (the rollback journal) on any other."""
    return "WAL" if library_is_sound() else "DELETE"


def connection_options() -> dict[str, object]:
    """Return Django's OPTIONS for SQLite: full durability, write lock at BEGIN, 20 s of patience."""
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode={journal_mode()}; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
