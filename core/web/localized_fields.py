"""Texts in several languages, and the limits that every text column has."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from i18nfield.fields import I18nCharField, I18nTextField
from i18nfield.strings import LazyI18nString

from core.web.email_addresses import ADDRESS_LENGTH, clean_address

LINE = 200
PARAGRAPHS = 10_000


def languages_of(value: object) -> dict[str, str]:
    """Return a multilingual text as {language code: text}; a plain string counts as English."""
    data = value.data if isinstance(value, LazyI18nString) else value
    if isinstance(data, dict):
        return {code: text for code, text in data.items() if text}
    return {"en": str(data)} if data else {}


@deconstructible
class EachLanguageAtMost:
    """Refuses a multilingual text that is longer than `limit` characters in any language."""

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
        return isinstance(other, EachLanguageAtMost) and other.limit == self.limit

    def __hash__(self) -> int:
        return hash(self.limit)


MARKS_IN_A_ROW = 4


def web_address(value: str) -> None:
    """Refuse addresses of the two schemes that Django allows beside http and https, and that browsers do not open."""
    if value.lower().startswith(("ftp:", "ftps:")):
        raise ValidationError(URLValidator.message, code="invalid")


def no_control_characters(value: object) -> None:
    """Refuse what cannot be read: control characters, signs that turn the direction of writing, what was garbled on
    the way (U+FFFD), characters that are none, and heaps of marks on one letter.
    """
    for text in languages_of(value).values():
        unreadable = first_unreadable(text)
        if unreadable:
            raise ValidationError(
                _(
                    "The text has a character that cannot be shown (U+%(code)s). Delete it and type the text again."
                ),
                code="control_character",
                params={"code": f"{ord(unreadable):04X}"},
            )


def first_unreadable(text: str) -> str:
    """Return the first character that `no_control_characters` refuses, or "".

    Each different character is looked at once: a megabyte of text in every field must not cost seconds.
    """
    different = "".join(set(text))
    marks = "".join(sign for sign in different if unicodedata.category(sign) in ("Mn", "Me"))
    refused = "".join(sign for sign in different if _is_unreadable(sign))
    patterns = []
    if marks:
        patterns.append(f"[{re.escape(marks)}]{{{MARKS_IN_A_ROW + 1}}}")
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


# Letters by their kind, of which nothing is seen: the fillers of Hangul.
_UNSEEN_LETTERS = "\u115f\u1160\u3164\uffa0"


def has_letters(text: str) -> bool:
    """Tell whether there is a letter or a figure to see in the text."""
    return any(sign.isalnum() and sign not in _UNSEEN_LETTERS for sign in text)


def one_line(value: object) -> None:
    """Refuse line breaks in texts that stand in a heading, a mail subject or a calendar summary."""
    if any("\n" in text or "\r" in text for text in languages_of(value).values()):
        raise ValidationError(_("Write this on one line."), code="line_break")


@lru_cache(maxsize=4096)
def _read(stored: str) -> Any:
    return LazyI18nString(stored).data


class _Words(I18nCharField):
    """The same column for migrations; titles are read from page to page, and each is taken apart once."""

    def from_db_value(self, value: str | None, expression: object, connection: object) -> LazyI18nString:
        text = LazyI18nString(None)
        if value is not None:
            data = _read(value)
            text.data = (
                data.copy() if isinstance(data, (dict, list)) else data
            )  # whoever changes it changes its own
        return text

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, positional, named = super().deconstruct()
        return name, f"{I18nCharField.__module__}.{I18nCharField.__name__}", positional, named


class EmailAddressField(models.EmailField):
    """A column for an email address as `email_addresses.clean_address` writes it; cleaning a row rewrites it."""

    default_validators: list[Any] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": ADDRESS_LENGTH, **options})

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(clean_address(value) if value else value, model_instance)


def words(*, limit: int = LINE, blank: bool = False) -> I18nCharField:
    """Return a column for a line of text in several languages."""
    return _Words(
        blank=blank,
        default="" if blank else models.NOT_PROVIDED,
        validators=[EachLanguageAtMost(limit), no_control_characters, one_line],
    )


def prose(*, limit: int = PARAGRAPHS) -> I18nTextField:
    """Return a column for optional paragraphs (Markdown) in several languages."""
    return I18nTextField(
        blank=True, default="", validators=[EachLanguageAtMost(limit), no_control_characters]
    )


def reading(value: object, language: str, fallback: str = "") -> tuple[str, str]:
    """Return a multilingual text and the language it came in: `language`, else `fallback`, English, or the first.

    Both are empty where there is no text at all.
    """
    data = value.data if isinstance(value, LazyI18nString) else value
    if isinstance(data, dict) and (text := data.get(language)):
        return text, language
    texts = languages_of(value)
    for code in (language, fallback, settings.LANGUAGE_CODE, *texts):
        if code in texts:
            return texts[code], code
    return "", ""
