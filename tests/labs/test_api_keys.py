"""What a key for programs may do and for how long, whoever calls the verbs; its page is in test_console_tokens.py."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from core.accounts.models import User
from core.web.errors import InvalidFields, RuleViolation
from core.web.signed_links import api_token_hash
from labs.api_keys import allowed_scopes, create_key, revoke_key
from labs.models import ApiToken, Lab
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def door(lab: Lab) -> User:
    return f.StaffFactory(lab=lab, role="door").user


def make(user: User, lab: Lab | None = None, **answers: Any) -> ApiToken:
    usual: dict[str, Any] = {"name": "Import", "scopes": ["read"], "days": 30}
    return create_key(user, lab=lab, **(usual | answers))[0]


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_key_is_its_persons_for_so_many_days_within_its_scopes_and_lab(
    lab: Lab, door: User, days: int
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        key, secret = create_key(door, "  Import ", ["attendance", "read", "read"], lab, days)
    key = ApiToken.objects.get(pk=key.pk)
    assert (key.user, key.lab, key.name, key.scopes) == (door, lab, "Import", ["read", "attendance"])
    assert (key.expires_at, key.token_hash) == (now + timedelta(days=days), api_token_hash(secret))


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Import\nor not"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "everything"]}, "scopes"),
        *(({"days": days}, "days") for days in (0, 8, 31, 91, 366)),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_made(
    door: User, answers: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidFields) as refused:
        make(door, **answers)
    assert list(refused.value.errors) == [field]
    assert not ApiToken.objects.exists()


def test_a_key_reaches_no_further_than_its_person(lab: Lab, door: User) -> None:
    delegate, staff_elsewhere = f.DelegateFactory().user, f.StaffFactory().user
    assert (allowed_scopes(delegate), allowed_scopes(door)) == (["read"], list(ApiToken.Scope.values))
    for user, answers, field in (
        (delegate, {"scopes": ["read", "attendance"]}, "scopes"),
        (delegate, {"lab": lab}, "lab"),
        (staff_elsewhere, {"lab": lab}, "lab"),
    ):
        with pytest.raises(InvalidFields) as refused:
            make(user, **answers)
        assert list(refused.value.errors) == [field]
    assert make(delegate).lab is None


def test_a_person_has_at_most_fifty_keys_that_open_something(door: User) -> None:
    now = timezone.now()
    rows: list[dict[str, Any]] = [
        *[{"user": door}] * 49,
        {"user": door, "revoked_at": now},
        {"user": door, "expires_at": now - timedelta(seconds=1)},
        {"user": f.UserFactory()},
    ]
    usual = {"name": "key", "expires_at": now + timedelta(days=1)}
    for number, facts in enumerate(rows):
        ApiToken.objects.create(token_hash=str(number), **(usual | facts))
    make(door)
    with pytest.raises(RuleViolation) as refused:
        make(door)
    assert (refused.value.code, "50" in refused.value.message) == ("too_many_keys", True)


def test_a_key_is_revoked_once_and_no_other_with_it(door: User) -> None:
    key, other = make(door), make(door)
    first = timezone.now()
    for at in (first, first + timedelta(hours=1)):
        with time_machine.travel(at, tick=False):
            revoke_key(key)
    assert [ApiToken.objects.get(pk=one.pk).revoked_at for one in (key, other)] == [first, None]
