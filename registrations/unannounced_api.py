"""The API of changes that participants have not been emailed about: listed, previewed, announced or not."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import instant_text
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.mail.rendering import rendered
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from registrations import change_announcements
from registrations.change_announcements import Moves
from registrations.models import Registration
from sessions.changes_api import DifferenceOut, difference_data
from sessions.unannounced_changes import PendingChange, decide, moves_of, pending_changes

router = Router(tags=["Emails"])
Scope = ApiToken.Scope
Slug = Annotated[str, Field(max_length=80)]
Slugs = Annotated[list[Slug], Field(max_length=1000)]
SESSIONS = "Slugs of sessions. If omitted, all with a change that people need to know"


class UnannouncedChangeOut(Schema):
    session: str = Field(description="Slug of the session")
    state: str = Field(description="Names what is announced: sent back, it is announced only as it was seen")
    since: datetime
    people: int = Field(description="How many have a seat or are on the waiting list")
    is_minor: bool = Field(description="Only speakers or the agenda changed. Announced only if named")
    differences: list[DifferenceOut] = Field(description="Times are in the lab's time zone")


def _pending_data(changes: Iterable[PendingChange]) -> list[dict[str, Any]]:
    return [
        {
            "session": one.session.slug,
            "state": one.state,
            "since": instant_text(one.session.unannounced_change.since),
            "people": one.people,
            "is_minor": one.is_minor,
            "differences": difference_data(one.differences),
        }
        for one in changes
    ]


def _changes(lab: Lab, slugs: Collection[str] | None = None) -> list[PendingChange]:
    """Return the changes of these sessions, without any of those that people need to know.

    Raises InvalidFields for a session without a change.
    """
    found = pending_changes(lab, get_language() or "en")
    if slugs is None:
        return [one for one in found if not one.is_minor]
    if unknown := set(slugs) - {one.session.slug for one in found}:
        words = _("Nothing is left to announce of “%(session)s”.") % {"session": min(unknown)}
        raise InvalidFields({"sessions": [words]})
    return [one for one in found if one.session.slug in slugs]


@router.get(
    "/labs/{lab}/unannounced-changes", response=list[UnannouncedChangeOut], url_name="unannounced_changes"
)
@paginate(BoundedPagination)
def unannounced(request: HttpRequest, lab: str) -> Listing:
    """List changes of sessions that participants have not been emailed about. Scope: read."""
    found = lab_of_organiser(request, lab, Scope.READ)
    return Listing(pending_changes(found, get_language() or "en"), _pending_data)


class PreviewQuery(Schema):
    sessions: list[Slug] = Field([], max_length=1000, description=SESSIONS)


class DraftEmailOut(Schema):
    registration: UUID
    language: str
    subject: str
    text: str = Field(description="The plain text, without private links")


def _email_data(people: Iterable[Registration], moves: Moves) -> list[dict[str, Any]]:
    return [
        {
            "registration": person.public_id,
            "language": message.language,
            "subject": message.subject,
            "text": rendered(message, reveal=False).text,
        }
        for person, message in change_announcements.drafts(list(people), moves)
    ]


@router.get(
    "/labs/{lab}/unannounced-changes/emails", response=list[DraftEmailOut], url_name="unannounced_emails"
)
@paginate(BoundedPagination)
def preview(request: HttpRequest, lab: str, query: Query[PreviewQuery]) -> Listing:
    """List the email that each person would get, one for all of his or her sessions. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    moves = moves_of(_changes(found, query.sessions or None))
    return Listing(change_announcements.recipients(moves), partial(_email_data, moves=moves))


class AnnounceIn(Schema):
    model_config = ConfigDict(extra="forbid")

    sessions: Slugs | None = Field(None, description=SESSIONS)
    states: dict[Slug, Annotated[str, Field(max_length=40)]] | None = Field(
        None, description="`state` of each of these sessions, by slug, as it was listed"
    )


class DismissIn(AnnounceIn):
    reason: str = Field("", max_length=300, description="For the history. Only organisers read it")


class DecidedOut(Schema):
    sessions: list[str] = Field(description="Slugs of the sessions that were decided")
    emails: int = Field(description="How many people are emailed")


def _decided(request: HttpRequest, lab: Lab, body: AnnounceIn, tell: bool, reason: str) -> dict[str, Any]:
    with transaction.atomic():
        changes = _changes(lab, body.sessions)
        emails = change_announcements.recipients(moves_of(changes)).count() if tell else 0
        states: dict[int, str] | None = None
        if body.states is not None:
            states = {one.session.pk: body.states.get(one.session.slug, "") for one in changes}
        try:
            decide([one.session for one in changes], tell, account_of(request), reason=reason, states=states)
        except EditConflict:
            words = _("Something changed since you saw it. List the unannounced changes again.")
            raise Problem(words, status=409) from None
    return {"sessions": [one.session.slug for one in changes], "emails": emails}


@router.post(
    "/labs/{lab}/unannounced-changes/announce", response=DecidedOut, url_name="announce_unannounced_changes"
)
def announce(request: HttpRequest, lab: str, body: AnnounceIn, idempotency_key: Key) -> dict[str, Any]:
    """Email everybody concerned, each once about all of his or her sessions. Scope: emails.

    409: something else is to be told by now than `states` say, or the lab is a draft.
    """
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    return run_once(
        request,
        "announce_unannounced_changes",
        idempotency_key,
        body,
        lambda: _decided(request, found, body, True, ""),
    )


@router.post(
    "/labs/{lab}/unannounced-changes/dismiss", response=DecidedOut, url_name="dismiss_unannounced_changes"
)
def dismiss(request: HttpRequest, lab: str, body: DismissIn, idempotency_key: Key) -> dict[str, Any]:
    """Decide that no one is emailed about changes. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    return run_once(
        request,
        "dismiss_unannounced_changes",
        idempotency_key,
        body,
        lambda: _decided(request, found, body, False, body.reason),
    )
