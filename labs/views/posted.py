"""What every page that takes a form does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from labs.editing import Refused
from labs.models import User
from labs.submissions import FIELD, KeyReused, is_form_key, once


def created_once(
    request: HttpRequest, purpose: str, carry_out: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Carry out what a form creates, once however often it is sent; see `labs.submissions.once`.

    Raises Refused, from `carry_out` or for a form that is not one of ours or was sent with other answers before.
    """
    key = request.POST.get(FIELD, "")
    if not is_form_key(key):
        raise Refused(_("This form is not complete. Open the page again, and send it once more."))
    said = sorted(
        (name, values) for name, values in request.POST.lists() if name not in (FIELD, "csrfmiddlewaretoken")
    )
    try:
        return once(purpose, key, [request.user.pk, request.path, said], carry_out)
    except KeyReused as error:
        raise Refused(error.message) from error


def person(request: HttpRequest) -> User:
    """Return who is signed in; only for views that ask for it."""
    return cast(User, request.user)
