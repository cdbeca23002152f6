"""The organisers' board of nominations: a row for each city, also as CSV."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from core.web.localized_fields import text_of
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from labs.models import City, Lab
from registrations.models import Attendance, CityContact, Nomination, NominationPlaces, Registration

NUMBERS = ("invited", "places", "named", "accepted", "declined", "attended")


@dataclass(frozen=True)
class CityRow:
    """A city on the board. `contacts` are those who nominate for it, `invited` how many of them got the link."""

    city: City
    contacts: tuple[CityContact, ...]
    invited: int = 0
    places: int = 0
    named: int = 0
    accepted: int = 0
    declined: int = 0
    attended: int = 0


def board(lab: Lab) -> list[CityRow]:
    """Return all cities of the programme that have contacts or places, with their numbers. Five queries."""
    contacts: dict[int, list[CityContact]] = {}
    for contact in CityContact.objects.filter(lab=lab).order_by("pk"):
        contacts.setdefault(contact.city_id, []).append(contact)
    places = dict(
        NominationPlaces.objects.filter(lab=lab).order_by().values_list("city").annotate(Sum("limit"))
    )
    how = Registration.CancelledAs
    confirmed = Q(registration__state=Registration.State.CONFIRMED)
    live = Nomination.objects.filter(places__lab=lab, ended_at__isnull=True).order_by()
    named: dict[int, Any] = {
        row["places__city"]: row
        for row in live.values("places__city").annotate(
            named=Count("pk"),
            # As `Nomination.answer` has it.
            accepted=Count("pk", filter=confirmed | Q(registration__cancelled_as=how.TRANSFERRED)),
            declined=Count("pk", filter=Q(registration__cancelled_as=how.BY_PERSON)),
        )
    }
    came = Attendance.objects.filter(registration__nomination__places__lab=lab).order_by()
    attended = dict(
        came.values_list("registration__nomination__places__city").annotate(
            Count("registration", distinct=True)
        )
    )
    known = contacts.keys() | places.keys()
    rows = []
    for city in City.objects.filter(pk__in=known).order_by("slug"):
        of_city = tuple(contacts.get(city.pk, ()))
        numbers = named.get(city.pk, {})
        rows.append(
            CityRow(
                city,
                of_city,
                sum(one.invited_at is not None for one in of_city),
                places.get(city.pk, 0),
                numbers.get("named", 0),
                numbers.get("accepted", 0),
                numbers.get("declined", 0),
                attended.get(city.pk, 0),
            )
        )
    return rows


def board_csv(lab: Lab, language: str) -> str:
    """Return the board as CSV, with the byte order mark by which spreadsheets know UTF-8."""
    head = [_("City"), _("Invited"), _("Places"), _("Nominated"), _("Accepted"), _("Declined"), _("Attended")]
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";" if language in WITH_DECIMAL_COMMA else ",")
    writer.writerow(head)
    for row in board(lab):
        name = escaped_cell(text_of(row.city.name, language, lab))
        writer.writerow([name, *(getattr(row, one) for one in NUMBERS)])
    return "\ufeff" + lines.getvalue()
