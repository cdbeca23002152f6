"""How allauth behaves here: no open sign-up, emails through the outbox, addresses from the settings."""

import secrets

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.accounts import email_changes
from core.accounts.models import EmailChange, User
from core.mail.address_budget import emails_left
from core.mail.links import Link, link_maker
from core.mail.queue import queue
from core.web import signed_links
from core.web.absolute_urls import absolute_url
from core.web.email_addresses import account_address
from core.web.rate_limits import client_address

RESET = "account.reset"


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by organisers; participants need none."""
        return False

    def clean_email(self, email: str) -> str:
        return account_address(email)

    def post_login(self, request: HttpRequest, user: User, **options: object) -> HttpResponse:
        """Emails about an account come in the language that its holder chose in the browser of the last sign-in."""
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if language in dict(settings.LANGUAGES) and language != user.language:
            user.language = language
            user.save(update_fields=["language"])
        response: HttpResponse = super().post_login(request, user, **options)
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that rate limits count; behind a Unix socket without trusted proxies all are one."""
        return client_address(request) or "local"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Never from a request's Host header."""
        return settings.BASE_URL + reset_path().replace("{token}", key)

    def get_reauthentication_methods(self, user: object) -> list[dict[str, str]]:
        """One page asks for whatever the account has."""
        return [{"id": "confirm", "description": "", "url": reverse("account_reauthenticate")}]

    def send_notification_mail(self, *args: object, **options: object) -> None:
        """Send nothing: `tell_of_security` does."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Refuse: the library sends no email of its own here. Raises LookupError."""
        raise LookupError(f"no mail for {template_prefix}")


@transaction.atomic
def send_password_reset(user_id: int) -> None:
    """Queue the email that lets an account choose a new password, if the budget of its address lasts."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not emails_left(user.email):
        return
    queue(
        "password_reset",
        key=f"password-reset:{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=user.email,
        context={"email": user.email, "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60)},
        user_id=user.pk,
        links={"reset": Link(RESET, str(user.pk), 0, reset_path())},
        is_asked_for=True,
    )


def reset_path() -> str:
    """The address of the page where a new password is chosen, with `{token}` for its key."""
    placeholders = {"uidb36": "UID", "key": "KEY"}
    return reverse("account_reset_password_from_key", kwargs=placeholders).replace("UID-KEY", "{token}")


@link_maker(RESET)
def reset_token(user_pk: str) -> str:
    """Make the key that lets this account choose a new password: at sending, so that no database holds it."""
    user = User.objects.filter(pk=user_pk, is_active=True).first()
    if user is None:
        raise ValueError("the account is gone")
    return f"{user_pk_to_url_str(user)}-{PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)}"


# What emails say of a change to how an account is protected.
SECURITY_CHANGES = {
    "app_added": _("An authenticator app was set up."),
    "app_removed": _("The authenticator app was removed."),
    "passkey_added": _("A passkey was added."),
    "passkey_removed": _("A passkey was removed."),
    "codes_made": _("New recovery codes were created. The earlier ones no longer work."),
    "password_changed": _("The password was changed."),
    "sso_connected": _(
        "The account was connected with the sign-in service. Your sign-in there now works here."
    ),
    "sso_disconnected": _("The account was disconnected from the sign-in service."),
    "reset": _(
        "An administrator removed all second steps. The password alone signs in until you set one up."
    ),
}


@transaction.atomic
def tell_of_security(user_id: int, what: str) -> None:
    """Queue the email that tells the holder of a change to how the account is protected."""
    user = User.objects.get(pk=user_id)
    with translation.override(user.language):
        words = str(SECURITY_CHANGES[what])
    queue(
        "account_security",
        key=f"account-security:{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=user.email,
        context={"email": user.email, "change": words, "address": absolute_url("mfa_index")},
        user_id=user.pk,
    )


@transaction.atomic
def ask_new_address(change_id: int) -> None:
    """Queue the email to a new address that asks to confirm it; none to one that has an account, or too many."""
    change = EmailChange.objects.select_related("user").get(pk=change_id)
    user = change.user
    if User.objects.filter(email=change.email).exists() or not emails_left(change.email):
        return
    path = reverse(email_changes.ROUTE, args=["-" * signed_links.TOKEN_LENGTH])
    path = path.replace("-" * signed_links.TOKEN_LENGTH, "{token}")
    queue(
        "email_change",
        key=f"email-change:{change.public_id}",
        language=user.language,
        to_name=user.name,
        to_email=change.email,
        context={"email": user.email, "new_email": change.email, "days": email_changes.DAYS},
        user_id=user.pk,
        links={"confirm": Link(email_changes.PURPOSE, change.public_id, 0, path)},
        is_asked_for=True,
    )


@transaction.atomic
def tell_old_address(user_id: int, before: str) -> None:
    """Queue the email that tells the old address of an account that it has another one now."""
    user = User.objects.get(pk=user_id)
    queue(
        "email_changed",
        key=f"email-changed:{user.pk}:{secrets.token_hex(8)}",
        language=user.language,
        to_name=user.name,
        to_email=before,
        context={"email": before, "address": absolute_url("contact")},
        user_id=user.pk,
    )
