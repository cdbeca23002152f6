"""Idempotency: what is sent twice is done once, and what differs under the same key is refused."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.core import signing
from django.db import IntegrityError

from core.accounts.models import User
from core.web.idempotency import IdempotencyKeyReused, forget, is_form_key, new_form_key, run_once
from core.web.models import IdempotentRequest

pytestmark = pytest.mark.django_db


class Counted:
    """A creation that counts how often it is carried out."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return {"id": self.times}


def test_the_second_time_nothing_is_done_and_the_first_result_comes_back() -> None:
    create = Counted()
    assert run_once("form", "key", {"a": 1, "b": 2}, create) == ({"id": 1}, True)
    assert run_once("form", "key", {"b": 2, "a": 1}, create) == ({"id": 1}, False)
    assert create.times == 1


def test_another_key_or_purpose_is_another_creation() -> None:
    create = Counted()
    for purpose, key in (("form", "key"), ("form", "other key"), ("other form", "key")):
        assert run_once(purpose, key, {}, create)[1] is True
    assert create.times == 3
    # Each still knows its own result.
    assert run_once("form", "other key", {}, create) == ({"id": 2}, False)
    assert run_once("other form", "key", {}, create) == ({"id": 3}, False)


def test_other_contents_under_the_same_key_are_refused_and_change_nothing() -> None:
    create = Counted()
    run_once("form", "key", {"name": "one"}, create)
    with pytest.raises(IdempotencyKeyReused) as refused:
        run_once("form", "key", {"name": "another"}, create)
    assert (refused.value.code, "already sent" in refused.value.message) == ("key_reused", True)
    assert create.times == 1
    assert run_once("form", "key", {"name": "one"}, create) == ({"id": 1}, False)


def test_a_creation_that_fails_is_not_remembered() -> None:
    def fail() -> dict[str, Any]:
        User.objects.create_user("demo@example.org")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_once("form", "key", {}, fail)
    assert not User.objects.exists()
    assert run_once("form", "key", {}, Counted()) == ({"id": 1}, True)


def test_a_constraint_of_the_creation_itself_is_no_repetition() -> None:
    User.objects.create_user("demo@example.org")

    def same_address() -> dict[str, Any]:
        User.objects.bulk_create([User(email="demo@example.org")])
        return {}

    with pytest.raises(IntegrityError):
        run_once("form", "key", {}, same_address)
    assert not IdempotentRequest.objects.exists()


def test_nothing_to_tell_is_told_as_nothing_again() -> None:
    assert run_once("form", "key", {}, dict) == ({}, True)
    assert run_once("form", "key", {}, dict) == ({}, False)


def test_a_person_is_forgotten_with_what_was_sent_and_nobody_else_is() -> None:
    run_once("form", "one", {}, Counted(), about="one person")
    run_once("form", "another", {}, Counted(), about="another person")
    run_once("form", "none", {}, Counted())

    forget(["one person", "somebody unknown"])

    assert run_once("form", "one", {"now": "other"}, Counted())[1] is True
    for key in ("another", "none"):
        assert run_once("form", key, {}, Counted())[1] is False
    assert IdempotentRequest.objects.exclude(about="").values("about").distinct().count() == 1


def test_the_keys_of_forms_are_our_own() -> None:
    one, other = new_form_key(), new_form_key()
    assert one != other
    assert is_form_key(one)
    value, _colon, signature = one.partition(":")
    for wrong in ("", value, f"{value}:", f"x{one}", f"{other.partition(':')[0]}:{signature}"):
        assert not is_form_key(wrong), wrong


def test_a_key_that_we_signed_for_something_longer_is_none() -> None:
    signer = signing.Signer(salt="core.web.idempotency")
    longest = "x" * (100 - len(signer.sign("")))
    assert is_form_key(signer.sign(longest))
    assert not is_form_key(signer.sign(f"{longest}x"))


def test_who_has_not_the_secret_cannot_guess_what_was_typed(settings: LazySettings):
    remembered: set[tuple[str, str, str]] = set()
    for secret in ("one-secret-" * 5, "another-secret-" * 5):
        settings.SECRET_KEY = secret
        run_once("registration", "key-of-a-form", ["participant17@example.org"], dict, about="somebody")
        remembered |= set(IdempotentRequest.objects.values_list("key", "fingerprint", "about"))
        IdempotentRequest.objects.all().delete()
    assert [len({row[column] for row in remembered}) for column in range(3)] == [2, 2, 2]
