"""Erase personal data.

An erased registration remains as an anonymous row, so that statistics, attendance and certificates stay consistent.
`person_erased` notifies certificates.
"""

import uuid
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from core.accounts.models import User
from core.jobs import tallies
from core.mail import message_counts
from core.mail.models import Message
from core.timezones.wall_clock import wall
from core.web import idempotency
from core.webhooks import endpoints
from labs.models import Lab
from labs.revisions import lock_lab
from registrations import (
    answers,
    documents,
    invitations,
    pending_transfers,
    persons,
    proof,
    quotas,
    seats,
    tags,
    webhooks,
)
from registrations.breakdowns import FORM_LOST
from registrations.models import Invitation, Registration, Seat, SeatMovement
from registrations.models.people import RegistrationQuerySet
from registrations.seat_rows import lock_sessions
from registrations.signals import person_erased
from registrations.statistics import REGISTERED
from sessions.models import Session

State = Registration.State


@transaction.atomic
def erase(registration: Registration, by: User | None = None) -> None:
    """Erase the person. Seats in coming sessions are given up; an unconfirmed registration is deleted, or kept
    without a person where a city nominated it and its seats are still the city's.

    Does nothing for an erased registration.
    """
    row = Registration.objects.select_for_update(no_key=True).filter(pk=registration.pk).first()
    if row is None or row.erased_at is not None:
        return
    # A colleague with the same address may have been invited, too.
    if not Registration.objects.filter(lab=row.lab_id, email_key=row.email_key).exclude(pk=row.pk).exists():
        forget_invitations(Invitation.objects.filter(lab=row.lab_id, email_key=row.email_key))
    now = timezone.now()
    if row.state == State.UNCONFIRMED and not row.is_of_city(now):
        delete_unconfirmed(Registration.objects.filter(pk=row.pk))
        return
    row.lab = registration.lab
    proof.hold(row)
    persons.leave(row)
    pending_transfers.forget([row])
    coming = Session.objects.filter(seats__registration=row, ends_at__gt=now).values_list("pk", flat=True)
    seats.give_up(row, coming, SeatMovement.Reason.REGISTRATION_CANCELLED, by)
    answers.forget([row])
    documents.forget([row])
    _forget_words_about(row)
    person_erased.send(sender=Registration, registration_id=row.pk)
    webhooks.erased([row])
    _delete_traces([row])
    # Before the lab's end it counts as cancelled, afterwards as confirmed.
    is_over = registration.lab.is_over(now)
    leaves = row.state == State.UNCONFIRMED or (row.state == State.CONFIRMED and not is_over)
    if leaves and row.state == State.CONFIRMED:
        invitations.give_back(row)
        tallies.add(REGISTERED, -1, lab_id=row.lab_id)
    Registration.objects.filter(pk=row.pk).update(
        public_id=uuid.uuid4(),
        state=State.CANCELLED if leaves else row.state,
        cancelled_at=now if leaves else row.cancelled_at,
        cancelled_as=_by_whom(by) if leaves else row.cancelled_as,
        name="",
        email="",
        email_key=f"erased:{uuid.uuid4()}",
        city_text="",
        organisation="",
        photos="",
        submitted_by=None,
        name_key="",
        contact_key="",
        erased_at=now,
        revised_at=now,
        link_version=F("link_version") + 1,
        feed_version=F("feed_version") + 1,
    )


@transaction.atomic
def delete_unconfirmed(registrations: RegistrationQuerySet, *, at_most: int | None = None) -> int:
    """Delete the unconfirmed ones of these registrations with all related data. Returns how many.

    The state is checked under the lock of each row: Django deletes by id what was selected before. Locked rows are
    skipped with `at_most`, and waited for otherwise.
    """
    unconfirmed = registrations.filter(state=State.UNCONFIRMED).select_related("lab").order_by("pk")
    rows = list(unconfirmed.select_for_update(of=("self",), skip_locked=at_most is not None)[:at_most])
    if not rows:
        return 0
    _free_held_seats(rows)
    webhooks.erased(rows)
    answers.forget(rows)
    lost = Counter(row.lab_id for row in rows if row.entered_by_id is None and row.nominated_until is None)
    tallies.add_all({(lab_id, FORM_LOST, ""): count for lab_id, count in sorted(lost.items())})
    Registration.objects.filter(pk__in=[row.pk for row in rows]).delete()
    # Last, because deleting writes a history row as well.
    _delete_traces(rows)
    return len(rows)


def delete_forms(lab_id: int, forms: Collection[int], moving: QuerySet[Seat, Seat]) -> None:
    """Delete these unconfirmed registrations of the lab, in the transaction that goes on to move the seats `moving`.

    Sessions and quotas of both are locked in one step.
    """
    held = Seat.objects.filter(registration__in=forms, state=Seat.State.HELD)
    ids = [rows.order_by().values_list("session", flat=True) for rows in (held, moving)]
    quotas.lock_quotas(lab_id, lock_sessions(chain(*ids)))
    if forms:
        delete_unconfirmed(Registration.objects.filter(pk__in=forms))


def _by_whom(by: User | None) -> str:
    return Registration.CancelledAs.BY_ORGANISER if by else Registration.CancelledAs.BY_PERSON


def _free_held_seats(rows: list[Registration]) -> None:
    held = Seat.objects.filter(registration__in=rows, state=Seat.State.HELD).order_by()
    if sessions := lock_sessions(held.values_list("session", flat=True)):
        for row in rows:
            row.nominated_until = None  # The rows of its seats are deleted, so no city keeps them.
            seats.give_up(row, sessions)


def _forget_words_about(row: Registration) -> None:
    """Empty what organisers wrote about this person alone, where the row itself stays for the counts."""
    SeatMovement.objects.filter(seat__registration=row).exclude(note="").update(note="")
    Invitation.objects.filter(registrations=row, uses=1).update(note="")


def erase_due(now: datetime, at_most: int = 100) -> int:
    """Erase people whose retention has ended. Returns how many; call again while any.

    The lab is locked and its date checked again for each, against a concurrent postponement.
    """
    kept = Registration.objects.filter(erased_at__isnull=True).order_by("pk")
    over = Lab.objects.filter(Exists(kept.filter(lab=OuterRef("pk"))), ends_on__lte=now + timedelta(days=1))
    count = 0
    for lab_id in [lab.pk for lab in over.order_by("pk") if is_due(lab, now)]:
        while count < at_most:
            with transaction.atomic():
                lab = lock_lab(lab_id)
                person = kept.filter(lab=lab).first() if is_due(lab, now) else None
                if person is None:
                    break
                person.lab = lab
                erase(person)
            count += 1
    return count


def is_due(lab: Lab, now: datetime) -> bool:
    """Tell whether the lab's retention has ended and all its sessions are over."""
    today = wall(now, lab.time_zone).date()
    return lab.answers_kept_until < today and not lab.sessions.filter(ends_at__gt=now).exists()


def _delete_traces(rows: list[Registration]) -> None:
    """Delete emails, history, webhooks, notes, tags and idempotency records of these people."""
    Registration.history.filter(id__in=[row.pk for row in rows]).delete()
    message_counts.delete(Message.objects.filter(registration__in=rows))
    endpoints.forget([row.pk for row in rows])
    tags.forget([row.pk for row in rows])
    idempotency.forget([about_address(row.email_key) for row in rows])


def forget_invitations(found: QuerySet[Invitation, Invitation]) -> None:
    """Delete invitations of addresses, with the emails to them; the counts of emails stay right."""
    message_counts.delete(Message.objects.filter(invitation__in=found))
    found.delete()


def forget_due_invitations(now: datetime) -> None:
    """Delete the invitations of labs whose retention has ended."""
    invited = Invitation.objects.exclude(email_key="").filter(lab__ends_on__lte=now + timedelta(days=1))
    for lab in Lab.objects.filter(pk__in=invited.order_by().values("lab")):
        if is_due(lab, now):
            forget_invitations(Invitation.objects.exclude(email_key="").filter(lab=lab))


def about_address(email_key: str) -> str:
    """Return the `about` of a registration form for `core.web.idempotency`."""
    return f"registration:{email_key}"
