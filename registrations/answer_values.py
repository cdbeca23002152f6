"""Check one answer and write it in words.

Values as stored, by kind: text for short, long, email, phone (E.164), url, city, country (ISO 3166 alpha-2), date (ISO
8601), number (decimal digits) and yes_no ("yes", "no"); the list of slugs for one and several choices. Files are
`registrations.answer_files`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.timezones.formatting import locale_of, long_date
from core.web.email_addresses import clean_address
from core.web.error_messages import plain_messages
from core.web.localized_fields import (
    has_letters,
    no_control_characters,
    one_line,
    text_and_language,
    web_address,
)
from labs.cities import countries
from registrations.models import Choice, Question

Kind = Question.Kind

# Characters, by kind; an organiser may ask for fewer in texts.
LENGTHS = {Kind.SHORT: 200, Kind.LONG: 5000, Kind.EMAIL: 254, Kind.PHONE: 40, Kind.URL: 500, Kind.CITY: 100}
# Of all other kinds: nothing longer is one.
_LONGEST = 60
MAX_NUMBER = Decimal(10) ** 12
_PLAIN_NUMBER = re.compile(r"[+-]?(\d{1,13}(\.\d{0,6})?|\.\d{1,6})")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

NOT_LISTED = _("Choose an option from the list.")
REQUIRED: Mapping[str, str | Promise] = {
    Kind.ONE: _("Choose an option."),
    Kind.SEVERAL: _("Choose at least one option."),
    Kind.YES_NO: _("Choose an option."),
    Kind.COUNTRY: _("Choose a country from the list."),
    Kind.FILE: _("Choose a file."),
}
FILL_IN = _("Fill in this field.")

Stored = str | list[str]


def clean(question: Question, choices: Sequence[Choice], raw: object) -> Stored | None:
    """Return the value to store; None for no answer. `raw` is what a form or an API call sent.

    Whether an answer is required, and whether choices have places left, is not checked. Raises ValidationError.
    """
    if question.has_choices:
        return _chosen(question, choices, raw)
    if isinstance(raw, bool):
        raw = "yes" if raw else "no"
    if isinstance(raw, int | float | Decimal) and question.kind == Kind.NUMBER:
        raw = str(raw)
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise ValidationError(_("This could not be read. Enter it again."), "invalid")
    text = raw.strip() if len(raw) <= 10 * LENGTHS[Kind.LONG] else raw
    if not text:
        return None
    if question.kind in LENGTHS:
        _check_length(question, text)
        no_control_characters(text)
    else:
        text = text[:_LONGEST]
    return _CLEANERS[Kind(question.kind)](question, text)


def required_message(question: Question) -> str:
    return str(REQUIRED.get(question.kind, FILL_IN))


def words(question: Question, choices: Sequence[Choice], value: Any, language: str, fallback: str) -> str:
    """Return a stored value as people read it, in `language`."""
    if question.has_choices:
        labels = {choice.slug: choice.label for choice in choices}
        texts = [text_and_language(labels[slug], language, fallback)[0] for slug in value if slug in labels]
        return "; ".join(texts)
    if question.kind == Kind.YES_NO:
        return gettext("Yes") if value == "yes" else gettext("No")
    if question.kind == Kind.DATE:
        return long_date(date.fromisoformat(value), language)
    if question.kind == Kind.COUNTRY:
        return country_name(value, language)
    if question.kind == Kind.PHONE:
        return _international(value)
    if question.kind == Kind.FILE:
        return str(value["name"])
    return str(value)


def country_name(code: str, language: str) -> str:
    return str(locale_of(language).territories.get(code, code))


def _check_length(question: Question, text: str) -> None:
    limit = LENGTHS[Kind(question.kind)]
    if question.kind in (Kind.SHORT, Kind.LONG) and question.maximum is not None:
        limit = min(limit, int(question.maximum))
    if len(text) > limit:
        message = ngettext(
            "Enter at most %(limit_value)d character; you entered %(show_value)d.",
            "Enter at most %(limit_value)d characters; you entered %(show_value)d.",
            limit,
        )
        raise ValidationError(message, "max_length", {"limit_value": limit, "show_value": len(text)})


def _chosen(question: Question, choices: Sequence[Choice], raw: object) -> Stored | None:
    sent = (
        [raw]
        if isinstance(raw, str)
        else raw
        if isinstance(raw, list | tuple)
        else []
        if raw is None
        else None
    )
    if sent is None or not all(isinstance(one, str) for one in sent):
        raise ValidationError(NOT_LISTED, "invalid_choice")
    asked = {str(one) for one in sent if one}
    found = [choice.slug for choice in choices if choice.slug in asked]
    if len(found) != len(asked):
        raise ValidationError(NOT_LISTED, "invalid_choice")
    limit = (
        1 if question.kind == Kind.ONE else int(question.maximum) if question.maximum is not None else None
    )
    if limit is not None and len(found) > limit:
        message = ngettext("Choose at most %(limit)d option.", "Choose at most %(limit)d options.", limit)
        raise ValidationError(message, "too_many", {"limit": limit})
    return found or None


def _short(question: Question, text: str) -> str:
    one_line(text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _long(question: Question, text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _city(question: Question, text: str) -> str:
    name = _short(question, text)
    if not has_letters(name):
        raise ValidationError(_("Use letters."), "no_letters")
    return name


def _yes_no(question: Question, text: str) -> str:
    if text not in ("yes", "no"):
        raise ValidationError(NOT_LISTED, "invalid_choice")
    return text


def _number(question: Question, text: str) -> str:
    # Decimal commas as well; digits of other scripts are read by Decimal. An exponent would make a short text a number
    # of millions of digits.
    plain = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not _PLAIN_NUMBER.fullmatch(plain) or abs(number := Decimal(plain)) > MAX_NUMBER:
        raise ValidationError(_("Enter a number."), "invalid")
    if question.minimum is not None and number < question.minimum:
        limit = {"limit_value": plain_number(question.minimum)}
        raise ValidationError(_("Enter %(limit_value)s or more."), "min_value", limit)
    if question.maximum is not None and number > question.maximum:
        limit = {"limit_value": plain_number(question.maximum)}
        raise ValidationError(_("Enter %(limit_value)s or less."), "max_value", limit)
    return plain_number(number)


def plain_number(number: Decimal) -> str:
    """Return a number in digits, without an exponent and without zeros that say nothing."""
    text = f"{number if number else abs(number):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _date(question: Question, text: str) -> str:
    for parts in (text.split("-"), list(reversed(text.split("."))), list(reversed(text.split("/")))):
        if (
            len(parts) == 3
            and all(part.isascii() and part.isdecimal() for part in parts)
            and len(parts[0]) == 4
        ):
            try:
                day = date(*map(int, parts))
            except ValueError:
                break
            if FIRST_DAY <= day <= LAST_DAY:
                return day.isoformat()
    raise ValidationError(_("Enter a date like 2027-04-06."), "invalid")


def _email(question: Question, text: str) -> str:
    return clean_address(text)


def _phone(question: Question, text: str) -> str:
    """Return the number after E.164. It needs the country code: people of one lab are from many countries."""
    typed = unicodedata.normalize("NFKC", text)
    message = _("Enter a telephone number with its country code, like +359 2 987 6543.")
    try:
        number = phonenumbers.parse(f"+{typed[2:]}" if typed.startswith("00") else typed, None)
    except phonenumbers.NumberParseException:
        raise ValidationError(message, "invalid") from None
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(message, "invalid")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    extension = f";ext={number.extension}" if number.extension else ""
    return f"{written}{extension}"


def _international(value: str) -> str:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


_is_web_address = URLValidator(schemes=["http", "https"])


def _url(question: Question, text: str) -> str:
    try:
        _is_web_address(text)
        web_address(text)
    except ValidationError:
        raise ValidationError(_("Enter a web address like https://example.org/page."), "invalid") from None
    return text


def _country(question: Question, text: str) -> str:
    if text not in _country_codes():
        raise ValidationError(required_message(question), "country")
    return text


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(code for code, _name in countries("en"))


_CLEANERS: Mapping[Kind, Callable[[Question, str], str]] = {
    Kind.SHORT: _short,
    Kind.LONG: _long,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.URL: _url,
    Kind.COUNTRY: _country,
    Kind.CITY: _city,
    Kind.YES_NO: _yes_no,
}


def messages_of(error: ValidationError) -> list[str]:
    """Return what is wrong, in the reader's language."""
    return plain_messages(error)
