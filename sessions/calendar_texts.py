"""Writes the calendar entries of sessions where they change, and reads them for feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, QuerySet
from psycopg.pq import Format

from core.timezones.zones import rules_version
from sessions.calendar_entries import entries
from sessions.calendars import Events, vevent
from sessions.models import CalendarText, Session
from sessions.models.agenda import SessionQuerySet

# Increment it when entries are written differently (also in other words): `manage.py migrate` writes them anew.
FORMAT_VERSION = 4

_COLUMNS = ("text", "zone", "first_on", "last_on")
# Sessions whose texts are held in memory at a time.
_BATCH = 500


def format_id() -> str:
    """Return what entries depend on besides the database, as a hash."""
    made_of = repr((FORMAT_VERSION, rules_version(), settings.BASE_URL))
    return hashlib.sha256(made_of.encode()).hexdigest()[:32]


def events(sessions: SessionQuerySet, language: str) -> Events:
    """Return the entries of these sessions in this language, in order of time. Two queries."""
    rows = sessions.filter(calendar_texts__language=language).order_by()
    spans = rows.exclude(calendar_texts__zone="").values_list("calendar_texts__zone")
    return Events(
        _joined(rows.order_by("starts_at", "pk").values_list("calendar_texts__text", flat=True)),
        {
            zone: (first_on, last_on)
            for zone, first_on, last_on in spans.annotate(
                Min("calendar_texts__first_on"), Max("calendar_texts__last_on")
            )
        },
    )


def _joined(texts: QuerySet[Session, str]) -> bytes:
    """Return the texts one after the other.

    PostgreSQL joins them itself, and sends the bytes as they are: rows of text take five times as long.
    """
    if connection.vendor != "postgresql":
        return "".join(texts).encode()
    sql, params = texts.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        joined = f"SELECT convert_to(string_agg(text, ''), 'UTF8') FROM ({sql}) AS rows(text)"  # noqa: S608
        cursor.execute(joined, params)
        return cursor.fetchone()[0] or b""


def write(sessions: SessionQuerySet) -> int:
    """Write the entries of these sessions in all languages, where they differ; return how many did.

    Called in the transaction of each change of what entries show, by way of `labs.revisions.touch`.
    """
    ids = list(sessions.order_by("pk").values_list("pk", flat=True))
    return sum(_write(ids[start : start + _BATCH]) for start in range(0, len(ids), _BATCH))


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
