"""Nominations: a city names people for its places, and names others instead; what these do is in `nominees`.

Naming somebody writes an unconfirmed registration that holds seats until the city's deadline. What such a person
declines or gives up before it is held for the city (`registrations.seats.give_up`) and passed on to whom it names next.
Rows are locked in this order: lab, places, registrations, sessions, quotas, seats.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.mail import address_budget
from core.mail.models import Message
from core.search import search_text
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from core.web.localized_fields import has_letters
from labs.models import Lab
from labs.viewer import Viewer
from registrations import (
    availability,
    city_seats,
    managing,
    nomination_emails,
    registering,
    seats,
    webhooks,
)
from registrations.consent import current_version
from registrations.models import (
    CityContact,
    ConsentText,
    Nomination,
    NominationPlaces,
    Registration,
    Seat,
    SeatMovement,
)
from registrations.models.rules import rules_of
from registrations.seat_rows import lock_sessions
from sessions.models import Session
from sessions.models.seating import SEATING_FIELDS

State = Registration.State
CancelledAs = Registration.CancelledAs
AT_ONCE = 10
# How many people with one address a city may name in a day: each of them gets an email.
EMAILS_PER_ADDRESS = 5
# People whom a city may name in a day for the same places: so many for each place, and so many besides.
NAMED_A_DAY = 3
SLIPS_A_DAY = 20


@dataclass(frozen=True)
class Nominee:
    """Somebody to be named; `row` is the row of the form in which it stands."""

    name: str
    email: str
    language: str
    row: int = 0


class WrongNominee(RuleViolation):
    """Something is wrong with one of several nominees: `row` says with which."""

    def __init__(self, code: str, message: object, field: str, row: int) -> None:
        super().__init__(code, message, field)  # type: ignore[arg-type]
        self.row = row


def viewer_of(places: NominationPlaces) -> Viewer:
    """Return a reader with the rights of the city's delegates. Needs the lab."""
    return Viewer(delegations=frozenset({(places.lab.programme_id, places.city_id)}))


def sessions_of(places: NominationPlaces, now: datetime) -> list[Session]:
    """Return the sessions of the places' day and track that delegates of the city may choose, in order of time."""
    found = availability.available_sessions(places.lab, viewer_of(places), now).sessions
    return [
        session
        for session in found
        if places.day in (None, session.start_date) and places.track_id in (None, session.track_id)
    ]


@transaction.atomic
def nominate(
    contact: CityContact,
    places: NominationPlaces,
    people: Iterable[Nominee],
    session_ids: Iterable[int],
    *,
    instead_of: Nomination | None = None,
) -> list[Nomination]:
    """Name people for places of the contact's city, all or none, and ask each by email; `instead_of` ends one.

    Raises RuleViolation (codes: deadline, other_city, full, unknown_session, no_session, overlap, gone, too_many_named)
    and WrongNominee (codes: twice, not_valid, too_many_emails).
    """
    people = list(people)
    # First, as the first who needs a new text locks the lab to write its version.
    version = current_version(contact.lab)
    for key in sorted({address_budget.key_of(one.email) for one in people}):
        address_budget.wait_for_turn(key)
    places = _locked(contact, places)
    lab, now = contact.lab, timezone.now()
    _check_pace(places, len(people), now)
    chosen = _choose(places, session_ids, now)
    before = Registration.objects.filter(nomination__places=places).locked()
    _check_people(lab, places, people, None if instead_of is None else instead_of.registration_id)
    lock_sessions(
        {session.pk for session in chosen}
        | set(Seat.objects.filter(registration__in=before, state="held").values_list("session", flat=True))
        | set(_seats_of(instead_of).values_list("session", flat=True))
    )
    if instead_of is not None:
        _end(instead_of, places, CancelledAs.REPLACED, before)
        now = timezone.now()  # so that the seats pass on after they were taken back
    made = [_name(contact, places, one, version, chosen, before, now) for one in people]
    if not NominationPlaces.objects.filter(pk=places.pk, used__lte=F("limit") - len(made)).update(
        used=F("used") + len(made)
    ):
        raise RuleViolation("full", _("Your city has no more places here."))
    return made


def _check_pace(places: NominationPlaces, more: int, now: datetime) -> None:
    """Refuse to name ever new people for the same places: each of them gets emails from the lab."""
    today = Nomination.objects.filter(places=places, created_at__gt=now - timedelta(days=1)).count()
    if today + more > NAMED_A_DAY * places.limit + SLIPS_A_DAY:
        message = _(
            "Your city has named many people for these places today. Continue tomorrow, or write to the organisers."
        )
        raise RuleViolation("too_many_named", message)


@transaction.atomic
def withdraw(contact: CityContact, nomination: Nomination) -> None:
    """Take a nomination back; the seats stay the city's until its deadline. Raises RuleViolation."""
    places = _locked(contact, nomination.places)
    before = Registration.objects.filter(nomination__places=places).locked()
    lock_sessions(_seats_of(nomination).values_list("session", flat=True))
    _end(nomination, places, CancelledAs.WITHDRAWN, before)


@transaction.atomic
def withdraw_by_organiser(nomination: Nomination, by: User | None) -> None:
    """The same by an organiser, also after the deadline. Raises RuleViolation (code: gone)."""
    places = NominationPlaces.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=nomination.places_id
    )
    before = Registration.objects.filter(nomination__places=places).locked()
    lock_sessions(_seats_of(nomination).values_list("session", flat=True))
    _end(nomination, places, CancelledAs.BY_ORGANISER, before, by)


def _seats_of(nomination: Nomination | None) -> QuerySet[Seat, Seat]:
    ids = [nomination.registration_id] if nomination is not None else []
    return Seat.objects.filter(registration__in=ids).order_by()


def _locked(contact: CityContact, places: NominationPlaces) -> NominationPlaces:
    """Lock the places, if the contact may still fill them."""
    found = (
        NominationPlaces.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=places.pk, lab=contact.lab_id, city=contact.city_id)
        .first()
    )
    if found is None:
        raise RuleViolation("other_city", _("These are not places of your city."))
    deadline = CityContact.objects.filter(pk=contact.pk).values_list("deadline", flat=True).first()
    if deadline is None or deadline <= timezone.now():
        raise RuleViolation("deadline", _("The deadline has passed. Write to the organisers."))
    contact.deadline = deadline
    found.lab = contact.lab
    found.city = contact.city
    return found


def _choose(places: NominationPlaces, session_ids: Iterable[int], now: datetime) -> list[Session]:
    wanted = set(session_ids)
    found = [session for session in sessions_of(places, now) if session.pk in wanted]
    if len(found) != len(wanted):
        raise RuleViolation("unknown_session", availability.CHOSEN_IS_CLOSED, "session")
    if not found:
        raise RuleViolation("no_session", _("Choose at least one session."), "session")
    availability.check_overlaps(rules_of(places.lab), found)
    return found


def _check_people(lab: Lab, places: NominationPlaces, people: list[Nominee], leaving: int | None) -> None:
    """Refuse a person who is named twice, here or before by this city, and names that are none.

    Whether somebody is registered already is not said: that is nobody's business but the person's.
    """
    if not people:
        raise RuleViolation("nobody", _("Enter at least one person."))
    named = Nomination.objects.filter(
        places__lab=lab, places__city=places.city_id, ended_at__isnull=True, registration__isnull=False
    ).exclude(registration__state=State.CANCELLED)
    known = set(
        named.exclude(registration=leaving).values_list("registration__email_key", "registration__name_key")
    )
    for one in people:
        if not has_letters(one.name):
            raise WrongNominee("not_valid", _("Use letters."), "name", one.row)
        key = (address_key(one.email), search_text(one.name))
        if key in known:
            raise WrongNominee(
                "twice",
                _("Your city has already named this person. Name each person once."),
                "email",
                one.row,
            )
        known.add(key)
    _check_emails(lab, places, people)


def _check_emails(lab: Lab, places: NominationPlaces, people: list[Nominee]) -> None:
    """Refuse to write to one address too often for one city.

    Only what the city itself caused is counted: the budget of the address (`core.mail.address_budget`) would tell who
    is registered, as only they get private links.
    """
    # Asking again is not the city's doing.
    day_ago = timezone.now() - timedelta(days=1)
    asked = Message.objects.filter(
        lab=lab,
        occasion="nominee_asked",
        budget_key__in={address_budget.key_of(one.email) for one in people},
        created_at__gt=day_ago,
        registration__nomination__places__city=places.city_id,
    ).exclude(key__startswith=f"{nomination_emails.AGAIN}:")
    sent = Counter(asked.order_by().values_list("budget_key", flat=True))
    for one in people:
        key = address_budget.key_of(one.email)
        sent[key] += 1
        if sent[key] > EMAILS_PER_ADDRESS:
            words = _(
                "Your city has written to this address too often today. Enter another one, or wait a day."
            )
            raise WrongNominee("too_many_emails", words, "email", one.row)


def _name(
    contact: CityContact,
    places: NominationPlaces,
    one: Nominee,
    version: ConsentText,
    chosen: list[Session],
    before: list[Registration],
    now: datetime,
) -> Nomination:
    lab = contact.lab
    registration = Registration(
        lab=lab,
        name=one.name,
        email=one.email,
        email_key=address_key(one.email),
        city=places.city,
        language=one.language,
        time_zone=lab.time_zone,
        consent_version=version,
        consent_language=one.language,
        consent_at=now,
        nominated_until=contact.deadline,
    )
    try:
        registration.clean_answers()
    except ValidationError as error:
        field, words = next(iter(error.message_dict.items()))
        raise WrongNominee("not_valid", words[0], field, one.row) from None
    registration.skip_history_when_saving = True  # type: ignore[attr-defined]
    registration.save(force_insert=True)
    del registration.skip_history_when_saving  # type: ignore[attr-defined]
    held = _held_for_city(before)
    passed_on = city_seats.pass_on(
        held, registration, [session.pk for session in chosen], contact.deadline, now
    )
    rest = {session.pk for session in chosen} - {seat.session_id for seat in passed_on}
    seats.hold(registration, _with_room(rest), contact.deadline, SeatMovement.Reason.NOMINATED)
    made = Nomination.objects.create(places=places, contact=contact, registration=registration)
    nomination_emails.asked(registration, places, registering.choice_of(registration), contact.name)
    webhooks.nominated(registration, places)
    return made


def _with_room(session_ids: Iterable[int]) -> dict[int, str]:
    """Return the first way to attend each locked session that has a free seat, else the first."""
    wishes = {}
    for session in Session.objects.filter(pk__in=session_ids).only("pk", *SEATING_FIELDS):
        free = (one.mode for one in session.seatings if one.has_free_seat and not one.waiting)
        wishes[session.pk] = str(next(free, session.modes[0]))
    return wishes


def _held_for_city(before: list[Registration]) -> list[Seat]:
    """Return the seats that are held though nobody is asked about them: declined, withdrawn or given up."""
    people = {row.pk: row for row in before}
    held = list(
        Seat.objects.filter(registration__in=people, state=Seat.State.HELD)
        .exclude(registration__state=State.UNCONFIRMED)
        .order_by("pk")
    )
    for seat in held:
        seat.registration = people[seat.registration_id]
    return held


def _end(
    nomination: Nomination,
    places: NominationPlaces,
    how: CancelledAs,
    before: list[Registration],
    by: User | None = None,
) -> None:
    """End a nomination and the registration of whom it named, who is told who ended it."""
    ending = Nomination.Ending.REPLACED if how == CancelledAs.REPLACED else Nomination.Ending.WITHDRAWN
    live = Nomination.objects.filter(pk=nomination.pk, places=places, ended_at__isnull=True)
    if not live.update(ended_at=timezone.now(), ended_as=ending):
        raise RuleViolation("gone", _("This person was withdrawn or replaced already."))
    NominationPlaces.objects.filter(pk=places.pk).update(used=F("used") - 1)
    person = next((row for row in before if row.pk == nomination.registration_id), None)
    if person is not None and person.state != State.CANCELLED and person.erased_at is None:
        managing.cancel(person, by, how)
