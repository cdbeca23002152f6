"""Why somebody gets no certificate: codes that are kept, and their words in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from certificates.models import NotIssued
from certificates.printable import unprintable

Code = NotIssued.Code


def why_not(code: str, details: Mapping[str, Any]) -> str:
    """Return why no certificate was made and what to do, in the language that is active."""
    match code:
        case Code.NO_GLYPHS:
            return unprintable(tuple(details.get("characters", ())))
        case Code.TEXTS:
            return gettext(
                "The certificate cannot be created: one of the lab’s texts is empty or too long for the page."
            )
        case Code.NOT_PRINTED:
            return gettext(
                "The certificate could not be created. Try again in a minute. If it happens again, use a "
                "simpler logo or shorter texts for the lab."
            )
        case Code.NOT_REGISTERED:
            return gettext("Only registered people can get a certificate.")
        case Code.TOO_FEW:
            return gettext(
                "The person attended fewer sessions than the lab requires. A session counts once it has "
                "ended."
            )
        case Code.NOT_VALID:
            return gettext("Only a valid certificate of a registered person can be replaced.")
        case Code.CHANGED:
            return gettext("Someone else has just changed this certificate. Open the list again.")
        case Code.REPLACED:
            return gettext("A replaced certificate cannot be revoked. Revoke the one that replaced it.")
        case Code.NEWER:
            return gettext("The person has a newer certificate. Revoke that one first.")
        case _:
            raise ValueError(f"no words for {code}")
