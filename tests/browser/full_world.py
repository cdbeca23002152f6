"""The world of the pages with long names, and with a hundred of whatever stands in lists."""

from datetime import time, timedelta

from sessions.models import Session
from tests import factories as f
from tests.browser.world import Texts, World, build
from tests.every_email import NAMES

ROWS = 100
LONG = {
    "en": "Upskilling and reskilling for the green and digital transitions in medium-sized European cities",
    "bg": "Повишаване на квалификацията и преквалификация за екологичния и цифровия преход в градовете",
    "el": "Αναβάθμιση δεξιοτήτων και επανειδίκευση για την πράσινη και την ψηφιακή μετάβαση στις πόλεις",
}


def long_texts() -> Texts:
    return Texts(
        said=lambda what: {language: f"{words}: {what}" for language, words in LONG.items()},
        line=lambda what, limit: f"{NAMES['bg']} ({what})"[:limit],
    )


def full_world() -> World:
    world = build(long_texts())
    lab, names = world.lab, list(NAMES.values())
    mode = world.session.modes[0]
    counters = {f"{mode}_capacity": 2 * ROWS, f"{mode}_taken": ROWS + 3}
    Session.objects.filter(pk=world.session.pk).update(**counters)
    for number in range(ROWS):
        person = f.RegistrationFactory(
            lab=lab,
            name=f"{names[number % len(names)]} {number}",
            organisation=LONG["en"],
            city_text=NAMES["el"],
        )
        f.SeatFactory(registration=person, session=world.session, queue_position=number + 10, mode=mode)
        if number % 2:
            f.AttendanceFactory(registration=person, session=world.session)
        f.SessionFactory(
            lab=lab,
            title={language: f"{words} {number}" for language, words in LONG.items()},
            start_date=lab.starts_on + timedelta(days=number % 5),
            start_time=time(8 + number % 10, 0),
        )
        f.MessageFactory(
            lab=lab,
            registration=person,
            state="sent",
            to_name=person.name,
            to_email=person.email,
            subject=LONG["el"],
        )
        f.UserFactory(name=f"{names[number % len(names)]} {number}")
    return world
