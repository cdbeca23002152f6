"""Django's PostgreSQL, whose kept connections are checked without a statement for each request."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Tell whether the server has kept the connection.

        One that it closed has something to read: a last message, or the end. Anything else to read (a notice) is left
        to Django, which asks the server.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0) or super().is_usable()
