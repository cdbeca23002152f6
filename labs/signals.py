"""Signals to the packages above, with plain arguments.

Sent inside the transaction of the change: receivers write rows, or raise an exception to reject the change.
"""

from django.dispatch import Signal

# lab_id: int. The lab's days or zone change; a receiver may raise core.web.errors.RuleViolation.
lab_rescheduled = Signal()

# lab_id: int, before: Lab (as it was), by: User | None. The lab's venue or format has changed.
lab_venue_changed = Signal()

# lab_id: int. The lab will move with all its sessions; a receiver may raise core.web.errors.RuleViolation.
lab_moving = Signal()

# lab_id: int, by: User | None. The lab will be deleted: receivers delete drafts, or raise
# core.web.errors.RuleViolation.
lab_deleting = Signal()

# room_id: int, before: Room (as it was), moved: bool (the place or join link changed), seen: bool (not the join link
# alone), by: User | None
room_changed = Signal()

# lab_id: int, session_ids: Collection[int] | None. What calendars say of these sessions may have changed; None: of any
# session of the lab (labs.revisions.touch).
lab_touched = Signal()
