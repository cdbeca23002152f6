"""What is wrong with a new password, in the service's words."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User

WEAK_PASSWORDS = {
    "password_too_short": _("Enter a password with at least 12 characters."),
    "password_too_common": _("This password is too common. Enter another one."),
    "password_too_similar": _("This password is too similar to your name or email. Enter another one."),
}
PASSWORD_HINT = _(
    "At least 12 characters. A sentence that only you would write is strong and easy to remember."
)


def password_errors(password: str, user: User) -> list[str]:
    """Return what is wrong with the password for this account, saved or not, in the active language."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [str(WEAK_PASSWORDS.get(one.code or "", one.messages[0])) for one in error.error_list]
    return []
