"""Invitations: created, sent, revoked, and used by those who register."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.mail.links import Link
from core.mail.models import Message
from core.mail.queue import queue
from core.web import signed_links
from core.web.email_addresses import address_key
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import text_and_language
from labs.models import Lab
from labs.revisions import lock_lab
from registrations.models import Invitation, Registration
from registrations.models.invitations import MAX_USES

PURPOSE = "registration.invitation"
FIELD = "invitation"

NOT_VALID = _("This invitation is not valid, or was used already. Ask the organisers for another one.")

# Without the address: the link may have been forwarded.
OTHER_ADDRESS = _(
    "This invitation is for another address. Enter the address to which it was sent, or ask the organisers for an "
    "invitation to yours."
)


@dataclass(frozen=True)
class Invited:
    """How many addresses were invited, and how many had an invitation already."""

    new: int
    known: int


def token_of(invitation: Invitation) -> str:
    """Return the token that stands in the link."""
    return signed_links.make_token(PURPOSE, invitation.public_id, invitation.link_version)


def url_of(invitation: Invitation) -> str:
    """Return the absolute URL of the form with this invitation. Needs its lab."""
    return (
        f"{settings.BASE_URL}{reverse('register', args=[invitation.lab.slug])}?{FIELD}={token_of(invitation)}"
    )


def find(lab: Lab, token: str) -> Invitation | None:
    """Return the lab's invitation that this token opens; None for one that is forged, revoked or used up."""
    public_id = signed_links.subject_of(token)
    if public_id is None:
        return None
    found = Invitation.objects.filter(lab=lab, public_id=public_id, revoked_at__isnull=True).first()
    if found is None or not signed_links.is_valid(token, PURPOSE, public_id, found.link_version):
        return None
    return None if found.is_used_up else found


def check(lab: Lab, token: str, email: str) -> Invitation:
    """Return the invitation that lets this address register. Raises RuleViolation (codes: not_invited,
    invited_otherwise).
    """
    found = find(lab, token)
    if found is None:
        raise RuleViolation("not_invited", NOT_VALID, "email")
    if found.email_key not in ("", address_key(email)):
        raise RuleViolation("invited_otherwise", OTHER_ADDRESS, "email")
    return found


def use(registration: Registration) -> None:
    """Count a registration that is being confirmed; its row is locked. Raises RuleViolation (code: not_invited)."""
    if registration.invitation_id is None:
        return
    left = Invitation.objects.filter(
        pk=registration.invitation_id, revoked_at__isnull=True, used__lt=F("uses")
    )
    if not left.update(used=F("used") + 1):
        raise RuleViolation("not_invited", NOT_VALID)


def give_back(registration: Registration) -> None:
    """Let somebody else use the invitation of a registration that is being cancelled; its row is locked."""
    if registration.invitation_id is not None:
        Invitation.objects.filter(pk=registration.invitation_id, used__gt=0).update(used=F("used") - 1)


@transaction.atomic
def create(lab: Lab, uses: int, note: str, by: User | None = None) -> Invitation:
    """Create an invitation that so many people may use who have its link. Raises InvalidFields."""
    lock_lab(lab.pk)
    invitation = Invitation(lab=lab, uses=uses, note=note, created_by=by)
    errors: dict[str, list[str]] = {}
    if not 1 <= uses <= MAX_USES:
        errors["uses"] = [str(_("Enter a number from 1 to %(most)d.") % {"most": MAX_USES})]
    try:
        invitation.clean_fields(exclude=["lab", "created_by"])
    except ValidationError as error:
        errors |= {name: list(messages) for name, messages in error.message_dict.items()}
    if errors:
        raise InvalidFields(errors)
    invitation.save()
    return invitation


@transaction.atomic
def invite(lab: Lab, addresses: Iterable[str], language: str, by: User | None = None) -> Invited:
    """Invite the owners of these addresses by email, each once: who has an invitation gets no second one."""
    lock_lab(lab.pk)
    wanted = {address_key(address): address for address in addresses}
    known = set(
        Invitation.objects.filter(lab=lab, email_key__in=wanted, revoked_at__isnull=True).values_list(
            "email_key", flat=True
        )
    )
    new = Invitation.objects.bulk_create(
        Invitation(lab=lab, email=address, email_key=key, language=language, created_by=by)
        for key, address in wanted.items()
        if key not in known
    )
    for invitation in new:
        send(invitation)
    return Invited(len(new), len(known))


def send(invitation: Invitation) -> Message:
    """Queue the email with the link to the form. Needs the lab."""
    lab, language = invitation.lab, invitation.language
    path = f"{reverse('register', args=[lab.slug])}?{FIELD}={{token}}"
    return queue(
        "invitation",
        key=f"invitation:{invitation.public_id}:{invitation.link_version}",
        language=language,
        to_name="",
        to_email=invitation.email,
        context={"lab_title": text_and_language(lab.title, language, lab.default_language)[0]},
        lab=lab,
        invitation_id=invitation.pk,
        links={"register": Link(PURPOSE, invitation.public_id, invitation.link_version, path)},
        is_first=True,
    )


@transaction.atomic
def revoke(invitation: Invitation) -> None:
    """Make the link useless; who has registered with it stays registered."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at__isnull=True).update(
        revoked_at=timezone.now(), link_version=F("link_version") + 1
    )
