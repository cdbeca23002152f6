"""Changes of sessions that their participants have not been emailed about.

Whatever people with a seat need to know is collected here from save to save: the facts before the first change are
stored, so that several changes become one email. Organisers announce them together, or decide that no email is needed.
The facts are frozen with the decision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.zones import UTC
from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from sessions.models import ChangeDecision, Session, UnannouncedChange
from sessions.models.agenda import SessionQuerySet
from sessions.revisions import lock_session
from sessions.session_facts import MINOR, Facts, differences, is_same, stored_facts
from sessions.signals import sessions_moved

# A session within this time is urgent: an email about it should not wait for others.
URGENT = timedelta(hours=24)

# By session id: {"was": Facts, "now": Facts, "version": …}
Moves = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class PendingChange:
    """A session with an unannounced change, and its differences in the lab's zone.

    `state` names what is told, so that nothing else is sent than was previewed. `is_minor` if people with a seat can
    do without an email about it.
    """

    session: Session
    people: int
    was: Facts
    now: Facts
    differences: list[Difference]

    @property
    def state(self) -> str:
        return state_of(self.was, self.now)

    @property
    def is_minor(self) -> bool:
        return not needs_telling(self.was, self.now)


def needs_telling(was: Facts, now: Facts) -> bool:
    """Tell whether more differs than what people with a seat can do without."""
    without_minor = {name: value for name, value in now.items() if name not in MINOR}
    return not is_same(was, without_minor)


def state_of(was: Facts, now: Facts) -> str:
    """Return a short text that differs for other facts."""
    return hashlib.sha256(json.dumps([was, now], sort_keys=True).encode()).hexdigest()[:16]


def pending_sessions(sessions: SessionQuerySet) -> list[Session]:
    """Return those of these sessions with an unannounced change, with room and lab. One query."""
    waiting = sessions.filter(unannounced_change__isnull=False).select_related(
        "room", "unannounced_change", "lab"
    )
    return [session for session in waiting if is_open(session, session.unannounced_change.was)]


def pending_changes(lab: Lab, language: str) -> list[PendingChange]:
    """Return the unannounced changes of a lab, in its zone. Three queries."""
    sessions = pending_sessions(Session.objects.filter(lab=lab))
    facts = stored_facts(sessions) if sessions else {}
    found = []
    for session in sessions:
        was, now = session.unannounced_change.was, facts[session.pk]
        said = differences(was, now, lab.time_zone, language, join_link=True)
        if not said:  # by new rules of the lab's zone, whose own clocks show the same as before
            said = [
                replace(one, label=f"{one.label} ({UTC})")
                for one in differences(was, now, UTC, language, join_link=True)
            ]
        found.append(PendingChange(session, count_people(session), was, now, said))
    return found


def asks_at_once(sessions: SessionQuerySet) -> bool:
    """Tell whether organisers should decide now: one of these sessions is near, and people need to know its change."""
    near = [one for one in pending_sessions(sessions) if is_urgent(one, one.unannounced_change.was)]
    facts = stored_facts(near) if near else {}
    return any(needs_telling(one.unannounced_change.was, facts[one.pk]) for one in near)


def moves_of(changes: Iterable[PendingChange]) -> Moves:
    """Return what emails about these changes are made from."""
    return {
        one.session.pk: {"was": one.was, "now": one.now, "version": one.session.revised_at.isoformat()}
        for one in changes
    }


def collect(session: Session, was: Facts, now: Facts) -> None:
    """Store what participants knew before this change, until organisers `decide`; a change taken back is none.

    The caller has locked the session.
    """
    row = UnannouncedChange.objects.filter(session=session).first()
    # An earlier change may have known nothing of agenda and speakers, which it left as they were.
    known = {**was, **row.was} if row else dict(was)
    if is_open(session, known) and not is_same(known, now):
        if row is None:
            UnannouncedChange.objects.create(session=session, was=known)
        elif row.was != known:
            row.was = known
            row.save(update_fields=["was"])
    elif row is not None:
        row.delete()


def forget(session: Session) -> None:
    """Forget what is unannounced of a session, because its participants are told of the latest change at once."""
    UnannouncedChange.objects.filter(session=session).delete()


def is_cancellation_unknown(session: Session) -> bool:
    """Tell whether participants have not been told yet that the session is cancelled."""
    row = UnannouncedChange.objects.filter(session=session).first()
    return session.is_cancelled and row is not None and not row.was.get("is_cancelled")


def count_people(session: Session) -> int:
    """Return the number of seats taken and waiting."""
    return session.seats_taken + session.seats_waiting


def is_open(session: Session, was: Facts) -> bool:
    """Tell whether the session is not over and has participants who do not know yet that it is cancelled."""
    if session.is_cancelled and was.get("is_cancelled"):
        return False
    return count_people(session) > 0 and not session.is_over(timezone.now())


def is_urgent(session: Session, was: Facts | None = None) -> bool:
    """Tell whether the session begins, or began before the change, within a day."""
    starts = [session.starts_at, *([datetime.fromisoformat(was["starts_at"])] if was else [])]
    return min(starts) <= timezone.now() + URGENT


@transaction.atomic
def decide(
    sessions: Iterable[Session],
    tell: bool,
    by: User | None = None,
    *,
    reason: str = "",
    states: Mapping[int, str] | None = None,
) -> list[Session]:
    """Decide for these sessions of one lab. Returns those whose participants are emailed.

    Each participant gets one email about all sessions. A second decision does nothing. `reason` is why no one is
    emailed, for the history. `states` are those of `PendingChange.state` by session id, as somebody saw them.

    Raises EditConflict where something else is to be told by now, RuleViolation for a lab that is a draft, and
    InvalidFields for a reason that is too long.
    """
    reason = reason.strip()
    check_reason(reason)
    moves: dict[Session, dict[str, Any]] = {}
    for session in sorted(sessions, key=attrgetter("pk")):
        lock_session(session)
        row = UnannouncedChange.objects.filter(session=session).first()
        if row is None:
            continue
        was, now = row.was, stored_facts([session])[session.pk]
        if states is not None and states.get(session.pk) != state_of(was, now):
            raise EditConflict
        if tell and session.lab.visibility != Lab.Visibility.PUBLIC:
            message = gettext(
                "The lab is a draft, so people cannot see its sessions. Publish it before you email them."
            )
            raise RuleViolation("lab_is_draft", message)
        row.delete()
        is_told = tell and not is_same(was, now) and is_open(session, was)
        ChangeDecision.objects.create(
            session=session,
            by=by,
            is_told=is_told,
            people=count_people(session) if is_told else 0,
            reason="" if tell else reason,
            was=was,
            now=now,
        )
        if is_told:
            moves[session] = {"was": was, "now": now, "version": session.revised_at.isoformat()}
    if moves:
        sessions_moved.send(sender=Session, moves={session.pk: facts for session, facts in moves.items()})
    return list(moves)


def check_reason(reason: str) -> None:
    """Raise InvalidFields for a reason that is too long or has control characters."""
    checked = ChangeDecision(reason=reason)
    others = {column.name for column in ChangeDecision._meta.fields} - {"reason"}
    try:
        checked.clean_fields(exclude=others)
    except ValidationError as error:
        raise InvalidFields({"reason": error.messages}) from error
