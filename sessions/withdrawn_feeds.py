"""Find labs, programmes and tracks that were public once, to which somebody may still be subscribed.

Their feeds are empty instead of missing, so that programs remove the entries. What was never public answers 404.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

from labs.models import Lab, Programme, Track
from sessions.models import Session

_PUBLIC = "public"
_END = datetime.max.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]


def withdrawn_lab(slug: str) -> Lab | None:
    """Return the lab with this slug if it is a draft that was public."""
    return Lab.objects.exclude(visibility=_PUBLIC).filter(slug=slug, public_revised_at__isnull=False).first()


def withdrawn_programme(slug: str) -> Programme | None:
    """Return the programme with this slug if it was public, itself or through a lab."""
    found = Programme.objects.filter(slug=slug).first()
    if found is None:
        return None
    was_public = found.history.filter(visibility=_PUBLIC).exists()
    return found if was_public or found.labs.filter(public_revised_at__isnull=False).exists() else None


def emptied_track(lab: str, track: str) -> Lab | None:
    """Return the lab of a track that had a public session. The track may have been deleted."""
    found = Lab.objects.filter(slug=lab, public_revised_at__isnull=False).first()
    if found is None:
        return None
    tracks = frozenset(Track.history.filter(lab_id=found.pk, slug=track).values_list("id", flat=True))
    if not tracks:
        return None
    sessions = list(_public_spans_of_sessions(found, tracks))
    labs = list(_public_spans_of_lab(found))
    seen = any(max(a, c) < min(b, d) for a, b in sessions for c, d in labs)
    return found if seen else None


def _public_spans_of_lab(lab: Lab) -> Iterator[Span]:
    rows = lab.history.order_by("history_date", "history_id").values_list("history_date", "visibility")
    return _spans((at, visibility == _PUBLIC) for at, visibility in rows)


def _public_spans_of_sessions(lab: Lab, tracks: frozenset[int]) -> Iterator[Span]:
    """Yield the spans in which each session was public and in one of these tracks."""
    ever = Session.history.filter(lab_id=lab.pk, track_id__in=tracks, visibility=_PUBLIC).values("id")
    rows = (
        Session.history.filter(id__in=ever)
        .order_by("id", "history_date", "history_id")
        .values_list("id", "history_date", "visibility", "track_id", "history_type")
    )
    for _id, versions in groupby(rows, key=lambda row: row[0]):
        yield from _spans(
            (at, visibility == _PUBLIC and track in tracks and kind != "-")
            for _id, at, visibility, track, kind in versions
        )


def _spans(states: Iterable[tuple[datetime, bool]]) -> Iterator[Span]:
    """Yield the spans of a state, from ordered (since, state) pairs."""
    begun: datetime | None = None
    for at, holds in states:
        if holds and begun is None:
            begun = at
        elif not holds and begun is not None:
            yield begun, at
            begun = None
    if begun is not None:
        yield begun, _END
