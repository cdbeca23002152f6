"""The outbox as organisers see it: which emails there are, of which occasion, and what became of the last hour's.

Every function takes the id of a lab, or None for the emails that belong to no lab (accounts, passwords).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.mail.message_counts import NOT_ARRIVED, messages_of
from core.mail.models import Message, MessageQuerySet
from core.search import matches

State = Message.State

# What each email is for, in words; a test holds this against templates/emails/.
OCCASIONS: dict[str, str | Promise] = {
    "confirm_address": _("Request to confirm the email address"),
    "confirm_reminder": _("Reminder to confirm the email address"),
    "already_registered": _("Already registered"),
    "invitation": _("Invitation"),
    "contact_invited": _("Request to a city to nominate"),
    "contact_reminded": _("Reminder to a city to nominate"),
    "contact_deadline": _("New deadline to nominate"),
    "speaker_asked": _("Request to a speaker"),
    "speaker_reminded": _("Reminder to a speaker"),
    "nominee_asked": _("Request to accept a nomination"),
    "nominee_declined": _("Nomination declined"),
    "confirmation": _("Confirmation"),
    "registration_changed": _("Sessions changed"),
    "registration_link": _("Link resent"),
    "my_registrations": _("Link to all registrations"),
    "registration_cancelled": _("Registration cancelled"),
    "nomination_ended": _("Nomination ended by the city"),
    "transfer_offered": _("Offer of a colleague’s place"),
    "transfer_accepted": _("Place given to a colleague"),
    "transfer_ended": _("Place not taken by a colleague"),
    "further_questions": _("Questions after acceptance"),
    "seat_is_yours": _("Seat from the waiting list"),
    "seat_is_offered": _("Offer of a seat"),
    "offer_expired": _("Offer of a seat expired"),
    "session_reminder": _("Reminder"),
    "still_coming": _("Still coming?"),
    "seats_refused": _("Seats not approved"),
    "session_moved": _("Changes of sessions"),
    "session_cancelled": _("Session cancelled"),
    "session_restored": _("Session going ahead"),
    "announcement": _("Announcement"),
    "certificate": _("Certificate"),
    "certificate_revoked": _("Certificate revoked"),
    "certificate_restored": _("Certificate valid again"),
    "password_reset": _("New password"),
    "account_security": _("Change to how an account is protected"),
    "email_change": _("Request to confirm a new address of an account"),
    "email_changed": _("New address of an account"),
    "role_invited": _("Invitation to a role"),
    "role_given": _("New role"),
}

# The tabs of the page, and the states behind each.
TABS: dict[str, tuple[str, ...]] = {
    "queued": (State.QUEUED, State.SENDING),
    "sent": (State.SENT,),
    "delivered": (State.DELIVERED,),
    "failed": (State.FAILED,),
    "bounced": (State.BOUNCED,),
    "complained": (State.COMPLAINED,),
}


# What a row of the list shows.
_SHOWN = (
    "public_id", "registration", "occasion", "language", "to_name", "to_email", "subject", "state", "last_error",
    "run_at", "attempts", "created_at",
)  # fmt: skip


@dataclass(frozen=True)
class MessageSearch:
    """What a list of emails is narrowed to; empty means any. `tab` is one of TABS."""

    to: str = ""
    occasion: str = ""
    tab: str = ""


def find(lab_id: int | None, search: MessageSearch) -> MessageQuerySet:
    """Return the emails that fit, those in trouble first, then those on trial again, then the newest; no bodies.

    `registration_public_id` is that of the registration that an email is about, None where it is about none.
    """
    found = messages_of(lab_id).only(*_SHOWN).annotate(registration_public_id=F("registration__public_id"))
    if search.to:
        found = found.filter(matches(search.to, "recipient_key"))
    if search.occasion:
        found = found.filter(occasion=search.occasion)
    if search.tab:
        found = found.filter(state__in=TABS[search.tab])
    return found.order_by("attention", "-created_at", "-pk")


def occasion_in_words(occasion: str) -> str:
    """Return what an email is for; one that has no words shows its own name."""
    return str(OCCASIONS.get(occasion, occasion.replace("_", " ")))


@dataclass(frozen=True)
class LastHour:
    """How many emails were sent in the last hour, and how many failed for good."""

    sent: int
    failed: int


def last_hour(lab_id: int | None, now: datetime) -> LastHour:
    """Count what became of emails in the hour until now. One query."""
    failed = Q(state__in=NOT_ARRIVED)
    finished = messages_of(lab_id).filter(finished_at__gt=now - timedelta(hours=1), finished_at__lte=now)
    return LastHour(**finished.aggregate(sent=Count("pk", filter=~failed), failed=Count("pk", filter=failed)))
