"""What each role gives, as a value, and how it is built from an account or from a key."""

from typing import Any

import pytest

from core.accounts.models import User
from labs.current_viewer import viewer_for, viewer_for_token
from labs.models import ApiToken, Lab
from labs.viewer import VISITOR, Viewer
from tests import factories as f


class Keys:
    """A lab as far as rights in it go."""

    def __init__(self, pk: int, programme_id: int) -> None:
        self.pk, self.programme_id = pk, programme_id


@pytest.mark.parametrize(
    ("rights", "owns", "organises", "keeps_door"),
    [
        ({}, False, False, False),
        ({"is_superuser": True}, True, True, True),
        ({"owned_programmes": {1}}, True, True, True),
        ({"owned_programmes": {2}}, False, False, False),
        ({"organised_labs": {17}}, False, True, True),
        ({"organised_labs": {18}}, False, False, False),
        ({"door_labs": {17}}, False, False, True),
        ({"door_labs": {18}}, False, False, False),
        ({"delegations": {(1, 5)}}, False, False, False),
        ({"seated_sessions": {17}}, False, False, False),
    ],
)
def test_each_role_gives_its_rights_in_its_own_lab_alone(
    rights: dict[str, Any], owns: bool, organises: bool, keeps_door: bool
) -> None:
    viewer = Viewer(**rights)
    lab = Keys(17, 1)
    assert (viewer.owns(1), viewer.organises(lab), viewer.is_door_staff_of(lab)) == (
        owns,
        organises,
        keeps_door,
    )


@pytest.mark.parametrize(
    ("rights", "is_staff"),
    [
        ({}, False),
        ({"delegations": frozenset([(1, 5)])}, False),
        ({"is_superuser": True}, True),
        ({"owned_programmes": frozenset([1])}, True),
        ({"organised_labs": frozenset([17])}, True),
        ({"door_labs": frozenset([17])}, True),
    ],
)
def test_staff_are_those_who_work_on_a_programme_or_lab(rights: dict[str, Any], is_staff: bool) -> None:
    assert Viewer(**rights).is_staff_anywhere is is_staff


def test_seats_are_added_to_those_of_another_link() -> None:
    both = VISITOR.with_seats(frozenset([1])).with_seats(frozenset([2]))
    assert both.seated_sessions == {1, 2}


def test_cities_are_those_of_each_programme() -> None:
    viewer = Viewer(delegations=frozenset([(1, 5), (1, 6), (2, 7)]))
    assert viewer.cities_by_programme == {1: {5, 6}, 2: {7}}


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def busy(lab: Lab) -> User:
    """Somebody with every role, each in another lab or programme, and a delegate of two programmes."""
    user: User = f.UserFactory()
    f.StaffFactory(user=user, lab=lab)
    f.StaffFactory(user=user, role="door")
    f.OwnerFactory(user=user)
    f.DelegateFactory(user=user, programme=lab.programme)
    f.DelegateFactory(user=user)
    for _other in range(2):
        f.StaffFactory()
        f.DelegateFactory()
    return user


@pytest.mark.django_db
def test_an_account_has_the_roles_that_were_given_to_it_and_no_others(busy: User, lab: Lab) -> None:
    viewer = viewer_for(busy)
    owned, organised, door = (busy.staff_roles.get(role=role) for role in ("owner", "organiser", "door"))
    assert viewer == Viewer(
        user_id=busy.pk,
        owned_programmes=frozenset([owned.programme_id]),
        organised_labs=frozenset([organised.lab_id]),
        door_labs=frozenset([door.lab_id]),
        delegations=frozenset(busy.delegations.values_list("programme_id", "city_id")),
    )


def key_of(user: User, lab: Lab | None, *scopes: str) -> Viewer:
    return viewer_for_token(ApiToken(user=user, lab=lab, scopes=list(scopes)))


@pytest.mark.django_db
def test_a_key_has_the_rights_of_its_person_and_its_own_scopes(busy: User) -> None:
    viewer = key_of(busy, None, "read")
    assert viewer.scopes == {"read"}
    assert (viewer.owned_programmes, viewer.door_labs) == (
        viewer_for(busy).owned_programmes,
        viewer_for(busy).door_labs,
    )


@pytest.mark.django_db
def test_a_key_of_one_lab_reaches_nothing_else(busy: User, lab: Lab) -> None:
    city = busy.delegations.get(programme=lab.programme).city_id
    assert key_of(busy, lab, "read") == Viewer(
        user_id=busy.pk,
        organised_labs=frozenset([lab.pk]),
        delegations=frozenset([(lab.programme_id, city)]),
        scopes=frozenset(["read"]),
    )
    door = busy.staff_roles.get(role="door").lab
    assert key_of(busy, door).door_labs == {door.pk}
    assert (key_of(busy, door).organised_labs, key_of(busy, door).delegations) == (set(), set())
    stranger = key_of(busy, f.LabFactory())
    assert not stranger.is_staff_anywhere


@pytest.mark.django_db
def test_a_key_of_one_lab_is_no_superusers_and_no_owners(lab: Lab) -> None:
    superuser = f.UserFactory(is_superuser=True)
    owner = f.OwnerFactory(programme=lab.programme).user
    for user in (superuser, owner):
        viewer = key_of(user, lab)
        assert (viewer.is_superuser, viewer.owned_programmes) == (False, set())
        assert viewer.organises(lab)
    assert viewer_for(superuser).is_superuser
