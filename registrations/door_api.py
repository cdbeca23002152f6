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
    registration: UUID = Field(description="The registration's id")
    session: str = Field(description="The session's slug")
    name: str = Field(description="The person's")
    taken_at: datetime = Field(description="When it was written down")


class GuestOut(Schema):
    """One person of the list at the door, which has no addresses."""

    registration: UUID = Field(description="To take attendance with")
    name: str
    city: LocalizedText = Field(description="Name of the person's city, if the programme has it; else empty")
    city_text: str = Field(
        description="The city as the person wrote it, where the programme does not have it"
    )
    seat: Literal["confirmed", "waiting"] | None = Field(description="In this session")
    taken_at: datetime | None = Field(description="When the person was marked as present, if so")
    elsewhere: str | None = Field(
        description="Slug of another session, at the same time, in which the person was marked as present"
    )


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
        description=f"Part of a name, at least {door.MIN_LETTERS} letters or one Chinese, Japanese or Korean "
        "sign: then of everybody registered in the lab, with a seat here or not; at most "
        f"{door.MAX_FOUND} people",
    )

    def apply(self, session: Session) -> QuerySet[Registration]:
        if self.search is None:
            return door.people(session)
        return door.people(session, self.search)[: door.MAX_FOUND]


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
        "taken_at": instant_text(guest.since),
        "elsewhere": guest.elsewhere_slug or None,
    }


@router.get("/labs/{lab}/sessions/{session}/expected", response=list[GuestOut], url_name="expected")
@paginate(BoundedPagination)
def expected(request: HttpRequest, lab: str, session: str, filters: Query[GuestFilters]) -> Listing:
    """Who has a seat in the session, then who waits for one, then who came without, each by name. Scope: attendance.

    Door staff may read it too: it says what the list at the door says. 404 for a session that was cancelled, or is a
    draft: nobody is expected there.
    """
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    row = get_object_or_404(door.sessions_to_take(found, viewer_of(request)), slug=session)
    row.lab = found
    return Listing(filters.apply(row), lambda people: (guest_data(door.guest(each)) for each in people))


@router.get("/labs/{lab}/sessions/{session}/attendance", response=list[AttendanceOut], url_name="attendance")
@paginate(BoundedPagination)
def attended(request: HttpRequest, lab: str, session: str) -> Listing:
    """Who was there, in the order taken. Scope: attendance; door staff may read it too."""
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
    """Write down that the person was there; a second call changes nothing. Scope: attendance.

    A session that was cancelled, or is a draft, has nobody present.
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
    """Take a mistaken attendance back. Scope: attendance."""
    found = lab_of_door(request, lab, Scope.ATTENDANCE)
    attendance.remove(
        registration_of(found, registration), _session(request, found, session), account_of(request)
    )
    return Status(204, None)
