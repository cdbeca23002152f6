"""Register, confirm, change and cancel, by the person.

An unconfirmed registration has no seats and no places in waiting lists, and the response never reveals whether an
address is registered. Confirming takes the seats.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs import tallies
from core.mail import address_budget
from core.mail.models import Message
from core.search import search_text
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from core.web.localized_fields import has_letters
from labs.models import City, Lab, StakeholderGroup
from labs.viewer import VISITOR, Viewer
from registrations import (
    acceptance,
    admission,
    answers,
    documents,
    emails,
    erasure,
    invitations,
    links,
    nomination_emails,
    opening,
    persons,
    seats,
    webhooks,
)
from registrations.availability import CHOSEN_IS_CLOSED, Choice, check_overlaps
from registrations.consent import current_version
from registrations.models import DocumentVersion, Nomination, Registration, Seat
from registrations.models.people import RegistrationQuerySet
from registrations.models.rules import rules_of
from registrations.models.seats import ACTIVE
from registrations.personal_calendar import with_sessions
from registrations.questionnaire import GivenAnswers
from registrations.statistics import REGISTERED
from registrations.visibility import confirming_viewers, visible_ids

UNCONFIRMED_DAYS = 7
# People of one office may share an address, but one person must not take all seats.
PEOPLE_PER_ADDRESS = 10

PHOTOS_MISSING = _("Choose whether photos and recordings of you may be taken.")
NOT_ACCEPTED = _("A city nominated this person, who has not accepted yet.")
CANNOT_CONFIRM = _("Registration is closed, so you can no longer confirm.")

State = Registration.State


@dataclass(frozen=True)
class Details:
    """The personal details of a registration. `city` or `city_text`, or neither; `time_zone` is canonical."""

    name: str
    language: str
    time_zone: str
    city: City | None = None
    city_text: str = ""
    organisation: str = ""
    stakeholder_group: StakeholderGroup | None = None


@dataclass(frozen=True)
class RegistrationPlan:
    """The fields of a new registration. `consent_language` is the language of the consent text shown, `consent_shown`
    its mark (`registrations.consent.mark_of`) where that is known.

    `photos` is a value of `Registration.Photos`, "" where nobody asked. `answers` are those to the lab's questions;
    None where nothing was answered. `invitation` is the token of a link, `queue_number` that of a number of an opening
    with a draw. `documents` has the numbers of the versions accepted, by slug. Without `may_hold` no seats are held.
    """

    details: Details
    email: str
    choice: Choice
    consent: bool
    consent_language: str
    answers: GivenAnswers | None = None
    invitation: str = ""
    queue_number: str = ""
    consent_shown: str = ""
    photos: str = ""
    documents: Mapping[str, int] = field(default_factory=dict)
    may_hold: bool = True


def submit(lab: Lab, viewer: Viewer, plan: RegistrationPlan) -> Registration | None:
    """Write an unconfirmed registration with its requested seats, and queue the email that asks to confirm.

    Returns None where nothing is written: this person is registered already and is sent the link, or the address got
    too many emails (`core.mail.address_budget`). Tell nobody which. Another name at an address that is registered is
    another person, who is asked to confirm like everybody. Raises RuleViolation (codes: not_open, no_consent,
    consent_changed, those of `documents.check_for_submit`, no_session, no_photos, unknown_session for a choice of
    another lab or of other eyes, other_programme, other_questions), InvalidFields for required questions, and
    ValidationError for details that do not fit their columns. Whether a chosen session still takes place is asked
    again when the address is confirmed.
    """
    now = timezone.now()
    if not lab.takes_registrations(now):
        raise RuleViolation("not_open", _("Registration is not open."))
    if not plan.consent:
        raise RuleViolation("no_consent", _("You need to give your consent to register."))
    check_details(lab, plan.details)
    # Asked of participants; an organiser may leave it unsaid (`change_details`).
    if plan.details.stakeholder_group is None and lab.programme.stakeholder_groups.exists():
        raise ValidationError({"stakeholder_group": _("Choose a type of organisation.")})
    if (plan.choice.lab_id, plan.choice.viewer) != (lab.pk, viewer):
        raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
    if not plan.choice.sessions:
        raise RuleViolation("no_session", _("Choose at least one session."))
    rules = rules_of(lab)
    accepted = check_asked(lab, plan.photos, plan.documents)
    given = answers.check_for_submit(lab, [session.pk for session in plan.choice.sessions], plan.answers)
    registration = Registration(
        lab=lab,
        email=plan.email,
        email_key=address_key(plan.email),
        consent_version=current_version(lab, plan.consent_shown),
        consent_language=plan.consent_language,
        consent_at=now,
        photos=plan.photos if rules.asks_photos else "",
        submitted_by_id=viewer.user_id,
        **vars(plan.details),
    )
    registration.clean_answers()
    registration.invitation = admission.check(lab, rules, [viewer], plan.email, plan.invitation)
    number = opening.check(lab, rules, plan.queue_number)
    check_overlaps(rules, plan.choice.sessions)
    opening.use(number)
    return registration if _write(registration, plan, given, accepted) else None


def check_asked(lab: Lab, photos: str, accepted: Mapping[str, int]) -> list[DocumentVersion]:
    """Return the versions of documents that are accepted; see `RegistrationPlan`.

    Raises RuleViolation (codes: no_photos, those of `documents.check_for_submit`).
    """
    if rules_of(lab).asks_photos and not photos:
        raise RuleViolation("no_photos", PHOTOS_MISSING, "photos")
    return documents.check_for_submit(lab, accepted)


class _Rollback(Exception):
    """Rolls the transaction back."""


def _write(
    registration: Registration,
    plan: RegistrationPlan,
    given: GivenAnswers,
    accepted: Sequence[DocumentVersion],
) -> bool:
    """Save a valid registration and queue the email; return whether there was anything to save.

    The plan is checked before, so that the transaction is short; the budget of the address is checked inside.
    """
    with transaction.atomic(savepoint=False):
        key = address_budget.key_of(registration.email)
        address_budget.wait_for_turn(key)
        # One query for both.
        queued = address_budget.emails_of_a_day(key).values_list("created_at", Value(0))
        found = list(queued.union(same_person(registration).values_list("created_at", "pk"), all=True))
        known = next((pk for _at, pk in found if pk), None)
        if address_budget.left_of(at for at, pk in found if not pk):
            return _write_and_ask(registration, plan, given, accepted, known)
        # The same work, so that response times do not reveal whether the budget was used up.
        with suppress(_Rollback), transaction.atomic():
            _write_and_ask(registration, plan, given, accepted, known)
            raise _Rollback
        return False


def _write_and_ask(
    registration: Registration,
    plan: RegistrationPlan,
    given: GivenAnswers,
    accepted: Sequence[DocumentVersion],
    known: int | None,
) -> bool:
    if known is not None:
        # Not if the person is erased, or changes the address, concurrently.
        same = Registration.objects.active().filter(pk=known, email_key=registration.email_key)
        for held in same.locked():
            emails.already_registered(held, _not_yet_had(held, plan.choice))
        if plan.may_hold:
            # Holding locks sessions, whose response times would tell.
            with suppress(_Rollback), transaction.atomic():
                store(registration, plan.choice, given)
                raise _Rollback
        return False
    chosen = store(registration, plan.choice, given, may_hold=plan.may_hold)
    documents.store(registration, accepted, registration.consent_language)
    emails.confirm_address(registration, UNCONFIRMED_DAYS, chosen, is_asked_for=True)
    return True


def _not_yet_had(registration: Registration, choice: Choice) -> list[Seat]:
    """Return what a second form chose beside what the person has, unsaved, in the programme's order."""
    had = set(registration.seats.filter(state__in=ACTIVE).values_list("session", flat=True))
    new = [session for session in choice.sessions if session.pk not in had]
    new.sort(key=lambda session: (session.starts_at, session.pk))
    asked = Seat.State.REQUESTED
    return [
        Seat(registration=registration, session=session, mode=choice.modes.get(session.pk, ""), state=asked)
        for session in new
    ]


def store(
    registration: Registration, choice: Choice, given: GivenAnswers | None = None, *, may_hold: bool = True
) -> list[Seat]:
    """Save a new registration, unconfirmed, with what it asks for; return that in the programme's order.

    Seats are held if the lab's rules say so. Not if the registration is confirmed in the same transaction, which locks
    registrations before sessions.
    """
    # The history begins when the address is confirmed.
    registration.skip_history_when_saving = True  # type: ignore[attr-defined]
    registration.save(force_insert=True)
    del registration.skip_history_when_saving  # type: ignore[attr-defined]
    if given is not None:
        answers.store_new(registration, given)
    by_session = {session.pk: session for session in choice.sessions}
    minutes = rules_of(registration.lab).hold_minutes
    if minutes is None or not may_hold:
        chosen = seats.store_choice(registration, choice.modes)
    else:
        until = timezone.now() + timedelta(minutes=minutes)
        chosen = seats.hold(registration, choice.modes, until)
    for seat in chosen:
        seat.session = by_session[seat.session_id]
    chosen.sort(key=lambda seat: (seat.session.starts_at, seat.session_id))
    webhooks.created(registration)
    return chosen


def same_person(registration: Registration) -> RegistrationQuerySet:
    """Return the registration that this person has in this lab; there is at most one."""
    same = Registration.objects.active().filter(
        lab=registration.lab_id, email_key=registration.email_key, name_key=search_text(registration.name)
    )
    return same.order_by()


@transaction.atomic
def confirm_by_link(token: str, viewer: Viewer) -> Registration:
    """`confirm` the registration of a private link, which is read and locked at once. Raises Http404 beside.

    What a city named somebody for is accepted on a page of its own (code: nominated).
    """
    rows = lock_address(links.subject_of(token))
    found = links.opened(token, links.CONFIRM, rows)
    if found.nominated_until is not None and found.state == State.UNCONFIRMED:
        raise RuleViolation("nominated", _("A city has nominated you. Open the link again to accept."))
    return _confirm(found, rows, viewer)


@transaction.atomic
def confirm(registration: Registration, viewer: Viewer = VISITOR, by: User | None = None) -> Registration:
    """Take the address as confirmed: seats are taken or waited for in the order of the programme, and an email says so.

    The rules of choosing are asked again: registration is open, and `viewer` or the sender of the form sees the
    session by now. A second call changes nothing. Other unconfirmed registrations of the same person in this lab are
    deleted; those of others with this address stay. With `by` it is an organiser's word, and registration may be
    closed; but whom a city named accepts and consents alone. Raises RuleViolation (codes: cancelled,
    already_registered, too_many, nominated, not_open, gone, those of `admission.check_again` and of
    `invitations.use`).
    """
    rows = lock_address(registration.public_id)
    current = next((row for row in rows if row.pk == registration.pk), None)
    if current is None:
        raise RuleViolation("gone", _("This registration no longer exists."))
    return _confirm(current, rows, viewer, by)


def lock_address(public_id: UUID) -> list[Registration]:
    """Lock all registrations in this one's lab with its address, lowest id first: confirmations of one address follow
    each other.
    """
    rows = Registration.objects.filter(
        lab__registrations__public_id=public_id, email_key=F("lab__registrations__email_key")
    )
    return rows.locked()


def _confirm(
    current: Registration, rows: list[Registration], viewer: Viewer, by: User | None = None
) -> Registration:
    if current.state == State.CONFIRMED:
        return current
    if current.state == State.CANCELLED:
        raise RuleViolation("cancelled", _("This registration was cancelled."))
    registered = [row for row in rows if row.state == State.CONFIRMED]
    if any(row.name_key == current.name_key for row in registered):
        raise RuleViolation("already_registered", _("This name and email are already registered."))
    if len(registered) >= PEOPLE_PER_ADDRESS:
        raise RuleViolation("too_many", _("Too many people are registered with this email. Use another one."))
    is_nominated = current.nominated_until is not None
    if by is not None and is_nominated:
        raise RuleViolation("nominated", NOT_ACCEPTED)
    if by is None and not current.can_be_confirmed(timezone.now()):
        raise RuleViolation("not_open", CANNOT_CONFIRM)
    viewers = confirming_viewers(current, viewer)
    if by is None and current.entered_by_id is None and not is_nominated:
        admission.check_again(current.lab, rules_of(current.lab), viewers, current)
    invitations.use(current)
    current._history_user = by  # type: ignore[attr-defined]
    if by is None and (current.entered_by_id is not None or is_nominated):
        # Whoever was entered by an organiser or a city consents by confirming.
        current.consent_at = timezone.now()
    current.state = State.CONFIRMED
    current.confirmed_at = current.revised_at = timezone.now()
    persons.keep(current)
    current.save(update_fields=["state", "confirmed_at", "revised_at", "consent_at", "person"])
    others = [
        row.pk
        for row in rows
        if row.state == State.UNCONFIRMED
        and row.name_key == current.name_key
        and not row.is_of_city(timezone.now())
    ]
    if others:
        asked = Seat.objects.filter(registration=current, state__in=[Seat.State.REQUESTED, Seat.State.HELD])
        erasure.delete_forms(current.lab_id, others, asked)
    tallies.add(REGISTERED, 1, lab_id=current.lab_id)
    taken = seats.take_requested(current, viewers, is_only_one=len(rows) == 1)
    full = acceptance.confirmed(current, taken)
    emails.confirmation(current, taken, [seat.session for seat in taken], full)
    webhooks.confirmed(current, taken)
    return current


def expire_unconfirmed(now: datetime, at_most: int = 100) -> int:
    """Delete registrations that were not confirmed in time. Returns how many; call again while any."""
    too_old = Registration.objects.filter(created_at__lt=now - timedelta(days=UNCONFIRMED_DAYS))
    too_old = too_old.exclude(nominated_until__gt=now)
    return erasure.delete_unconfirmed(too_old, at_most=at_most)


def ask_again(registration: Registration, *, is_asked_for: bool = False) -> Message:
    """Ask the address of an unconfirmed registration again, a nominee about the nomination."""
    choice = choice_of(registration)
    named = Nomination.objects.filter(registration=registration).select_related("places__city", "contact")
    if nomination := named.first():
        contact_name = nomination.contact.name if nomination.contact else ""
        return nomination_emails.asked(
            registration, nomination.places, choice, contact_name, again=True, is_asked_for=is_asked_for
        )
    age = timezone.now() - registration.created_at
    days_left = max(UNCONFIRMED_DAYS - age.days, 1)
    return emails.confirm_address(registration, days_left, choice, again=True, is_asked_for=is_asked_for)


def choice_of(registration: Registration) -> list[Seat]:
    """Return what an unconfirmed registration asks for, with the sessions, in the programme's order."""
    asked = Seat.objects.filter(
        registration=registration, state__in=[Seat.State.REQUESTED, Seat.State.HELD]
    ).order_by()
    return with_sessions(registration, asked)


def seen_choice_of(registration: Registration, viewer: Viewer) -> list[Seat]:
    """Return the same without sessions that none of those see whose rights count."""
    asked = choice_of(registration)
    ids = [seat.session_id for seat in asked]
    seen = visible_ids(registration.lab_id, confirming_viewers(registration, viewer), ids)
    return [seat for seat in asked if seat.session_id in seen]


def check_details(lab: Lab, details: Details) -> None:
    """Reject a name without letters, and a city or a group of another programme."""
    if not has_letters(details.name):
        raise ValidationError({"name": _("Use letters.")})
    group = details.stakeholder_group
    if group is not None and group.programme_id != lab.programme_id:
        raise RuleViolation("other_programme", _("Choose a type of organisation from the list."))
    if details.city is not None and not lab.programme.has_city(details.city):
        raise RuleViolation("other_programme", _("Choose a city from the list."))
