"""Register, confirm, change and cancel, by the person.

An unconfirmed registration has no seats and no places in waiting lists, and the response never reveals whether an
address is registered. Confirming takes the seats.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs import tallies
from core.mail import address_budget
from core.search import search_text
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from core.web.localized_fields import has_letters
from labs.models import City, Lab, StakeholderGroup
from labs.viewer import VISITOR, Viewer
from registrations import emails, erasure, links, seats
from registrations.availability import CHOSEN_IS_CLOSED, Choice, available_sessions
from registrations.consent import consent_text
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.people import RegistrationQuerySet
from registrations.personal_calendar import with_sessions
from registrations.statistics import REGISTERED
from registrations.visibility import confirming_viewers, visible_ids
from sessions.models import Session

UNCONFIRMED_DAYS = 7
# People of one office may share an address, but one person must not take all seats.
PEOPLE_PER_ADDRESS = 10

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
    """The fields of a new registration. `consent_language` is the language of the consent text shown."""

    details: Details
    email: str
    choice: Choice
    consent: bool
    consent_language: str


def submit(lab: Lab, viewer: Viewer, plan: RegistrationPlan) -> Registration | None:
    """Write an unconfirmed registration with its requested seats, and queue the email that asks to confirm.

    Returns None where nothing is written: this person is registered already and is sent the link, or the address got
    too many emails (`core.mail.address_budget`). Tell nobody which. Another name at an address that is registered is
    another person, who is asked to confirm like everybody. Raises RuleViolation (codes: not_open, no_consent,
    no_session, unknown_session for a choice of another lab or of other eyes, other_programme) and ValidationError for
    details that do not fit their columns. Whether a chosen session still takes place is asked again when the address
    is confirmed.
    """
    now = timezone.now()
    if not lab.takes_registrations(now):
        raise RuleViolation("not_open", _("Registration is not open."))
    if not plan.consent:
        raise RuleViolation("no_consent", _("You need to give your consent to register."))
    _check_details(lab, plan.details)
    # Asked of participants; an organiser may leave it unsaid (`change_details`).
    if plan.details.stakeholder_group is None and lab.programme.stakeholder_groups.exists():
        raise ValidationError({"stakeholder_group": _("Choose a type of organisation.")})
    if (plan.choice.lab_id, plan.choice.viewer) != (lab.pk, viewer):
        raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
    if not plan.choice.sessions:
        raise RuleViolation("no_session", _("Choose at least one session."))
    registration = Registration(
        lab=lab,
        email=plan.email,
        email_key=address_key(plan.email),
        consent_text=consent_text(lab, plan.consent_language),
        consent_language=plan.consent_language,
        consent_at=now,
        submitted_by_id=viewer.user_id,
        **vars(plan.details),
    )
    registration.clean_answers()
    return registration if _write(registration, plan.choice.sessions, now) else None


class _Rollback(Exception):
    """Rolls the transaction back."""


def _write(registration: Registration, sessions: Sequence[Session], now: datetime) -> bool:
    """Save a valid registration and queue the email; return whether there was anything to save.

    The plan is checked before, so that the transaction is short; the budget of the address is checked inside.
    """
    with transaction.atomic(savepoint=False):
        address_budget.wait_for_turn(registration.email_key)
        # One query for both.
        queued = address_budget.emails_of_a_day(registration.email_key).values_list("created_at", Value(0))
        found = list(queued.union(_same_person(registration).values_list("created_at", "pk"), all=True))
        known = next((pk for _at, pk in found if pk), None)
        if address_budget.left_of(at for at, pk in found if not pk):
            return _write_and_ask(registration, sessions, known)
        # The same work, so that response times do not reveal whether the budget was used up.
        with suppress(_Rollback), transaction.atomic():
            _write_and_ask(registration, sessions, known)
            raise _Rollback
        return False


def _write_and_ask(registration: Registration, sessions: Sequence[Session], known: int | None) -> bool:
    if known is not None:
        # Not if the person is erased, or changes the address, concurrently.
        same = Registration.objects.active().filter(pk=known, email_key=registration.email_key)
        for held in same.locked():
            emails.already_registered(held)
        return False
    # The history begins when the address is confirmed.
    registration.skip_history_when_saving = True  # type: ignore[attr-defined]
    registration.save(force_insert=True)
    del registration.skip_history_when_saving  # type: ignore[attr-defined]
    by_session = {session.pk: session for session in sessions}
    chosen = seats.store_choice(registration, by_session)
    for seat in chosen:
        seat.session = by_session[seat.session_id]
    chosen.sort(key=lambda seat: (seat.session.starts_at, seat.session_id))
    emails.confirm_address(registration, UNCONFIRMED_DAYS, chosen, is_asked_for=True)
    return True


def _same_person(registration: Registration) -> RegistrationQuerySet:
    """Return the registration that this person has in this lab; there is at most one."""
    same = Registration.objects.active().filter(
        lab=registration.lab_id, email_key=registration.email_key, name_key=search_text(registration.name)
    )
    return same.order_by()


@transaction.atomic
def confirm_by_link(token: str, viewer: Viewer) -> Registration:
    """`confirm` the registration of a private link, which is read and locked at once. Raises Http404 beside."""
    rows = _locked_address(links.subject_of(token))
    return _confirm(links.opened(token, links.CONFIRM, rows), rows, viewer)


@transaction.atomic
def confirm(registration: Registration, viewer: Viewer = VISITOR) -> Registration:
    """Take the address as confirmed: seats are taken or waited for in the order of the programme, and an email says so.

    The rules of choosing are asked again: registration is open, and `viewer` or the sender of the form sees the
    session by now. A second call changes nothing. Other unconfirmed registrations of the same person in this lab are
    deleted; those of others with this address stay. Raises RuleViolation (codes: cancelled, already_registered,
    too_many, not_open, gone).
    """
    rows = _locked_address(registration.public_id)
    current = next((row for row in rows if row.pk == registration.pk), None)
    if current is None:
        raise RuleViolation("gone", _("This registration no longer exists."))
    return _confirm(current, rows, viewer)


def _locked_address(public_id: UUID) -> list[Registration]:
    """Lock all registrations in this one's lab with its address, lowest id first: confirmations of one address follow
    each other.
    """
    rows = Registration.objects.filter(
        lab__registrations__public_id=public_id, email_key=F("lab__registrations__email_key")
    )
    return rows.locked()


def _confirm(current: Registration, rows: list[Registration], viewer: Viewer) -> Registration:
    if current.state == State.CONFIRMED:
        return current
    if current.state == State.CANCELLED:
        raise RuleViolation("cancelled", _("This registration was cancelled."))
    registered = [row for row in rows if row.state == State.CONFIRMED]
    if any(row.name_key == current.name_key for row in registered):
        raise RuleViolation("already_registered", _("This name and email are already registered."))
    if len(registered) >= PEOPLE_PER_ADDRESS:
        raise RuleViolation("too_many", _("Too many people are registered with this email. Use another one."))
    if not current.lab.takes_registrations(timezone.now()):
        raise RuleViolation("not_open", CANNOT_CONFIRM)
    current.state = State.CONFIRMED
    current.confirmed_at = current.revised_at = timezone.now()
    current.save(update_fields=["state", "confirmed_at", "revised_at"])
    others = [row.pk for row in rows if row.state == State.UNCONFIRMED and row.name_key == current.name_key]
    if others:
        erasure.delete_unconfirmed(Registration.objects.filter(pk__in=others))
    tallies.add(REGISTERED, 1, lab_id=current.lab_id)
    viewers = confirming_viewers(current, viewer)
    taken = seats.take_requested(current, viewers, is_only_one=len(rows) == 1)
    emails.confirmation(current, taken, [seat.session for seat in taken])
    return current


@transaction.atomic
def change_sessions(
    registration: Registration, viewer: Viewer, session_ids: Iterable[int], by: User | None = None
) -> list[Seat]:
    """Make these the person's sessions among those that are not over: what is new is taken, what is missing given up.

    Returns the seats that moved; none where the choice is what it was. A session that the person has and cannot see
    at present stays as it is: no page could have shown it to be kept or given up. Adding asks for an open
    registration, giving up never does. Raises RuleViolation (codes: gone, not_registered, not_open, unknown_session).
    """
    registration = lock_confirmed(registration)
    now = timezone.now()
    wanted = set(session_ids)
    held = set(
        Seat.objects.filter(
            registration=registration, state__in=seats.ACTIVE, session__ends_at__gt=now
        ).values_list("session_id", flat=True)
    )
    added, dropped = wanted - held, held - wanted
    dropped &= visible_ids(registration.lab_id, [viewer.with_seats(frozenset(held))], dropped)
    if added:
        if not registration.lab.takes_registrations(now):
            raise RuleViolation(
                "not_open", _("Registration is closed. You can give up seats but not add sessions.")
            )
        open_to_choose = available_sessions(registration.lab, viewer, now, ids=added)
        if {session.pk for session in open_to_choose.sessions} != added:
            raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
    if not added and not dropped:
        return []
    # Locks all of them before any seat moves, in the global lock order.
    seats.lock_sessions(added | dropped)
    reason = SeatMovement.Reason.BY_ORGANISER if by else SeatMovement.Reason.GIVEN_UP
    given_up = seats.give_up(registration, dropped, reason, by)
    taken = seats.take(
        registration, added, SeatMovement.Reason.BY_ORGANISER if by else SeatMovement.Reason.CHOSEN, by
    )
    mark_revised(registration)
    emails.changed(registration, seats_of(registration), with_sessions(registration, given_up))
    return given_up + taken


@transaction.atomic
def change_details(registration: Registration, details: Details, by: User | None = None) -> Registration:
    """Change the personal details, except the email address.

    Raises RuleViolation (codes: gone, not_registered, other_programme, same_name) and ValidationError.
    """
    registration = lock_confirmed(registration)
    _check_details(registration.lab, details)
    differs = any(getattr(registration, name) != value for name, value in vars(details).items())
    for name, value in vars(details).items():
        setattr(registration, name, value)
    registration.clean_answers()
    registration.revised_at = timezone.now()
    registration._history_user = by  # type: ignore[attr-defined]
    save_person(
        registration,
        [*vars(details), "revised_at", *(["version"] if differs else [])],
        RuleViolation("same_name", _("Another person with this name is registered with this email.")),
    )
    return registration


def save_person(registration: Registration, columns: Iterable[str], taken: RuleViolation) -> None:
    """Save these fields. Raises `taken` if the lab has another registration of the same person."""
    if _same_person(registration).exclude(pk=registration.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            registration.save(update_fields=list(columns))
    except IntegrityError:  # a concurrent request
        raise taken from None


@transaction.atomic
def cancel(registration: Registration, by: User | None = None) -> Registration:
    """Cancel a registration and give up its seats in sessions that are not over. A second call does nothing.

    Raises RuleViolation (code: gone).
    """
    registration = lock_registration(registration)
    if registration.state == State.CANCELLED:
        return registration
    was_confirmed = registration.state == State.CONFIRMED
    now = timezone.now()
    registration.state = State.CANCELLED
    registration.cancelled_at = registration.revised_at = now
    registration._history_user = by  # type: ignore[attr-defined]
    registration.save(update_fields=["state", "cancelled_at", "revised_at"])
    coming = Session.objects.filter(seats__registration=registration, ends_at__gt=now).values_list(
        "pk", flat=True
    )
    given_up = seats.give_up(registration, coming, SeatMovement.Reason.REGISTRATION_CANCELLED, by)
    if was_confirmed:
        tallies.add(REGISTERED, -1, lab_id=registration.lab_id)
        emails.cancelled(registration, with_sessions(registration, given_up))
    return registration


@transaction.atomic
def renew_feed_address(registration: Registration) -> Registration:
    """Replace the URL of the personal feed, which revokes the old one."""
    registration = lock_confirmed(registration)
    registration.feed_version += 1
    registration.save(update_fields=["feed_version"])
    return registration


def expire_unconfirmed(now: datetime, at_most: int = 100) -> int:
    """Delete registrations that were not confirmed in time. Returns how many; call again while any."""
    too_old = Registration.objects.filter(created_at__lt=now - timedelta(days=UNCONFIRMED_DAYS))
    return erasure.delete_unconfirmed(too_old, at_most=at_most)


def seats_of(registration: Registration) -> list[Seat]:
    """Return the person's seats and places in waiting lists, with their sessions, in the programme's order."""
    held = Seat.objects.filter(registration=registration, state__in=seats.ACTIVE).order_by()
    return with_sessions(registration, held)


def choice_of(registration: Registration) -> list[Seat]:
    """Return what an unconfirmed registration asks for, with the sessions, in the programme's order."""
    asked = Seat.objects.filter(registration=registration, state=Seat.State.REQUESTED).order_by()
    return with_sessions(registration, asked)


def _check_details(lab: Lab, details: Details) -> None:
    """Reject a name without letters, and a city or a group of another programme."""
    if not has_letters(details.name):
        raise ValidationError({"name": _("Use letters.")})
    group = details.stakeholder_group
    if group is not None and group.programme_id != lab.programme_id:
        raise RuleViolation("other_programme", _("Choose a type of organisation from the list."))
    if details.city is not None and not lab.programme.has_city(details.city):
        raise RuleViolation("other_programme", _("Choose a city from the list."))


def lock_registration(registration: Registration) -> Registration:
    """Lock and return the current row. Every change of a registration begins with this.

    Raises RuleViolation (code: gone) if it was erased or deleted since it was read.
    """
    found = (
        Registration.objects.select_for_update(no_key=True, of=("self",))
        .select_related("lab__programme")
        .filter(pk=registration.pk, erased_at__isnull=True)
        .first()
    )
    if found is None:
        raise RuleViolation("gone", _("This registration no longer exists."))
    return found


def lock_confirmed(registration: Registration) -> Registration:
    """The same for what only a confirmed registration can do. Raises RuleViolation (codes: gone, not_registered)."""
    locked = lock_registration(registration)
    if locked.state != State.CONFIRMED:
        raise RuleViolation("not_registered", _("This registration is not confirmed or is cancelled."))
    return locked


def mark_revised(registration: Registration) -> None:
    """Update the revision date of the registration's calendar and page."""
    registration.revised_at = timezone.now()
    registration.save(update_fields=["revised_at"])
