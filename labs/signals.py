"""News that travels upward, with plain arguments.

Sent inside the transaction of the change: receivers write rows or refuse the whole change, and do nothing else.
"""

from django.dispatch import Signal

# lab_id: int. The lab's days or zone are about to be others; a receiver may raise core.web.errors.RuleViolation.
lab_rescheduled = Signal()

# lab_id: int, before: Lab (as it was), by: User | None. The lab has another venue, or another format.
lab_has_another_place = Signal()

# lab_id: int. The lab is about to move with all its sessions; a receiver may raise core.web.errors.RuleViolation.
lab_moving = Signal()

# lab_id: int, by: User | None. The lab is about to be deleted: floors above delete what nobody has seen, or raise
# core.web.errors.RuleViolation.
lab_deleting = Signal()

# room_id: int, before: Room (as it was), moved: bool (people must go, or click, elsewhere), seen: bool (not the join
# link alone), by: User | None
room_changed = Signal()
