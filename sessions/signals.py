"""Signals to the packages above, with plain arguments.

Sent inside the transaction of the change: receivers write rows (such as tasks), and do nothing outside the database.
"""

from django.dispatch import Signal

# session_id: int, change: one of sessions.publishing.Change (CREATED whatever the visibility of the new one), tell: bool (participants are to be told),
# facts: what they are told of a session that moved, or None (sessions.publishing.send_session_changed)
session_changed = Signal()

# moves: {session_id: {"was": …, "now": …, "version": …}} of several sessions of one lab. Their people get one email
# each about all of them.
sessions_moved = Signal()
