"""One email of every occasion, in a language: long names, two places, hours of three zones, as people get them."""

from datetime import date, time
from typing import Any

from django.utils import timezone

from certificates import emails as about_certificates
from certificates.models import Certificate
from core.mail.account_emails import send_password_reset
from core.mail.models import Message
from labs import roles
from labs.models import Lab
from labs.theme import theme_values
from registrations import emails, seats
from registrations.models import Registration
from registrations.registering import choice_of, seats_of
from sessions.models import Session
from sessions.places import join_link_of
from sessions.unannounced_changes import facts_of
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
    seats.take(f.RegistrationFactory(lab=lab), [dialogue.pk])
    person = a_person(lab, language)
    seats.take(person, [opening.pk, dialogue.pk])
    found = [*_about_registration(person), *_about_session(person, opening)]
    found += _about_certificate(person)
    by = f.StaffFactory(lab=lab, user__name="Demo organiser", user__language=language).user
    roles.add_to_lab(lab, "door@example.org", "door", by=by, name=NAMES[language])
    send_password_reset(by.pk)
    found += Message.objects.filter(occasion__in=["account_made", "password_reset"])
    return {message.occasion: message for message in found}


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
    seats.store_choice(unconfirmed, [*(seat.session_id for seat in held), internal.pk])
    return [
        emails.confirm_address(unconfirmed, 7, choice_of(unconfirmed)),
        emails.already_registered(person),
        emails.link_again(person),
        emails.confirmation(person, held),
        emails.changed(person, held[:1], held[1:]),
        emails.cancelled(person, held),
        emails.seat_is_yours(held[0], held[0].movements.latest("pk")),
    ]


def _about_session(person: Registration, session: Session) -> list[Message]:
    [seat] = [seat for seat in seats_of(person) if seat.session_id == session.pk]
    was = facts_of(seat.session)
    other = f.RoomFactory(lab=person.lab, name=ONLINE, online=True, join_link=f"{JOIN_LINK}/other")
    Session.objects.filter(pk=session.pk).update(
        start_time=time(14, 30), end_time=time(15, 30), room=other,
        starts_at=session.starts_at.replace(hour=11), ends_at=session.ends_at.replace(hour=12),
    )  # fmt: skip
    [seat] = [seat for seat in seats_of(person) if seat.session_id == session.pk]
    assert join_link_of(seat.session)
    now = facts_of(seat.session)
    moved = emails.sessions_moved(person, [seat], {session.pk: {"was": was, "now": now, "version": 2}})
    assert moved is not None
    seat.session.cancel_reason = {"en": "The speaker is ill", "bg": "Говорителят е болен"}
    restored = emails.session_restored(seat)
    seat.session.status = Session.Status.CANCELLED
    return [moved, restored, emails.session_cancelled(seat)]


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
