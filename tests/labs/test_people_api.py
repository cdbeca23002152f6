"""People and roles by the API: who reads and changes them, all or none, at once."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from core.mail.models import Message
from labs.models import Delegate, Lab, RoleInvitation, Staff
from tests import factories as f
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))


@pytest.fixture
def owner(lab: Lab) -> User:
    return f.OwnerFactory(programme=lab.programme).user


def call(
    user: User, method: str, path: str, body: Any = None, key: str = "a key of mine", **token: Any
) -> Any:
    headers = {"Authorization": f"Bearer {api_token_for(user, 'key', **token)}", "Idempotency-Key": key}
    return Client().generic(
        method,
        f"/api/v1/{path}",
        data="" if body is None else json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


def test_roles_are_given_listed_and_removed(lab: Lab, owner: User) -> None:
    helper: User = f.UserFactory(email="helper@example.org")
    people = {
        "people": [
            {"email": "Helper@example.org", "role": "door"},
            {"email": "new@example.org", "role": "organiser"},
        ]
    }
    for _twice in range(2):
        assert call(owner, "POST", "labs/lab/people", people).json() == {"given": 1, "invited": 1}
    assert Message.objects.count() == 2
    [listed] = call(owner, "GET", "labs/lab/people").json()["items"]
    assert (listed["email"], listed["role"], listed["city"]) == ("helper@example.org", "door", None)
    assert call(owner, "DELETE", f"labs/lab/people/{listed['id']}").status_code == 204
    assert not Staff.objects.filter(user=helper).exists()
    assert call(owner, "DELETE", f"labs/lab/people/{listed['id']}").status_code == 404


def test_invitations_are_listed_sent_again_and_withdrawn(lab: Lab, owner: User) -> None:
    row: RoleInvitation = f.RoleInvitationFactory(lab=lab, expires_at=timezone.now())
    [listed] = call(owner, "GET", "labs/lab/role-invitations").json()["items"]
    assert (listed["id"], listed["is_open"]) == (str(row.public_id), False)
    path = f"labs/lab/role-invitations/{row.public_id}"
    for _twice in range(2):
        assert call(owner, "POST", f"{path}/send-again").json()["is_open"] is True
    row.refresh_from_db()
    assert (row.link_version, Message.objects.count()) == (1, 1)
    assert call(owner, "DELETE", path).status_code == 204
    assert call(owner, "GET", "labs/lab/role-invitations").json()["items"] == []


def test_delegates_have_a_city_and_the_last_owner_stays(lab: Lab, owner: User) -> None:
    city = f.CityFactory(slug="plovdiv")
    lab.programme.cities.add(city)
    user = f.UserFactory(email="delegate@example.org")
    people = {"people": [{"email": user.email, "role": "delegate", "city": "plovdiv"}]}
    assert call(owner, "POST", "programmes/programme/people", people).json() == {"given": 1, "invited": 0}
    first, second = call(owner, "GET", "programmes/programme/people").json()["items"]
    assert (first["role"], second["role"], second["city"]) == ("owner", "delegate", "plovdiv")
    assert call(owner, "DELETE", f"programmes/programme/people/{first['id']}").status_code == 409
    assert call(owner, "DELETE", f"programmes/programme/people/{second['id']}").status_code == 204
    assert not Delegate.objects.exists()


def test_what_is_wrong_is_named_by_its_place_and_nobody_gets_a_role(lab: Lab, owner: User) -> None:
    people = {
        "people": [
            {"email": "a@example.org", "role": "door"},
            {"email": "b", "role": "owner", "language": "de"},
        ]
    }
    answer = call(owner, "POST", "labs/lab/people", people)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        "people.1.email",
        "people.1.language",
        "people.1.role",
    ]
    assert not RoleInvitation.objects.exists()


def test_an_organiser_of_a_lab_changes_nobody_elsewhere(lab: Lab, owner: User) -> None:
    organiser: User = f.StaffFactory(lab=lab).user
    elsewhere: Staff = f.StaffFactory(lab=f.LabFactory(slug="other"))
    assert call(organiser, "DELETE", f"labs/lab/people/{elsewhere.public_id}").status_code == 404
    assert call(organiser, "DELETE", f"labs/other/people/{elsewhere.public_id}").status_code == 404
    assert call(organiser, "GET", "programmes/programme/people").status_code == 404
    assert call(organiser, "GET", "labs/lab/people", scopes=["read"]).status_code == 403
