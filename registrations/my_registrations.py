"""The registrations of one address in all labs, behind a link that is sent to it and ends by itself.

Whoever reads the mailbox has the link, so it opens what any email there could open: the registrations of everybody
who shares the address. The link of one registration never opens it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, F, Q
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from core.mail.links import Link
from core.web import signed_links
from registrations import links
from registrations.models import Person, Registration, Seat

LINK_DAYS = 7
# The newest ones of an address that are listed.
MAX_LISTED = 200
# The purpose of a link names the day on which it was made, which its signature covers.
PURPOSE: Final = "person.registrations"

State = Registration.State


@dataclass(frozen=True)
class Own:
    """A registration in the list. `path` is its private page, or the one that confirms it; "" where neither opens."""

    registration: Registration
    path: str
    seats: int
    waiting: int
    is_over: bool


@dataclass(frozen=True)
class OfName:
    """What one name at the address is registered in: labs that are not over, soonest first, and past ones."""

    name: str
    coming: list[Own]
    past: list[Own]


def email_link(person: Person) -> Link:
    """Return the link as a message keeps it. It is valid for `LINK_DAYS` from now."""
    path = reverse("my_registrations", args=["{token}"]).replace("%7Btoken%7D", "{token}")
    return Link(_purpose(_today()), person.public_id, person.link_version, path)


def token_of(person: Person) -> str:
    """Return the token that stands in the link."""
    return signed_links.make_token(_purpose(_today()), person.public_id, person.link_version)


def find(token: str) -> Person:
    """Return the person to whose address a token was sent.

    Raises Http404 for a token that is forged, too old or revoked, and for one of a person who was erased.
    """
    person = Person.objects.filter(public_id=links.subject_of(token)).first()
    if person is not None:
        today = _today()
        for day in range(today - LINK_DAYS, today + 1):
            if signed_links.is_valid(token, _purpose(day), person.public_id, person.link_version):
                return person
    raise Http404


def registrations_of_address(email_key: str, now: datetime) -> list[OfName]:
    """Return all registrations of an address by name, as far as they are kept. One query."""
    counted = {
        "seat_count": Count("seats", filter=Q(seats__state=Seat.State.CONFIRMED)),
        "waiting_count": Count(
            "seats", filter=Q(seats__state__in=[Seat.State.WAITING, Seat.State.PENDING, Seat.State.OFFERED])
        ),
    }
    rows = (
        Registration.objects.filter(email_key=email_key, erased_at__isnull=True)
        .select_related("lab__programme")
        .annotate(**counted)
        .order_by("-pk")[:MAX_LISTED]
    )
    by_name: dict[str, tuple[str, list[Own]]] = {}
    for row in sorted(rows, key=lambda one: (one.name_key, one.pk)):
        by_name.setdefault(row.name_key, (row.name, []))[1].append(_own(row, now))
    return [OfName(name, *_by_time(found)) for name, found in by_name.values()]


def _by_time(found: list[Own]) -> Iterator[list[Own]]:
    by_day = sorted(found, key=lambda own: (own.registration.lab.starts_on, own.registration.pk))
    yield [own for own in by_day if not own.is_over]
    yield [own for own in reversed(by_day) if own.is_over]


def _own(row: Registration, now: datetime) -> Own:
    path = ""
    if row.state != State.UNCONFIRMED:
        path = links.path_of(row, links.MANAGE)
    elif row.can_be_confirmed(now):
        path = links.path_of(row, links.CONFIRM if row.nominated_until is None else links.NOMINEE)
    counts = (row.seat_count, row.waiting_count)  # type: ignore[attr-defined]
    return Own(row, path, *counts, row.lab.is_over(now))


def _purpose(day: int) -> str:
    return f"{PURPOSE}.{day}"


def _today() -> int:
    """Return the number of the day, in UTC."""
    return timezone.now().toordinal()


def end_links(person: Person) -> None:
    """Revoke all links that were sent to the person's address for this name."""
    Person.objects.filter(pk=person.pk).update(link_version=F("link_version") + 1)
