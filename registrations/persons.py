"""Persons: written when an address is confirmed, follow changes, and go with their last registration.

The row of a person is locked after those of registrations and before those of sessions.
"""

from collections.abc import Sequence

from django.db.models import F

from core.mail import message_counts
from core.mail.models import Message
from core.search import search_text
from registrations.models import Person, Registration
from registrations.models.persons import NAME_KEY_LENGTH

# What is known of a person is what was told last, in whatever lab.
TOLD = ("name", "email", "language", "time_zone", "city_id", "organisation")


def keep(registration: Registration) -> None:
    """Write or update the person of a locked registration and set it there, unsaved. One statement."""
    keep_all([registration])


def keep_all(registrations: Sequence[Registration]) -> None:
    """The same for registrations of different people, which need not be saved yet."""
    rows = [
        Person(
            **{name: getattr(registration, name) for name in TOLD},
            email_key=registration.email_key,
            name_key=search_text(registration.name)[:NAME_KEY_LENGTH],
        )
        for registration in registrations
    ]
    stored = Person.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["email_key", "name_key"],
        update_fields=[name.removesuffix("_id") for name in TOLD],
    )
    for registration, person in zip(registrations, stored, strict=True):
        registration.person_id = person.pk


def follow(registration: Registration) -> None:
    """Let the person follow the saved name, address and details of a locked registration that has one."""
    before = registration.person_id
    if before is None:
        return
    keep(registration)
    if registration.person_id != before:
        Registration.objects.filter(pk=registration.pk).update(person=registration.person_id)
        # Links that were sent to another address may lie in the mailbox of somebody else.
        elsewhere = Person.objects.filter(pk=before).exclude(email_key=registration.email_key)
        elsewhere.update(link_version=F("link_version") + 1)
        _forget_unless_registered(before)


def leave(registration: Registration) -> None:
    """Take a locked registration from its person, who is forgotten with the last one."""
    if registration.person_id is not None:
        Registration.objects.filter(pk=registration.pk).update(person=None)
        _forget_unless_registered(registration.person_id)
        registration.person_id = None


def _forget_unless_registered(person_id: int) -> None:
    """Delete a person without registrations, with the emails to him or her."""
    # Locked first: whoever confirms elsewhere at the same time is seen by the next statement, or writes a new row.
    found = list(Person.objects.select_for_update().filter(pk=person_id).values_list("pk", flat=True))
    if found and not Registration.objects.filter(person=person_id).exists():
        message_counts.delete(Message.objects.filter(person=person_id))
        Person.objects.filter(pk=person_id).delete()
