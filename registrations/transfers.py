"""Give one's place to a colleague: offered, accepted or declined by a link, taken back, expired.

Until the colleague accepts, everything stays with the giver. Then the seats change hands in one transaction: they are
taken off one registration and put on another under the locks of their sessions, whose counters stay as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs.database_clock import DatabaseNow
from core.mail import address_budget
from core.mail.links import Link
from core.mail.models import Message
from core.search import search_text
from core.web import signed_links
from core.web.email_addresses import address_key, clean_address
from core.web.errors import RuleViolation
from labs.viewer import VISITOR, Viewer
from registrations import (
    acceptance,
    admission,
    answers,
    documents,
    emails,
    handing_over,
    links,
    managing,
    pending_transfers,
    persons,
    registering,
    transfer_emails,
    webhooks,
)
from registrations.consent import current_version
from registrations.handing_over import GONE
from registrations.models import (
    ConsentText,
    Registration,
    RegistrationRules,
    Seat,
    Transfer,
)
from registrations.models.rules import rules_of
from registrations.pending_transfers import movable_seats, takeable_seats
from registrations.personal_calendar import with_sessions
from registrations.questionnaire import GivenAnswers

PURPOSE: Final = "registration.transfer"

State = Registration.State


@dataclass(frozen=True)
class Acceptance:
    """What a colleague says to take over a place. City and type of organisation stay those of the giver.

    `photos` and `documents` as in `registering.RegistrationPlan`.
    """

    name: str
    language: str
    time_zone: str
    consent: bool
    consent_language: str
    organisation: str = ""
    consent_shown: str = ""
    answers: GivenAnswers | None = None
    photos: str = ""
    documents: Mapping[str, int] = field(default_factory=dict)


def token_of(transfer: Transfer) -> str:
    """Return the token that stands in the colleague's link."""
    return signed_links.make_token(PURPOSE, transfer.public_id, 1)


def email_link(transfer: Transfer, route: str = "transfer") -> Link:
    """Return the colleague's link as a message keeps it."""
    path = reverse(route, args=["{token}"]).replace("%7Btoken%7D", "{token}")
    return Link(PURPOSE, transfer.public_id, 1, path)


def find(token: str) -> Transfer:
    """Return the transfer that a token opens, with registration and lab. Raises Http404 for none."""
    found = (
        Transfer.objects.select_related("registration__lab__programme")
        .filter(public_id=links.subject_of(token), expires_at__gt=DatabaseNow())
        .first()
    )
    if found is None or not signed_links.is_valid(token, PURPOSE, found.public_id, 1):
        raise Http404
    return found


@transaction.atomic
def offer(registration: Registration, name: str, email: str) -> Transfer:
    """Offer the place to a colleague, who gets an email with a link; an earlier offer is taken back.

    Whether the address is registered already is not told: that person is sent the private link instead, and the offer
    expires. Raises RuleViolation (codes: gone, not_registered, no_seat, same_person, other_domain, not_invited) and
    ValidationError.
    """
    email = clean_address(email)
    key = address_key(email)
    address_budget.wait_for_turn(address_budget.key_of(email))
    rows = _lock(registration, key)
    giver = next((row for row in rows if row.pk == registration.pk), None)
    if giver is None or giver.erased_at is not None:
        raise RuleViolation("gone", _("This registration no longer exists."))
    if giver.state != State.CONFIRMED:
        raise RuleViolation("not_registered", _("This registration is not confirmed or is cancelled."))
    name_key = search_text(name)
    if (key, name_key) == (giver.email_key, giver.name_key):
        raise RuleViolation("same_person", _("Enter the name and email of someone else."), "email")
    now = timezone.now()
    if giver.is_of_city(now):
        raise RuleViolation(
            "of_city", _("Your city nominated you and decides who comes instead. Tell your city.")
        )
    if not movable_seats(giver, now):
        raise RuleViolation("no_seat", _("You have no seat that you can give to a colleague."))
    _check_admission(giver, email)
    pending_transfers.forget([giver])
    transfer = Transfer(
        registration=giver,
        name=name,
        email=email,
        email_key=key,
        expires_at=pending_transfers.end_of_transfer(giver, now),
    )
    transfer.clean_fields(exclude=["registration"])
    transfer.save()
    if not address_budget.emails_left(email):
        return transfer
    known = [
        row
        for row in rows
        if row.name_key == name_key and row.email_key == key and row.state == State.CONFIRMED
    ]
    if known:
        emails.already_registered(known[0])
    else:
        # The person whom the giver names reads of internal sessions only that there are some.
        public = takeable_seats(giver, VISITOR, now)
        more = len(movable_seats(giver, now)) - len(public)
        transfer_emails.offered(transfer, email_link(transfer), with_sessions(giver, public), more)
    return transfer


def _lock(registration: Registration, email_key: str) -> list[Registration]:
    """Lock the giver's registration and those of the colleague's address in this lab, lowest id first."""
    same_lab = Q(lab=registration.lab_id, email_key=email_key)
    return Registration.objects.filter(Q(pk=registration.pk) | same_lab).locked()


def _check_admission(giver: Registration, email: str) -> None:
    """Ask the rules of the lab of the colleague's address; who may register at all is asked when accepting.

    Raises RuleViolation (codes: other_domain, not_invited).
    """
    rules = rules_of(giver.lab)
    admission.check_domain(rules, email)
    invitation = giver.invitation
    if rules.access == RegistrationRules.Access.INVITED and (invitation is None or invitation.email_key):
        raise RuleViolation(
            "not_invited",
            _("Your invitation is for you alone. Ask the organisers to invite your colleague."),
            "email",
        )


@transaction.atomic
def take_back(registration: Registration, by: User | None = None) -> bool:
    """Withdraw the offer, by the giver or an organiser, who tells the giver. Returns whether there was one.

    Raises RuleViolation (code: gone).
    """
    registration = managing.lock_registration(registration)
    if not Transfer.objects.filter(registration=registration).exists():
        return False
    pending_transfers.forget([registration])
    if by is not None:
        transfer_emails.ended(registration, "organiser")
    return True


@transaction.atomic
def decline(token: str) -> None:
    """End the offer by the colleague's word; the giver is told. Raises Http404."""
    transfer = find(token)
    giver = managing.lock_registration(transfer.registration)
    if not Transfer.objects.filter(pk=transfer.pk).exists():
        raise Http404
    pending_transfers.forget([giver])
    transfer_emails.ended(giver, "declined")


@transaction.atomic
def expire(now: datetime, at_most: int = 50) -> int:
    """Delete offers that were not accepted in time, and tell the givers. Returns how many; call again while any."""
    due = Transfer.objects.filter(expires_at__lte=now).values_list("registration", flat=True)[:at_most]
    givers = Registration.objects.filter(pk__in=list(due)).locked()
    for giver in givers:
        if Transfer.objects.filter(registration=giver, expires_at__lte=now).exists():
            pending_transfers.forget([giver])
            transfer_emails.ended(giver, "expired")
    return len(givers)


@transaction.atomic
def accept(token: str, viewer: Viewer, said: Acceptance) -> Registration:
    """Make the giver's seats those of a new registration of the colleague, which is returned; both are emailed.

    The link was sent to the colleague's address, which counts as confirmed. The giver's registration is cancelled;
    places in waiting lists, and seats in sessions that `viewer` may not see, go to the next. Raises Http404,
    InvalidFields, ValidationError and RuleViolation (codes: gone, no_seat, no_consent, consent_changed,
    already_registered, too_many, other_domain, delegates_only, not_invited, quota_full, those of
    `registering.check_asked`).
    """
    transfer = find(token)
    # First, as the first who reads a new text locks the lab to write its version.
    version = current_version(transfer.registration.lab, said.consent_shown)
    rows = _lock(transfer.registration, transfer.email_key)
    giver = next((row for row in rows if row.pk == transfer.registration_id), None)
    # The row goes under the giver's lock alone.
    if (
        giver is None
        or giver.state != State.CONFIRMED
        or not Transfer.objects.filter(pk=transfer.pk).exists()
    ):
        raise RuleViolation("gone", GONE)
    now = timezone.now()
    moving = takeable_seats(giver, viewer, now)
    if not moving:
        raise RuleViolation("no_seat", GONE)
    new = _new_registration(transfer, giver, said, version, now)
    forms = _check_person(new, giver, [row for row in rows if row.email_key == new.email_key])
    _check_admission(giver, transfer.email)
    if not admission.may_register(giver.lab, rules_of(giver.lab), [viewer]):
        raise RuleViolation("delegates_only", admission.DELEGATES_ONLY)
    accepted = registering.check_asked(giver.lab, said.photos, said.documents)
    given = answers.check_for_submit(giver.lab, [seat.session_id for seat in moving], said.answers)
    persons.keep(new)
    new.save(force_insert=True)
    Message.objects.filter(transfer=transfer).update(transfer=None, registration=new)
    transfer.delete()
    documents.store(new, accepted, said.consent_language)
    answers.store_new(new, given)
    taken, given_up = handing_over.hand_over(giver, new, viewer, forms, now)
    answers.release(giver)
    _cancel(giver, taken, given_up, now)
    acceptance.confirmed(new, taken)
    webhooks.created(new)
    shown = with_sessions(new, taken)
    emails.confirmation(new, shown)
    webhooks.confirmed(new, shown)
    return new


def _new_registration(
    transfer: Transfer, giver: Registration, said: Acceptance, version: ConsentText, now: datetime
) -> Registration:
    if not said.consent:
        raise RuleViolation("no_consent", _("You need to give your consent to register."), "consent")
    new = Registration(
        lab=giver.lab,
        state=State.CONFIRMED,
        email=transfer.email,
        email_key=transfer.email_key,
        name=said.name,
        organisation=said.organisation,
        language=said.language,
        time_zone=said.time_zone,
        # What quotas ask of people stays as it is.
        city=giver.city,
        city_text=giver.city_text,
        stakeholder_group=giver.stakeholder_group,
        invitation=giver.invitation,
        consent_version=version,
        consent_language=said.consent_language,
        consent_at=now,
        photos=said.photos if rules_of(giver.lab).asks_photos else "",
        confirmed_at=now,
    )
    registering.check_details(
        giver.lab, registering.Details(name=said.name, language=said.language, time_zone=said.time_zone)
    )
    new.clean_answers()
    return new


def _check_person(new: Registration, giver: Registration, rows: Iterable[Registration]) -> list[int]:
    """Refuse somebody who is registered, and return the forms of the same person that were not confirmed."""
    name_key = search_text(new.name)
    others = [row for row in rows if row.pk != giver.pk]
    registered = [row for row in others if row.state == State.CONFIRMED]
    if any(row.name_key == name_key for row in registered) or (giver.email_key, giver.name_key) == (
        new.email_key,
        name_key,
    ):
        raise RuleViolation("already_registered", _("This name and email are already registered."), "name")
    if len(registered) >= registering.PEOPLE_PER_ADDRESS:
        raise RuleViolation("too_many", _("Too many people are registered with this email. Use another one."))
    return [row.pk for row in others if row.state == State.UNCONFIRMED and row.name_key == name_key]


def _cancel(giver: Registration, taken: list[Seat], given_up: list[Seat], now: datetime) -> None:
    """Cancel the giver's registration, whose invitation moves along."""
    giver.state = State.CANCELLED
    giver.cancelled_at = giver.revised_at = now
    giver.cancelled_as = Registration.CancelledAs.TRANSFERRED
    giver.invitation = None
    giver.save(update_fields=["state", "cancelled_at", "cancelled_as", "revised_at", "invitation"])
    moved = Seat.objects.filter(registration=giver, session__in=[seat.session_id for seat in taken])
    transfer_emails.accepted(giver, with_sessions(giver, [*given_up, *moved]))
    webhooks.cancelled(giver)
