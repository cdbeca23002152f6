"""Signals to the packages above, with plain arguments.

Sent inside the transaction of the change: receivers write rows (such as tasks), and do nothing outside the database.
"""

from django.dispatch import Signal

# session_id: int, change: one of sessions.publishing.Change (CREATED alone for a new session, visible or not),
# tell: bool (participants are to be told)
session_changed = Signal()

# moves: {session_id: {"was": …, "now": …, "version": …}} of several sessions of one lab. Their people get one email
# each about all of them.
sessions_moved = Signal()
