"""Who registers for what, drawn by chance, and the comparison of what they were told with what is stored."""

import random
import secrets
from typing import Any

from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations.models import Registration, Seat, SeatMovement
from tests import factories as f
from tests.chaos.crowd import Person

CITIES = ("sofia", "rome", "athens")


def make_lab(count: int) -> Lab:
    """Three sessions, one after the other, for so many people: in both ways of attending, for a city in the lab and for
    another in the room seats are scarce.
    """
    lab: Lab = f.LabFactory(slug="main-lab")
    hours = ("09:00", "11:00", "13:00")
    scarce = {"room_capacity": count // 5, "online_capacity": count // 4, "format": "hybrid"}
    for slug, seats in (("both", scarce), ("online", {"online_capacity": count // 2}), ("free", {})):
        start = hours[lab.sessions.count()]
        f.SessionFactory(
            lab=lab, slug=slug, start_time=f.time.fromisoformat(start), **{"format": "online", **seats}
        )
    cities = [f.CityFactory(slug=slug) for slug in CITIES]
    lab.programme.cities.add(*cities)
    f.QuotaFactory(lab=lab, city=cities[0], limit=count // 4)
    f.QuotaFactory(
        lab=lab, city=cities[1], session=lab.sessions.get(slug="both"), mode="room", limit=count // 20
    )
    return lab


def make_people(count: int, chance: random.Random) -> list[Person]:
    return [make_person(number, chance) for number in range(count)]


def make_person(number: int, chance: random.Random) -> Person:
    email, name = f"participant{number}@example.org", f"Demo participant {number}"
    sessions = chance.sample(["both", "online", "free"], chance.randint(1, 3))
    modes = {"both": chance.choice(["room", "online"])} if "both" in sessions else {}
    usual: dict[str, Any] = {
        "name": name, "email": email, "city": chance.choice(CITIES), "organisation": "Demo organisation",
        "language": "en", "time_zone": "Europe/Sofia",
    }  # fmt: skip
    by_api, cancels = chance.random() < 0.5, chance.random() < 0.1
    if by_api:
        body = {**usual, "sessions": sessions, "modes": modes, "consent": True}
        return Person(email, {"key": secrets.token_hex(16), "body": body}, by_api, cancels)
    ways = {f"mode:{slug}": mode for slug, mode in modes.items()}
    form = {**usual, "session": sessions, **ways, "consent": "on", "form_key": new_form_key()}
    return Person(email, form, by_api, cancels)


def lost(people: list[Person]) -> list[str]:
    """Compare what people were told with what is stored."""
    stored = {row.email: row for row in Registration.objects.all()}
    seats = {
        (row.registration.email, row.session.slug): row
        for row in Seat.objects.select_related("registration", "session")
    }
    moved = set(SeatMovement.objects.values_list("seat", "after"))
    wrong = []
    if len(stored) != Registration.objects.count():
        wrong.append("somebody is registered twice")
    for person in people:
        row = stored.get(person.email)
        if row is None or row.state != person.acknowledged:
            wrong.append(f"{person.email} was told {person.acknowledged}: {row and row.state}")
        chosen = set(person.form["body"]["sessions"] if person.by_api else person.form["session"])
        if person.seats.keys() != chosen:
            wrong.append(f"{person.email} chose {chosen}, and has {person.seats}")
        for slug, state in person.seats.items():
            seat = seats.get((person.email, slug))
            kept = {"confirmed": {"confirmed"}, "waiting": {"waiting", "confirmed"}}[state]
            kept |= {"cancelled"} if person.cancels else set()
            if seat is None or (seat.pk, state) not in moved or seat.state not in kept:
                wrong.append(f"{person.email} was told {state} in {slug}: {seat}")
    return wrong
