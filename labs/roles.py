"""Grant and revoke roles and delegations. Rights are read with every request, so changes apply at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.mail.account_emails import RESET, reset_path
from core.mail.links import Link
from core.mail.queue import queue
from core.web.email_addresses import account_address
from core.web.error_messages import plain_messages
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import no_control_characters, one_line, text_and_language, text_of
from labs.current_viewer import viewer_for
from labs.models import City, Delegate, Lab, Programme, Staff
from labs.revisions import lock_lab


def _require(may: bool) -> None:
    if not may:
        raise RuleViolation("not_allowed", _("You do not have permission to give or remove this role."))


@transaction.atomic
def add_to_lab(lab: Lab, email: str, role: str, *, by: User, name: str = "") -> Staff:
    """Make an account organiser or door staff of the lab; one role per account and lab. Raises RuleViolation."""
    _require(viewer_for(by).organises(lab))
    if role not in (Staff.Role.ORGANISER, Staff.Role.DOOR):
        raise InvalidFields({"role": [gettext("Choose a role from the list.")]})
    # Serialises concurrent requests for the same person.
    lock_lab(lab.pk)
    user = _get_or_invite_user(email, name, by, Staff.Role(role).label, lab.programme, lab)
    staff = Staff.objects.select_for_update().filter(user=user, lab=lab).first()
    if staff is None:
        return Staff.objects.create(user=user, lab=lab, role=role)
    if staff.role != role:
        staff.role = role
        staff.save(update_fields=["role"])
    return staff


@transaction.atomic
def add_owner(programme: Programme, email: str, *, by: User, name: str = "") -> Staff:
    """Make an account an owner of the programme and so an organiser of all its labs. Raises RuleViolation."""
    _require(viewer_for(by).owns(programme.pk))
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    user = _get_or_invite_user(email, name, by, Staff.Role.OWNER.label, programme)
    staff, _new = Staff.objects.get_or_create(user=user, programme=programme, role=Staff.Role.OWNER)
    return staff


@transaction.atomic
def remove_staff(staff: Staff, *, by: User) -> None:
    """Remove a role. Raises RuleViolation.

    Only owners may remove owners; a programme keeps at least one.
    """
    viewer = viewer_for(by)
    if staff.programme is not None:
        _require(viewer.owns(staff.programme.pk))
        # Locked, so that two owners cannot remove each other concurrently.
        Programme.objects.select_for_update(no_key=True).get(pk=staff.programme.pk)
        others = Staff.objects.filter(programme=staff.programme, role=Staff.Role.OWNER, user__is_active=True)
        if not others.exclude(pk=staff.pk).exists():
            raise RuleViolation(
                "last_owner", gettext("A programme must have at least one owner. Add another one first.")
            )
    else:
        _require(staff.lab is not None and viewer.organises(staff.lab))
    staff.delete()


@transaction.atomic
def add_delegate(programme: Programme, email: str, city: City, *, by: User, name: str = "") -> Delegate:
    """Make an account a delegate of this city of the programme. Raises RuleViolation."""
    _require(viewer_for(by).owns(programme.pk))
    # Locked, so that the city is not removed concurrently.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    if not programme.cities.filter(pk=city.pk).exists():
        raise InvalidFields({"city": [gettext("Choose a city of this programme.")]})
    user = _get_or_invite_user(email, name, by, _("Delegate of a city"), programme, city=city)
    delegate, _new = Delegate.objects.get_or_create(user=user, programme=programme, city=city)
    return delegate


@transaction.atomic
def remove_delegate(delegate: Delegate, *, by: User) -> None:
    """Remove the delegation. Raises RuleViolation."""
    _require(viewer_for(by).owns(delegate.programme_id))
    delegate.delete()


def _get_or_invite_user(
    email: str,
    name: str,
    by: User,
    role: str | Promise,
    programme: Programme,
    lab: Lab | None = None,
    city: City | None = None,
) -> User:
    """Return the account of this address; if there is none, create one and queue the email to choose a password.

    The email names `role`, programme or lab, and the city of a delegate.
    """
    errors = _error_messages("email", email, account_address) | _error_messages(
        "name", name, no_control_characters, one_line
    )
    if len(name) > 200:
        errors["name"] = [gettext("Enter at most 200 characters.")]
    if errors:
        raise InvalidFields(errors)
    address = account_address(email)
    user = User.objects.filter(email=address).first()
    if user is not None:
        if not user.is_active:
            raise InvalidFields(
                {"email": [gettext("This account is deactivated. An administrator can reactivate it.")]}
            )
        return user
    try:
        # The inviter's language until the person chooses another one.
        with transaction.atomic():
            user = User.objects.create_user(address, None, name=name.strip(), language=by.language)
    except (IntegrityError, ValidationError) as error:
        # A concurrent request created the account and queued its email.
        if invited := User.objects.filter(email=address, is_active=True).first():
            return invited
        if isinstance(error, IntegrityError):
            raise
        raise InvalidFields(error.message_dict) from error
    with override(user.language):
        context = {
            "email": user.email,
            "by": str(by),
            "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60),
            "role": str(role),
            "programme": text_of(programme.name, user.language, programme),
            "lab_title": text_of(lab.title, user.language, lab) if lab else "",
            "city": text_and_language(city.name, user.language, "en")[0] if city else "",
        }
    queue(
        "account_made",
        key=f"account-made:{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=user.email,
        context=context,
        lab=lab,
        user_id=user.pk,
        links={"reset": Link(RESET, str(user.pk), 0, reset_path())},
    )
    return user


def _error_messages(name: str, value: str, *validators: Callable[[str], object]) -> dict[str, list[str]]:
    """Return {name: messages} if any of the validators rejects the value, else {}."""
    found: list[str] = []
    for validate in validators:
        try:
            validate(value)
        except ValidationError as error:
            found.extend(plain_messages(error))
    return {name: found} if found else {}
