"""What the person, or an organiser for the person, changes of a registration later: sessions, details, cancelling."""

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs import tallies
from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import (
    acceptance,
    answers,
    emails,
    invitations,
    modes,
    nomination_emails,
    pending_transfers,
    persons,
    quotas,
    seats,
    waiting_list,
    webhooks,
)
from registrations.availability import CHOSEN_IS_CLOSED, available_sessions, check_overlaps, mode_for
from registrations.models import Registration, RegistrationRules, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.models.seats import ACTIVE
from registrations.personal_calendar import with_sessions
from registrations.registering import Details, check_details, same_person
from registrations.seat_rows import lock_sessions
from registrations.statistics import REGISTERED
from registrations.visibility import visible_ids
from sessions.models import Session

State = Registration.State
CancelledAs = Registration.CancelledAs


@transaction.atomic
def change_sessions(
    registration: Registration, viewer: Viewer, wishes: Mapping[int, str], by: User | None = None
) -> list[Seat]:
    """Make these the person's sessions among those that are not over, attended in these modes ("": as now, or the
    only one): what is new is taken, what is missing given up, what is attended in another way changes the mode.

    Returns the seats that moved; none where the choice is what it was. A session that the person has and cannot see
    at present stays as it is: no page could have shown it to be kept or given up. Adding asks for an open
    registration, giving up never does. Raises RuleViolation (codes: gone, not_registered, not_open, unknown_session,
    mode_missing, mode_not_offered, overlap, no_seat, offered, mode_full).
    """
    registration = lock_confirmed(registration)
    now = timezone.now()
    held = dict(
        Seat.objects.filter(
            registration=registration, state__in=ACTIVE, session__ends_at__gt=now
        ).values_list("session_id", "mode")
    )
    added, dropped = wishes.keys() - held.keys(), held.keys() - wishes.keys()
    dropped &= visible_ids(registration.lab_id, [viewer.with_seats(frozenset(held))], dropped)
    switched = [pk for pk in sorted(wishes.keys() & held.keys()) if wishes[pk] not in ("", held[pk])]
    new: dict[int, str] = {}
    if added:
        if not registration.lab.takes_registrations(now):
            raise RuleViolation(
                "not_open", _("Registration is closed. You can give up seats but not add sessions.")
            )
        open_to_choose = available_sessions(registration.lab, viewer, now, ids=added)
        if {session.pk for session in open_to_choose.sessions} != added:
            raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED)
        new = {session.pk: mode_for(session, wishes[session.pk]) for session in open_to_choose.sessions}
        _check_overlaps(registration, open_to_choose.sessions, held.keys() - dropped)
    if not added and not dropped and not switched:
        return []
    # Locks all of them before any seat moves, in the global lock order.
    lock_sessions({*added, *dropped, *switched})
    reason = SeatMovement.Reason.BY_ORGANISER if by else SeatMovement.Reason.GIVEN_UP
    given_up = seats.give_up(registration, dropped, reason, by)
    moved = [modes.switch_mode(registration, pk, wishes[pk], by) for pk in switched]
    taken = seats.take(
        registration, new, SeatMovement.Reason.BY_ORGANISER if by else SeatMovement.Reason.CHOSEN, by
    )
    answers.drop_sessions(registration, dropped)
    mark_revised(registration)
    was = {pk: held[pk] for pk in switched} | dict.fromkeys(new, "")
    why = emails.BY_ORGANISER if by else ""
    emails.changed(registration, seats_of(registration), with_sessions(registration, given_up), was, why)
    return given_up + moved + taken


def _check_overlaps(registration: Registration, added: Iterable[Session], kept_ids: Iterable[int]) -> None:
    """Refuse new sessions at the same time as each other or as one that is kept; those that are kept may overlap."""
    rules = rules_of(registration.lab)
    if rules.overlaps != RegistrationRules.Overlaps.REFUSE:
        return
    kept = list(Session.objects.filter(pk__in=list(kept_ids)).select_related("lab").defer("abstract"))
    for number, session in enumerate(added := list(added)):
        check_overlaps(rules, [session, *added[:number]])
        for other in kept:
            check_overlaps(rules, [session, other])


@transaction.atomic
def accept_offer(registration: Registration, session_id: int) -> None:
    """Make an offered seat the person's, and confirm it by email.

    Raises RuleViolation (codes: gone, not_registered, no_offer).
    """
    registration = lock_confirmed(registration)
    seats.accept_offer(registration, session_id)
    acceptance.seats_given(registration, [session_id])
    mark_revised(registration)
    emails.changed(registration, seats_of(registration))


@transaction.atomic
def change_details(registration: Registration, details: Details, by: User | None = None) -> Registration:
    """Change the personal details, except the email address.

    Raises RuleViolation (codes: gone, not_registered, other_programme, same_name, quota_full) and ValidationError.
    """
    registration = lock_confirmed(registration)
    check_details(registration.lab, details)
    differs = any(getattr(registration, name) != value for name, value in vars(details).items())
    for name, value in vars(details).items():
        setattr(registration, name, value)
    registration.clean_answers()
    _recount(registration)
    registration.revised_at = timezone.now()
    registration._history_user = by  # type: ignore[attr-defined]
    save_person(
        registration,
        [*vars(details), "revised_at", *(["version"] if differs else [])],
        RuleViolation("same_name", _("Another person with this name is registered with this email.")),
    )
    return registration


def _recount(registration: Registration) -> None:
    """Count the locked person's seats in the quotas of another city or type of organisation, unsaved yet.

    Whoever waits for a quota that has room now is promoted later. Raises RuleViolation (code: quota_full).
    """
    stored = Registration.objects.get(pk=registration.pk)
    before, after = quotas.holder_of(stored), quotas.holder_of(registration)
    if before == after:
        return
    try:
        with transaction.atomic():
            has_freed = quotas.recount_holder(registration.lab_id, before, after)
    except IntegrityError:
        raise RuleViolation(
            "quota_full", _("All places for this city or type of organisation are taken.")
        ) from None
    if has_freed:
        waiting_list.promote_later(registration.lab_id)


def save_person(registration: Registration, columns: Iterable[str], taken: RuleViolation) -> None:
    """Save these fields. Raises `taken` if the lab has another registration of the same person."""
    if same_person(registration).exclude(pk=registration.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            registration.save(update_fields=list(columns))
    except IntegrityError:  # a concurrent request
        raise taken from None
    persons.follow(registration)


# What movements of seats say where a city ended the registration.
_OF_CITY = {
    CancelledAs.REPLACED: SeatMovement.Reason.REPLACED,
    CancelledAs.WITHDRAWN: SeatMovement.Reason.WITHDRAWN,
}


@transaction.atomic
def cancel(
    registration: Registration, by: User | None = None, how: CancelledAs | None = None
) -> Registration:
    """Cancel a registration and give up its seats in sessions that are not over. A second call does nothing.

    Without `how` it is the word of the organiser `by`, else the person's own. Raises RuleViolation (code: gone).
    """
    how = how or (CancelledAs.BY_ORGANISER if by else CancelledAs.BY_PERSON)
    registration = lock_registration(registration)
    if registration.state == State.CANCELLED:
        return registration
    was_confirmed = registration.state == State.CONFIRMED
    now = timezone.now()
    registration.state = State.CANCELLED
    registration.cancelled_at = registration.revised_at = now
    registration.cancelled_as = how
    registration._history_user = by  # type: ignore[attr-defined]
    registration.save(update_fields=["state", "cancelled_at", "cancelled_as", "revised_at"])
    coming = Session.objects.filter(seats__registration=registration, ends_at__gt=now).values_list(
        "pk", flat=True
    )
    reason = _OF_CITY.get(how, SeatMovement.Reason.REGISTRATION_CANCELLED)
    given_up = seats.give_up(registration, coming, reason, by)
    answers.release(registration)
    pending_transfers.forget([registration])
    if was_confirmed:
        invitations.give_back(registration)
        tallies.add(REGISTERED, -1, lab_id=registration.lab_id)
        tell = nomination_emails.ended if how in _OF_CITY else emails.cancelled
        tell(registration, with_sessions(registration, given_up))
    elif how in _OF_CITY:
        nomination_emails.ended(registration, [], is_answered=False)
    webhooks.cancelled(registration)
    return registration


@transaction.atomic
def renew_feed_address(registration: Registration) -> Registration:
    """Replace the URL of the personal feed, which revokes the old one."""
    registration = lock_confirmed(registration)
    registration.feed_version += 1
    registration.save(update_fields=["feed_version"])
    return registration


def seats_of(registration: Registration) -> list[Seat]:
    """Return the person's seats and places in waiting lists, with their sessions, in the programme's order."""
    held = Seat.objects.filter(registration=registration, state__in=ACTIVE).order_by()
    return with_sessions(registration, held)


def lock_registration(registration: Registration) -> Registration:
    """Lock and return the current row. Every change of a registration begins with this.

    Raises RuleViolation (code: gone) if it was erased or deleted since it was read.
    """
    found = (
        Registration.objects.select_for_update(no_key=True, of=("self",))
        .select_related("lab__programme", "lab__registration_rules")
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
        raise not_registered()
    return locked


def not_registered() -> RuleViolation:
    return RuleViolation("not_registered", _("This registration is not confirmed or is cancelled."))


def mark_revised(registration: Registration) -> None:
    """Update the revision date of the registration's calendar and page."""
    registration.revised_at = timezone.now()
    registration.save(update_fields=["revised_at"])
