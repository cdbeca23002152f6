"""Actions of organisers on one registration. Each is recorded in the history, and the person is emailed."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.mail.models import Message
from core.web.email_addresses import address_key, clean_address
from core.web.errors import RuleViolation
from core.web.idempotency import forget
from labs.current_viewer import viewer_for
from registrations import answers, emails, erasure, managing, modes, registering, seats
from registrations.availability import mode_for
from registrations.models import Registration, Seat, SeatMovement
from registrations.models.seats import ACTIVE
from registrations.personal_calendar import with_sessions
from sessions.models import Session

State = Registration.State
Reason = SeatMovement.Reason

_REFUSALS: dict[str, str | Promise] = {
    Reason.CLOSED: _("The session is full and has no waiting list. Increase its number of seats first."),
    Reason.QUOTA: _("A quota has no room for this person, and the session has no waiting list."),
    Reason.NOT_OPEN: _("Seats cannot be added: the session is over, cancelled or a draft."),
}


def confirm(registration: Registration, by: User) -> Registration:
    """Take the address as confirmed, on the organiser's word; registration may be closed.

    Seats are taken and the person gets the confirmation, as if he or she had confirmed. Raises RuleViolation as
    `registering.confirm`.
    """
    return registering.confirm(registration, viewer_for(by), by=by)


@transaction.atomic
def give_seat(registration: Registration, session: Session, by: User, mode: str = "") -> Seat:
    """Give the person a seat, or the next place in the waiting list of a full session; registration may be closed.

    A seat or place that the person has stays, and no second email goes out, unless it is attended in another `mode`.
    Raises RuleViolation (codes: gone, not_registered, closed, quota, not-open, mode_missing, mode_not_offered,
    mode_full, no_seat).
    """
    registration = managing.lock_confirmed(registration)
    held = Seat.objects.filter(registration=registration, session=session, state__in=ACTIVE).first()
    if held is not None and held.state != Seat.State.PENDING:
        if mode not in ("", held.mode):
            was = {session.pk: held.mode}
            held = modes.switch_mode(registration, session.pk, mode_for(session, mode), by)
            managing.mark_revised(registration)
            emails.changed(registration, managing.seats_of(registration), was=was, why=emails.BY_ORGANISER)
        return held
    wish = {session.pk: mode_for(session, mode or (held.mode if held else ""))}
    [seat] = seats.take(registration, wish, Reason.BY_ORGANISER, by)
    if seat.state not in ACTIVE:
        # Refusing takes the attempt back, so that nothing of it stands in the person's history.
        why = SeatMovement.objects.filter(seat=seat).order_by("-pk").values_list("reason", flat=True)[0]
        raise RuleViolation(why, _REFUSALS[why])
    managing.mark_revised(registration)
    was = None if held else {session.pk: ""}
    emails.changed(registration, managing.seats_of(registration), was=was, why=emails.BY_ORGANISER)
    return seat


@transaction.atomic
def take_back(registration: Registration, session: Session, by: User) -> bool:
    """Take a seat or a place in the waiting list from the person; the next in the waiting list is seated.

    Returns whether there was any. Raises RuleViolation (codes: gone, not_registered, over).
    """
    registration = managing.lock_confirmed(registration)
    if session.is_over(timezone.now()):
        raise RuleViolation("over", _("The session is over; its seats can no longer change."))
    given_up = seats.give_up(registration, [session.pk], Reason.BY_ORGANISER, by)
    if not given_up:
        return False
    answers.drop_sessions(registration, [session.pk])
    managing.mark_revised(registration)
    emails.changed(
        registration,
        managing.seats_of(registration),
        with_sessions(registration, given_up),
        why=emails.BY_ORGANISER,
    )
    return True


@transaction.atomic
def send_link(registration: Registration) -> tuple[Message, bool]:
    """Queue the email with the private link, or the one that asks to confirm, again.

    Within 20 minutes of an earlier one nothing is queued. Returns the email and whether it is new. Raises RuleViolation
    (codes: gone, cancelled, not_open).
    """
    registration = managing.lock_registration(registration)
    before = timezone.now()
    message = _mail_with_link(registration)
    return message, message.created_at >= before


@transaction.atomic
def correct_address(registration: Registration, email: str, by: User) -> Message | None:
    """Write the person's right address, on the organiser's word, and queue the email with the link to it.

    All private links sent so far stop working: they may lie in a stranger's mailbox. Emails already written keep
    their address. Returns None where nothing differs. Raises RuleViolation (codes: gone, cancelled, not_open,
    already_registered) and ValidationError for what is no address.
    """
    registration = managing.lock_registration(registration)
    _refuse_cancelled(registration)
    try:
        email = clean_address(email)
    except ValidationError as error:
        raise ValidationError({"email": error}) from error
    if email == registration.email:
        return None
    forget([erasure.about_address(registration.email_key)])
    registration.email, registration.email_key = email, address_key(email)
    registration.clean_answers()
    registration.link_version += 1
    registration.feed_version += 1
    registration.revised_at = timezone.now()
    registration._history_user = by  # type: ignore[attr-defined]
    managing.save_person(
        registration,
        ["email", "email_key", "link_version", "feed_version", "revised_at"],
        RuleViolation(
            "already_registered", _("Another registration for this lab has the same email and name.")
        ),
    )
    return _mail_with_link(registration)


def _mail_with_link(registration: Registration) -> Message:
    _refuse_cancelled(registration)
    if registration.state == State.CONFIRMED:
        return emails.link_again(registration)
    if not registration.can_be_confirmed(timezone.now()):
        raise RuleViolation(
            "not_open", _("Registration is closed, so no one can confirm an email at the moment.")
        )
    return registering.ask_again(registration)


def _refuse_cancelled(registration: Registration) -> None:
    if registration.state == State.CANCELLED:
        raise RuleViolation("cancelled", _("This registration was cancelled."))
