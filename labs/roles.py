"""Who may do what in the console, and which cities send delegates: given and taken here, by those who may.

Rights are read anew with every request (`labs.viewer`), so what is taken is gone at once.
"""

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
from core.web.error_messages import sentences
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import no_control_characters, one_line, reading
from labs.current_viewer import viewer_for
from labs.models import City, Delegate, Lab, Programme, Staff
from labs.revisions import lock_lab

NOT_YOURS = _("You may not give or take this role.")


@transaction.atomic
def add_to_lab(lab: Lab, email: str, role: str, *, by: User, name: str = "") -> Staff:
    """Make somebody organiser or door staff of the lab; one role per person and lab. Raises RuleViolation."""
    if not viewer_for(by).organises(lab):
        raise RuleViolation("not_allowed", NOT_YOURS)
    if role not in (Staff.Role.ORGANISER, Staff.Role.DOOR):
        raise InvalidFields({"role": [gettext("Choose a role from the list.")]})
    # Two who add the same person at once: the second sees what the first has given.
    lock_lab(lab.pk)
    user = _account(email, name, by, Staff.Role(role).label, lab.programme, lab)
    held = Staff.objects.select_for_update().filter(user=user, lab=lab).first()
    if held is None:
        return Staff.objects.create(user=user, lab=lab, role=role)
    if held.role != role:
        held.role = role
        held.save(update_fields=["role"])
    return held


@transaction.atomic
def add_owner(programme: Programme, email: str, *, by: User, name: str = "") -> Staff:
    """Make somebody an owner of the programme and so an organiser of all its labs. Raises RuleViolation."""
    if not viewer_for(by).owns(programme.pk):
        raise RuleViolation("not_allowed", NOT_YOURS)
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    user = _account(email, name, by, Staff.Role.OWNER.label, programme)
    staff, _new = Staff.objects.get_or_create(user=user, programme=programme, role=Staff.Role.OWNER)
    return staff


@transaction.atomic
def remove_staff(staff: Staff, *, by: User) -> None:
    """Take a role away, from the next request on. Raises RuleViolation.

    Owners are removed by owners, never by an organiser of one lab; a programme keeps at least one owner.
    """
    viewer = viewer_for(by)
    if staff.programme is not None:
        if not viewer.owns(staff.programme.pk):
            raise RuleViolation("not_allowed", NOT_YOURS)
        # Held, so that two owners cannot remove each other at the same moment.
        Programme.objects.select_for_update(no_key=True).get(pk=staff.programme.pk)
        others = Staff.objects.filter(programme=staff.programme, role=Staff.Role.OWNER, user__is_active=True)
        if not others.exclude(pk=staff.pk).exists():
            raise RuleViolation(
                "last_owner", gettext("A programme keeps at least one owner. Add another one first.")
            )
    elif staff.lab is None or not viewer.organises(staff.lab):
        raise RuleViolation("not_allowed", NOT_YOURS)
    staff.delete()


@transaction.atomic
def add_delegate(programme: Programme, email: str, city: City, *, by: User, name: str = "") -> Delegate:
    """Let somebody see the internal sessions that are open to this city of the programme. Raises RuleViolation."""
    if not viewer_for(by).owns(programme.pk):
        raise RuleViolation("not_allowed", NOT_YOURS)
    # Held, so that the city does not leave the programme meanwhile.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    if not programme.cities.filter(pk=city.pk).exists():
        raise InvalidFields({"city": [gettext("Choose a city of this programme.")]})
    user = _account(email, name, by, _("Delegate of a city"), programme, city=city)
    delegate, _new = Delegate.objects.get_or_create(user=user, programme=programme, city=city)
    return delegate


@transaction.atomic
def remove_delegate(delegate: Delegate, *, by: User) -> None:
    """Take the delegation away, from the next request on. Raises RuleViolation."""
    if not viewer_for(by).owns(delegate.programme_id):
        raise RuleViolation("not_allowed", NOT_YOURS)
    delegate.delete()


def _account(
    email: str,
    name: str,
    by: User,
    role: str | Promise,
    programme: Programme,
    lab: Lab | None = None,
    city: City | None = None,
) -> User:
    """Return the account of this address; where there is none, create one and queue the email to choose a password.

    The email says as what the person was invited (`role`, and the city of a delegate) and where.
    """
    errors = _wrong("email", email, account_address) | _wrong("name", name, no_control_characters, one_line)
    if len(name) > 200:
        errors["name"] = [gettext("Write at most 200 characters.")]
    if errors:
        raise InvalidFields(errors)
    address = account_address(email)
    user = User.objects.filter(email=address).first()
    if user is not None:
        if not user.is_active:
            raise InvalidFields(
                {"email": [gettext("This account is switched off. A superuser can switch it on again.")]}
            )
        return user
    try:
        # The inviter's language until the person chooses another one.
        with transaction.atomic():
            user = User.objects.create_user(address, None, name=name.strip(), language=by.language)
    except (IntegrityError, ValidationError) as error:
        # Somebody else invited the same person at the same moment: the account is there, and its email on its way.
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
            "programme": reading(programme.name, user.language, programme.default_language)[0],
            "lab_title": reading(lab.title, user.language, lab.default_language)[0] if lab else "",
            "city": reading(city.name, user.language, "en")[0] if city else "",
        }
    queue(
        "account_made",
        key=f"account-made:{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=user.email,
        context=context,
        lab=lab,
        about=f"user:{user.pk}",
        links={"reset": Link(RESET, str(user.pk), 0, reset_path())},
    )
    return user


def _wrong(name: str, value: str, *validators: Callable[[str], object]) -> dict[str, list[str]]:
    """Return {name: messages} for a value that any of the validators objects to."""
    found: list[str] = []
    for validate in validators:
        try:
            validate(value)
        except ValidationError as error:
            found.extend(sentences(error))
    return {name: found} if found else {}
