"""Signals to the packages above, with plain arguments.

Sent inside the transaction of the change: receivers write rows (such as tasks), and do nothing outside the database.
"""

from django.dispatch import Signal

# session_id: int, change: one of sessions.publishing.Change (CREATED alone for a new session, visible or not),
# tell: bool (participants are to be told)
session_changed = Signal()

# session_id: int. The session is attended in another way: seats of a mode that it no longer offers become seats of the
# other, as which they are counted already (sessions.models.seating).
session_reformatted = Signal()

# moves: {session_id: {"was": …, "now": …, "version": …}} of several sessions of one lab. Their people get one email
# each about all of them.
sessions_moved = Signal()

# sessions: list[Session] (those of one lab that are to come). Receivers return further conflicts, as a list
# of sessions.conflicts.Conflict.
conflicts_requested = Signal()

# sessions: list[Session]. Receivers return how many people with a seat need each language: a mapping of ids of sessions
# to lists of sessions.session_languages.LanguageNeed.
language_needs_requested = Signal()

# lab_id: int, user_id: int. Receivers return the ids of the lab's sessions that are this account's own.
own_sessions_requested = Signal()

# lab_id: int, clone_id: int, sessions: dict[int, int] (ids of the new sessions by those of the old ones), parts:
# frozenset[str] (of sessions.cloning.Part), by: User | None. A lab was cloned as a draft; receivers clone what they
# have of it, and nothing of people.
lab_cloned = Signal()
