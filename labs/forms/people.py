"""Who gets a role, and keys for programs, as people fill them in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.accounts.passwords import PASSWORD_HINT
from core.web.forms.base import BaseForm
from core.web.forms.fields import CityField, EmailAddressField
from core.web.localized_fields import no_control_characters, one_line, text_and_language
from labs.api_keys import LIFETIMES_DAYS, allowed_scopes
from labs.models import ApiToken, City, Lab, Programme, Staff


class PersonForm(BaseForm):
    """Who gets a role: by the address of an account, or of one that is made."""

    email = EmailAddressField(
        label=_("Email"),
        max_length=254,
        error_messages={"required": _("Enter the person’s email address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"),
        help_text=_("Used only if the address has no account yet."),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language of the invitation"),
        help_text=_("Used only if the address has no account yet."),
        choices=settings.LANGUAGES,
        required=False,
    )


class StaffForm(PersonForm):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Staff.Role.ORGANISER, _("Lab organiser: full access to this lab")),
            (Staff.Role.DOOR, _("Door staff: attendance only")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role from the list.")},
    )


class NewAccountForm(BaseForm):
    """The name and password of somebody who accepts an invitation. `labs.role_invitations` judges the password."""

    mark_optional = False

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Enter your name.")},
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        help_text=PASSWORD_HINT,
        strip=False,
        max_length=4096,
        error_messages={"required": _("Enter a new password")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Repeat the password"),
        strip=False,
        max_length=4096,
        error_messages={"required": _("Enter the new password again")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, second = values.get("password1"), values.get("password2")
        if first and second and first != second:
            self.add_error("password2", gettext("The passwords do not match. Enter the new password again."))
        return values


class DelegateForm(PersonForm):
    city = CityField(
        label=_("City"),
        queryset=City.objects.none(),
        empty_label=_("Choose…"),
        error_messages={
            "required": _("Choose a city."),
            "invalid_choice": _("Choose a city of this programme."),
        },
    )

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_queryset("city", programme.cities.all())


class KeyForm(BaseForm):
    name = forms.CharField(
        label=_("Name"),
        help_text=_("So that you can recognise the key later."),
        max_length=100,
        error_messages={"required": _("Enter a name for the key.")},
        validators=[no_control_characters, one_line],
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one option.")},
    )
    lab = forms.ModelChoiceField(
        label=_("Where"),
        queryset=Lab.objects.none(),
        required=False,
        empty_label=_("All my labs"),
        error_messages={"invalid_choice": _("Choose one of your labs.")},
    )
    days = forms.TypedChoiceField(label=_("Valid for"), coerce=int, initial=90, widget=forms.RadioSelect)

    def __init__(self, *args: Any, user: User, labs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = allowed_scopes(user)
        self.set_choices(
            "scopes", [(scope.value, scope.label) for scope in ApiToken.Scope if scope.value in offered]
        )
        self.set_queryset("lab", labs)
        self.fields["lab"].label_from_instance = lambda lab: text_and_language(  # type: ignore[attr-defined]
            lab.title, get_language() or "en", lab.default_language
        )[0]
        self.set_choices(
            "days", [(days, gettext("%(days)d days") % {"days": days}) for days in LIFETIMES_DAYS]
        )
