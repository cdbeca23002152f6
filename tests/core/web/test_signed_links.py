"""The tokens of private links and the keys of programs: what opens what, whatever becomes of the code."""

import hashlib
import uuid

import pytest
from django.conf import LazySettings

from core.web import signed_links

WHO = uuid.UUID("12345678-1234-4234-8234-123456789012")

SUBJECT = uuid.UUID("0f3b7c52-6a1d-4e8b-9c2f-5d4e3a2b1c09")
# Made by version 1 of the service with the key below.
SENT = "Dzt8UmodToucL11OOiscCQzfZmoKsvFNQUGIMe6sCwau2LrX"


def test_a_link_that_was_sent_by_an_earlier_version_still_opens(settings: LazySettings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the key of an installation", []
    assert signed_links.subject_of(SENT) == SUBJECT
    assert signed_links.is_valid(SENT, "registration.manage", SUBJECT, 3)


def test_a_link_fails_for_another_purpose_subject_version_or_key(settings: LazySettings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the key of an installation", []
    assert not signed_links.is_valid(SENT, "registration.confirm", SUBJECT, 3)
    assert not signed_links.is_valid(SENT, "registration.manage", uuid.UUID(int=7), 3)
    assert not signed_links.is_valid(SENT, "registration.manage", SUBJECT, 4)
    settings.SECRET_KEY = "another key"
    assert not signed_links.is_valid(SENT, "registration.manage", SUBJECT, 3)
    settings.SECRET_KEY_FALLBACKS = ["the key of an installation"]
    assert signed_links.is_valid(SENT, "registration.manage", SUBJECT, 3)


def test_a_token_opens_what_it_was_made_for() -> None:
    token = signed_links.make_token("manage", WHO, 3)
    assert len(token) == 48
    assert signed_links.subject_of(token) == WHO
    assert signed_links.is_valid(token, "manage", WHO, 3)


def test_no_character_of_it_can_be_altered() -> None:
    token = signed_links.make_token("manage", WHO, 3)
    for place, sign in enumerate(token):
        altered = token[:place] + ("A" if sign != "A" else "B") + token[place + 1 :]
        assert not signed_links.is_valid(altered, "manage", WHO, 3), place


@pytest.mark.parametrize("token", ["", "x", "x" * 47, "x" * 49, "é" * 48, "=" * 48, "x" * 45 + "==="])
def test_what_has_no_tokens_form_names_nobody_and_opens_nothing(token: str) -> None:
    assert not signed_links.is_valid(token, "manage", WHO, 3)
    assert signed_links.subject_of(token) in (None, uuid.UUID(bytes=b"\xc7\x1c\x71" * 5 + b"\xc7"))


@pytest.mark.parametrize("length", [0, 44, 47, 49, 52])
def test_a_token_that_is_cut_or_longer_names_nobody(length: int) -> None:
    assert signed_links.subject_of((signed_links.make_token("manage", WHO, 3) + "AAAA")[:length]) is None


def test_links_outlive_a_change_of_the_secret_while_the_old_one_is_kept(settings: LazySettings) -> None:
    token = signed_links.make_token("manage", WHO, 3)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-secret-" * 4
    assert not signed_links.is_valid(token, "manage", WHO, 3)
    settings.SECRET_KEY_FALLBACKS = ["a-third-secret-" * 4, old]
    assert signed_links.is_valid(token, "manage", WHO, 3)
    assert signed_links.is_valid(signed_links.make_token("manage", WHO, 3), "manage", WHO, 3)


def test_a_key_of_a_program_is_long_random_and_stored_as_its_hash() -> None:
    (one, stored), (other, _stored) = signed_links.new_api_token(), signed_links.new_api_token()
    assert one != other
    assert one.startswith("clab_")
    assert len(one) == len("clab_") + 43  # 256 bits
    assert stored == signed_links.api_token_hash(one) == hashlib.sha256(one.encode()).hexdigest()
