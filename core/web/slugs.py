"""Slugs, created once from a title and not changed by a new title."""

import unicodedata
from collections.abc import Callable, Collection, Mapping

from anyascii import anyascii
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.text import slugify

# Bulgarian after the Transliteration Act, Greek after ELOT 743 without digraphs. Other scripts are left to anyascii.
_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфхъь", "abvgdeziyklmnoprstufhay", strict=True)),
    "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ю": "yu", "я": "ya",
}  # fmt: skip
_GREEK = {
    **dict(zip("αβγδεζηικλμνξοπρστυφως", "avgdeziiklmnxoprstyfos", strict=True)),
    **dict(zip("άέήίόύώϊϋΐΰ", "aeiioyoiyiy", strict=True)),
    "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip
_TRANSLITERATION = str.maketrans(_CYRILLIC | _GREEK)


def unique_slug(texts: Mapping[str, str], taken: Collection[str], *, limit: int, otherwise: str) -> str:
    """Return a slug of at most `limit` characters for a title, different from all `taken`.

    `otherwise` is for titles without letters and digits.
    """
    words = transliterated(texts) or otherwise
    room = limit - 5
    base = words[:room].rstrip("-") if len(words) > room else words
    if len(words) > room and "-" in base[room // 2 :]:
        base = base.rpartition("-")[0]
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found


def transliterated(texts: Mapping[str, str]) -> str:
    """Return a title in lower case Latin letters, digits and hyphens, or "". The English title is preferred."""
    for title in (texts.get("en", ""), *texts.values()):
        letters = unicodedata.normalize("NFC", title).lower().translate(_TRANSLITERATION)
        # slugify drops apostrophes, which stand for sounds; anyascii writes names of symbols as ":name:".
        if words := slugify(anyascii(letters).replace(":", " ")):
            return words
    return ""


MAX_ATTEMPTS = 3


def save_with_unique_slug(
    row: Model, texts: Mapping[str, str], save: Callable[[], object], *, limit: int, otherwise: str
) -> None:
    """Save a new row under a slug unique in its table; retries if a concurrent row takes the same."""
    for left in reversed(range(MAX_ATTEMPTS)):
        taken = set(type(row)._base_manager.values_list("slug", flat=True))
        row.slug = unique_slug(texts, taken, limit=limit, otherwise=otherwise)  # type: ignore[attr-defined]
        try:
            with transaction.atomic():
                save()
            return
        except IntegrityError:
            if not left:
                raise
