"""The API of who sees a session and whether it takes place. For organisers; each change is made by `publishing`."""

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from core.api.openapi import INLINE_SCHEMA
from core.web.errors import InvalidFields
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.models import ApiToken, City, Lab
from sessions import publishing
from sessions.models import Session
from sessions.schedule_api import PlacedSessionOut, placed_data, session_or_404

router = Router(tags=["Sessions and speakers"])
Slug = Annotated[str, Field(max_length=80)]
Scope = ApiToken.Scope

TELL = (
    "Who has a seat or is on the waiting list is emailed `now` (needs the scope emails, too), `later` with what else "
    "is announced, or not at all"
)


class AudienceIn(Schema):
    model_config = ConfigDict(extra="forbid")

    visibility: Annotated[Session.Visibility, INLINE_SCHEMA]
    cities: Annotated[list[Slug], Field(max_length=1000)] | None = Field(
        None,
        description="Slugs of the cities whose delegates see an internal session; empty: of all cities. If omitted, "
        "the cities stay",
    )


class CancelIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: LocalizedText = Field({}, description="Shown to participants, by language")
    tell: Literal["now", "later", "no"] = Field("later", description=TELL)


class RestoreIn(Schema):
    model_config = ConfigDict(extra="forbid")

    tell: Literal["now", "later", "no"] = Field("later", description=TELL)


@router.put("/labs/{lab}/sessions/{session}/audience", response=PlacedSessionOut, url_name="session_audience")
def change_audience(request: HttpRequest, lab: str, session: str, body: AudienceIn) -> dict[str, Any]:
    """Publish a session, make it internal, or take it back to the drafts. No one is emailed. Scope: schedule.

    409: it has no day and time yet, or people have seats in what is to become a draft.
    """
    found = session_or_404(lab_of_organiser(request, lab, Scope.SCHEDULE), session)
    by = account_of(request)
    if body.cities is not None and body.visibility != Session.Visibility.INTERNAL:
        raise InvalidFields({"cities": [_("Only internal sessions are for certain cities.")]})
    if body.visibility == Session.Visibility.INTERNAL:
        publishing.make_internal(found, _audience(found, body.cities), by)
    elif body.visibility == Session.Visibility.PUBLIC:
        publishing.publish(found, by)
    else:
        publishing.unpublish(found, by)
    return _shown(found)


@router.post("/labs/{lab}/sessions/{session}/cancel", response=PlacedSessionOut, url_name="session_cancel")
def cancel(request: HttpRequest, lab: str, session: str, body: CancelIn) -> dict[str, Any]:
    """Cancel a session. It stays where it was, marked as cancelled, and seats are kept. Scope: schedule.

    One that is cancelled already stays as it is.
    """
    found = session_or_404(_lab(request, lab, body.tell), session)
    try:
        publishing.cancel(
            found, body.reason, tell=body.tell == "now", by=account_of(request), later=body.tell == "later"
        )
    except ValidationError as error:
        raise InvalidFields(error.message_dict) from error
    return _shown(found)


@router.post("/labs/{lab}/sessions/{session}/restore", response=PlacedSessionOut, url_name="session_restore")
def restore(request: HttpRequest, lab: str, session: str, body: RestoreIn) -> dict[str, Any]:
    """Undo the cancellation of a session. Scope: schedule.

    People who were not told that it was cancelled are not told of this either.
    """
    found = session_or_404(_lab(request, lab, body.tell), session)
    publishing.restore(found, account_of(request), tell=body.tell == "now", later=body.tell == "later")
    return _shown(found)


def _lab(request: HttpRequest, lab: str, tell: str) -> Lab:
    """Return the lab for a change of the schedule, and for emails where people are told at once."""
    found = lab_of_organiser(request, lab, Scope.SCHEDULE)
    return lab_of_organiser(request, lab, Scope.EMAILS) if tell == "now" else found


def _audience(session: Session, slugs: list[str] | None) -> list[City]:
    """Return the cities that an internal session is to be for. Raises InvalidFields for one of another programme."""
    if slugs is None:
        return list(session.audience.all())
    found = {city.slug: city for city in session.lab.programme.cities.filter(slug__in=slugs)}
    if unknown := [slug for slug in slugs if slug not in found]:
        words = _("“%(city)s” is not a city of this programme.") % {"city": unknown[0][:60]}
        raise InvalidFields({"cities": [words]})
    return list(found.values())


def _shown(session: Session) -> dict[str, Any]:
    [data] = placed_data(session.lab.sessions.filter(pk=session.pk), session.lab)
    return data
