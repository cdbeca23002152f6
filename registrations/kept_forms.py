"""Forms that come back in another language with what was typed in them.

The buttons of the languages send the form of the page (`kept_form` in partials/languages.html): nothing is done then.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language

# The field of the buttons that change the language; the address that they send to has it too.
SWITCH = "lang"
# The language in which the form was shown.
SHOWN_IN = "shown_in"


def sent_of(request: HttpRequest) -> QueryDict | None:
    """Return what was sent for the server to act on; None where a form is opened or comes back in another language."""
    return request.POST if request.method == "POST" and SWITCH not in request.POST else None


def typed_of(request: HttpRequest) -> QueryDict | None:
    """Return what was typed, whether or not it is to be acted on; None where a form is opened."""
    return request.POST if request.method == "POST" else None


def initial_from(data: QueryDict) -> dict[str, Any]:
    """Return submitted data as initial values of an unbound form, without validation.

    The language of emails follows that of the page, unless another one was chosen.
    """
    initial: dict[str, Any] = {name: data.getlist(name) if name == "session" else data[name] for name in data}
    if SHOWN_IN in data and data.get("language") == data[SHOWN_IN]:
        initial["language"] = get_language() or settings.LANGUAGE_CODE
    return initial
