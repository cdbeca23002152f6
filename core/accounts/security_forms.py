"""Forms of second factors and of one's own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.forms.base import BaseForm
from core.web.forms.fields import EmailAddressField
from core.web.localized_fields import no_control_characters, one_line


class CodeForm(BaseForm):
    """A code of an authenticator app, or a recovery code."""

    mark_optional = False

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={"required": _("Enter the code.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "input-short"}
        ),
    )


class AppForm(CodeForm):
    """The first code of a new app; its secret travels encrypted in the form, so that opening the page keeps nothing."""

    setup = forms.CharField(widget=forms.HiddenInput, max_length=500)


class PasswordForm(BaseForm):
    mark_optional = False

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        error_messages={"required": _("Enter your password")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasskeyForm(BaseForm):
    """What the browser answered, which a script fills in."""

    name = forms.CharField(
        label=_("Name of the passkey"),
        help_text=_("So that you can recognise it later, for example “Phone”."),
        required=False,
        max_length=100,
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = forms.CharField(widget=forms.HiddenInput, required=False)


class ProfileForm(BaseForm):
    """What an account says of its holder."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        error_messages={"required": _("Enter your name.")},
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("Of emails about your account and your work."),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a language from the list.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, initial={"name": user.name, "language": user.language}, **kwargs)


class NewEmailForm(BaseForm):
    mark_optional = False

    email = EmailAddressField(
        label=_("New email"),
        max_length=254,
        error_messages={"required": _("Enter your email address")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
