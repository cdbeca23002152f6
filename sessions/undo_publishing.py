"""Undo of who sees a session, and of whether it takes place."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from labs import undo
from labs.current_viewer import viewer_for
from labs.models import City
from sessions import publishing
from sessions.forms.publishing import LATER, NOW
from sessions.models import Session

VISIBILITY, STATUS = "session-visibility", "session-status"  # kinds of undoing


def visibility_of(session: Session) -> dict[str, Any]:
    """Return who sees the session now, as JSON data."""
    cities = sorted(session.audience.values_list("pk", flat=True))
    return {"visibility": session.visibility, "cities": cities}


def offer_undo_visibility(request: HttpRequest, words: str, session: Session, before: dict[str, Any]) -> None:
    """Add a success message with a button by which those see the session again who saw it `before`."""
    facts = {"session": session.pk, "before": before, "now": visibility_of(session)}
    undo.offer_undo(request, words, VISIBILITY, facts)


@undo.undo_handler(VISIBILITY)
def undo_visibility(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Show the session to those who saw it before, unless somebody changed that again."""
    session, before = _session(user, facts), facts["before"]
    if visibility_of(session) != facts["now"]:
        raise undo.NotUndoable
    try:
        if before["visibility"] == Session.Visibility.DRAFT:
            publishing.unpublish(session, user)
        elif before["visibility"] == Session.Visibility.PUBLIC:
            publishing.publish(session, user)
        else:
            publishing.make_internal(session, City.objects.filter(pk__in=before["cities"]), user)
    except RuleViolation as error:
        raise undo.NotUndoable(error.message) from error
    return _address(session), _("The session is visible to the same people as before.")


def status_of(session: Session) -> dict[str, Any]:
    """Return whether the session takes place, as JSON data."""
    return {"is_cancelled": session.is_cancelled, "reason": languages_of(session.cancel_reason)}


def offer_undo_status(
    request: HttpRequest, words: str, session: Session, before: dict[str, Any], tell: str
) -> None:
    """Add a success message with a button that takes back a cancellation, or a restoring.

    `tell` is when people are told of it, as in `sessions.forms.publishing`: they are told of this in the same way.
    """
    facts = {"session": session.pk, "before": before, "sequence": session.sequence, "tell": tell}
    undo.offer_undo(request, words, STATUS, facts)


@undo.undo_handler(STATUS)
def undo_status(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Restore or cancel the session as before, unless it changed since."""
    session = _session(user, facts)
    if session.sequence != facts["sequence"]:
        raise undo.NotUndoable
    # What was only collected is collected again: then nothing is left to announce.
    telling = {"tell": facts["tell"] == NOW, "later": facts["tell"] == LATER}
    if facts["before"]["is_cancelled"]:
        publishing.cancel(session, facts["before"]["reason"], by=user, **telling)
        return _address(session), _("The session is cancelled again.")
    publishing.restore(session, user, **telling)
    return _address(session), _("The session is going ahead again.")


def _session(user: User, facts: dict[str, Any]) -> Session:
    session = Session.objects.select_related("lab__programme").filter(pk=facts["session"]).first()
    if session is None or not viewer_for(user).organises(session.lab):
        raise undo.NotUndoable
    return session


def _address(session: Session) -> str:
    return reverse("console_session_edit", args=[session.lab.slug, session.slug])
