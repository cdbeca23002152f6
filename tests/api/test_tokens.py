"""Tokens of the API: what each opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from tests import factories as f
from tests.api.asking import ALL, bearer, organiser_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer clab_nonsense", "Basic abc", "Bearer"])
def test_a_bad_token_is_an_error_and_not_a_visitor(header: str) -> None:
    answer = Client().get("/api/v1/labs", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'  # RFC 6750 §3.1


@pytest.mark.parametrize(
    "state",
    [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}],
)
def test_a_revoked_or_expired_token_opens_nothing(state: dict[str, Any]) -> None:
    lab = f.LabFactory()
    headers = bearer(organiser_of(lab), **state)
    assert Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers).status_code == 401


def test_a_token_of_a_closed_account_opens_nothing() -> None:
    lab = f.LabFactory()
    user = organiser_of(lab)
    headers = bearer(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert Client().get("/api/v1/labs", headers=headers).status_code == 401


@pytest.mark.parametrize("scope", ALL)
def test_each_scope_opens_its_own_operations_and_no_others(scope: str) -> None:
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    headers = bearer(organiser_of(lab), [scope])
    opened = {
        "registrations": Client().get(f"/api/v1/labs/{lab.slug}/registrations", headers=headers).status_code,
        "attendance": Client()
        .get(f"/api/v1/labs/{lab.slug}/sessions/{session.slug}/attendance", headers=headers)
        .status_code,
        "certificates": Client().get(f"/api/v1/labs/{lab.slug}/certificates", headers=headers).status_code,
    }
    assert opened == {name: 200 if name == scope else 403 for name in opened}


def test_a_token_without_the_scope_read_sees_what_everybody_sees() -> None:
    session = f.SessionFactory(visibility="internal")
    draft = f.SessionFactory(lab=session.lab, visibility="draft")
    user = organiser_of(session.lab)
    address = f"/api/v1/labs/{session.lab.slug}/sessions"
    seen = []
    for scopes in (["attendance"], ["read"]):
        items = Client().get(address, headers=bearer(user, scopes)).json()["items"]
        seen.append({item["slug"] for item in items})
    assert seen == [set(), {session.slug, draft.slug}]
