"""The part of an address that names a thing: created once from its title, never changed by a new title."""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

from anyascii import anyascii
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.text import slugify

# Bulgarian as the Transliteration Act has it, Greek as ELOT 743 without its digraphs: near enough for an address. All
# other writings are left to the library, which knows neither.
_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфхъь", "abvgdeziyklmnoprstufhay", strict=True)),
    "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ю": "yu", "я": "ya",
}  # fmt: skip
_GREEK = {
    **dict(zip("αβγδεζηικλμνξοπρστυφως", "avgdeziiklmnxoprstyfos", strict=True)),
    **dict(zip("άέήίόύώϊϋΐΰ", "aeiioyoiyiy", strict=True)),
    "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip
_EMAILS = str.maketrans(_CYRILLIC | _GREEK)


def address_for(texts: Mapping[str, str], taken: Collection[str], *, limit: int, otherwise: str) -> str:
    """Return an address (a slug of at most `limit` characters) for a title, unlike all that are taken.

    A title without letters and digits of any writing gives `otherwise`.
    """
    words = in_latin(texts) or otherwise
    room = limit - 5
    base = words[:room].rstrip("-") if len(words) > room else words
    if len(words) > room and "-" in base[room // 2 :]:
        base = base.rpartition("-")[0]
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found


def in_latin(texts: Mapping[str, str]) -> str:
    """Return a title in small Latin letters, digits and hyphens, or nothing where it has no letters or digits.

    The English title is preferred, since most readers can type it.
    """
    for title in (texts.get("en", ""), *texts.values()):
        letters = unicodedata.normalize("NFC", title).lower().translate(_EMAILS)
        # Without apostrophes, which stand for sounds there, and with a sign's name as words of its own.
        if words := slugify(anyascii(letters).replace(":", " ")):
            return words
    return ""


TRIES = 3


def save_with_address(
    row: Model, texts: Mapping[str, str], save: Callable[[], Any], *, limit: int, otherwise: str
) -> None:
    """Save a new row under an address of its own, also where another one takes the same at the same moment.

    For kinds of rows whose addresses are unlike all others of the kind.
    """
    for left in reversed(range(TRIES)):
        taken = set(type(row)._base_manager.values_list("slug", flat=True))
        row.slug = address_for(texts, taken, limit=limit, otherwise=otherwise)  # type: ignore[attr-defined]
        try:
            with transaction.atomic():
                save()
            return
        except IntegrityError:
            if not left:
                raise
