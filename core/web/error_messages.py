"""Error messages that replace Django's defaults, by error code and class of field.

Messages that a field defines itself are kept.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from core.web.email_addresses import UNFINISHED

Messages = dict[str, Any]  # messages, most of them lazy, by error code

_FILL_IN = _("Fill in this field.")
_CHOOSE = _("Choose an option.")
_CHOOSE_SOME = _("Choose at least one option.")
_NOT_LISTED = _("Choose an option from the list.")
_NO_DAY = _("Enter a date like 2027-04-06.")
_NO_FILE = _("Choose a file.")
_NUL = _("The text has a character that cannot be shown (U+0000). Delete it and enter the text again.")

_COMMON: Messages = {
    "required": _FILL_IN,
    "blank": _FILL_IN,
    "null": _FILL_IN,
    "invalid": _("This could not be read. Enter it again."),
    "max_length": ngettext_lazy(
        "Enter at most %(limit_value)d character; you entered %(show_value)d.",
        "Enter at most %(limit_value)d characters; you entered %(show_value)d.",
        "limit_value",
    ),
    "min_length": ngettext_lazy(
        "Enter at least %(limit_value)d character.",
        "Enter at least %(limit_value)d characters.",
        "limit_value",
    ),
    "max_value": _("Enter %(limit_value)s or less."),
    "min_value": _("Enter %(limit_value)s or more."),
    "invalid_choice": _NOT_LISTED,
    "null_characters_not_allowed": _NUL,
}
# By the class names that Django's form fields and model fields share, or those of their parents.
_BY_FIELD_CLASS: Mapping[str, Messages] = {
    "EmailField": {"invalid": UNFINISHED},
    "URLField": {"invalid": _("Enter a web address like https://example.org/page.")},
    "IntegerField": {"invalid": _("Enter a whole number.")},
    "BooleanField": {"required": _("Tick the box to continue.")},
    "DateField": {"invalid": _NO_DAY},
    "TimeField": {"invalid": _("Enter a time like 15:30.")},
    "ChoiceField": {"required": _CHOOSE},
    "ModelChoiceField": {"required": _CHOOSE},
    "MultipleChoiceField": {"required": _CHOOSE_SOME, "invalid_list": _NOT_LISTED},
    "ModelMultipleChoiceField": {
        "required": _CHOOSE_SOME,
        "invalid_list": _NOT_LISTED,
        "invalid_pk_value": _NOT_LISTED,
    },
    "FileField": {
        "required": _NO_FILE,
        "invalid": _NO_FILE,
        "missing": _NO_FILE,
        "empty": _("The file is empty. Choose another one."),
        "max_length": _("The file’s name is too long. Shorten it and choose the file again."),
    },
}
FORMSET_MESSAGES: Messages = {
    "missing_management_form": _("This form is incomplete. Open the page again and resubmit the form."),
    "too_many_forms": ngettext_lazy(
        "You can have at most %(num)d row. Remove some.",
        "You can have at most %(num)d rows. Remove some.",
        "num",
    ),
    "too_few_forms": ngettext_lazy("Fill in at least %(num)d row.", "Fill in at least %(num)d rows.", "num"),
}
# Messages of validators, with the class of field whose message replaces them; None: that of the field itself.
_BY_VALIDATOR: tuple[tuple[object, type | None], ...] = (
    (validators.EmailValidator.message, models.EmailField),
    (validators.URLValidator.message, models.URLField),
    (validators.MaxLengthValidator.message, None),
    (validators.MinLengthValidator.message, None),
    (validators.MaxValueValidator.message, None),
    (validators.MinValueValidator.message, None),
    (validators.ProhibitNullCharactersValidator.message, None),
)


def messages_for(kind: type) -> Messages:
    """Return the messages of a class of field, by error code."""
    messages = dict(_COMMON)
    for parent in reversed(kind.__mro__):
        messages |= _BY_FIELD_CLASS.get(parent.__name__, {})
    return messages


def messages_by_column(row: models.Model, error: ValidationError) -> dict[str, list[str]]:
    """Return the messages of a model's ValidationError by field, in the reader's language."""
    return {
        name: [text for one in found for text in plain_messages(one, row._meta.get_field(name))]
        for name, found in error.error_dict.items()
    }


def plain_messages(error: ValidationError, field: object = None) -> list[str]:
    """Return the messages of an error; `field` is the form field or model field that it is about."""
    return [text for one in with_plain_message(error, field) for text in one.messages]


def with_plain_message(error: ValidationError, field: object = None) -> list[ValidationError]:
    """Return the errors, with Django's default messages replaced."""
    codes = {one.code for one in error.error_list}
    return [
        _with_plain_message(one, field)
        for one in error.error_list
        # `no_control_characters` reports a NUL as well.
        if not (one.code == "null_characters_not_allowed" and "control_character" in codes)
    ]


def _with_plain_message(error: ValidationError, field: object) -> ValidationError:
    code = error.code or "invalid"
    for message, kind in _BY_VALIDATOR:
        if error.message is message:
            return ValidationError(messages_for(kind or type(field))[code], code, error.params)
    message = messages_for(type(field)).get(code)
    if message is not None and error.message is _defaults(type(field)).get(code):
        return ValidationError(message, code, error.params)
    return error


def _defaults(kind: type) -> dict[str, object]:
    """Return Django's default messages of a class of field, by error code."""
    found: dict[str, object] = {}
    for parent in reversed(kind.__mro__):
        found |= getattr(parent, "default_error_messages", {})
    return found


class PlainErrorsMixin(forms.BaseForm):
    """A form whose fields use these messages."""

    def add_error(self, field: str | None, error: Any) -> None:
        if isinstance(error, ValidationError) and field is not None:
            error = with_plain_message(error, self.fields.get(field))
        super().add_error(field, error)
