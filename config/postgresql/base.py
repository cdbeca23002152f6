"""Django's backend for PostgreSQL, which finds out without asking whether a kept connection still stands.

Django asks the server (`SELECT 1`) before the first statement of each request: a round trip for every page, feed and
form. A server that went away has closed its end of the line, and a line on which something can be read while nobody
asked anything has been closed or has an error waiting. Only such a one is asked.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the place of Django's own where DATABASE_URL names PostgreSQL."""

    def init_connection_state(self) -> None:
        """Set up a new connection: no statement waits for a lock longer than SQLite's patience (config.sqlite)."""
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")

    def is_usable(self) -> bool:
        """Tell whether the connection can be used; asks the server only if the line is not silent."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        return self._is_silent(connection.fileno()) or super().is_usable()

    @staticmethod
    def _is_silent(line: int) -> bool:
        poll = select.poll()  # select() knows only the first 1,024 files of a process
        poll.register(line, select.POLLIN | select.POLLPRI)
        return poll.poll(0) == []
