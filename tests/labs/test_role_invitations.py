"""Invitations to roles: accepted once, withdrawn, sent again, expired; lists of people; budgets."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.accounts.models import User
from core.mail.models import Message
from core.web.errors import RuleViolation
from labs import role_invitations, roles
from labs.models import City, Delegate, Lab, Programme, RoleInvitation, Staff
from tests import factories as f
from tests.labs.test_console_people import OWNERS, PEOPLE, link_of
from tests.pages import client_of, form_of

pytestmark = pytest.mark.django_db

PASSWORD = "a staple of correct horses"
ANSWERS = {"name": "New helper", "password1": PASSWORD, "password2": PASSWORD}
LIST = f"{PEOPLE}list/"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))


@pytest.fixture
def programme(lab: Lab) -> Programme:
    return lab.programme


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


@pytest.fixture
def owner(programme: Programme) -> User:
    return f.OwnerFactory(programme=programme).user


@pytest.fixture
def link(lab: Lab, organiser: User) -> str:
    roles.add_to_lab(lab, "new@example.org", "door", by=organiser, name="Demo")
    return link_of(Message.objects.get())


def send(client: Client, address: str, **answers: Any) -> Any:
    return client.post(address, form_of(client.get(address)).filled(**answers))


def act(client: Client, address: str, kind: str, email: str = "new@example.org") -> Any:
    invitation = RoleInvitation.objects.get(email=email)
    return client.post(address, {"action": f"{kind}-{invitation.public_id}"}, follow=True)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password1": "new@example.org", "password2": "new@example.org"}, "password1"),
        ({"password2": "another staple of horses"}, "password2"),
    ],
)
def test_a_wrong_answer_uses_nothing_up(link: str, answers: dict[str, str], field: str) -> None:
    page = send(Client(), link, **(ANSWERS | answers))
    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert not User.objects.filter(email="new@example.org").exists()
    assert send(Client(), link, **ANSWERS).status_code == 302


def test_opening_the_link_changes_nothing_and_a_token_of_another_purpose_opens_nothing(link: str) -> None:
    for _thrice in range(3):
        assert Client().get(link).status_code == 200
    invitation = RoleInvitation.objects.get()
    assert invitation.is_open(timezone.now())
    forged = role_invitations.signed_links.make_token("roles.other", invitation.public_id, 0)
    for token in (forged, "x", "x" * 48, forged[:-1]):
        assert Client().get(f"/accounts/invitations/{token}/").status_code == 404


def test_a_withdrawn_invitation_opens_nothing(link: str, organiser: User) -> None:
    assert "withdrawn" in act(client_of(organiser), PEOPLE, "withdraw").content.decode()
    assert Client().get(link).status_code == 404
    # Once more, and for one of another lab: nothing happens.
    assert "no longer open" in act(client_of(organiser), PEOPLE, "withdraw").content.decode()


def test_a_link_sent_again_takes_the_place_of_the_first(link: str, organiser: User) -> None:
    act(client_of(organiser), PEOPLE, "again")
    _first, second = Message.objects.order_by("pk")
    assert link_of(second) != link
    assert (Client().get(link).status_code, Client().get(link_of(second)).status_code) == (404, 200)


def test_after_fourteen_days_it_has_expired_and_can_be_sent_again(link: str, organiser: User) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        assert Client().get(link).status_code == 404
        assert "Expired" in client_of(organiser).get(PEOPLE).content.decode()
        act(client_of(organiser), PEOPLE, "again")
        assert Client().get(link_of(Message.objects.latest("pk"))).status_code == 200


def test_invitations_of_other_labs_are_not_acted_on(link: str) -> None:
    elsewhere = f.StaffFactory(lab=f.LabFactory(slug="other")).user
    act(client_of(elsewhere), "/organise/labs/other/people/", "withdraw")
    assert Client().get(link).status_code == 200
    with pytest.raises(RuleViolation):
        role_invitations.revoke(RoleInvitation.objects.get(), by=elsewhere)


def test_accepting_one_accepts_all_of_the_address(
    link: str, programme: Programme, owner: User, lab: Lab
) -> None:
    city: City = f.CityFactory()
    programme.cities.add(city)
    roles.add_delegate(programme, "new@example.org", city, by=owner)
    roles.add_owner(programme, "other@example.org", by=owner)
    send(Client(), link, **ANSWERS)
    user = User.objects.get(email="new@example.org")
    assert list(Staff.objects.filter(user=user).values_list("role", "lab")) == [("door", lab.pk)]
    assert Delegate.objects.get().user == user
    assert RoleInvitation.objects.get(accepted_at=None).email == "other@example.org"


def test_who_has_an_account_by_now_accepts_with_a_button(link: str, lab: Lab) -> None:
    user: User = f.UserFactory(email="new@example.org")
    page = send(Client(), link)
    assert "Sign in with your account" in page.content.decode()
    assert Staff.objects.get(user=user).lab == lab


def test_who_is_signed_in_as_somebody_else_takes_no_role(link: str, organiser: User) -> None:
    client = client_of(organiser)
    page = client.get(link)
    assert "This invitation is for new@example.org" in page.content.decode()
    assert client.post(link, ANSWERS).status_code == 200
    assert RoleInvitation.objects.get().is_open(timezone.now())


def test_a_deactivated_account_takes_no_role(link: str) -> None:
    f.UserFactory(email="new@example.org", is_active=False)
    assert send(Client(), link).status_code == 409
    assert not Staff.objects.filter(role="door").exists()


def test_ended_invitations_are_deleted_with_their_addresses(link: str, lab: Lab, organiser: User) -> None:
    roles.add_to_lab(lab, "later@example.org", "door", by=organiser)
    RoleInvitation.objects.filter(email="new@example.org").update(
        revoked_at=timezone.now() - timedelta(days=31)
    )
    role_invitations.delete_ended(timezone.now())
    assert [row.email for row in RoleInvitation.objects.all()] == ["later@example.org"]


def test_one_inviter_and_one_address_get_so_many_emails(
    link: str, organiser: User, lab: Lab, monkeypatch: Any
) -> None:
    invitation = RoleInvitation.objects.get()
    for _more in range(role_invitations.EMAILS_PER_ADDRESS_AND_DAY - 1):
        role_invitations.send_again(invitation, by=organiser)
    with pytest.raises(RuleViolation) as refused:
        role_invitations.send_again(invitation, by=organiser)
    assert refused.value.code == "too_many_to_address"
    monkeypatch.setattr(role_invitations, "EMAILS_PER_HOUR", 5)
    with pytest.raises(RuleViolation) as refused:
        roles.add_to_lab(lab, "another@example.org", "door", by=organiser)
    assert refused.value.code == "too_many"
    roles.add_to_lab(lab, "another@example.org", "door", by=f.StaffFactory(lab=lab).user)


def test_the_list_of_invitations_takes_as_many_queries_for_many(lab: Lab, organiser: User) -> None:
    counts = []
    for number in range(12):
        roles.add_to_lab(lab, f"new{number}@example.org", "door", by=organiser)
        if number in (1, 11):
            client = client_of(organiser)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(PEOPLE).status_code == 200
            counts.append(len(queries))
    assert counts[0] == counts[1]


ROWS = "email,name,role,city,language\none@example.org,One,door,,bg\ntwo@example.org,,Lab organiser,,\n"


def test_a_list_is_shown_first_and_invites_once(organiser: User, lab: Lab) -> None:
    f.UserFactory(email="two@example.org")
    client = client_of(organiser)
    upload = SimpleUploadedFile("people.csv", b"\xef\xbb\xbf" + ROWS.replace("\n", "\r\n").encode())
    page = client.post(LIST, {"file": upload, "action": "apply"})
    assert (page.status_code, RoleInvitation.objects.count()) == (200, 0)
    shown = page.content.decode()
    assert "Has an account" in shown
    assert "Gets an invitation" in shown
    data = form_of(page).filled(action="apply")
    for _twice in range(2):
        assert client.post(LIST, data).status_code == 302
    invited = RoleInvitation.objects.get()
    assert (invited.email, invited.name, invited.role, invited.language) == (
        "one@example.org",
        "One",
        "door",
        "bg",
    )
    assert Staff.objects.get(user__email="two@example.org").role == "organiser"
    assert Message.objects.count() == 2


def test_errors_are_named_by_row_and_column_and_nobody_is_invited(owner: User, programme: Programme) -> None:
    city: City = f.CityFactory(name={"en": "Plovdiv", "bg": "Пловдив"})
    programme.cities.add(city)
    rows = (
        "Role;Email;City;Language\ndelegate;a@example.org;пловдив;el\nowner;nobody;;\ndelegate;b@example.org;Paris;\n"
        "door;c@example.org;;\nowner;d@example.org;Plovdiv;\nowner;e@example.org;;de\n"
        "Delegate of a city;A@example.org;Plovdiv;\nowner;f@example.org;;;x\n"
    )
    page = send(client_of(owner), f"{OWNERS}list/", rows=rows, action="apply")
    assert page.status_code == 422
    lines = [line for row in page.context["rows"] for line in row.error_lines]
    assert [line.partition(":")[0] for line in lines] == [
        "Row 3, column “email”",
        "Row 4, column “city”",
        "Row 5, column “role”",
        "Row 6, column “city”",
        "Row 7, column “language”",
        "Row 8, column “email”",
        "Row 9, column “language”",
    ]
    assert (RoleInvitation.objects.count(), Message.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "email,role",
        "name,role\nx,door",
        "email,role,shoe size\na@example.org,door,44",
        "email,email,role\na@example.org,a@example.org,door",
        'email,role\n"a@example.org,door\n' + "x" * 200_000,
        "email,role\n" + "a@example.org,door\n" * 501,
        "=cmd|' /C calc'!A0",
        "email" + "," * 100_000,
    ],
)
def test_a_text_that_is_no_list_says_so(organiser: User, typed: str) -> None:
    page = send(client_of(organiser), LIST, rows=typed, action="apply")
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not RoleInvitation.objects.exists()


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x00\x00", b"\xff\xfe\x00", b"email,role\n\xcf\xf0\xe8,door", b"x" * 300_000]
)
def test_a_file_that_is_no_list_says_so(organiser: User, data: bytes) -> None:
    page = client_of(organiser).post(LIST, {"file": SimpleUploadedFile("people.csv", data)})
    assert page.status_code == 422
    assert list(page.context["form"].errors)


def test_a_row_that_cannot_be_leaves_all_others_undone(organiser: User) -> None:
    f.UserFactory(email="two@example.org", is_active=False)
    page = send(client_of(organiser), LIST, rows=ROWS, action="apply")
    assert "Row 3: This account is deactivated" in page.content.decode()
    assert (RoleInvitation.objects.count(), Message.objects.count()) == (0, 0)
