"""When speakers can appear: read for many at once, checked and set for one.

All hours are half-open: from `starts_at` up to `ends_at`, without that instant. Instants are aware.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from labs.lab_editing import EARLIEST, LATEST, Findings
from sessions.models import Speaker, SpeakerAvailability

MAX_HOURS = 100  # of one speaker


@dataclass(frozen=True, order=True)
class Hours:
    """From one instant up to another, without that one."""

    starts_at: datetime
    ends_at: datetime


# The hours of speakers by their ids, each speaker's in order of time. Who is not in it is always available.
Availability = Mapping[int, Sequence[Hours]]


def availability_of(speakers: Collection[int] | QuerySet[Any, Any]) -> Availability:
    """Return the hours of those of these speakers (ids, or a query of them) who named any. One query."""
    found: defaultdict[int, list[Hours]] = defaultdict(list)
    rows = SpeakerAvailability.objects.filter(speaker__in=speakers).order_by("starts_at")
    for speaker, starts_at, ends_at in rows.values_list("speaker", "starts_at", "ends_at"):
        found[speaker].append(Hours(starts_at, ends_at))
    return dict(found)


def is_available(hours: Sequence[Hours] | None, starts_at: datetime, ends_at: datetime) -> bool:
    """Tell whether somebody with these hours, in order of time, can appear from one instant up to another.

    Without hours, always. Hours that follow each other without a gap are as good as one.
    """
    if not hours:
        return True
    reached = starts_at
    for one in hours:
        if one.starts_at > reached:
            break
        reached = max(reached, one.ends_at)
    return reached >= ends_at


def available(availability: Availability, speakers: Iterable[int], span: Hours) -> set[int]:
    """Return the ids of those of these speakers who can appear during all of `span`."""
    return {pk for pk in speakers if is_available(availability.get(pk), span.starts_at, span.ends_at)}


@transaction.atomic
def set_availability(speaker: Speaker, hours: Sequence[Hours]) -> bool:
    """Replace the hours of a speaker; none at all means always available. Returns whether they differ.

    Raises InvalidFields: "availability", and for each span that is wrong "availability.3" (or 0, 1 …).
    """
    _check(hours)
    Speaker.objects.select_for_update(of=("self",), no_key=True).get(pk=speaker.pk)
    wanted = sorted(hours)
    if wanted == list(availability_of([speaker.pk]).get(speaker.pk, ())):
        return False
    speaker.availability.all().delete()
    SpeakerAvailability.objects.bulk_create(
        SpeakerAvailability(speaker=speaker, starts_at=one.starts_at, ends_at=one.ends_at) for one in wanted
    )
    return True


def _check(hours: Sequence[Hours]) -> None:
    findings = Findings()
    if len(hours) > MAX_HOURS:
        findings.add("availability", gettext("Enter at most %(limit)d time spans.") % {"limit": MAX_HOURS})
        findings.raise_errors()
    first = datetime(EARLIEST.year, EARLIEST.month, EARLIEST.day, tzinfo=UTC)
    last = datetime(LATEST.year, LATEST.month, LATEST.day, tzinfo=UTC) + timedelta(days=1)
    for place, one in enumerate(hours):
        if one.ends_at <= one.starts_at:
            findings.add(
                f"availability.{place}", gettext("The end is not after the start. Choose a later end.")
            )
        elif one.starts_at < first or one.ends_at > last:
            findings.add(f"availability.{place}", gettext("Choose a day from 2000 to 2100."))
    in_order = sorted(range(len(hours)), key=lambda place: hours[place])
    for before, place in pairwise(in_order):
        if hours[place].starts_at < hours[before].ends_at:
            findings.add(
                f"availability.{place}", gettext("This overlaps with another time span of this speaker.")
            )
    findings.raise_errors()
