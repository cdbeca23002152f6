"""The API of who sees a session, and where. For organisers."""

from functools import partial
from typing import Annotated, Any

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from labs.api_authentication import lab_of_organiser
from labs.models import ApiToken, Lab
from sessions.models import Session
from sessions.visibility_report import (
    Group,
    Place,
    Reader,
    audiences_of,
    group_words,
    reasons_of,
    report_of,
    who_would_see,
)

router = Router(tags=["Sessions and speakers"])


class ReaderOut(Schema):
    reader: Annotated[Reader, INLINE_SCHEMA]
    name: str = Field(description="Who that is, in the language asked for")
    cities: list[str] = Field(description="Slugs of these delegates' cities. Empty: all of the programme")
    sees: bool = Field(description="Whether they see the session")


class AudienceOut(Schema):
    session: str = Field(description="The session's slug")
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA]
    readers: list[ReaderOut]


class PlaceOut(Schema):
    place: Annotated[Place, INLINE_SCHEMA]
    name: str = Field(description="The place, in the language asked for")
    addresses: list[str] = Field(description="Where to look. Empty: private addresses")
    readers: list[str] = Field(description="Names of the readers who find the session there")


class ChangeOut(Schema):
    visibility: Annotated[Session.Visibility, INLINE_SCHEMA]
    readers: list[ReaderOut] = Field(description="Who would see the session then")


class VisibilityOut(AudienceOut):
    reasons: list[str] = Field(description="Why, in the language asked for")
    places: list[PlaceOut]
    otherwise: list[ChangeOut] = Field(description="What would be if it had another visibility")


def _readers(groups: tuple[Group, ...], lab: Lab) -> list[dict[str, Any]]:
    return [
        {
            "reader": group.reader,
            "name": group_words(group, lab),
            "cities": [city.slug for city in group.cities],
            "sees": group.sees,
        }
        for group in groups
    ]


def _audience(lab: Lab, session: Session, groups: tuple[Group, ...]) -> dict[str, Any]:
    return {
        "session": session.slug,
        "visibility": session.visibility,
        "readers": _readers(groups, lab),
    }


@router.get("/labs/{lab}/visibility", response=list[AudienceOut], url_name="visibility")
@paginate(BoundedPagination)
def list_audiences(request: HttpRequest, lab: str) -> Listing:
    """List the sessions, with who sees each. Scope: read."""
    found = lab_of_organiser(request, lab, ApiToken.Scope.READ)
    rows = Session.objects.filter(lab=found).order_by("starts_at", "pk")
    return Listing(rows, partial(_audiences, found))


def _audiences(lab: Lab, sessions: Any) -> list[dict[str, Any]]:
    return [_audience(lab, session, groups) for session, groups in audiences_of(lab, sessions)]


@router.get(
    "/labs/{lab}/sessions/{session}/visibility", response=VisibilityOut, url_name="session_visibility"
)
def get_visibility(request: HttpRequest, lab: str, session: str) -> dict[str, Any]:
    """Get where a session appears, and for whom. Scope: read."""
    found = lab_of_organiser(request, lab, ApiToken.Scope.READ)
    row = found.sessions.select_related("track").filter(slug=session).first()
    if row is None:
        raise Http404
    row.lab = found
    report = report_of(row)
    names = [group_words(group, found) for group in report.groups]
    return {
        **_audience(found, row, report.groups),
        "reasons": reasons_of(row),
        "places": [
            {
                "place": one.place,
                "name": str(one.place.label),
                "addresses": [settings.BASE_URL + address for address in one.addresses],
                "readers": [names[number] for number in one.groups],
            }
            for one in report.places
        ],
        "otherwise": [
            {"visibility": visibility, "readers": _readers(groups, found)}
            for visibility, groups in who_would_see(row).items()
        ],
    }
