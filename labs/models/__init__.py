from labs.models.identity import Operator, ProgrammeLogo
from labs.models.people import ApiToken, Delegate, RoleInvitation, Staff
from labs.models.programmes import City, Lab, LabDay, Programme, Room, StakeholderGroup, Track

__all__ = [
    "ApiToken",
    "City",
    "Delegate",
    "Lab",
    "LabDay",
    "Operator",
    "Programme",
    "ProgrammeLogo",
    "RoleInvitation",
    "Room",
    "Staff",
    "StakeholderGroup",
    "Track",
]
