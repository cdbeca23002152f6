"""People who attended, for tests of certificates."""

from registrations.models import Registration
from tests import factories as f


def attended(sessions: int = 1, **person: object) -> Registration:
    registration = f.RegistrationFactory(**person)
    for _number in range(sessions):
        f.AttendanceFactory(registration=registration)
    return registration
