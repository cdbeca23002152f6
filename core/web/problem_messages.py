"""What pydantic objects to, in the reader's language: a sentence for each kind of error, here those of the API."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

# What an error says beside its type: the limits that it is about, and the `input` that goes beyond them.
Limits = Mapping[str, Any]
# By the beginning of the error's type, the longer one first; "" stands for all others.
Sentences = Mapping[str, Callable[[Limits], str]]


# "date_" stands for date_type, date_parsing and others.
_MESSAGES: Sentences = {
    "missing": lambda limits: _("This value is missing."),
    "unknown_parameter": lambda limits: _("Unknown parameter. Check the spelling."),
    "repeated_parameter": lambda limits: _("Send this only once."),
    "unexpected_body": lambda limits: _("This operation accepts no body."),
    "extra_forbidden": lambda limits: _("Unknown field. Check the spelling."),
    "string_too_short": lambda limits: (
        ngettext_lazy("Enter at least %(limit)d character.", "Enter at least %(limit)d characters.", "limit")
        % {"limit": limits["min_length"]}
    ),
    "string_too_long": lambda limits: (
        ngettext_lazy("Enter at most %(limit)d character.", "Enter at most %(limit)d characters.", "limit")
        % {"limit": limits["max_length"]}
    ),
    "string_pattern_mismatch": lambda limits: (
        _("This does not match the pattern %(pattern)s.") % {"pattern": limits["pattern"]}
    ),
    "string_": lambda limits: _("Send a text."),
    "too_short": lambda limits: (
        ngettext_lazy("Send at least %(limit)d value.", "Send at least %(limit)d values.", "limit")
        % {"limit": limits["min_length"]}
    ),
    "too_long": lambda limits: (
        ngettext_lazy("Send at most %(limit)d value.", "Send at most %(limit)d values.", "limit")
        % {"limit": limits["max_length"]}
    ),
    "list_": lambda limits: _("Send a list."),
    "bool_": lambda limits: _("Send true or false."),
    "int_": lambda limits: _("Send a whole number."),
    "greater_than_equal": lambda limits: _("Send %(limit)d or more.") % {"limit": limits["ge"]},
    "less_than_equal": lambda limits: _("Send %(limit)d or less.") % {"limit": limits["le"]},
    "datetime_": lambda limits: _("Send a date and time with an offset, like 2027-04-06T11:30:00+03:00."),
    "timezone_": lambda limits: _("Send a date and time with an offset, like 2027-04-06T11:30:00+03:00."),
    "date_": lambda limits: _("Send a date, like 2027-04-06."),
    "literal_error": lambda limits: _("Send one of these: %(values)s.") % {"values": limits["expected"]},
    "model_": lambda limits: _("Send a JSON object with the fields of this operation."),
    "dict_": lambda limits: _("Send a JSON object with the fields of this operation."),
    "": lambda limits: _("This value is not valid. See /api/v1/openapi.json."),
}


def message_for(error: Mapping[str, Any], sentences: Sentences = _MESSAGES) -> str:
    """Return the sentence for an error as pydantic lists it: `type`, `input`, `ctx` with the limits, `msg` in English.

    What one of our own validators raised says itself what is wrong.
    """
    kind, limits = error["type"], {"input": error.get("input"), **error.get("ctx", {})}
    if kind == "value_error":
        return str(limits["error"])
    return next(sentence(limits) for beginning, sentence in sentences.items() if kind.startswith(beginning))


def detail_for(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return the `detail` for all errors: the known names if an unknown one was sent, else ""."""
    for error in errors:
        if error["type"] not in ("unknown_parameter", "extra_forbidden"):
            continue
        in_body, names = error["type"] == "extra_forbidden", ", ".join(error["ctx"]["known"])
        if not names:
            return (
                _("This operation accepts no body.")
                if in_body
                else _("This operation accepts no parameters.")
            )
        if in_body:
            return _("This operation accepts the fields %(names)s.") % {"names": names}
        return _("This operation accepts the parameters %(names)s.") % {"names": names}
    return ""
