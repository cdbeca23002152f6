"""The words that a reader sees, in Bulgarian unless another language is named, asked by their English source.

Tests say what a person presses and reads in English, as the code does; a translator's better wording in the `.po` file
breaks none of them.
"""

from django.utils.translation import gettext, ngettext, npgettext, override, pgettext

LANGUAGE = "bg"


def words(english: str, /, context: str = "", in_language: str = LANGUAGE, **values: object) -> str:
    """Return a text of the catalogue, with its placeholders filled."""
    with override(in_language):
        found = pgettext(context, english) if context else gettext(english)
    return found % values if values else found


def words_for(
    number: int, one: str, many: str, /, context: str = "", in_language: str = LANGUAGE, **values: object
) -> str:
    """Return the form of a text that the language uses for this number, with its placeholders filled."""
    with override(in_language):
        found = npgettext(context, one, many, number) if context else ngettext(one, many, number)
    return found % values
