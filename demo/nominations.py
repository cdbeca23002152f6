"""What a city has named in the demonstration, and an example of a webhook that is switched off."""

from datetime import datetime, timedelta

from django.db import transaction

from core.webhooks.models import Endpoint
from labs.models import City, Lab
from registrations.models import CityContact, Nomination, NominationPlaces, Registration

PLACES = 4


@transaction.atomic
def name_people(lab: Lab, now: datetime) -> None:
    """Give a city a contact and places; one nominated person has accepted, another has not answered yet.

    Sends no email. Both people are among the artificial ones that the lab has already.
    """
    people = Registration.objects.filter(lab=lab, city__isnull=False).order_by("pk")
    asked = people.filter(state=Registration.State.UNCONFIRMED).first()
    if asked is None or asked.city is None:
        return
    city: City = asked.city
    accepted = people.filter(state=Registration.State.CONFIRMED, city=city).first()
    contact = CityContact.objects.create(
        lab=lab,
        city=city,
        name="Demo contact",
        email="demo-contact@example.org",
        email_key="demo-contact@example.org",
        language="en",
        deadline=now + timedelta(days=14),
        invited_at=now - timedelta(days=5),
    )
    named = [person for person in (accepted, asked) if person is not None]
    places = NominationPlaces.objects.create(lab=lab, city=city, limit=PLACES, used=len(named))
    for person in named:
        Registration.objects.filter(pk=person.pk).update(nominated_until=contact.deadline)
        Nomination.objects.create(
            places=places, contact=contact, registration=person, created_at=person.created_at
        )


def add_webhook(lab: Lab) -> Endpoint:
    """Add a webhook that sends nothing: it is switched off, and its host is for examples."""
    return Endpoint.objects.create(
        lab=lab,
        url="https://hooks.example.org/city-labs",
        description="Example, switched off",
        events=["registration.confirmed", "registration.cancelled"],
        is_active=False,
        disabled_because=Endpoint.Disabled.BY_ORGANISER,
    )
