"""Contacts of cities and the places that they may fill: added, invited, reminded; the board of all cities."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.mail import message_counts
from core.mail.links import Link
from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting, zone_hours
from core.web import signed_links
from core.web.email_addresses import address_key, clean_address
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import has_letters, text_and_language
from labs.models import City, Lab, Track
from labs.revisions import lock_lab
from registrations import city_seats, erasure, nomination_emails, registering
from registrations.models import CityContact, Nomination, NominationPlaces, Registration
from registrations.models.people import RegistrationQuerySet
from registrations.seat_lines import lab_facts
from registrations.seat_rows import lock_sessions
from sessions.models import Session

PURPOSE: Final = "nominations.contact"
ROUTE: Final = "nominating"
LINES_LIMIT = 500
MAX_PLACES = 1000


@dataclass(frozen=True)
class ContactPlan:
    """Who nominates for a city."""

    city: City
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class PlacesPlan:
    """How many a city may nominate, for what."""

    city: City
    limit: int
    role: str = ""
    day: date | None = None
    track: Track | None = None


def token_of(contact: CityContact) -> str:
    return signed_links.make_token(PURPOSE, contact.public_id, contact.link_version)


def find(token: str) -> CityContact:
    """Return the contact whose link this is, with lab and city. Raises Http404 for a forged or revoked one."""
    public_id = signed_links.subject_of(token)
    found = (
        CityContact.objects.filter(public_id=public_id).select_related("lab__programme", "city").first()
        if public_id
        else None
    )
    if found is None or not signed_links.is_valid(token, PURPOSE, found.public_id, found.link_version):
        raise Http404
    return found


@transaction.atomic
def add_contacts(lab: Lab, plans: Iterable[ContactPlan], deadline: datetime) -> list[CityContact]:
    """Add contacts, all or none; who is there already is left alone. Returns the new ones.

    Raises RuleViolation (codes: other_programme, past, after_end) and InvalidFields.
    """
    lock_lab(lab.pk)
    _check_deadline(lab, deadline)
    known = set(CityContact.objects.filter(lab=lab).order_by().values_list("city", "email_key"))
    new = []
    for plan in plans:
        if not lab.programme.has_city(plan.city):
            raise RuleViolation("other_programme", _("Choose a city from the list."), "city")
        key = address_key(plan.email)
        if (plan.city.pk, key) in known:
            continue
        known.add((plan.city.pk, key))
        contact = CityContact(
            lab=lab,
            city=plan.city,
            name=plan.name,
            email=plan.email,
            email_key=key,
            language=plan.language,
            deadline=deadline,
        )
        _check(contact)
        new.append(contact)
    return CityContact.objects.bulk_create(new)


@transaction.atomic
def change(contact: CityContact, name: str, email: str, language: str, deadline: datetime) -> bool:
    """Change a contact; the city stays. Returns whether the address changed: the old link then opens nothing.

    A contact who was invited gets a new link by email, or is told of another deadline. That is also the deadline of the
    seats held for the people whom this contact named. Needs lab and city. Raises RuleViolation (codes: past, after_end,
    exists)
    and InvalidFields.
    """
    lock_lab(contact.lab_id)
    was = contact.deadline
    if deadline != was:
        _check_deadline(contact.lab, deadline)
        _hold_until(Registration.objects.filter(nomination__contact=contact), deadline)
    key = address_key(email)
    others = CityContact.objects.filter(lab=contact.lab_id, city=contact.city_id, email_key=key)
    if others.exclude(pk=contact.pk).exists():
        raise RuleViolation("exists", _("This person is a contact of the city already."), "email")
    is_moved = key != contact.email_key
    contact.name, contact.email, contact.email_key = name, email, key
    contact.language, contact.deadline = language, deadline
    _check(contact)
    is_told = is_moved and contact.invited_at is not None
    if is_moved:
        contact.link_version += 1
    if is_told:
        contact.invited_at = timezone.now()
    contact.save()
    if is_told:
        write_to(contact, "contact_invited", timezone.now())
    if deadline != was:
        _tell_of_deadline([contact], contact.lab, {} if is_told else {contact.pk: was})
    return is_moved


def _check(contact: CityContact) -> None:
    if not has_letters(contact.name):
        raise InvalidFields({"name": [_("Use letters.")]})
    try:
        contact.clean_fields(exclude=["lab", "city", "email_key"])
    except ValidationError as error:
        raise InvalidFields({name: list(words) for name, words in error.message_dict.items()}) from None


def parse_lines(lab: Lab, typed: str) -> list[ContactPlan]:
    """Return the contacts in lines "city;name;email;language", the city by its address or its name in any language.

    Raises ValidationError with the number of the first line that is wrong.
    """
    names: dict[str, City] = {}
    for city in lab.programme.cities.all():
        names[city.slug.casefold()] = city
        for language, _name in settings.LANGUAGES:
            names[text_and_language(city.name, language, lab.default_language)[0].casefold()] = city
    found = []
    lines = typed.splitlines()
    if len(lines) > LINES_LIMIT:
        raise ValidationError(_("Enter at most %(limit)d lines."), params={"limit": LINES_LIMIT})
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.replace("\t", ";").split(";")]
        try:
            found.append(_contact_of(cells, names, lab))
        except ValidationError as error:
            message = _("Line %(number)d: %(error)s")
            raise ValidationError(message, params={"number": number, "error": error.messages[0]}) from None
    return found


def _contact_of(cells: list[str], names: dict[str, City], lab: Lab) -> ContactPlan:
    if len(cells) not in (3, 4) or not cells[1]:
        raise ValidationError(_("Enter city;name;email;language."))
    city = names.get(cells[0].casefold())
    if city is None:
        raise ValidationError(_("This is no city of the programme."))
    language = (cells[3] if len(cells) == 4 else "").lower() or lab.default_language
    if language not in dict(settings.LANGUAGES):
        raise ValidationError(_("The language is one of en, bg, el."))
    return ContactPlan(city, cells[1], clean_address(cells[2]), language)


@transaction.atomic
def set_places(lab: Lab, plans: Iterable[PlacesPlan]) -> int:
    """Set how many these cities may nominate for a role, day and track; returns how many rows were written.

    Raises RuleViolation (codes: other_programme, other_lab, too_few, too_many).
    """
    lock_lab(lab.pk)
    count = 0
    for plan in plans:
        if not lab.programme.has_city(plan.city):
            raise RuleViolation("other_programme", _("Choose a city from the list."), "city")
        if plan.track is not None and plan.track.lab_id != lab.pk:
            raise RuleViolation("other_lab", _("Choose a track of this lab."), "track")
        if plan.role not in NominationPlaces.Role.values:
            raise RuleViolation("other_role", _("Choose an option from the list."), "role")
        if plan.limit > MAX_PLACES:
            raise RuleViolation("too_many", _("Enter at most %(most)d.") % {"most": MAX_PLACES}, "limit")
        row, _made = NominationPlaces.objects.get_or_create(
            lab=lab,
            city=plan.city,
            role=plan.role,
            day=plan.day,
            track=plan.track,
            defaults={"limit": plan.limit},
        )
        if row.limit != plan.limit:
            enough = NominationPlaces.objects.filter(pk=row.pk, used__lte=plan.limit)
            if not enough.update(limit=plan.limit):
                raise RuleViolation("too_few", _("A city has already named more people than that."), "limit")
        count += 1
    return count


def each_city(lab: Lab, plan: PlacesPlan) -> list[PlacesPlan]:
    """Return the same places for each city of the programme."""
    return [replace(plan, city=city) for city in lab.programme.cities.order_by("pk")]


@transaction.atomic
def set_deadline(lab: Lab, deadline: datetime) -> None:
    """Give all cities of the lab this deadline, hold their people's seats until then, and tell those whom it concerns.

    Raises RuleViolation.
    """
    lock_lab(lab.pk)
    _check_deadline(lab, deadline)
    contacts = list(CityContact.objects.filter(lab=lab).exclude(deadline=deadline).select_related("city"))
    was = {contact.pk: contact.deadline for contact in contacts}
    CityContact.objects.filter(lab=lab).update(deadline=deadline, version=F("version") + 1)
    _hold_until(Registration.objects.filter(lab=lab), deadline)
    for contact in contacts:
        contact.deadline = deadline
    _tell_of_deadline(contacts, lab, was)


def _tell_of_deadline(contacts: list[CityContact], lab: Lab, was: Mapping[int, datetime]) -> None:
    """Write to those of `was` who were invited, and ask whom these contacts named again, if there was no answer."""
    now = timezone.now()
    for contact in contacts:
        contact.lab = lab
        if contact.pk in was and contact.invited_at is not None:
            write_to(contact, "contact_deadline", now, was=was[contact.pk])
    unanswered = Nomination.objects.filter(
        contact__in=contacts, ended_at__isnull=True, registration__state=Registration.State.UNCONFIRMED
    ).select_related("contact", "places__city", "registration__lab__programme")
    for row in unanswered:
        if row.registration is not None and row.contact is not None:
            chosen = registering.choice_of(row.registration)
            nomination_emails.asked(row.registration, row.places, chosen, row.contact.name)


def _hold_until(people: RegistrationQuerySet, deadline: datetime) -> None:
    rows = people.filter(nominated_until__isnull=False).locked()
    seats = Session.objects.filter(seats__registration__in=rows, seats__state="held")
    lock_sessions(seats.values_list("pk", flat=True))
    city_seats.hold_until(rows, deadline)


def _check_deadline(lab: Lab, deadline: datetime) -> None:
    if deadline <= timezone.now():
        raise RuleViolation("past", _("Enter a time in the future."), "deadline")
    if deadline.year >= MAXYEAR or lab.is_over(deadline):
        raise RuleViolation("after_end", _("Enter a time before the event ends."), "deadline")


def not_invited(lab: Lab) -> QuerySet[CityContact, CityContact]:
    return CityContact.objects.filter(lab=lab, invited_at__isnull=True)


def silent(lab: Lab) -> QuerySet[CityContact, CityContact]:
    """Return the invited contacts of the cities that have places and have named nobody, while they still can."""
    with_places = NominationPlaces.objects.filter(lab=lab, limit__gt=0).order_by().values("city")
    named = NominationPlaces.objects.filter(lab=lab, used__gt=0).order_by().values("city")
    contacts = CityContact.objects.filter(lab=lab, invited_at__isnull=False, deadline__gt=timezone.now())
    return contacts.filter(city__in=with_places).exclude(city__in=named)


@transaction.atomic
def invite(lab: Lab) -> int:
    """Send everybody who did not get it yet the private link. Returns how many."""
    lock_lab(lab.pk)
    return _send(not_invited(lab).select_related("city"), lab, "contact_invited", "invited_at")


@transaction.atomic
def remind(lab: Lab) -> int:
    """Remind the contacts of the cities that have named nobody, each at most once a day. Returns how many cities."""
    lock_lab(lab.pk)
    due = silent(lab).exclude(reminded_at__gt=timezone.now() - timedelta(days=1))
    rows = list(due.select_related("city"))
    _send(rows, lab, "contact_reminded", "reminded_at")
    return len({row.city_id for row in rows})


def _send(contacts: Iterable[CityContact], lab: Lab, occasion: str, column: str) -> int:
    now = timezone.now()
    rows = list(contacts)
    for contact in rows:
        contact.lab = lab
        write_to(contact, occasion, now)
    CityContact.objects.filter(pk__in=[row.pk for row in rows]).update(**{column: now})
    return len(rows)


def write_to(contact: CityContact, occasion: str, now: datetime, was: datetime | None = None) -> Message:
    """Queue an email to a contact, with the private link; `was` is an earlier deadline. Needs lab and city."""
    lab, language = contact.lab, contact.language
    path = reverse(ROUTE, args=["-" * 48]).replace("-" * 48, "{token}")
    return queue(
        occasion,
        key=f"{_key_of(contact)}{occasion}:{contact.link_version}:{int(now.timestamp() * 1_000_000)}",
        language=language,
        to_name=contact.name,
        to_email=contact.email,
        context={
            "lab_title": text_and_language(lab.title, language, lab.default_language)[0],
            "city": text_and_language(contact.city.name, language, lab.default_language)[0],
            **lab_facts(lab, language),
            "places": _places_in_words(contact),
            "until": zone_hours.moment(contact.deadline, lab.time_zone, language),
            "was": zone_hours.moment(was, lab.time_zone, language) if was else "",
        },
        lab=lab,
        links={"nominate": Link(PURPOSE, contact.public_id, contact.link_version, path)},
    )


def _places_in_words(contact: CityContact) -> list[str]:
    """Return how many the city may nominate, for what: "Practitioner, 6 April 2027: 3 places, 2 left"."""
    rows = NominationPlaces.objects.filter(lab=contact.lab_id, city=contact.city_id, limit__gt=0)
    lab, language = contact.lab, contact.language
    with translation.override(language):
        return [
            f"{kind_in_words(row, lab, language)}: {_count_in_words(row)}"
            for row in rows.select_related("track")
        ]


def _count_in_words(places: NominationPlaces) -> str:
    words = ngettext("%(count)d place, %(left)d left", "%(count)d places, %(left)d left", places.limit)
    return words % {"count": places.limit, "left": places.left}


def kind_in_words(places: NominationPlaces, lab: Lab, language: str) -> str:
    """Return what places are for, in the active language: "Practitioner, 6 April 2027, Digital"."""
    words = [str(places.get_role_display())]
    if places.day:
        words.append(formatting.long_date(places.day, language))
    if places.track:
        words.append(text_and_language(places.track.name, language, lab.default_language)[0])
    return ", ".join(words)


@transaction.atomic
def renew_link(contact: CityContact) -> CityContact:
    """Revoke the contact's link, and send another one. Needs lab and city."""
    CityContact.objects.filter(pk=contact.pk).update(
        link_version=F("link_version") + 1, invited_at=timezone.now()
    )
    contact.refresh_from_db(fields=["link_version"])
    write_to(contact, "contact_invited", timezone.now())
    return contact


@transaction.atomic
def remove(contact: CityContact) -> None:
    """Remove a contact, whose link opens nothing any longer; whom he or she named stays named."""
    forget(CityContact.objects.filter(pk=contact.pk))


def forget(contacts: QuerySet[CityContact, CityContact]) -> None:
    """Delete contacts with the emails to them."""
    for contact in contacts:
        message_counts.delete(Message.objects.filter(key__startswith=_key_of(contact)))
    contacts.delete()


def forget_due(now: datetime) -> None:
    """Delete the contacts of labs whose retention has ended."""
    for lab in Lab.objects.filter(pk__in=CityContact.objects.order_by().values("lab")):
        if erasure.is_due(lab, now):
            forget(CityContact.objects.filter(lab=lab))


def _key_of(contact: CityContact) -> str:
    return f"city-contact:{contact.public_id}:"
