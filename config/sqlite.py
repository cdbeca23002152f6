"""Selects the SQLite library and its journal mode.

SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when two connections write and checkpoint at the same time;
3.51.3 and the back-port 3.50.7 cannot. With any other library the service uses the slower rollback journal.
"""

import sys


def prefer_bundled_library() -> None:
    """Replace the interpreter's sqlite3 by pysqlite3 (a current SQLite in a wheel) if installed."""
    try:
        import pysqlite3
        import pysqlite3.dbapi2
    except ImportError:
        return
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2


def is_sound_for_wal(version: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite release is free of the WAL-reset bug."""
    return version >= (3, 51, 3) or (version[:2] == (3, 50) and version[2] >= 7)


def library_is_sound() -> bool:
    """Tell whether the library in use is free of the WAL-reset bug."""
    import sqlite3

    return is_sound_for_wal(sqlite3.sqlite_version_info)


def journal_mode() -> str:
    """Return "WAL" on a sound library, "DELETE" (the rollback journal) on any other."""
    return "WAL" if library_is_sound() else "DELETE"


def connection_options() -> dict[str, object]:
    """Return Django's OPTIONS for SQLite: full durability, write lock at BEGIN, lock timeout 20 s."""
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode={journal_mode()}; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
