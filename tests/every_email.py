"""One email of every occasion, in a language: long names, two places, hours of three zones, as people get them."""

from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from certificates import emails as about_certificates
from certificates.models import Certificate
from core.accounts import email_changes
from core.accounts.signals import email_changed, security_changed
from core.mail.account_emails import send_password_reset
from core.mail.models import Message
from labs import roles
from labs.models import Lab
from labs.theme import theme_values
from labs.viewer import VISITOR
from registrations import (
    announcing,
    city_contacts,
    emails,
    invitations,
    modes,
    nominations,
    nominees,
    seats,
    session_emails,
    transfer_emails,
    transfers,
)
from registrations.managing import seats_of
from registrations.models import Announcement, NominationPlaces, Registration, Seat, Transfer
from registrations.registering import choice_of
from sessions import speaker_requests
from sessions.models import Session
from sessions.places import join_link_of
from sessions.session_facts import facts_of
from tests import factories as f

LAB = {
    "en": "5th ICC City Lab: skills for the green and digital transitions",
    "bg": "Пето издание на лабораторията на градовете: умения за екологичния и цифровия преход",
    "el": "5ο Εργαστήριο Πόλεων: δεξιότητες για την πράσινη και την ψηφιακή μετάβαση",
}
PROGRAMME = {
    "en": "Intelligent Cities Challenge",
    "bg": "Предизвикателство „Интелигентни градове“",
    "el": "Πρόκληση «Ευφυείς Πόλεις»",
}
ORGANISER = {"en": "European Commission", "bg": "Европейска комисия", "el": "Ευρωπαϊκή Επιτροπή"}
OPENING = {
    "en": "Public session, part I: upskilling and reskilling in cities, preparing the local workforce",
    "bg": "Открита сесия, част I: повишаване на квалификацията и преквалификация в градовете",
    "el": "Δημόσια συνεδρία, μέρος Ι: αναβάθμιση δεξιοτήτων και επανειδίκευση στις πόλεις",
}
DIALOGUE = {
    "en": "Dialogue with mayors",
    "bg": "Диалог с кметове",
    "el": "Διάλογος με δημάρχους",
}
TRAVEL = {"en": "Travel and dinner", "bg": "Пътуване и вечеря", "el": "Ταξίδι και δείπνο"}
HALL = {"en": "Great Hall", "bg": "Голяма зала", "el": "Μεγάλη Αίθουσα"}
ONLINE = {"en": "Plenary", "bg": "Пленарна зала", "el": "Ολομέλεια"}
ADDRESS = "4 Slaveykov Square, Sofia"
JOIN_LINK = "https://meet.example.org/secret-room"
NAMES = {
    "en": "Maria-Magdalena Featherstonehaugh-Wolverhampton",
    "bg": "Константин-Александър Демонстрационен от Долна Оряховица",
    "el": "Αλεξάνδρα Παπαδημητρακοπούλου-Κωνσταντινίδη",
}


def every_email(language: str) -> dict[str, Message]:
    """Queue one of each and return them by occasion; the person's zone is Rome's, the lab's is Sofia's."""
    lab = a_lab()
    hall = f.RoomFactory(lab=lab, name=HALL, online=False, address=ADDRESS, join_link="")
    plenary = f.RoomFactory(lab=lab, name=ONLINE, online=True, join_link=JOIN_LINK)
    opening = f.SessionFactory(lab=lab, title=OPENING, room=hall, capacity=9)
    dialogue = f.SessionFactory(
        lab=lab,
        title=DIALOGUE,
        room=plenary,
        start_date=date(2027, 4, 8),
        start_time=time(15, 30),
        capacity=1,
    )
    seats.take(f.RegistrationFactory(lab=lab), {dialogue.pk: "online"})
    person = a_person(lab, language)
    seats.take(person, {opening.pk: "room", dialogue.pk: "online"})
    found = [*_about_registration(person), *_about_session(person, opening)]
    found += _about_certificate(person)
    helper = f.UserFactory(email="helper@example.org", name=NAMES[language], language=language)
    by = f.StaffFactory(lab=lab, user__name="Demo organiser", user__language=language).user
    roles.add_to_lab(lab, "door@example.org", "door", by=by, name=NAMES[language], language=language)
    roles.add_to_lab(lab, helper.email, "organiser", by=by)
    send_password_reset(by.pk)
    security_changed.send(sender=None, user=by.pk, what="app_added")
    email_changes.ask(by, "new-address@example.org")
    email_changed.send(sender=None, user=by.pk, before="old-address@example.org")
    invitations.invite(lab, ["invited@example.org"], language, by)
    about_accounts = ["role_invited", "role_given", "password_reset", "account_security", "email_change"]
    found += Message.objects.filter(occasion__in=[*about_accounts, "email_changed", "invitation"])
    found += _about_nominations(lab, opening, language)
    found += _to_a_speaker(opening, language)
    return {message.occasion: message for message in found}


def _about_nominations(lab: Lab, session: Session, language: str) -> list[Message]:
    city = f.CityFactory(slug="rome", name={"en": "Rome", "bg": "Рим", "el": "Ρώμη"})
    lab.programme.cities.add(city)
    until = timezone.now() + timedelta(days=9)
    plan = city_contacts.ContactPlan(city, NAMES[language], "contact@example.org", language)
    [contact] = city_contacts.add_contacts(lab, [plan], until)
    city_contacts.set_places(lab, [city_contacts.PlacesPlan(city, 2)])
    city_contacts.invite(lab)
    city_contacts.remind(lab)
    city_contacts.set_deadline(lab, until + timedelta(days=7))
    places = NominationPlaces.objects.get(lab=lab)
    [named] = nominations.nominate(
        contact,
        places,
        [nominations.Nominee(NAMES[language], "nominee@example.org", language)],
        [session.pk],
    )
    assert named.registration is not None
    nominees.decline(named.registration)
    [named] = nominations.nominate(
        contact,
        places,
        [nominations.Nominee(NAMES[language], "nominee2@example.org", language)],
        [session.pk],
        instead_of=named,
    )
    assert named.registration is not None
    nominees.accept(named.registration, VISITOR, consent=True, consent_language=language)
    nominations.withdraw(contact, named)
    occasions = [
        "contact_invited",
        "contact_reminded",
        "contact_deadline",
        "nominee_asked",
        "nominee_declined",
    ]
    occasions.append("nomination_ended")
    return list(Message.objects.filter(occasion__in=occasions))


def _to_a_speaker(session: Session, language: str) -> list[Message]:
    lab, now = session.lab, timezone.now()
    speaker = f.SpeakerFactory(
        programme=lab.programme,
        name={language: NAMES[language]},
        email="speaker@example.org",
        language=language,
        contact_since=now,
    )
    f.AppearanceFactory(session=session, speaker=speaker, role="moderator")
    asked = speaker_requests.ask(speaker, lab, now)
    speaker_requests.remind(lab, [speaker.slug], now + timedelta(days=7))
    return [asked, Message.objects.get(occasion="speaker_reminded")]


def a_lab() -> Lab:
    programme = f.ProgrammeFactory(
        name=PROGRAMME, organiser=ORGANISER, eu_funded=True, grant_number="101000000"
    )
    return f.LabFactory(
        programme=programme,
        title=LAB,
        languages=["en", "bg", "el"],
        starts_on=date(2027, 4, 6),
        registration_opens_at=None,
        contact_email="city-lab@example.org",
        theme_values=theme_values("#00564e"),
    )


def a_person(lab: Lab, language: str, **changes: Any) -> Registration:
    values = {"name": NAMES[language], "language": language, "time_zone": "Europe/Rome", **changes}
    return f.RegistrationFactory(lab=lab, **values)


def _about_registration(person: Registration) -> list[Message]:
    unconfirmed = a_person(person.lab, person.language, state="unconfirmed", confirmed_at=None)
    internal = f.SessionFactory(lab=person.lab, title={"en": "Canary"}, visibility="internal")
    held = seats_of(person)
    seats.store_choice(unconfirmed, {**{seat.session_id: seat.mode for seat in held}, internal.pk: "online"})
    return [
        emails.confirm_address(unconfirmed, 7, choice_of(unconfirmed)),
        emails.confirm_reminder(unconfirmed, 5, choice_of(unconfirmed)),
        emails.already_registered(person),
        emails.link_again(person),
        emails.my_registrations(person.person),
        emails.confirmation(person, held),
        emails.changed(person, held[:1], held[1:]),
        emails.cancelled(person, held),
        *_about_a_transfer(person),
        emails.further_questions(
            person, f.QuestionSetFactory(lab=person.lab, title=TRAVEL, stage="accepted", slug="travel")
        ),
        session_emails.seat_is_yours(held[0], held[0].movements.latest("pk")),
        *_about_an_offer(held[0]),
        session_emails.session_reminder(held[0], 24),
        emails.still_coming(person, held, datetime(2027, 4, 3, 7, 30, tzinfo=UTC)),
        announcing.announcement_email(_announcement(person.lab), person),
    ]


def _about_a_transfer(person: Registration) -> list[Message]:
    transfer = Transfer.objects.create(
        registration=person,
        name="Canary",
        email="colleague@example.org",
        email_key="colleague@example.org",
        expires_at=datetime(2027, 4, 3, 7, 30, tzinfo=UTC),
    )
    return [
        transfer_emails.offered(transfer, transfers.email_link(transfer), seats_of(person)),
        transfer_emails.accepted(person, seats_of(person)),
        transfer_emails.ended(person, "declined"),
    ]


def _about_an_offer(seat: Seat) -> list[Message]:
    movement, offered = seat.movements.latest("pk"), copy(seat)
    offered.state, offered.until = Seat.State.OFFERED, datetime(2027, 4, 3, 7, 30, tzinfo=UTC)
    lost = copy(seat)
    lost.state = Seat.State.CANCELLED
    return [
        session_emails.seat_is_offered(offered, movement),
        session_emails.offer_expired(lost, movement),
        emails.seats_refused(seat.registration, [lost], "We have too few seats for your city."),
    ]


def _announcement(lab: Lab) -> Announcement:
    texts = {"en": "Bring water, {name}", "bg": "Носете вода, {name}", "el": "Φέρτε νερό, {name}"}
    return Announcement.objects.create(lab=lab, subject=texts, body=texts)


def _about_session(person: Registration, session: Session) -> list[Message]:
    [seat] = [seat for seat in seats_of(person) if seat.session_id == session.pk]
    was = facts_of(seat.session)
    other = f.RoomFactory(lab=person.lab, name=ONLINE, online=True, join_link=f"{JOIN_LINK}/other")
    Session.objects.filter(pk=session.pk).update(
        start_time=time(14, 30),
        end_time=time(15, 30),
        starts_at=session.starts_at.replace(hour=11),
        ends_at=session.ends_at.replace(hour=12),
        room=other,
        format="online",
        room_capacity=None,
        room_taken=0,
        online_taken=1,
    )
    modes.follow_format(session.pk)
    [seat] = [seat for seat in seats_of(person) if seat.session_id == session.pk]
    assert join_link_of(seat.session)
    now = facts_of(seat.session)
    moved = session_emails.sessions_moved(
        person, [seat], {session.pk: {"was": was, "now": now, "version": 2}}
    )
    assert moved is not None
    seat.session.cancel_reason = {"en": "The speaker is ill", "bg": "Говорителят е болен"}
    restored = session_emails.session_restored(seat)
    seat.session.status = Session.Status.CANCELLED
    return [moved, restored, session_emails.session_cancelled(seat)]


def _about_certificate(person: Registration) -> list[Message]:
    now = timezone.now()
    certificate = Certificate(
        code="7K3M-Q9TX-2W8H", minutes=150, content={"sessions": [{}, {}]}, revoked_at=now, revoked_reason="A test"
    )  # fmt: skip
    return [
        about_certificates.certificate_issued(certificate, person, replaces="2B4D-F6H8-JKMN"),
        about_certificates.certificate_revoked(certificate, person),
        about_certificates.certificate_restored(certificate, person, now),
    ]
