"""Roles in the console: who gives and takes them, and what follows."""

from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.mail.models import Message
from core.mail.rendering import rendered
from core.web.localized_fields import languages_of
from labs.models import City, Delegate, Lab, Programme, RoleInvitation, Staff
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import client_of, form_of, forms_of

pytestmark = pytest.mark.django_db

PEOPLE = "/organise/labs/lab/people/"
OWNERS = "/organise/programmes/programme/people/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))


@pytest.fixture
def programme(lab: Lab) -> Programme:
    return lab.programme


@pytest.fixture
def owner(programme: Programme) -> User:
    return f.OwnerFactory(programme=programme).user


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


def link_of(message: Message) -> str:
    """The path of the private link in an email."""
    lines = rendered(message, reveal=True).text.splitlines()
    return next(line for line in lines if line.startswith("http")).removeprefix("http://testserver")


def add(client: Client, address: str = PEOPLE, action: str = "add", **answers: Any) -> Any:
    form = next(one for one in forms_of(client.get(address)) if ("action", action) in one.buttons)
    return client.post(address, form.filled(action=action, **answers))


def test_an_account_that_exists_gets_the_role_at_once_and_is_told(organiser: User, lab: Lab) -> None:
    user: User = f.UserFactory(email="door@example.org")
    add(client_of(organiser), email=" Door@Example.org ", role="door")
    assert Staff.objects.get(user=user).role == "door"
    assert Message.objects.get().occasion == "role_given"
    # A second role in the same lab takes the first one's place.
    add(client_of(organiser), email="door@example.org", role="organiser")
    assert Staff.objects.get(user=user).role == "organiser"


def test_an_address_without_account_gets_an_invitation_and_the_account_when_it_accepts(
    organiser: User, lab: Lab
) -> None:
    client = client_of(organiser)
    form = next(one for one in forms_of(client.get(PEOPLE)) if ("action", "add") in one.buttons)
    data = form.filled(action="add", email="new@example.org", name="Demo helper", role="door")
    for _ in range(2):
        client.post(PEOPLE, data)
    assert "new@example.org" in client.get(PEOPLE).content.decode()
    assert not User.objects.filter(email="new@example.org").exists()
    message = Message.objects.get()
    with_bodies(message)
    assert (message.to_email, message.occasion, message.lab) == ("new@example.org", "role_invited", lab)
    assert "/accounts/" not in message.text
    said = [line for line in message.text.splitlines() if line.startswith(("Programme:", "Event:", "Role:"))]
    programme = lab.programme
    assert said == [
        f"Programme: {languages_of(programme.name)['en']}",
        f"Event: {languages_of(lab.title)['en']}",
        "Role: Door staff",
    ]
    for line in said:
        assert line in " ".join(message.html.split())
    link = link_of(message)
    password = "a staple of correct horses"
    theirs = Client()
    answers = {"name": "New helper", "password1": password, "password2": password}
    accepted = theirs.post(link, form_of(theirs.get(link)).filled(**answers))
    assert (accepted.status_code, accepted["Location"]) == (302, "/organise/")
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.check_password(password)) == ("New helper", True)
    assert Staff.objects.get(user=user).role == "door"
    assert theirs.get("/organise/labs/lab/attendance/").status_code == 200
    # It works once.
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"email": ""}, "Enter the person’s email address"),
        ({"email": "nobody"}, "Enter an email address like"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "Enter an email address like"),
        ({"email": "x" * 250 + "@example.org"}, "longer than an email address can have"),
        ({"name": "x" * 5000}, "at most 200 characters"),
        ({"name": "Demo\u202eeman"}, "U+202E"),
        ({"role": "owner"}, "Choose a role from the list"),
        ({"role": None}, "Choose a role"),
    ],
)
def test_a_wrong_answer_gives_nobody_a_role(organiser: User, answers: dict[str, Any], said: str) -> None:
    usual = {"email": "new@example.org", "role": "door"}
    response = add(client_of(organiser), **(usual | answers))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert (Staff.objects.count(), User.objects.count(), Message.objects.count()) == (1, 1, 0)
    assert not RoleInvitation.objects.exists()


def test_an_account_that_is_switched_off_gets_no_role(organiser: User) -> None:
    f.UserFactory(email="off@example.org", is_active=False)
    assert "deactivated" in add(client_of(organiser), email="off@example.org").content.decode()


def test_who_is_removed_has_no_right_with_the_next_request(organiser: User, lab: Lab) -> None:
    helper = f.StaffFactory(lab=lab, role="organiser")
    theirs = client_of(helper.user)
    assert theirs.get(PEOPLE).status_code == 200
    client_of(organiser).post(PEOPLE, {"action": f"remove-{helper.pk}"})
    assert theirs.get(PEOPLE).status_code == 404


def test_roles_of_other_labs_and_owners_cannot_be_removed_from_here(organiser: User, owner: User) -> None:
    elsewhere = f.StaffFactory()
    for staff in (elsewhere, Staff.objects.get(user=owner)):
        client_of(organiser).post(PEOPLE, {"action": f"remove-{staff.pk}"})
    for number in ("", "x", "9" * 50, "-1"):
        assert client_of(organiser).post(PEOPLE, {"action": f"remove-{number}"}).status_code == 302
    assert Staff.objects.count() == 3


def test_the_last_owner_stays_and_any_other_may_go(owner: User, programme: Programme) -> None:
    client = client_of(owner)
    own = Staff.objects.get(user=owner)
    response = client.post(OWNERS, {"action": f"remove-owner-{own.pk}"}, follow=True)
    assert "must have at least one owner" in response.content.decode()
    second: User = f.UserFactory(email="second@example.org")
    add(client, OWNERS, "owner", **{"owner-email": second.email})
    # An account that is switched off owns nothing.
    User.objects.filter(pk=second.pk).update(is_active=False)
    client.post(OWNERS, {"action": f"remove-owner-{own.pk}"})
    assert Staff.objects.filter(pk=own.pk).exists()
    User.objects.filter(pk=second.pk).update(is_active=True)
    client.post(OWNERS, {"action": f"remove-owner-{own.pk}"})
    assert list(Staff.objects.values_list("user", flat=True)) == [second.pk]
    assert client.get(OWNERS).status_code == 404


def test_delegates_are_added_with_a_city_of_the_programme_and_removed(
    owner: User, programme: Programme
) -> None:
    client = client_of(owner)
    assert "Choose the programme’s cities first" in client.get(OWNERS).content.decode()
    city: City = f.CityFactory()
    foreign = f.CityFactory()
    programme.cities.add(city)
    answers = {"delegate-email": "delegate@example.org", "delegate-city": str(foreign.pk)}
    assert "Choose a city of this programme" in add(client, OWNERS, "delegate", **answers).content.decode()
    f.UserFactory(email="delegate@example.org")
    add(client, OWNERS, "delegate", **(answers | {"delegate-city": str(city.pk)}))
    delegate = Delegate.objects.get()
    assert (delegate.user.email, delegate.city) == ("delegate@example.org", city)
    client.post(OWNERS, {"action": f"remove-delegate-{delegate.pk}"})
    assert not Delegate.objects.exists()


def test_delegates_of_other_programmes_cannot_be_removed_from_here(owner: User, programme: Programme) -> None:
    other = f.DelegateFactory()
    client_of(owner).post(OWNERS, {"action": f"remove-delegate-{other.pk}"})
    assert Delegate.objects.filter(pk=other.pk).exists()


def test_who_removes_oneself_from_a_lab_is_led_away(organiser: User, lab: Lab) -> None:
    response = client_of(organiser).post(PEOPLE, {"action": f"remove-{Staff.objects.get(user=organiser).pk}"})
    assert response["Location"] == "/organise/"
