"""The part of an address that names a thing: made once from its title, never changed by a new title."""

from collections.abc import Collection, Mapping

from django.utils.text import slugify

# Bulgarian as the Transliteration Act has it, Greek as ELOT 743 without its digraphs: near enough for an address.
_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфхъь", "abvgdeziyklmnoprstufhay", strict=True)),
    "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ю": "yu", "я": "ya",
}  # fmt: skip
_GREEK = {
    **dict(zip("αβγδεζηικλμνξοπρστυφως", "avgdeziiklmnxoprstyfos", strict=True)),
    **dict(zip("άέήίόύώϊϋΐΰ", "aeiioyoiyiy", strict=True)),
    "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip
_LETTERS = str.maketrans(_CYRILLIC | _GREEK)


def address_for(texts: Mapping[str, str], taken: Collection[str], *, limit: int, otherwise: str) -> str:
    """Return an address (a slug of at most `limit` characters) for a title, unlike all that are taken.

    The English title is preferred, since most readers can type it; a title without any letter that can be written
    in Latin gives `otherwise`.
    """
    for title in (texts.get("en", ""), *texts.values()):
        words = slugify(title.lower().translate(_LETTERS))
        if words:
            break
    else:
        words = otherwise
    room = limit - 5
    base = words[:room].rstrip("-") if len(words) > room else words
    if len(words) > room and "-" in base[room // 2 :]:
        base = base.rpartition("-")[0]
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found
