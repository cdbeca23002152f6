"""How a programme says that the European Union funds it: the emblem, the statement and the grant agreement.

The rules are those of the Commission's operational guidelines for recipients of EU funding: the emblem stands beside
the statement, unchanged, and at least as large as any other logo.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext

# The flag as an SVG drawing, 3 by 2. `site/eu-emblem.png` is the same for emails, with the white border that the
# guidelines ask for on coloured grounds.
EMBLEM = Path(settings.BASE_DIR) / "static" / "site" / "eu-emblem.svg"


class Funded(Protocol):
    eu_funded: bool
    grant_number: str


@dataclass(frozen=True)
class Funding:
    """What stands beside the emblem, in the language in force. `grant` is empty where no number is known."""

    statement: str
    grant: str


def funding_of(programme: Funded) -> Funding | None:
    """Return what a programme says of its funding by the European Union; None for one that has none."""
    if not programme.eu_funded:
        return None
    number = programme.grant_number
    return Funding(funding_statement(), grant_words(number) if number else "")


def funding_statement() -> str:
    return gettext("Funded by the European Union")


def grant_words(number: str) -> str:
    return gettext("Grant agreement No %(number)s") % {"number": number}
