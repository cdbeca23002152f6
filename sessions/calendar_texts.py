"""Writes the calendar entries of sessions where they change, and reads them for feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Count, F, FilteredRelation, Q, QuerySet
from psycopg.pq import Format

from core.timezones.zones import rules_version
from labs.models import Lab
from labs.viewer import VISITOR
from sessions.calendar_entries import entries
from sessions.calendars import Events, Vevent, events_of, vevent
from sessions.models import CalendarText, Session
from sessions.models.agenda import SessionQuerySet

# Increment it when entries are written differently (also in other words): `manage.py migrate` writes them anew.
FORMAT_VERSION = 6

_COLUMNS = ("text", "zone", "first_on", "last_on")
# Sessions whose texts are held in memory at a time.
_BATCH = 500


def format_id() -> str:
    """Return what entries depend on besides the database, as a hash."""
    return _hash(repr((FORMAT_VERSION, rules_version(), settings.BASE_URL)))


@lru_cache(maxsize=2)
def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def events(sessions: SessionQuerySet, language: str) -> Events:
    """Return the entries of these sessions in this language, in order of time. One query."""
    rows = _rows(sessions, language)
    if connection.vendor == "postgresql":
        with suppress(EmptyResultSet):  # raised where Django knows that there is none
            return _joined_by_postgresql(*rows.query.sql_with_params())
    return events_of(Vevent(*row) for row in rows)


def public_events(part: str, pk: int, language: str) -> Events:
    """Return the entries of the sessions that visitors see of one `part`: lab, track or lab__programme. One query."""
    if connection.vendor == "postgresql":
        return _joined_by_postgresql(*_public_statement(part, pk, language))
    return events(Session.objects.visible_to(VISITOR).filter(**{part: pk}), language)


@lru_cache(maxsize=1024)
def _public_statement(part: str, pk: int, language: str) -> tuple[str, tuple[Any, ...]]:
    """Return the select and its values, which never change. Django composes it in a third of the time of a feed."""
    seen = Session.objects.visible_to(VISITOR).filter(**{part: pk})
    return _rows(seen, language).query.sql_with_params()


def _rows(sessions: SessionQuerySet, language: str) -> QuerySet[Session, tuple[Any, ...]]:
    chosen = sessions.filter(calendar_texts__language=language).order_by("starts_at", "pk")
    return chosen.values_list(*(f"calendar_texts__{name}" for name in _COLUMNS))


def with_entry(sessions: SessionQuerySet, language: str) -> SessionQuerySet:
    """Read each session with its entry: `text` (None where there is none), `zone`, `first_on` and `last_on`."""
    return sessions.annotate(
        entry=FilteredRelation("calendar_texts", condition=Q(calendar_texts__language=language)),
        **{name: F(f"entry__{name}") for name in _COLUMNS},
    )


def in_each_language(sessions: SessionQuerySet) -> SessionQuerySet:
    """Read each session once for each `language` of its entry, with what `with_entry` adds.

    A session without entries comes once, with None for all of them.
    """
    return sessions.annotate(**{name: F(f"calendar_texts__{name}") for name in ("language", *_COLUMNS)})


def _joined_by_postgresql(rows: str, values: tuple[Any, ...]) -> Events:
    """Let the database join the texts and send them as bytes: fetching them as rows takes three times as long."""
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        cursor.execute(_JOIN.format(rows=rows), values)
        content, zones = cursor.fetchone()
    spans = {zone: (date.fromisoformat(first), date.fromisoformat(last)) for zone, first, last in zones or ()}
    spans.pop("", None)
    return Events(content or b"", spans)


_JOIN = """
    WITH entry (text, zone, first_on, last_on) AS ({rows})
    SELECT
        convert_to((SELECT string_agg(text, '') FROM entry), 'UTF8'),
        (SELECT json_agg(json_build_array(zone, first_on, last_on)) FROM
            (SELECT zone, min(first_on), max(last_on) FROM entry GROUP BY zone) AS span (zone, first_on, last_on))
"""


def write(sessions: SessionQuerySet) -> int:
    """Write the entries of these sessions in all languages, where they differ; return how many did.

    Called in the transaction of each change of what entries show, by way of `labs.revisions.touch`.
    """
    ids = list(sessions.order_by("pk").values_list("pk", flat=True))
    return sum(_write(ids[start : start + _BATCH]) for start in range(0, len(ids), _BATCH))


def write_lab_by_lab(sessions: SessionQuerySet, *, dry: bool = False) -> int:
    """Write as `write` does, in a transaction for each lab, whose lock keeps others from changing what is written.

    Feeds that change get another ETag. `dry` only counts.
    """
    differing = 0
    for lab_id in sessions.order_by("lab").values_list("lab", flat=True).distinct():
        with transaction.atomic():
            lab = Lab.objects.select_for_update(no_key=True).filter(pk=lab_id)
            lab.first()
            of_lab = sessions.filter(lab=lab_id)
            seen = write(of_lab.filter(visibility=Session.Visibility.PUBLIC))
            differing += seen + write(of_lab.exclude(visibility=Session.Visibility.PUBLIC))
            if seen:
                # Their tags name the revision; somebody may have read what is written over after the new version began.
                lab.filter(visibility=Lab.Visibility.PUBLIC).update(public_revision=F("public_revision") + 1)
            transaction.set_rollback(dry)
    return differing


def _write(ids: Collection[int]) -> int:
    written = {
        (text.session_id, text.language): text for text in CalendarText.objects.filter(session__in=ids)
    }
    outdated = []
    for fresh in _texts_of(ids):
        known = written.get((fresh.session_id, fresh.language))
        if known is None or any(
            getattr(known, name) != getattr(fresh, name) for name in (*_COLUMNS, "made_by")
        ):
            outdated.append(fresh)
    CalendarText.objects.bulk_create(
        outdated,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["session", "language"],
        update_fields=[*_COLUMNS, "made_by"],
    )
    return len(outdated)


def _texts_of(ids: Collection[int]) -> Iterator[CalendarText]:
    made_by = format_id()
    found = list(Session.objects.filter(pk__in=ids).for_pages())
    for language, _name in settings.LANGUAGES:
        for session, entry in zip(found, entries(found, language), strict=True):
            yield CalendarText(
                session_id=session.pk, language=language, made_by=made_by, **vevent(entry)._asdict()
            )


def missing_or_outdated() -> SessionQuerySet:
    """Return the sessions that lack an entry of this format in some language."""
    current = CalendarText.objects.filter(made_by=format_id())
    complete = (
        current.order_by()
        .values("session")
        .annotate(languages=Count("pk"))
        .filter(languages=len(settings.LANGUAGES))
    )
    return Session.objects.exclude(pk__in=complete.values("session"))
