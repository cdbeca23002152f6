"""The API at the door: who is expected in a session, and who was there."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import FilterSchema, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticKnownError

from core.api.datetimes import instant_text
from core.api.pagination import BoundedPagination, Listing
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_door
from labs.current_viewer import viewer_of
from labs.models import ApiToken, Lab
from registrations import attendance, door
from registrations.api import registration_of
from registrations.models import Attendance, Registration
from sessions.models import Session

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope


class AttendanceOut(Schema):
    registration: UUID = Field(description="ID of the registration")
    session: str = Field(description="The session's slug")
    name: str = Field(description="Name of the person")
    taken_at: datetime = Field(description="When attendance was recorded")


class GuestOut(Schema):
    """A person on the attendance list. Without contact details."""

    registration: UUID = Field(description="ID of the registration")
    name: str
    city: LocalizedText = Field(description="City of the person, empty if it is not in the programme")
    city_text: str = Field(description="City entered by the person, if it is not in the programme")
    seat: Literal["confirmed", "waiting"] | None = Field(
        description="State of the seat in this session. Null: no seat"
    )
    mode: Literal["room", "online"] | None = Field(description="Mode of that seat. Null: no seat")
    taken_at: datetime | None = Field(description="When attendance was recorded. Null: not recorded")
    elsewhere: str | None = Field(
        description="Slug of an overlapping session in which attendance was recorded"
    )
    no_photos: bool = Field(description="Whether the person does not want to be photographed or recorded")


def _long_enough(text: str) -> str:
    if door.is_too_short(text):
        raise PydanticKnownError("string_too_short", {"min_length": door.MIN_LETTERS})
    return text


class GuestFilters(FilterSchema):
    search: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=100),
            AfterValidator(_long_enough),
        ]
        | None
    ) = Field(
        None,
        description=f"Part of a name: at least {door.MIN_LETTERS} letters, or one Chinese, Japanese or Korean "
        "character. Searches everyone registered in the lab, with or without a seat in this session. Returns at most "
        f"{door.MAX_FOUND} people",
    )

    mode: Literal["room", "online"] | None = Field(
        None, description="Only people whose seat or place on the waiting list is in this mode"
    )

    def apply(self, session: Session) -> QuerySet[Registration]:
        found = door.people(session, self.search or "", self.mode or "")
        return found if self.search is None else found[: door.MAX_FOUND]


def _session(request: HttpRequest, lab: Lab, session: str) -> Session:
    return get_object_or_404(Session.objects.visible_to(viewer_of(request)), lab=lab, slug=session)


def attendance_data(row: Attendance) -> dict[str, Any]:
    return {
        "registration": row.registration.public_id,
        "session": row.session.slug,
        "name": row.registration.name,
        "taken_at": instant_text(row.taken_at),
    }


def guest_data(guest: door.Guest) -> dict[str, Any]:
    written = isinstance(guest.city, str)
    return {
        "registration": guest.public_id,
        "name": guest.name,
        "city": {} if written else languages_of(guest.city),
        "city_text": guest.city if written else "",
        "seat": guest.seat or None,
        "mode": guest.mode or None,
        "taken_at": instant_text(guest.since),
        "elsewhere": guest.elsewhere_slug or None,
        "no_photos": guest.no_photos,
    }


@router.get("/labs/{lab}/sessions/{session}/expected", response=list[GuestOut], url_name="expected")
@paginate(BoundedPagination)
def expected(request: HttpRequest, lab: str, session: str, filters: Query[GuestFilters]) -> Listing:
    """List people with a seat, then on the waiting list, then without a seat, by name. Scope: attendance.

    Also for door staff. 404 for cancelled and draft sessions.
    """
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    row = get_object_or_404(door.sessions_to_take(found, viewer_of(request)), slug=session)
    row.lab = found
    return Listing(filters.apply(row), lambda people: (guest_data(door.guest(each)) for each in people))


@router.get("/labs/{lab}/sessions/{session}/attendance", response=list[AttendanceOut], url_name="attendance")
@paginate(BoundedPagination)
def attended(request: HttpRequest, lab: str, session: str) -> Listing:
    """List recorded attendance, in the order recorded. Scope: attendance. Also for door staff."""
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    rows = Attendance.objects.filter(session=_session(request, found, session))
    rows = rows.select_related("registration", "session").order_by("taken_at", "pk")
    return Listing(rows, partial(map, attendance_data))


@router.put(
    "/labs/{lab}/sessions/{session}/attendance/{registration}",
    response=AttendanceOut,
    url_name="take_attendance",
)
def take(request: HttpRequest, lab: str, session: str, registration: UUID) -> dict[str, Any]:
    """Record attendance. Repeating the request has no effect. Scope: attendance.

    Not possible for cancelled and draft sessions.
    """
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    person = registration_of(found, registration)
    return attendance_data(attendance.record(person, _session(request, found, session), account_of(request)))


@router.delete(
    "/labs/{lab}/sessions/{session}/attendance/{registration}",
    response={204: None},
    url_name="untake_attendance",
)
def untake(request: HttpRequest, lab: str, session: str, registration: UUID) -> Status[None]:
    """Remove recorded attendance. Scope: attendance."""
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    attendance.remove(
        registration_of(found, registration), _session(request, found, session), account_of(request)
    )
    return Status(204, None)
