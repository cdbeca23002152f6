"""A programme that requires two-step sign-in: who is held back, on pages, in the API, in the administration."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from core.accounts import second_factors
from core.accounts.models import User
from labs.current_viewer import viewer_for
from labs.models import Lab, Programme
from tests import factories as f
from tests.core.accounts.test_two_step import with_app
from tests.pages import client_of, form_of
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db
REQUIRED = "/accounts/security/?required"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    cache.clear()


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(
        slug="lab",
        visibility="draft",
        programme=f.ProgrammeFactory(slug="programme", requires_second_factor=True),
    )


def api(user: User, path: str) -> Any:
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {api_token_for(user, 'key')}"})


@pytest.mark.parametrize("role", ["owner", "organiser", "door"])
def test_staff_without_a_factor_is_led_to_it_and_has_no_rights_until_then(lab: Lab, role: str) -> None:
    staff = f.OwnerFactory(programme=lab.programme) if role == "owner" else f.StaffFactory(lab=lab, role=role)
    elsewhere = f.StaffFactory(user=staff.user, lab=f.LabFactory(slug="other"))
    client = client_of(staff.user)
    path = "/organise/labs/lab/attendance/"
    assert client.get(path)["Location"] == REQUIRED
    assert "requires it" in client.get("/organise/").content.decode()
    assert client.get("/labs/lab/").status_code == 404
    refused = api(staff.user, "labs/lab/people")
    assert (refused.status_code, "two-step" in refused.json()["detail"]) == (403, True)
    assert client.get("/organise/labs/other/people/").status_code == 200
    assert viewer_for(elsewhere.user).withheld == {lab.programme_id}
    with_app(staff.user)
    assert client.get(path).status_code == 200
    assert api(staff.user, "labs/lab/people").status_code == (404 if role == "door" else 200)


def test_strangers_and_delegates_notice_nothing(lab: Lab) -> None:
    stranger = client_of(f.UserFactory())
    assert stranger.get("/organise/labs/lab/people/").status_code == 404
    delegate = f.DelegateFactory(programme=lab.programme)
    assert viewer_for(delegate.user).delegations
    assert api(delegate.user, "labs/lab/people").status_code == 404


def test_a_superuser_is_held_back_too_also_from_the_administration(lab: Lab) -> None:
    user: User = f.UserFactory(is_superuser=True, is_staff=True)
    other: Programme = f.ProgrammeFactory(slug="other")
    client = client_of(user)
    assert client.get("/admin/labs/programme/", follow=True).redirect_chain[-1][0] == REQUIRED
    assert client.get("/organise/programmes/programme/")["Location"] == REQUIRED
    assert client.get("/organise/programmes/other/").status_code == 200
    assert viewer_for(user).owned_programmes == {other.pk}
    with_app(user)
    assert viewer_for(user).is_superuser
    assert client.get("/admin/labs/programme/").status_code == 200


def test_who_requires_it_has_it() -> None:
    programme: Programme = f.ProgrammeFactory(slug="programme")
    owner: User = f.OwnerFactory(programme=programme).user
    client, page = client_of(owner), "/organise/programmes/programme/"
    refused = client.post(page, form_of(client.get(page)).filled(requires_second_factor="on"))
    assert list(refused.context["form"].errors) == ["requires_second_factor"]
    with_app(owner)
    client.post(page, form_of(client.get(page)).filled(requires_second_factor="on"))
    programme.refresh_from_db()
    assert programme.requires_second_factor
    second_factors.reset(owner)
    assert client.get(page)["Location"] == REQUIRED
