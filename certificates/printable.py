"""What of a name the certificate's faces cannot print, as a sentence for people."""

from django.utils.translation import gettext as _

from certificates.glyphs import describe_character, missing_glyphs, normalise_name


def obstacle_of(name: str) -> str:
    """Return why a name cannot be printed, and what to do; empty where it can."""
    missing = missing_glyphs(normalise_name(name))
    return unprintable(missing) if missing else ""


def unprintable(missing: tuple[str, ...]) -> str:
    return _(
        "The certificate's fonts do not have: %(characters)s. Ask the person how to write the name in Latin, "
        "Greek or Cyrillic letters and correct the registration."
    ) % {"characters": ", ".join(describe_character(character) for character in missing[:5])}
