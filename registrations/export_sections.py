"""Parts of the export of one person that stand beside the registration: invitations, nominations, transfers, logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext, pgettext

from core.web.localized_fields import text_of
from core.webhooks.models import Delivery
from registrations.models import (
    CityContact,
    Invitation,
    Nomination,
    Person,
    Registration,
    StillComing,
    Transfer,
)

Value = str | datetime | None


@dataclass(frozen=True)
class Entry:
    """One value: its key in the data, its label on the page."""

    key: str
    label: str
    value: Value


@dataclass(frozen=True)
class Section:
    """Rows of one kind."""

    key: str
    title: str
    rows: list[list[Entry]]


def invitations_to(registration: Registration) -> QuerySet[Invitation, Invitation]:
    """Return the invitations of the lab that were sent to the person's address."""
    return Invitation.objects.filter(lab=registration.lab_id, email_key=registration.email_key)


def further_sections(registration: Registration, language: str, *, by_organiser: bool) -> Iterator[Section]:
    """Yield what is stored about the person beside the registration itself.

    The person in all labs is for the person alone: organisers do not learn what was told elsewhere. Names of others are
    in it only where the person entered them.
    """
    if not by_organiser:
        yield _in_all_labs(registration)
    yield _invitations(registration, by_organiser=by_organiser)
    yield _nomination(registration, language)
    yield _transfer(registration)
    yield _offers(registration)
    yield _still_coming(registration)
    yield _contacts(registration, language)
    yield _views(registration)
    yield _deliveries(registration)


def _without_empty(*rows: list[Entry]) -> list[list[Entry]]:
    return [[entry for entry in row if entry.value] for row in rows]


def _in_all_labs(registration: Registration) -> Section:
    rows = [
        [
            Entry("name", gettext("Name"), one.name),
            Entry("email", gettext("Email"), one.email),
            Entry(
                "city",
                gettext("City"),
                text_of(one.city.name, one.language, registration.lab) if one.city else "",
            ),
            Entry("organisation", gettext("Organisation"), one.organisation),
            Entry("language", gettext("Language"), one.language),
            Entry("time_zone", gettext("Time zone"), one.time_zone),
            Entry("created_at", gettext("Created"), one.created_at),
        ]
        for one in Person.objects.filter(registrations=registration).select_related("city")
    ]
    return Section("person", gettext("What you last entered in any event"), _without_empty(*rows))


def _invitations(registration: Registration, *, by_organiser: bool) -> Section:
    used = Invitation.objects.filter(registrations=registration)
    rows = [
        [
            Entry("email", gettext("Email"), one.email),
            Entry("language", gettext("Language"), one.language),
            Entry("note", gettext("Note"), one.note if by_organiser else ""),
            Entry("created_at", gettext("Created"), one.created_at),
            Entry("revoked_at", gettext("Revoked"), one.revoked_at),
        ]
        for one in (invitations_to(registration) | used).distinct().order_by("created_at", "pk")
    ]
    return Section("invitations", gettext("Invitations"), _without_empty(*rows))


def _nomination(registration: Registration, language: str) -> Section:
    answers = {
        "nominated": gettext("Nominated"),
        "accepted": pgettext("one person", "Accepted"),
        "declined": pgettext("one person", "Declined"),
        "cancelled": gettext("Cancelled by the organisers"),
        "no_answer": gettext("No answer"),
        **{value: str(label) for value, label in Nomination.Ending.choices},
    }
    rows = [
        [
            Entry("city", gettext("City"), text_of(one.places.city.name, language, registration.lab)),
            Entry("role", gettext("Role"), one.places.get_role_display()),
            Entry("state", gettext("Status"), answers[one.answer]),
            Entry("created_at", gettext("Created"), one.created_at),
            Entry("ended_at", pgettext("nomination", "Ended"), one.ended_at),
        ]
        for one in Nomination.objects.filter(registration=registration).select_related(
            "places__city", "registration"
        )
    ]
    return Section("nominations", gettext("Nominations"), _without_empty(*rows))


def _transfer(registration: Registration) -> Section:
    rows = [
        [
            Entry("name", gettext("Name"), one.name),
            Entry("email", gettext("Email"), one.email),
            Entry("created_at", gettext("Created"), one.created_at),
            Entry("expires_at", gettext("Valid until"), one.expires_at),
        ]
        for one in Transfer.objects.filter(registration=registration)
    ]
    return Section("transfer", gettext("Your place, offered to a colleague"), rows)


def _offers(registration: Registration) -> Section:
    offered = Transfer.objects.filter(
        registration__lab=registration.lab_id, email_key=registration.email_key
    ).exclude(registration=registration)
    rows = [
        [
            Entry("email", gettext("Email"), one.email),
            Entry("created_at", gettext("Created"), one.created_at),
            Entry("expires_at", gettext("Valid until"), one.expires_at),
        ]
        for one in offered
    ]
    return Section("offers", gettext("Places that colleagues offer you"), rows)


def _still_coming(registration: Registration) -> Section:
    answers = {None: "", True: gettext("Yes"), False: gettext("No")}
    rows = [
        [
            Entry("asked_at", gettext("Asked"), one.asked_at),
            Entry("answer", gettext("Answer"), answers[one.kept]),
            Entry("answered_at", gettext("Answered"), one.answered_at),
            Entry("released_at", gettext("Seats released"), one.released_at),
        ]
        for one in StillComing.objects.filter(registration=registration)
    ]
    return Section("still_coming", gettext("Are you still coming?"), _without_empty(*rows))


def _contacts(registration: Registration, language: str) -> Section:
    found = CityContact.objects.filter(lab=registration.lab_id, email_key=registration.email_key)
    rows = [
        [
            Entry("city", gettext("City"), text_of(one.city.name, language, registration.lab)),
            Entry("name", gettext("Name"), one.name),
            Entry("email", gettext("Email"), one.email),
            Entry("created_at", gettext("Created"), one.created_at),
        ]
        for one in found.select_related("city")
    ]
    return Section("city_contact", gettext("Nominating for a city"), rows)


def _views(registration: Registration) -> Section:
    rows = [
        [
            Entry("at", gettext("Time"), one.at),
            Entry("what", gettext("What"), str(one.get_what_display())),
            Entry("section", gettext("Section"), one.set_title),
        ]
        for one in registration.answers_views.order_by("at", "pk")
    ]
    return Section("answers_views", gettext("When your protected answers were opened"), rows)


def _deliveries(registration: Registration) -> Section:
    rows = [
        [
            Entry("at", gettext("Time"), one.created_at),
            Entry("event", gettext("Event"), one.event),
            Entry("data", gettext("Data"), one.body),
        ]
        for one in Delivery.objects.filter(registration=registration).order_by("created_at", "pk")
    ]
    return Section("webhooks", gettext("Sent to programs of the organisers"), rows)
