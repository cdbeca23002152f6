"""The API of a schedule's conflicts. For organisers."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import lab_of_organiser
from labs.models import ApiToken
from sessions.conflict_words import in_words
from sessions.conflicts import Conflict, Kind, conflicts_of

router = Router(tags=["Sessions and speakers"])


class ConflictHoursOut(Schema):
    starts_at: datetime
    ends_at: datetime
    time_zone: str = Field(description="IANA name: that of the speaker's city, or of the session")


class ConflictOut(Schema):
    kind: Annotated[Kind, INLINE_SCHEMA]
    severity: Literal["error", "warning"] = Field(
        description="Error: the session cannot be held as it is planned"
    )
    message: str = Field(description="What is wrong, in the language asked for")
    sessions: list[str] = Field(description="Slugs of the one or two sessions, the earlier first")
    address: str = Field(description="The page on which organisers can mend it")
    names: list[LocalizedText] = Field(
        description="The speaker (and the speaker's city), the room, the cities, or the items of the agenda"
    )
    slugs: list[str] = Field(description="Slug of the speaker, or slugs of the cities")
    count: int | None = Field(description="People: those with two seats, or those that the room holds")
    hours: ConflictHoursOut | None = Field(
        description="The hours of a speaker who is asked at night, or who is not available"
    )
    due: date | None = Field(description="The last day to order interpreters")


def conflict_data(conflict: Conflict) -> dict[str, Any]:
    first = conflict.sessions[0]
    hours = conflict.hours and {
        "starts_at": instant_text(conflict.hours[0]),
        "ends_at": instant_text(conflict.hours[1]),
        "time_zone": conflict.time_zone,
    }
    return {
        "kind": conflict.kind,
        "severity": "error" if conflict.is_error else "warning",
        "message": in_words(conflict),
        "sessions": [session.slug for session in conflict.sessions],
        "address": absolute_url("console_session_edit", first.lab.slug, first.slug),
        "names": [languages_of(name) for name in conflict.names],
        "slugs": list(conflict.slugs),
        "count": conflict.count or None,
        "hours": hours,
        "due": conflict.due,
    }


@router.get("/labs/{lab}/conflicts", response=list[ConflictOut], url_name="conflicts")
@paginate(BoundedPagination)
def list_conflicts(request: HttpRequest, lab: str) -> Listing:
    """List what is wrong in the schedule: errors first, then by time. Scope: read.

    Sessions that are cancelled or over have no conflicts.
    """
    found = lab_of_organiser(request, lab, ApiToken.Scope.READ)
    return Listing(conflicts_of(found), partial(map, conflict_data))
