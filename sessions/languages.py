"""Languages of sessions and speakers: a fixed list of BCP 47 codes (RFC 5646), with their names in each language.

Names of spoken languages are those of CLDR. CLDR has no names of sign languages (ISO 639-3), which are named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.search import alphabetical_key

# The languages of the European Union, of its neighbours and candidates, and those of regions with a city of their own.
SPOKEN = (
    "bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "ga", "it", "lv", "lt", "mt", "pl", "pt",
    "ro", "sk", "sl", "es", "sv", "sq", "hy", "az", "eu", "bs", "ca", "gl", "ka", "is", "lb", "mk", "no", "sr", "tr",
    "uk",
)  # fmt: skip

SIGN_NAMES: dict[str, str | Promise] = {
    "ils": _("International Sign"),
    "asq": _("Austrian Sign Language"),
    "bfi": _("British Sign Language"),
    "bqn": _("Bulgarian Sign Language"),
    "csc": _("Catalan Sign Language"),
    "csq": _("Croatian Sign Language"),
    "cse": _("Czech Sign Language"),
    "dsl": _("Danish Sign Language"),
    "dse": _("Dutch Sign Language"),
    "eso": _("Estonian Sign Language"),
    "fse": _("Finnish Sign Language"),
    "vgt": _("Flemish Sign Language"),
    "fsl": _("French Sign Language"),
    "sfb": _("French Belgian Sign Language"),
    "gsg": _("German Sign Language"),
    "gss": _("Greek Sign Language"),
    "hsh": _("Hungarian Sign Language"),
    "isg": _("Irish Sign Language"),
    "ise": _("Italian Sign Language"),
    "lsl": _("Latvian Sign Language"),
    "lls": _("Lithuanian Sign Language"),
    "mdl": _("Maltese Sign Language"),
    "nsl": _("Norwegian Sign Language"),
    "pso": _("Polish Sign Language"),
    "psr": _("Portuguese Sign Language"),
    "rms": _("Romanian Sign Language"),
    "svk": _("Slovak Sign Language"),
    "ssp": _("Spanish Sign Language"),
    "swl": _("Swedish Sign Language"),
    "tsm": _("Turkish Sign Language"),
    "ukl": _("Ukrainian Sign Language"),
}
SIGN = tuple(SIGN_NAMES)


@cache
def _spoken_names(language: str) -> dict[str, str]:
    """Return the names of the spoken languages in `language`, as they stand in a sentence."""
    names = Locale(language).languages
    return {code: str(names.get(code, code)) for code in SPOKEN}


def language_name(code: str, language: str | None = None) -> str:
    """Return the name of a spoken or sign language in `language` (default: the active one); an unknown code itself."""
    if code in SIGN_NAMES:
        return str(SIGN_NAMES[code])
    return _spoken_names(language or get_language() or "en").get(code, code)


def language_names(codes: Iterable[str]) -> str:
    """Return the names of these languages in the active one, with commas between."""
    return ", ".join(language_name(code) for code in codes)


def language_choices(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Return codes with their names in the active language, in the order of its alphabet."""
    return sorted(((code, language_name(code)) for code in codes), key=lambda one: alphabetical_key(one[1]))


def _check(value: object, offered: Sequence[str]) -> None:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise ValidationError(gettext("Choose languages from the list."), code="languages")
    for code in value:
        if code not in offered:
            raise ValidationError(
                gettext("“%(code)s” is not among the languages that can be chosen.") % {"code": code[:20]},
                code="languages",
            )
    if len(set(value)) != len(value):
        raise ValidationError(gettext("Choose each language once."), code="languages")


def validate_spoken(value: object) -> None:
    """Reject anything but a list of distinct codes of `SPOKEN`."""
    _check(value, SPOKEN)


def validate_sign(value: object) -> None:
    """Reject anything but a list of distinct codes of `SIGN`."""
    _check(value, SIGN)
