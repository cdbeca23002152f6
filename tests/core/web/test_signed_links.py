"""Private links: those that were sent keep working, whatever becomes of the code that made them."""

import uuid
from typing import Any

from core.web import signed_links

SUBJECT = uuid.UUID("0f3b7c52-6a1d-4e8b-9c2f-5d4e3a2b1c09")
# Made by version 1 of the service with the key below.
SENT = "Dzt8UmodToucL11OOiscCQzfZmoKsvFNQUGIMe6sCwau2LrX"


def test_a_link_that_was_sent_by_an_earlier_version_still_opens(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the key of an installation", []
    assert signed_links.subject_of(SENT) == SUBJECT
    assert signed_links.fits(SENT, "registration.manage", SUBJECT, 3)


def test_a_link_fails_for_another_purpose_subject_version_or_key(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the key of an installation", []
    assert not signed_links.fits(SENT, "registration.confirm", SUBJECT, 3)
    assert not signed_links.fits(SENT, "registration.manage", uuid.UUID(int=7), 3)
    assert not signed_links.fits(SENT, "registration.manage", SUBJECT, 4)
    settings.SECRET_KEY = "another key"
    assert not signed_links.fits(SENT, "registration.manage", SUBJECT, 3)
    settings.SECRET_KEY_FALLBACKS = ["the key of an installation"]
    assert signed_links.fits(SENT, "registration.manage", SUBJECT, 3)
