"""A city that nominates, for tests: its contact and places, and whom it names."""

from datetime import timedelta

from django.utils import timezone

from core.web.idempotency import new_form_key
from labs.viewer import VISITOR
from registrations import (
    city_contacts,
    nominations,
    nominees,
)
from registrations.models import CityContact, Nomination, NominationPlaces, Registration
from registrations.nominations import Nominee
from sessions.models import Session
from tests import factories as f

NOW = timezone.now


def contact_of(session: Session, slug: str = "rome", limit: int = 2) -> tuple[CityContact, NominationPlaces]:
    lab = session.lab
    city = f.CityFactory(slug=slug, name={"en": slug.title()})
    lab.programme.cities.add(city)
    plan = city_contacts.ContactPlan(city, "Anna Rossi", f"contact@{slug}.example", "en")
    [contact] = city_contacts.add_contacts(lab, [plan], NOW() + timedelta(days=3))
    city_contacts.set_places(lab, [city_contacts.PlacesPlan(city, limit)])
    return contact, NominationPlaces.objects.get(lab=lab, city=city)


def name(
    contact: CityContact, places: NominationPlaces, session: Session, who: str = "Maria", **more: object
):
    people = [Nominee(who, f"{who.lower()}@example.org", "en")]
    [made] = nominations.nominate(contact, places, people, [session.pk], **more)  # type: ignore[arg-type]
    assert made.registration is not None
    return made


def accept(made: Nomination) -> Registration:
    return nominees.accept(made.registration, VISITOR, consent=True, consent_language="en")  # type: ignore[arg-type]


def sent(session: Session, **more: object) -> dict[str, object]:
    return {
        "form_key": new_form_key(),
        "session": [session.pk],
        "name_0": "Maria",
        "email_0": "maria@example.org",
        "language_0": "en",
        **more,
    }
