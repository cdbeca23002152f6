"""What accounts do on news from Django and allauth: note sign-ins, tell of passwords that changed."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from core.accounts import sign_ins
from core.accounts.models import SignIn, User
from core.accounts.signals import security_changed


@receiver(user_logged_in)
def note_sign_in(sender: object, request: Any, user: User, **_more: object) -> None:
    if request is not None:
        sign_ins.note(request, user)


@receiver(user_logged_out)
def forget_sign_in(sender: object, request: Any, user: User | None, **_more: object) -> None:
    if user is not None and request is not None and request.session.session_key:
        SignIn.objects.filter(session_key=request.session.session_key).delete()


@receiver([password_changed, password_reset])
def tell_of_new_password(sender: object, user: User, **_more: object) -> None:
    security_changed.send(sender=None, user=user.pk, what="password_changed")
