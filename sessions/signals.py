"""News that travels upward, with plain arguments.

Sent inside the transaction of the change, so that what receivers write (rows of later work) stands or falls with it:
a receiver sends nothing itself and touches nothing outside the database.
"""

from django.dispatch import Signal

# session_id: int, change: one of sessions.publishing.Change, tell: bool (participants are to be told),
# facts: what they are told of a session that moved, or None (sessions.publishing.send_session_changed)
session_changed = Signal()

# moves: {session_id: {"was": …, "now": …, "version": …}} of several sessions of one lab. Their people are to be told
# once each of all that is theirs.
sessions_moved = Signal()
