"""Names of languages on pages."""

from collections.abc import Iterable

from django import template

from sessions.languages import language_names

register = template.Library()


@register.filter
def names_of_languages(codes: Iterable[str]) -> str:
    """Return the names of these languages in the reader's, with commas between."""
    return language_names(codes)
