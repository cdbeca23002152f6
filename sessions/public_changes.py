"""What has changed in a lab's public programme: collected where sessions change, for a page and a feed.

Only what visitors saw before and see now. A session that is no longer public takes its changes along, so that nothing
says that it was ever there; what changes while it is not public is not collected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from core.web.edit_conflicts import Difference
from labs.models import Lab
from labs.viewer import VISITOR
from sessions.models import PublicChange, Session
from sessions.session_facts import PRIVATE, Facts, differences, is_same

# How many a page and a feed list.
LIMIT = 100
# Changes of a session that follow each other within this time are one.
TOGETHER = timedelta(minutes=30)


@dataclass(frozen=True)
class Entry:
    """One change as visitors read it. `differences` are empty for a session that is new."""

    public_id: UUID
    session: Session
    at: datetime
    updated_at: datetime
    is_new: bool
    differences: list[Difference]


def record(session: Session, was: Facts | None, now: Facts) -> None:
    """Note a change of a session that visitors see; without `was` it is new to them. The caller has locked it."""
    if not session.is_public or session.lab.visibility != Lab.Visibility.PUBLIC:
        return
    if was is not None and is_same(was, now, private=False):
        return
    at = timezone.now()
    last = PublicChange.objects.filter(session=session).order_by("-updated_at", "-pk").first()
    if was is not None and last is not None and last.updated_at > at - TOGETHER:
        last.now, last.updated_at = {**last.now, **_public(now)}, at
        if last.was is not None:
            last.was = {**_public(was), **last.was}
            if is_same(last.was, last.now):
                last.delete()
                return
        last.save(update_fields=["was", "now", "updated_at"])
        return
    PublicChange.objects.create(
        session=session, at=at, updated_at=at, was=was and _public(was), now=_public(now)
    )


def hide(session: Session) -> None:
    """Forget the changes of a session that visitors no longer see."""
    PublicChange.objects.filter(session=session).delete()


def entries(lab: Lab, zone: str, language: str) -> list[Entry]:
    """Return the latest changes of the lab's public programme, newest first, in words for this zone. Two queries."""
    visible = Session.objects.visible_to(VISITOR).filter(lab=lab)
    rows = PublicChange.objects.filter(session__in=visible).select_related("session", "session__room")
    found = []
    for row in rows.order_by("-updated_at", "-pk")[:LIMIT]:
        row.session.lab = lab
        said: list[Difference] = []
        if row.was is not None:
            said = differences(_whole(row.was), _whole(row.now), zone, language)
            if not said:
                continue  # it differs in other languages alone
        found.append(Entry(row.public_id, row.session, row.at, row.updated_at, row.was is None, said))
    return found


def _public(facts: Facts) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in PRIVATE}


def _whole(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(PRIVATE, ""), **facts}
