"""Drafts of the emails of a registration, with its own data, for previews and tests of a lab's texts."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.mail.models import Message
from core.mail.previews import draft_of
from labs.models import City, Lab
from registrations import (
    city_contacts,
    emails,
    invitations,
    nomination_emails,
    session_emails,
    transfer_emails,
    transfers,
)
from registrations.managing import seats_of
from registrations.models import (
    CityContact,
    Invitation,
    NominationPlaces,
    QuestionSet,
    Registration,
    Seat,
    SeatMovement,
    Transfer,
)
from registrations.personal_calendar import with_sessions
from registrations.search import by_text, registrations_of
from sessions import speaker_requests
from sessions.models import Session, Speaker
from sessions.session_facts import facts_of
from sessions.speaker_gaps import Gap, Missing, SpeakerOfLab, speakers_of

# How many sessions an example has that nobody chose.
SESSIONS = 2


def person_for_preview(lab: Lab, language: str, text: str, user: User) -> Registration | None:
    """Return who the texts are shown for: the newest registration that `text` finds, without a text the newest.

    In this language, and unsaved. In a lab where nobody has registered it is an example that has the user's name; None
    where `text` finds nobody.
    """
    people = registrations_of(lab).filter(state=Registration.State.CONFIRMED).order_by("-created_at", "-pk")
    if text:
        people = people.filter(by_text(text))
    person = people.first()
    if person is None and text:
        return None
    now = timezone.now()
    person = person or Registration(
        name=user.name, email=user.email, time_zone=lab.time_zone, created_at=now, confirmed_at=now
    )
    person.lab, person.language = lab, language
    person.confirmed_at = person.confirmed_at or now
    return person


def _seats(person: Registration) -> list[Seat]:
    """Return the person's seats; where there is none, as if he or she had chosen the lab's first sessions."""
    found = seats_of(person) if person.pk else []
    if found:
        return found
    sessions = Session.objects.filter(lab=person.lab, visibility=Session.Visibility.PUBLIC)
    first = list(sessions.select_related("room").order_by("starts_at", "pk")[:SESSIONS])
    now = timezone.now()
    chosen = [
        Seat(registration=person, session=one, state=Seat.State.CONFIRMED, queue_position=1, changed_at=now)
        for one in first
    ]
    return with_sessions(person, chosen)


def _seat(person: Registration) -> Seat:
    """Return a seat to tell of. Raises LookupError for a lab without a session."""
    seats = _seats(person)
    if not seats:
        raise LookupError("no session")
    seat = next((one for one in seats if one.state == Seat.State.CONFIRMED), seats[0])
    seat.registration = person
    return seat


@draft_of("confirm_address")
def _confirm_address(person: Registration) -> Message:
    return emails.confirm_address(person, 7, [_as_requested(seat) for seat in _seats(person)])


@draft_of("confirm_reminder")
def _confirm_reminder(person: Registration) -> Message:
    return emails.confirm_reminder(person, 5, [_as_requested(seat) for seat in _seats(person)])


def _as_requested(seat: Seat) -> Seat:
    return _in_state(seat, Seat.State.REQUESTED)


def _in_state(seat: Seat, state: Seat.State) -> Seat:
    changed = copy(seat)
    changed.state = state
    return changed


@draft_of("invitation")
def _invitation(person: Registration) -> Message:
    return invitations.send(Invitation(lab=person.lab, email=person.email, language=person.language))


def _contact(person: Registration) -> CityContact:
    city = person.lab.programme.cities.order_by("pk").first() or City(slug="city", name={"en": "Sofia"})
    return CityContact(
        lab=person.lab,
        city=city,
        name=person.name,
        email=person.email,
        language=person.language,
        deadline=timezone.now() + timedelta(days=14),
    )


@draft_of("contact_invited")
def _contact_invited(person: Registration) -> Message:
    return city_contacts.write_to(_contact(person), "contact_invited", timezone.now())


@draft_of("contact_reminded")
def _contact_reminded(person: Registration) -> Message:
    return city_contacts.write_to(_contact(person), "contact_reminded", timezone.now())


def _speaker_reminder(person: Registration) -> speaker_requests.Reminder:
    """Return what a speaker would be told who has the person's name and misses everything."""
    lab, now = person.lab, timezone.now()
    found = speakers_of(lab, now)
    of_lab = found[0] if found else SpeakerOfLab(Speaker(programme=lab.programme))
    speaker = copy(of_lab.speaker)
    speaker.name, speaker.email, speaker.language = (
        {person.language: person.name},
        person.email,
        person.language,
    )
    speaker.asked_at = speaker.asked_at or now
    missing = of_lab.missing or [Missing(Gap.NO_PHOTO), Missing(Gap.NO_BIOGRAPHY, (person.language,))]
    return speaker_requests.Reminder(replace(of_lab, speaker=speaker, missing=missing), person.language)


@draft_of("speaker_asked")
def _speaker_asked(person: Registration) -> Message:
    reminder = _speaker_reminder(person)
    return speaker_requests.write_to(reminder, person.lab, "speaker_asked", timezone.now())


@draft_of("speaker_reminded")
def _speaker_reminded(person: Registration) -> Message:
    reminder = _speaker_reminder(person)
    return speaker_requests.write_to(reminder, person.lab, "speaker_reminded", timezone.now())


@draft_of("contact_deadline")
def _contact_deadline(person: Registration) -> Message:
    contact, now = _contact(person), timezone.now()
    return city_contacts.write_to(contact, "contact_deadline", now, was=contact.deadline + timedelta(days=7))


@draft_of("nominee_declined")
def _nominee_declined(person: Registration) -> Message:
    return city_contacts.write_to(_contact(person), "nominee_declined", timezone.now())


@draft_of("nominee_asked")
def _nominee_asked(person: Registration) -> Message:
    named = copy(person)
    named.nominated_until = timezone.now() + timedelta(days=14)
    chosen = [_in_state(seat, Seat.State.HELD) for seat in _seats(person)]
    contact = _contact(person)
    return nomination_emails.asked(
        named, NominationPlaces(lab=person.lab, city=contact.city), chosen, contact.name
    )


@draft_of("confirmation")
def _confirmation(person: Registration) -> Message:
    return emails.confirmation(person, _seats(person))


@draft_of("registration_changed")
def _changed(person: Registration) -> Message:
    seats = _seats(person)
    return emails.changed(person, seats[:1], seats[1:])


@draft_of("registration_cancelled")
def _cancelled(person: Registration) -> Message:
    return emails.cancelled(person, _seats(person))


@draft_of("nomination_ended")
def _nomination_ended(person: Registration) -> Message:
    named = copy(person)
    named.cancelled_as = Registration.CancelledAs.REPLACED
    return nomination_emails.ended(named, _seats(person))


@draft_of("already_registered")
def _already_registered(person: Registration) -> Message:
    return emails.already_registered(person, _seats(person))


@draft_of("registration_link")
def _link(person: Registration) -> Message:
    return emails.link_again(person)


@draft_of("transfer_offered")
def _transfer_offered(person: Registration) -> Message:
    until = timezone.now() + timedelta(days=7)
    transfer = Transfer(registration=person, email=person.email, expires_at=until)
    return transfer_emails.offered(transfer, transfers.email_link(transfer), _seats(person))


@draft_of("transfer_accepted")
def _transfer_accepted(person: Registration) -> Message:
    return transfer_emails.accepted(person, _seats(person))


@draft_of("transfer_ended")
def _transfer_ended(person: Registration) -> Message:
    return transfer_emails.ended(person, "declined")


@draft_of("further_questions")
def _further_questions(person: Registration) -> Message:
    """About the lab's first questions after acceptance, or as if it had some."""
    asked = (
        person.lab.question_sets.filter(stage=QuestionSet.Stage.ACCEPTED).order_by("position", "pk").first()
    )
    return emails.further_questions(
        person, asked or QuestionSet(pk=0, lab=person.lab, title=gettext("Questions"))
    )


@draft_of("seat_is_yours")
def _seat_is_yours(person: Registration) -> Message:
    return session_emails.seat_is_yours(_seat(person), SeatMovement())


@draft_of("seat_is_offered")
def _seat_is_offered(person: Registration) -> Message:
    seat = _seat(person)
    seat.state, seat.until = Seat.State.OFFERED, timezone.now() + timedelta(days=2)
    return session_emails.seat_is_offered(seat, SeatMovement())


@draft_of("offer_expired")
def _offer_expired(person: Registration) -> Message:
    seat = _seat(person)
    seat.state = Seat.State.CANCELLED
    return session_emails.offer_expired(seat, SeatMovement())


@draft_of("still_coming")
def _still_coming(person: Registration) -> Message:
    return emails.still_coming(person, [_seat(person)], timezone.now() + timedelta(days=3))


@draft_of("seats_refused")
def _seats_refused(person: Registration) -> Message:
    return emails.seats_refused(person, [_seat(person)], "")


@draft_of("session_moved")
def _moved(person: Registration) -> Message:
    """As if one session had begun an hour earlier before."""
    seat = _seat(person)
    now = facts_of(seat.session)
    hour = timedelta(hours=1)
    was = now | {
        "starts_at": (seat.session.starts_at - hour).isoformat(),
        "ends_at": (seat.session.ends_at - hour).isoformat(),
    }
    message = session_emails.sessions_moved(
        person, [seat], {seat.session_id: {"was": was, "now": now, "version": 0}}
    )
    if message is None:
        raise LookupError("no difference")
    return message


@draft_of("session_reminder")
def _reminder(person: Registration) -> Message:
    return session_emails.session_reminder(_seat(person), 24)


def _about_cancelled(tell: Callable[[Seat], Message], status: str) -> Callable[[Registration], Message]:
    def draft(person: Registration) -> Message:
        seat = _seat(person)
        seat.session.status = status
        return tell(seat)

    return draft


draft_of("session_cancelled")(_about_cancelled(session_emails.session_cancelled, Session.Status.CANCELLED))
draft_of("session_restored")(_about_cancelled(session_emails.session_restored, Session.Status.SCHEDULED))
