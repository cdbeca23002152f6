"""What is wrong with an answer, in the house's words, wherever a field does not say it in its own.

Django has a sentence for everything that a field or a column objects to. They reach people in three languages by as
many hands; these take their place, by the code of the error and the kind of the field.
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

Words = dict[str, Any]  # sentences, most of them lazy, by the code of the error

_FILL_IN = _("Fill this in.")
_CHOOSE = _("Choose one.")
_CHOOSE_SOME = _("Choose at least one.")
_NOT_LISTED = _("This is not in the list. Choose something that is.")
_NO_DAY = _("This is not a day. Write it like 2027-04-06.")
_NO_FILE = _("Choose a file.")
_NUL = _("The text has a character that cannot be shown (U+0000). Delete it and type the text again.")

_OF_ALL: Words = {
    "required": _FILL_IN,
    "blank": _FILL_IN,
    "null": _FILL_IN,
    "invalid": _("This cannot be read. Type it again."),
    "max_length": ngettext_lazy(
        "Write at most %(limit_value)d character; this has %(show_value)d.",
        "Write at most %(limit_value)d characters; this has %(show_value)d.",
        "limit_value",
    ),
    "min_length": ngettext_lazy(
        "Write at least %(limit_value)d character.",
        "Write at least %(limit_value)d characters.",
        "limit_value",
    ),
    "max_value": _("Write %(limit_value)s or less."),
    "min_value": _("Write %(limit_value)s or more."),
    "invalid_choice": _NOT_LISTED,
    "null_characters_not_allowed": _NUL,
}
# By the names that Django's fields of forms and of tables share, or the parent that they have in common.
_OF_KINDS: Mapping[str, Words] = {
    "EmailField": {"invalid": UNFINISHED},
    "URLField": {"invalid": _("This is not a whole web address. Write it like https://example.org/page.")},
    "IntegerField": {"invalid": _("Write a whole number.")},
    "BooleanField": {"required": _("Tick the box to go on.")},
    "DateField": {"invalid": _NO_DAY},
    "TimeField": {"invalid": _("This is not an hour. Write it like 15:30.")},
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
        "max_length": _("The file’s name is too long. Give it a shorter one and choose it again."),
    },
}
OF_ROWS: Words = {
    "missing_management_form": _("This form is not complete. Open the page again, and send it once more."),
    "too_many_forms": ngettext_lazy(
        "There is room for %(num)d row. Remove some.", "There is room for %(num)d rows. Remove some.", "num"
    ),
    "too_few_forms": ngettext_lazy("Fill in at least %(num)d row.", "Fill in at least %(num)d rows.", "num"),
}
# Sentences of validators that stand beside the columns' own; the kind where it does not depend on the column.
_OF_VALIDATORS: tuple[tuple[object, type | None], ...] = (
    (validators.EmailValidator.message, models.EmailField),
    (validators.URLValidator.message, models.URLField),
    (validators.MaxLengthValidator.message, None),
    (validators.MinLengthValidator.message, None),
    (validators.MaxValueValidator.message, None),
    (validators.MinValueValidator.message, None),
    (validators.ProhibitNullCharactersValidator.message, None),
)


def messages_for(kind: type) -> Words:
    """Return the sentences of a kind of field, by the code of the error."""
    words = dict(_OF_ALL)
    for parent in reversed(kind.__mro__):
        words |= _OF_KINDS.get(parent.__name__, {})
    return words


def messages_by_column(row: models.Model, error: ValidationError) -> dict[str, list[str]]:
    """Return what the columns of a row object to, by column, in the house's words and the reader's language."""
    return {
        name: [text for one in found for text in sentences(one, row._meta.get_field(name))]
        for name, found in error.error_dict.items()
    }


def sentences(error: ValidationError, asked: Any = None) -> list[str]:
    """Return what is objected to in the house's words; `asked` is the column or the field that it is about."""
    return [text for one in with_plain_message(error, asked) for text in one.messages]


def with_plain_message(error: ValidationError, asked: Any = None) -> list[ValidationError]:
    """Return the errors, each in the house's words unless somebody here has found words of its own for it."""
    codes = {one.code for one in error.error_list}
    return [
        _with_plain_message(one, asked)
        for one in error.error_list
        # What finds unreadable characters says the same of a NUL, and once is enough.
        if not (one.code == "null_characters_not_allowed" and "control_character" in codes)
    ]


def _with_plain_message(error: ValidationError, asked: Any) -> ValidationError:
    code = error.code or "invalid"
    for message, kind in _OF_VALIDATORS:
        if error.message is message:
            return ValidationError(messages_for(kind or type(asked))[code], code, error.params)
    words = messages_for(type(asked)).get(code)
    if words is not None and error.message is _defaults(type(asked)).get(code):
        return ValidationError(words, code, error.params)
    return error


def _defaults(kind: type) -> dict[str, Any]:
    """Return Django's own sentences of a kind of field, by code."""
    found: dict[str, Any] = {}
    for parent in reversed(kind.__mro__):
        found |= getattr(parent, "default_error_messages", {})
    return found


class PlainErrorsMixin(forms.BaseForm):
    """A form whose fields speak the house's words."""

    def add_error(self, field: str | None, error: Any) -> None:
        if isinstance(error, ValidationError) and field is not None:
            error = with_plain_message(error, self.fields.get(field))
        super().add_error(field, error)
