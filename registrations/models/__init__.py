from registrations.models.attendance import Attendance
from registrations.models.people import Registration
from registrations.models.seats import Seat, SeatMovement

__all__ = ["Attendance", "Registration", "Seat", "SeatMovement"]
