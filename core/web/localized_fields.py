"""Model fields for texts in several languages, and validators of text columns."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.deconstruct import deconstructible
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from i18nfield.fields import I18nCharField, I18nTextField
from i18nfield.strings import LazyI18nString
from pydantic_core import from_json

from core.web.email_addresses import ADDRESS_LENGTH, clean_address
from core.web.markdown import is_safe_link

MAX_LINE_LENGTH = 200
MAX_TEXT_LENGTH = 10_000


def languages_of(value: object) -> dict[str, str]:
    """Return a multilingual text as {language code: text}; a plain string counts as English."""
    data = value.data if isinstance(value, LazyI18nString) else value
    if isinstance(data, dict):
        return {code: text for code, text in data.items() if text}
    return {"en": str(data)} if data else {}


def stored_languages(stored: str | None) -> dict[str, str]:
    """Return the `languages_of` a multilingual column from the text that is stored, without an object for it."""
    try:
        data = from_json(stored or "")
    except ValueError:  # a plain text
        data = stored
    return data if type(data) is dict and all(data.values()) else languages_of(data)


@deconstructible
class MaxLengthPerLanguage:
    """Rejects a multilingual text that is longer than `limit` characters in any language."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, value: object) -> None:
        longest = max((len(text) for text in languages_of(value).values()), default=0)
        if longest > self.limit:
            raise ValidationError(
                ngettext_lazy(
                    "Use at most %(limit)d character in each language; the longest has %(length)d.",
                    "Use at most %(limit)d characters in each language; the longest has %(length)d.",
                    "limit",
                ),
                code="max_length",
                params={"limit": self.limit, "length": longest},
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaxLengthPerLanguage) and other.limit == self.limit

    def __hash__(self) -> int:
        return hash(self.limit)


MAX_COMBINING_MARKS = 4


_IS_ADDRESS = URLValidator()


def web_address(value: str) -> None:
    """Reject what pages would not link to, of what Django's validator allows: ftp, and hosts behind a user's name."""
    try:
        _IS_ADDRESS(value)
    except ValidationError:
        return  # the column's own validator says so
    if not is_safe_link(value):
        raise ValidationError(URLValidator.message, code="invalid")


def no_control_characters(value: object) -> None:
    """Reject control characters, bidirectional overrides, U+FFFD, unassigned characters, and many combining marks on
    one letter.
    """
    for text in languages_of(value).values():
        unreadable = first_unreadable(text)
        if unreadable:
            raise ValidationError(
                _(
                    "The text has a character that cannot be shown (U+%(code)s). Delete it and enter the text "
                    "again."
                ),
                code="control_character",
                params={"code": f"{ord(unreadable):04X}"},
            )


def first_unreadable(text: str) -> str:
    """Return the first character that `no_control_characters` rejects, or "".

    Checks each distinct character once: a megabyte of text in every field must not cost seconds.
    """
    different = "".join(set(text))
    marks = "".join(sign for sign in different if unicodedata.category(sign) in ("Mn", "Me"))
    refused = "".join(sign for sign in different if _is_unreadable(sign))
    patterns = []
    if marks:
        patterns.append(f"[{re.escape(marks)}]{{{MAX_COMBINING_MARKS + 1}}}")
    if refused:
        patterns.append(f"[{re.escape(refused)}]")
    found = re.search("|".join(patterns), text) if patterns else None
    return found.group()[-1] if found else ""


def _is_unreadable(sign: str) -> bool:
    category = unicodedata.category(sign)
    return (
        category in ("Cs", "Cn")
        or (category == "Cc" and sign not in "\n\r\t")
        or sign in "\ufffd\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
    )


# Letters by their category, but invisible: the Hangul fillers.
_INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"


def has_letters(text: str) -> bool:
    """Tell whether the text has a visible letter or digit."""
    return any(sign.isalnum() and sign not in _INVISIBLE_LETTERS for sign in text)


def one_line(value: object) -> None:
    """Reject line breaks in texts for headings, email subjects and calendar summaries."""
    if any("\n" in text or "\r" in text for text in languages_of(value).values()):
        raise ValidationError(_("Enter this on one line."), code="line_break")


@lru_cache(maxsize=4096)
def _read(stored: str) -> object:
    return LazyI18nString(stored).data


class _CachedI18nCharField(I18nCharField):
    """An I18nCharField (also for migrations) that caches the parsed texts."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> LazyI18nString:
        text = LazyI18nString(None)
        if value is not None:
            data = _read(value)
            text.data = (
                data.copy() if isinstance(data, (dict, list)) else data
            )  # whoever changes it changes its own
        return text

    def deconstruct(self) -> tuple[str, str, object, object]:
        name, _path, positional, named = super().deconstruct()
        return name, f"{I18nCharField.__module__}.{I18nCharField.__name__}", positional, named


class EmailAddressField(models.EmailField):
    """A column for an email address, normalised by `email_addresses.clean_address` in `clean`."""

    default_validators: list[Any] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": ADDRESS_LENGTH, **options})

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(clean_address(value) if value else value, model_instance)


def localized_line(
    name: str | Promise | None = None, *, limit: int = MAX_LINE_LENGTH, blank: bool = False
) -> I18nCharField:
    """Return a column for a line of text in several languages. `name` is what people read for the column."""
    return _CachedI18nCharField(
        name,
        blank=blank,
        default="" if blank else models.NOT_PROVIDED,
        validators=[MaxLengthPerLanguage(limit), no_control_characters, one_line],
    )


def localized_text(*, limit: int = MAX_TEXT_LENGTH) -> I18nTextField:
    """Return a column for optional paragraphs (Markdown) in several languages."""
    return I18nTextField(
        blank=True, default="", validators=[MaxLengthPerLanguage(limit), no_control_characters]
    )


def text_and_language(value: object, language: str, fallback: str = "") -> tuple[str, str]:
    """Return a multilingual text and its language: `language`, else `fallback`, English, or the first available.

    Both are empty if there is no text.
    """
    data = value.data if isinstance(value, LazyI18nString) else value
    if isinstance(data, dict) and (text := data.get(language)):
        return text, language
    texts = languages_of(value)
    for code in (language, fallback, settings.LANGUAGE_CODE, *texts):
        if code in texts:
            return texts[code], code
    return "", ""


def text_of(value: object, language: str, owner: Any) -> str:
    """Return a multilingual text in `language`, else in the default language of its lab or programme, as above."""
    return text_and_language(value, language, owner.default_language)[0]
