"""Writes agendas and appearances of valid plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.accounts.models import User
from core.web.history import record_creation
from core.web.localized_fields import languages_of
from sessions.models import AgendaItem, Appearance, Session
from sessions.plans import AgendaPlan, AppearancePlan, Instants, SessionPlan


def insert_agendas(new: Sequence[tuple[Session, SessionPlan, Instants]], by: User | None) -> None:
    """Write the agendas and appearances of new sessions, in a number of queries that does not depend on theirs."""
    agendas = [
        [
            _assigned(AgendaItem(session=session), position, item, instants)
            for position, (item, instants) in enumerate(zip(plan.agenda, found.agenda, strict=True))
        ]
        for session, plan, found in new
    ]
    record_creation(AgendaItem.objects.bulk_create(item for agenda in agendas for item in agenda), by)
    Appearance.objects.bulk_create(
        appearance
        for (session, plan, _found), agenda in zip(new, agendas, strict=True)
        for appearance in _appearances(session, plan, agenda)
    )


def set_agenda(session: Session, plan: SessionPlan, found: Instants) -> None:
    """Save the agenda and appearances of a session that exists; delete items that are not in its plan."""
    rows = {item.pk: item for item in session.agenda.all()}
    kept: list[AgendaItem] = []
    for position, (item, instants) in enumerate(zip(plan.agenda, found.agenda, strict=True)):
        known = rows.get(item.item) if item.item else None
        old = None if known is None else _columns_of(known)
        row = _assigned(known or AgendaItem(session=session), position, item, instants)
        if old != _columns_of(row):
            row.save()
        kept.append(row)
    for row in rows.values():
        if row not in kept:
            row.delete()
    session.appearances.all().delete()
    Appearance.objects.bulk_create(_appearances(session, plan, kept))
    # Clear prefetched rows.
    for read in ("_prefetched_objects_cache", "agenda_items", "all_appearances"):
        session.__dict__.pop(read, None)


def _assigned(
    row: AgendaItem, position: int, item: AgendaPlan, instants: tuple[datetime, datetime] | None
) -> AgendaItem:
    """Return the row with the fields of the plan, unsaved."""
    row.title, row.abstract, row.position = dict(item.title), dict(item.abstract), position
    row.start_time, row.end_time = item.start_time, item.end_time
    row.starts_at, row.ends_at = instants or (None, None)
    return row


def _columns_of(item: AgendaItem) -> tuple[object, ...]:
    texts = (languages_of(item.title), languages_of(item.abstract))
    return (*texts, item.position, item.start_time, item.end_time, item.starts_at, item.ends_at)


def _appearances(session: Session, plan: SessionPlan, agenda: Sequence[AgendaItem]) -> Iterable[Appearance]:
    """Yield the appearances of a plan, unsaved; `agenda` are the saved rows of its items."""
    planned: list[tuple[AgendaItem | None, AppearancePlan]] = [(None, each) for each in plan.appearances]
    planned += [
        (row, each) for row, item in zip(agenda, plan.agenda, strict=True) for each in item.appearances
    ]
    for position, (row, each) in enumerate(planned):
        yield Appearance(
            session=session, agenda_item=row, speaker=each.speaker, role=each.role, position=position
        )
