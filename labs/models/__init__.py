from labs.models.people import ApiToken, Delegate, Staff, User
from labs.models.programmes import City, Lab, LabDay, Programme, Room, StakeholderGroup, Track
from labs.models.submissions import Submission
from labs.models.work import Attachment, LeasedWork, Message, Task, WorkerBeat

__all__ = [
    "ApiToken",
    "Attachment",
    "City",
    "Delegate",
    "Lab",
    "LabDay",
    "LeasedWork",
    "Message",
    "Programme",
    "Room",
    "Staff",
    "StakeholderGroup",
    "Submission",
    "Task",
    "Track",
    "User",
    "WorkerBeat",
]
