"""Grant and revoke roles and delegations. Rights are read with every request, so changes apply at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from core.accounts.models import User
from core.web.email_addresses import account_address
from core.web.error_messages import plain_messages
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import no_control_characters, one_line
from labs.current_viewer import viewer_for
from labs.models import City, Delegate, Lab, Programme, RoleInvitation, Staff
from labs.people_csv import PersonRow
from labs.revisions import lock_lab
from labs.role_invitations import Place, grant, invite, require, tell


@transaction.atomic
def add_to_lab(
    lab: Lab, email: str, role: str, *, by: User, name: str = "", language: str = ""
) -> Staff | RoleInvitation:
    """Make an account organiser or door staff of the lab, or invite who has none; one role per person and lab.

    `language` is that of the email to a new person, by default the lab's. Raises RuleViolation.
    """
    require(viewer_for(by).organises(lab))
    if role not in (Staff.Role.ORGANISER, Staff.Role.DOOR):
        raise InvalidFields({"role": [gettext("Choose a role from the list.")]})
    # Serialises concurrent requests for the same person.
    lock_lab(lab.pk)
    found: Staff | RoleInvitation = _give_or_invite(
        Place(role, lab.programme, lab), email, name, language, by
    )
    return found


@transaction.atomic
def add_owner(
    programme: Programme, email: str, *, by: User, name: str = "", language: str = ""
) -> Staff | RoleInvitation:
    """Make an account an owner of the programme and so an organiser of all its labs, or invite who has none.

    Raises RuleViolation.
    """
    require(viewer_for(by).owns(programme.pk))
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    found: Staff | RoleInvitation = _give_or_invite(Place("owner", programme), email, name, language, by)
    return found


@transaction.atomic
def remove_staff(staff: Staff, *, by: User) -> None:
    """Remove a role. Raises RuleViolation.

    Only owners may remove owners; a programme keeps at least one.
    """
    viewer = viewer_for(by)
    if staff.programme is not None:
        require(viewer.owns(staff.programme.pk))
        # Locked, so that two owners cannot remove each other concurrently.
        Programme.objects.select_for_update(no_key=True).get(pk=staff.programme.pk)
        others = Staff.objects.filter(programme=staff.programme, role=Staff.Role.OWNER, user__is_active=True)
        if not others.exclude(pk=staff.pk).exists():
            raise RuleViolation(
                "last_owner", gettext("A programme must have at least one owner. Add another one first.")
            )
    else:
        require(staff.lab is not None and viewer.organises(staff.lab))
    staff.delete()


@transaction.atomic
def add_delegate(
    programme: Programme, email: str, city: City, *, by: User, name: str = "", language: str = ""
) -> Delegate | RoleInvitation:
    """Make an account a delegate of this city of the programme, or invite who has none. Raises RuleViolation."""
    require(viewer_for(by).owns(programme.pk))
    # Locked, so that the city is not removed concurrently.
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    if not programme.cities.filter(pk=city.pk).exists():
        raise InvalidFields({"city": [gettext("Choose a city of this programme.")]})
    place = Place("delegate", programme, city=city)
    found: Delegate | RoleInvitation = _give_or_invite(place, email, name, language, by)
    return found


@transaction.atomic
def remove_delegate(delegate: Delegate, *, by: User) -> None:
    """Remove the delegation. Raises RuleViolation."""
    require(viewer_for(by).owns(delegate.programme_id))
    delegate.delete()


@dataclass(frozen=True)
class Added:
    """How many got a role at once, and how many an invitation."""

    given: int
    invited: int


@transaction.atomic
def add_people(where: Lab | Programme, rows: Sequence[PersonRow], *, by: User) -> Added:
    """Give or offer all these roles, or none.

    Raises RuleViolation; InvalidFields names the rows that cannot be, under "".
    """
    given, errors = 0, []
    for row in rows:
        try:
            found = _add_row(where, row, by)
        except RuleViolation as error:
            if error.code in ("not_allowed", "too_many"):
                raise
            errors.append(gettext("Row %(row)d: %(error)s") % {"row": row.number, "error": error.message})
        else:
            given += not isinstance(found, RoleInvitation)
    if errors:
        raise InvalidFields({"": errors})
    return Added(given, len(rows) - given)


def _add_row(where: Lab | Programme, row: PersonRow, by: User) -> Staff | Delegate | RoleInvitation:
    if row.errors:
        raise InvalidFields({"": list(row.errors.values())})
    if isinstance(where, Lab):
        return add_to_lab(where, row.email, row.role, by=by, name=row.name, language=row.language)
    if row.city is not None:
        return add_delegate(where, row.email, row.city, by=by, name=row.name, language=row.language)
    return add_owner(where, row.email, by=by, name=row.name, language=row.language)


def _give_or_invite(place: Place, email: str, name: str, language: str, by: User) -> Any:
    """Give the role to the account of this address and tell it; if there is none, invite the address."""
    errors = _error_messages("email", email, account_address) | _error_messages(
        "name", name, no_control_characters, one_line
    )
    if len(name) > 200:
        errors["name"] = [gettext("Enter at most 200 characters.")]
    if language and language not in dict(settings.LANGUAGES):
        errors["language"] = [gettext("Choose a language from the list.")]
    if errors:
        raise InvalidFields(errors)
    address = account_address(email)
    user = User.objects.filter(email=address).first()
    if user is None:
        return invite(place, address, name.strip(), language or place.default_language, by)
    if not user.is_active:
        raise InvalidFields(
            {"email": [gettext("This account is deactivated. An administrator can reactivate it.")]}
        )
    row, is_new = grant(user, place)
    if is_new and user != by:
        tell(user, place, by)
    return row


def _error_messages(name: str, value: str, *validators: Callable[[str], object]) -> dict[str, list[str]]:
    """Return {name: messages} if any of the validators rejects the value, else {}."""
    found: list[str] = []
    for validate in validators:
        try:
            validate(value)
        except ValidationError as error:
            found.extend(plain_messages(error))
    return {name: found} if found else {}
