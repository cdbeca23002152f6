"""A city that nominates, for the walks: a contact with places, and somebody who was named."""

from datetime import timedelta

from django.utils import timezone

from core.web import signed_links
from labs.models import City, Lab
from registrations import city_contacts
from registrations.models import CityContact, Nomination, NominationPlaces
from tests import factories as f


def named_by_city(lab: Lab, city: City) -> Nomination:
    until = timezone.now() + timedelta(days=9)
    contact = CityContact.objects.create(
        lab=lab,
        city=city,
        name="Contact of the city",
        email="contact@example.org",
        email_key="contact@example.org",
        deadline=until,
    )
    places = NominationPlaces.objects.create(lab=lab, city=city, limit=3, used=1)
    person = f.RegistrationFactory(
        lab=lab,
        name="Named by the city",
        city=city,
        state="unconfirmed",
        confirmed_at=None,
        nominated_until=until,
    )
    return Nomination.objects.create(places=places, contact=contact, registration=person)


def nomination_links(nomination: Nomination) -> tuple[str, ...]:
    """Return the tokens of the contact and of the person."""
    contact, person = nomination.contact, nomination.registration
    assert contact is not None
    assert person is not None
    asked = signed_links.make_token("registration.nomination", person.public_id, person.link_version)
    return city_contacts.token_of(contact), asked
