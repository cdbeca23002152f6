"""Send people the private links of their registrations again; the answer never says which there are."""

from django.db import transaction
from django.utils import timezone

from core.jobs.leases import enqueue
from core.mail import address_budget
from core.web.email_addresses import address_key
from labs.models import Lab
from registrations import emails, registering
from registrations.models import Person, Registration

# The latest registrations of an address that are considered for one request for links.
MAX_CONSIDERED = 50
# Requests that one address on the network may send, by the page and the API together.
PER_HOUR = 60

State = Registration.State


@transaction.atomic
def queue_links(email: str, lab: Lab | None = None) -> None:
    """Have the worker send this address the link to all its registrations.

    With `lab` it is sent the private link of each registration in this lab instead, or the question again where it is
    not confirmed yet; an address that has confirmed nothing in any lab is sent the questions. Does nothing for any
    other address; the answer to the request must be the same, and take as long, which is why a task is put down for
    every address and the letters are not written here.
    """
    key = address_key(email)
    known = Registration.objects.filter(email_key=key, state__in=[State.CONFIRMED, State.UNCONFIRMED])
    person = None
    if lab is not None:
        known = known.filter(lab=lab)
    else:
        person = Person.objects.filter(email_key=key).order_by("pk").values_list("pk", flat=True).first()
    # Alphabetically, "confirmed" comes first.
    latest = known.order_by("state", "-pk").values_list("pk", flat=True)
    found = list(latest[:MAX_CONSIDERED])
    enqueue("registrations.send_links", {"registrations": found, "person": person})


@transaction.atomic
def send_links(registration_ids: list[int], person_id: int | None = None) -> None:
    """Queue the link to all registrations of this person's address, or without a person the links of these
    registrations of one address, confirmed ones first.
    """
    person = Person.objects.filter(pk=person_id).first() if person_id is not None else None
    if person is not None:
        if address_budget.emails_left(person.email):
            emails.my_registrations(person)
        return
    known = Registration.objects.filter(
        pk__in=registration_ids, state__in=[State.CONFIRMED, State.UNCONFIRMED]
    )
    now = timezone.now()
    latest = sorted(
        known.select_related("lab").order_by("state", "-pk"), key=lambda row: row.lab.is_over(now)
    )
    people: dict[tuple[int, str], Registration] = {}
    for row in latest:
        if row.state == State.CONFIRMED or row.can_be_confirmed(now):
            people.setdefault((row.lab_id, row.name_key), row)
    if not people:
        return
    left = address_budget.emails_left(next(iter(people.values())).email)
    chosen = [row.pk for row in people.values()][:left]
    for registration in known.filter(pk__in=chosen).locked():
        if registration.state == State.CONFIRMED:
            emails.link_again(registration, is_asked_for=True)
        else:
            registering.ask_again(registration, is_asked_for=True)
