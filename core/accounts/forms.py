"""allauth's forms with the service's texts. None of their responses reveals whether an account exists."""

from typing import Any

from allauth.account import forms as allauth_forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.accounts.passwords import PASSWORD_HINT, WEAK_PASSWORDS
from core.accounts.signals import password_reset_requested
from core.web.email_addresses import account_address
from core.web.error_messages import PlainErrorsMixin
from core.web.forms.fields import EmailAddressField

ADDRESS_MISSING = _("Enter your email address")
PASSWORD_MISSING = _("Enter your password")
_LOGIN_ERRORS = {
    "email_password_mismatch": _(
        "Email or password is wrong. Check both, or use “Forgotten your password?” below."
    ),
    "too_many_login_attempts": _("Too many attempts. Wait 5 minutes, then try again."),
}


class LoginForm(PlainErrorsMixin, allauth_forms.LoginForm):
    mark_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = EmailAddressField(widget=self.fields["login"].widget)
        _set_texts(self, "login", _("Email"), required=ADDRESS_MISSING)
        _set_texts(self, "password", _("Password"), required=PASSWORD_MISSING)

    def clean_login(self) -> str:
        return account_address(self.cleaned_data["login"])

    def clean(self) -> dict[str, object] | None:
        try:
            return super().clean()
        except ValidationError as error:
            message = _LOGIN_ERRORS.get(error.code or "")
            raise ValidationError(message, code=error.code) if message else error from None


class _NewPasswordMixin(PlainErrorsMixin):
    """Common to forms with a new password and its repetition."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_texts(self, "password1", _("New password"), required=_("Enter a new password"))
        _set_texts(self, "password2", _("Repeat new password"), required=_("Enter the new password again"))
        self.fields["password1"].help_text = PASSWORD_HINT

    def add_error(self, field: str | None, error: object) -> None:
        """Replace the messages for weak passwords and for two that differ."""
        if field == "password1" and isinstance(error, ValidationError):
            error = ValidationError(
                [
                    ValidationError(WEAK_PASSWORDS[one.code], one.code) if one.code in WEAK_PASSWORDS else one
                    for one in error.error_list
                ]
            )
        elif field == "password2" and not isinstance(error, ValidationError):
            error = _("The passwords do not match. Enter the new password again.")
        super().add_error(field, error)


class ResetPasswordForm(PlainErrorsMixin, allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = EmailAddressField(widget=self.fields["email"].widget)
        _set_texts(self, "email", _("Email"), required=ADDRESS_MISSING)

    def save(self, request: HttpRequest, **options: object) -> str:
        """Queue the email in a task, also for unknown addresses, so that response times do not reveal accounts."""
        password_reset_requested.send(sender=None, users=[user.pk for user in self.users])
        return str(self.cleaned_data["email"])


class ChoosePasswordForm(_NewPasswordMixin, allauth_forms.ResetPasswordKeyForm):
    """A new password from the link of a mail."""


class ChangePasswordForm(_NewPasswordMixin, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _set_texts(self, "oldpassword", _("Current password"), required=PASSWORD_MISSING)

    def clean_oldpassword(self) -> str:
        try:
            return super().clean_oldpassword()
        except ValidationError:
            raise ValidationError(_("This is not your current password. Enter it again.")) from None


def _set_texts(form: Any, name: str, label: Any, **errors: Any) -> None:
    """Set a field's label and error messages, and remove its placeholder and help text."""
    field = form.fields[name]
    field.label = label
    field.help_text = ""
    field.error_messages |= errors
    field.widget.attrs.pop("placeholder", None)
