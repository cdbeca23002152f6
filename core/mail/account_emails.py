"""How allauth behaves here: no open sign-up, emails through the outbox, addresses from the settings."""

import secrets

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language

from core.accounts.models import User
from core.mail.address_budget import emails_left
from core.mail.links import Link, link_maker
from core.mail.queue import queue
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
        """Emails about an account come in the language in which its holder last signed in."""
        language = get_language()
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
