"""To whom organisers write: the people of a lab that a few conditions find."""

from dataclasses import asdict, dataclass

from django.db.models import Exists, OuterRef

from labs.models import Lab
from registrations.models import Attendance, Registration, Seat, Tagging
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import ACTIVE
from sessions.models import Session

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Audience:
    """Conditions that all have to hold; an empty one means any.

    `seat` ("confirmed", "waiting", or "none": neither a seat nor waiting for one), `mode` ("room", "online") and
    `attended` are about the session, without one about any session. `mode` is that of a seat, of a place in the waiting
    list only where `seat` says so.
    `elsewhere`: not from a city of the programme. `tag` is a name, since a tag that nobody has is deleted, and given
    anew is another row.
    """

    session_id: int | None = None
    seat: str = ""
    mode: str = ""
    attended: str = ""
    city_id: int | None = None
    elsewhere: bool = False
    group_id: int | None = None
    language: str = ""
    tag: str = ""

    @property
    def seat_meant(self) -> str:
        """`seat`, and where only a way to take part is asked for, that of people with a seat."""
        return self.seat or (Seat.State.CONFIRMED if self.mode else "")

    def as_stored(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if value}


NO_SEAT = "none"


def people(lab: Lab, audience: Audience) -> RegistrationQuerySet:
    """Return the registrations that the audience finds, whose address is confirmed, by id.

    Who has unsubscribed is among them: see `reached`.
    """
    found = Registration.objects.active().filter(lab=lab, erased_at__isnull=True)
    seats = Seat.objects.filter(registration=OuterRef("pk"), state__in=ACTIVE)
    attended = Attendance.objects.filter(registration=OuterRef("pk"))
    if audience.session_id is not None:
        session = Session.objects.filter(pk=audience.session_id, lab=lab)
        seats, attended = seats.filter(session__in=session), attended.filter(session__in=session)
    if audience.seat == NO_SEAT:
        # Without a seat one takes part in no way.
        found = found.none() if audience.mode else found.filter(~Exists(seats))
    elif audience.seat_meant:
        in_mode = seats.filter(mode=audience.mode) if audience.mode else seats
        found = found.filter(Exists(in_mode.filter(state=audience.seat_meant)))
    elif audience.session_id is not None and not audience.attended:
        found = found.filter(Exists(seats))
    if audience.attended:
        found = found.filter(Exists(attended) if audience.attended == YES else ~Exists(attended))
    if audience.attended == NO and audience.session_id is not None and not audience.seat:
        found = found.filter(Exists(seats))  # whoever was expected
    if audience.city_id is not None:
        found = found.filter(city=audience.city_id)
    elif audience.elsewhere:
        found = found.filter(city__isnull=True)
    if audience.group_id is not None:
        found = found.filter(stakeholder_group=audience.group_id)
    if audience.language:
        found = found.filter(language=audience.language)
    if audience.tag:
        tagged = Tagging.objects.filter(registration=OuterRef("pk"), tag__name=audience.tag)
        found = found.filter(Exists(tagged))
    return found.order_by("pk")


def reached(lab: Lab, audience: Audience) -> RegistrationQuerySet:
    """Return those of them who have not unsubscribed."""
    return people(lab, audience).filter(unsubscribed_at__isnull=True)


@dataclass(frozen=True)
class Size:
    """How many people an announcement reaches, and how many it does not because they unsubscribed."""

    reached: int
    unsubscribed: int


def size(lab: Lab, audience: Audience) -> Size:
    """Count the audience. Two queries."""
    everybody, gets = people(lab, audience).count(), reached(lab, audience).count()
    return Size(gets, everybody - gets)
