"""Routes of a lab or programme: open to those whose it is, a wall to everybody else, the sign-in page to visitors."""

import pytest
from django.test import Client

from labs.models import Lab
from tests import factories as f

pytestmark = pytest.mark.django_db

OF_ORGANISERS = "/organise/labs/lab/people/"
OF_THE_DOOR = "/organise/labs/lab/attendance/"
OF_OWNERS = "/organise/programmes/programme/people/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))


def who(kind: str, lab: Lab) -> Client:
    """Return a browser of a person of this kind, signed in unless a visitor."""
    client = Client()
    user = {
        "visitor": lambda: None,
        "door": lambda: f.StaffFactory(lab=lab, role="door").user,
        "organiser": lambda: f.StaffFactory(lab=lab).user,
        "owner": lambda: f.OwnerFactory(programme=lab.programme).user,
        "superuser": lambda: f.UserFactory(is_superuser=True),
        "delegate": lambda: f.DelegateFactory(programme=lab.programme).user,
        "organiser elsewhere": lambda: f.StaffFactory(lab=f.LabFactory(programme=lab.programme)).user,
        "owner elsewhere": lambda: f.OwnerFactory().user,
        "nobody": f.UserFactory,
    }[kind]()
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("kind", "organisers", "door", "owners"),
    [
        ("visitor", 302, 302, 302),
        ("nobody", 404, 404, 404),
        ("delegate", 404, 404, 404),
        ("door", 404, 200, 404),
        ("organiser", 200, 200, 404),
        ("organiser elsewhere", 404, 404, 404),
        ("owner", 200, 200, 200),
        ("owner elsewhere", 404, 404, 404),
        ("superuser", 200, 200, 200),
    ],
)
def test_a_route_opens_to_its_people_alone(
    lab: Lab, kind: str, organisers: int, door: int, owners: int
) -> None:
    client = who(kind, lab)
    answers = [client.get(address) for address in (OF_ORGANISERS, OF_THE_DOOR, OF_OWNERS)]
    assert [answer.status_code for answer in answers] == [organisers, door, owners]
    for answer, address in zip(answers, (OF_ORGANISERS, OF_THE_DOOR, OF_OWNERS), strict=True):
        assert "no-store" in answer["Cache-Control"] or answer.status_code == 404
        if answer.status_code == 302:
            assert answer["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("kind", ["organiser", "owner", "superuser"])
def test_what_does_not_exist_is_a_wall_to_everybody(lab: Lab, kind: str) -> None:
    client = who(kind, lab)
    for address in (OF_ORGANISERS, OF_THE_DOOR):
        assert client.get(address.replace("/lab/", "/no-such-lab/")).status_code == 404
    assert client.get(OF_OWNERS.replace("/programme/", "/no-such-programme/")).status_code == 404


@pytest.mark.parametrize("visibility", ["public", "draft"])
def test_a_draft_lab_is_there_for_those_who_work_on_it_alone(lab: Lab, visibility: str) -> None:
    Lab.objects.filter(pk=lab.pk).update(visibility=visibility)
    for kind, sees_draft in (("visitor", False), ("organiser elsewhere", False), ("organiser", True)):
        expected = 200 if sees_draft or visibility == "public" else 404
        assert who(kind, lab).get("/labs/lab/").status_code == expected, kind
    assert who("organiser", lab).get("/labs/no-such-lab/").status_code == 404
