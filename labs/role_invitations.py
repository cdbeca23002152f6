"""Invitations to roles: sent to addresses without an account, accepted by the emailed link, sent again, revoked.

An account that exists gets a role at once and is told by email. A new person gets a link that works once, within
`DAYS`; the account is made when the person accepts, so that nobody has an account whom nobody reached.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.accounts.passwords import password_errors
from core.mail.links import Link
from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting
from core.web import signed_links
from core.web.absolute_urls import absolute_url
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import text_and_language, text_of
from labs.current_viewer import viewer_for
from labs.models import City, Delegate, Lab, Programme, RoleInvitation, Staff
from labs.revisions import lock_lab
from labs.viewer import Viewer

PURPOSE: Final = "roles.invitation"
ROUTE: Final = "role_invitation"
DAYS: Final = 14
# Ended invitations, which hold an address and a name, are deleted after this.
DAYS_KEPT: Final = 30
# Emails about roles: by one inviter, and to one address.
EMAILS_PER_HOUR: Final = 500
EMAILS_PER_ADDRESS_AND_DAY: Final = 5

Role = RoleInvitation.Role
NOT_ALLOWED = _("You do not have permission to give or remove this role.")
NOT_OPEN = _("This invitation has been used, withdrawn or has expired.")
TOO_MANY = _("You have sent many invitations in the last hour. Wait an hour, then try again.")
TOO_MANY_TO_ADDRESS = _("This address got several invitations today. Try again tomorrow.")


@dataclass(frozen=True)
class Place:
    """A role and where it is held: `lab` for organisers and door staff, `city` for delegates."""

    role: str
    programme: Programme
    lab: Lab | None = None
    city: City | None = None

    @property
    def default_language(self) -> str:
        return (self.lab or self.programme).default_language

    def may_be_given_by(self, viewer: Viewer) -> bool:
        return viewer.organises(self.lab) if self.lab else viewer.owns(self.programme.pk)


def place_of(invitation: RoleInvitation) -> Place:
    return Place(invitation.role, invitation.programme, invitation.lab, invitation.city)


def require(may: bool) -> None:
    """Raise RuleViolation (code: not_allowed) unless `may`."""
    if not may:
        raise RuleViolation("not_allowed", NOT_ALLOWED)


def grant(user: User, place: Place) -> tuple[Staff | Delegate, bool]:
    """Give the role, one per account and lab, in the caller's transaction; return its row and whether it is new."""
    if place.role == Role.DELEGATE:
        return Delegate.objects.get_or_create(user=user, programme=place.programme, city=place.city)
    if place.role == Role.OWNER:
        return Staff.objects.get_or_create(user=user, programme=place.programme, role=place.role)
    staff = Staff.objects.select_for_update().filter(user=user, lab=place.lab).first()
    if staff is None:
        return Staff.objects.create(user=user, lab=place.lab, role=place.role), True
    is_other = staff.role != place.role
    if is_other:
        staff.role = place.role
        staff.save(update_fields=["role"])
    return staff, is_other


def invite(place: Place, email: str, name: str, language: str, by: User) -> RoleInvitation:
    """Invite an address without an account, in the caller's transaction, which locks the lab or programme.

    Who is invited to the lab, or to the same place in the programme, already gets no second email; another role in the
    lab takes the place of the first. Raises RuleViolation (codes: too_many, too_many_to_address).
    """
    now = timezone.now()
    same = open_ones(now).filter(email=email, programme=place.programme, lab=place.lab, city=place.city)
    if place.lab is None:
        same = same.filter(role=place.role)
    if invitation := same.select_for_update(of=("self",)).first():
        if invitation.role != place.role:
            invitation.role = place.role
            invitation.save(update_fields=["role"])
        return invitation
    invitation = RoleInvitation.objects.create(
        programme=place.programme,
        lab=place.lab,
        city=place.city,
        role=place.role,
        email=email,
        name=name,
        language=language,
        invited_by=by,
        sent_at=now,
        expires_at=now + timedelta(days=DAYS),
    )
    _send(invitation, by)
    return invitation


def tell(user: User, place: Place, by: User) -> None:
    """Queue the email that tells an account of its new role. Raises RuleViolation (codes as `invite`)."""
    _check_budget(user.email, by)
    queue(
        "role_given",
        key=f"{_key_of(by)}{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=user.email,
        context=_facts(place, by, user.language) | {"address": _console_address(place)},
        lab=place.lab,
        user_id=user.pk,
    )


def find(token: str) -> RoleInvitation | None:
    """Return the open invitation whose link this is; None for a forged, revoked, used or expired one."""
    public_id = signed_links.subject_of(token)
    found = (
        RoleInvitation.objects.select_related("programme", "lab__programme", "city", "invited_by")
        .filter(public_id=public_id)
        .first()
        if public_id
        else None
    )
    if found is None or not signed_links.is_valid(token, PURPOSE, found.public_id, found.link_version):
        return None
    return found if found.is_open(timezone.now()) else None


@transaction.atomic
def accept(invitation: RoleInvitation, *, name: str = "", password: str = "") -> User:
    """Give the role to the account of the invited address, which is made if there is none; return it.

    The link proves the address, so all its other open invitations are accepted with it. A new account needs `name` and
    `password`. Raises InvalidFields, and RuleViolation (code: not_open) if it was used, revoked or has expired.
    """
    rows = _lock_open_ones(invitation.email)
    if invitation.pk not in {row.pk for row in rows}:
        raise RuleViolation("not_open", NOT_OPEN)
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        user = _create_account(invitation, name, password)
    elif not user.is_active:
        raise RuleViolation("inactive", _("This account is deactivated. An administrator can reactivate it."))
    _grant_all(user, rows)
    return user


@transaction.atomic
def accept_proven(email: str, name: str) -> User | None:
    """Give all roles to which an address is invited, whose holder another service has proven; return the account.

    A new account has no password: its holder signs in with that service. None if there is no open invitation.
    """
    rows = _lock_open_ones(email)
    if not rows:
        return None
    user = User.objects.filter(email=email).first()
    if user is None:
        name = name.strip()[:200] or rows[0].name
        user = User.objects.create_user(email, None, name=name, language=rows[0].language)
    _grant_all(user, rows)
    return user


def _lock_open_ones(email: str) -> list[RoleInvitation]:
    of_address = open_ones(timezone.now()).filter(email=email)
    # As everything that gives a role in a lab: one at a time, the labs in their order.
    for lab_id in sorted(set(of_address.exclude(lab=None).values_list("lab", flat=True))):
        lock_lab(lab_id)
    rows = of_address.select_related("programme", "lab__programme", "city").select_for_update(of=("self",))
    return list(rows.order_by("pk"))


def _grant_all(user: User, rows: list[RoleInvitation]) -> None:
    for row in rows:
        grant(user, place_of(row))
    RoleInvitation.objects.filter(pk__in=[row.pk for row in rows]).update(accepted_at=timezone.now())


def _create_account(invitation: RoleInvitation, name: str, password: str) -> User:
    errors: dict[str, list[str]] = {}
    if not name.strip():
        errors["name"] = [gettext("Enter your name.")]
    if weak := password_errors(password, User(email=invitation.email, name=name)):
        errors["password1"] = weak
    if errors:
        raise InvalidFields(errors)
    try:
        with transaction.atomic():
            return User.objects.create_user(
                invitation.email, password, name=name.strip(), language=invitation.language
            )
    except ValidationError as error:
        raise InvalidFields(error.message_dict) from error
    except IntegrityError:
        # The same form, sent twice at once.
        return User.objects.get(email=invitation.email)


@transaction.atomic
def revoke(invitation: RoleInvitation, *, by: User) -> None:
    """End an open invitation; its link opens nothing any longer. Raises RuleViolation (code: not_allowed)."""
    require(place_of(invitation).may_be_given_by(viewer_for(by)))
    RoleInvitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )


@transaction.atomic
def send_again(invitation: RoleInvitation, *, by: User) -> None:
    """Send another link, for another `DAYS`; the one before opens nothing any longer.

    An expired invitation is open again; an accepted or revoked one stays as it is. Raises RuleViolation (codes:
    not_allowed, not_open, too_many, too_many_to_address).
    """
    require(place_of(invitation).may_be_given_by(viewer_for(by)))
    row = (
        RoleInvitation.objects.select_for_update(of=("self",))
        .select_related("programme", "lab__programme", "city")
        .get(pk=invitation.pk)
    )
    if row.accepted_at is not None or row.revoked_at is not None:
        raise RuleViolation("not_open", NOT_OPEN)
    row.link_version += 1
    row.sent_at = timezone.now()
    row.expires_at = row.sent_at + timedelta(days=DAYS)
    row.save(update_fields=["link_version", "sent_at", "expires_at"])
    _send(row, by)


def open_ones(now: datetime) -> QuerySet[RoleInvitation]:
    return RoleInvitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)


def listed(place: Lab | Programme) -> QuerySet[RoleInvitation]:
    """Return the invitations to a lab, or to a programme itself, that nobody accepted or revoked: also expired ones."""
    where = Q(lab=place) if isinstance(place, Lab) else Q(programme=place, lab=None)
    return (
        RoleInvitation.objects.filter(where, accepted_at=None, revoked_at=None)
        .select_related("programme", "lab__programme", "city", "invited_by")
        .order_by("email", "pk")
    )


def delete_ended(now: datetime) -> None:
    """Delete invitations that ended some time ago, with the addresses in them."""
    until = now - timedelta(days=DAYS_KEPT)
    ended = Q(expires_at__lte=until) | Q(accepted_at__lte=until) | Q(revoked_at__lte=until)
    RoleInvitation.objects.filter(ended).delete()


def what_it_allows(role: str) -> str:
    """Return what somebody with this role can do, as a sentence in the active language."""
    return {
        Role.OWNER: gettext("You can manage the programme, all its labs and its people."),
        Role.ORGANISER: gettext(
            "You can manage this lab: sessions, registrations, emails, attendance and certificates."
        ),
        Role.DOOR: gettext("You can see who is expected and record who attended."),
        Role.DELEGATE: gettext("You can see and join the internal sessions that are open to your city."),
    }[Role(role)]


def _facts(place: Place, by: User, language: str) -> dict[str, object]:
    """Return what emails say of a role, in this language."""
    with translation.override(language):
        lab, city = place.lab, place.city
        return {
            "by": str(by),
            "role": str(Role(place.role).label),
            "allows": what_it_allows(place.role),
            "programme": text_of(place.programme.name, language, place.programme),
            "lab_title": text_of(lab.title, language, lab) if lab else "",
            "city": text_and_language(city.name, language, "en")[0] if city else "",
        }


def _send(invitation: RoleInvitation, by: User) -> None:
    _check_budget(invitation.email, by)
    language = invitation.language
    place = place_of(invitation)
    path = reverse(ROUTE, args=["-" * signed_links.TOKEN_LENGTH])
    queue(
        "role_invited",
        key=f"{_key_of(by)}{invitation.public_id}:{invitation.link_version}",
        language=language,
        to_name=invitation.name,
        to_email=invitation.email,
        context=_facts(place, by, language)
        | {"days": DAYS, "until": formatting.long_date(invitation.expires_at.date(), language)},
        lab=place.lab,
        links={
            "accept": Link(
                PURPOSE,
                invitation.public_id,
                invitation.link_version,
                path.replace("-" * signed_links.TOKEN_LENGTH, "{token}"),
            )
        },
    )


def _check_budget(email: str, by: User) -> None:
    sent = Message.objects.filter(occasion__in=["role_invited", "role_given"]).order_by()
    now = timezone.now()
    of_inviter = sent.filter(key__startswith=_key_of(by), created_at__gt=now - timedelta(hours=1))
    if of_inviter.count() >= EMAILS_PER_HOUR:
        raise RuleViolation("too_many", TOO_MANY)
    to_address = sent.filter(to_email=email, created_at__gt=now - timedelta(days=1))
    if to_address.count() >= EMAILS_PER_ADDRESS_AND_DAY:
        raise RuleViolation("too_many_to_address", TOO_MANY_TO_ADDRESS, "email")


def _key_of(by: User) -> str:
    return f"role:{by.pk}:"


def _console_address(place: Place) -> str:
    """Return the address of the page with which somebody with this role begins."""
    if place.role == Role.OWNER:
        return absolute_url("console_programme", place.programme.slug)
    return absolute_url("organise")
