"""Invitations: links for several, emails to one address each; used once, taken back, forged, forwarded."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from core.mail.rendering import rendered
from core.web import signed_links
from labs.models import Lab
from registrations import address_lists, erasure, invitations, managing
from registrations.models import Invitation, Registration, RegistrationRules
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import forms_of
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    lab = f.LabFactory(slug="lab")
    RegistrationRules.objects.create(lab=lab, access="invited")
    f.SessionFactory(lab=lab, slug="talk")
    return lab


def ask(client: Client, lab: Lab, token: str, number: int = 1, **more: Any) -> Any:
    changes = {"email": f"demo{number}@example.org", "name": f"Demo participant {number}", **more}
    return send(client, lab, answers(lab.sessions.get(), invitation=token, **changes))


def confirm(client: Client, number: int = 1) -> Any:
    person = Registration.objects.get(email=f"demo{number}@example.org")
    return post(client, link(person, "confirm", "registration_confirm"))


def test_without_an_invitation_there_is_no_form_and_no_registration(client: Client, lab: Lab) -> None:
    page = client.get(reverse("register", args=["lab"])).content.decode()
    assert ("Registration is by invitation" in page, 'name="consent"' in page) == (True, False)
    response = ask(client, lab, "")
    assert response.status_code == 422
    assert "This invitation is not valid" in response.content.decode()
    assert Registration.objects.count() == 0


def test_a_link_for_two_lets_two_people_in_and_counts_who_confirmed(client: Client, lab: Lab) -> None:
    made = invitations.create(lab, 2, "For Sofia")
    token = invitations.token_of(made)
    page = client.get(reverse("register", args=["lab"]), {"invitation": token})
    form = next(form for form in forms_of(page) if "consent" in form.names)
    assert form.values["invitation"] == [token]
    for number in (1, 2, 3):
        assert ask(client, lab, token, number).status_code == 200
    assert [confirm(client, number).status_code for number in (1, 2, 3)] == [302, 302, 409]
    made.refresh_from_db()
    assert made.used == 2
    # Who cancels makes room for somebody else.
    managing.cancel(Registration.objects.get(email="demo1@example.org"))
    assert confirm(client, 3).status_code == 302
    made.refresh_from_db()
    assert made.used == 2


def test_an_invitation_to_an_address_is_for_this_address_alone(client: Client, lab: Lab) -> None:
    assert invitations.invite(lab, ["demo1@example.org"], "el") == invitations.Invited(1, 0)
    assert invitations.invite(lab, ["DEMO1@example.org"], "el") == invitations.Invited(0, 1)
    [mail] = mails("invitation")
    assert (mail.to_email, mail.language) == ("demo1@example.org", "el")
    token = invitations.token_of(Invitation.objects.get())
    assert f"/labs/lab/register/?invitation={token}" in rendered(mail, reveal=True).text
    # The database holds nothing that opens the form.
    assert token not in str(Message.objects.values_list("context", "links", "text", "html").get())
    page = client.get(reverse("register", args=["lab"]), {"invitation": token})
    [form] = [form for form in forms_of(page) if "consent" in form.names]
    assert form.values["email"] == ["demo1@example.org"]
    assert page["Cache-Control"] == "no-store"
    refused = ask(client, lab, token, 2)
    said = refused.content.decode()
    assert refused.status_code == 422
    assert ("This invitation is for another address" in said, "demo1@example.org" in said) == (True, False)
    assert ask(client, lab, token, 1, email="Demo1@EXAMPLE.org").status_code == 200
    assert Registration.objects.get().invitation == Invitation.objects.get()


def test_programs_hear_that_an_invitation_is_for_another_address(client: Client, lab: Lab) -> None:
    invitations.invite(lab, ["demo1@example.org"], "el")
    token = invitations.token_of(Invitation.objects.get())
    form = {
        "name": "Demo participant 2",
        "email": "demo2@example.org",
        "sessions": ["talk"],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
        "invitation": token,
    }
    answer = client.post(
        "/api/v1/labs/lab/registrations",
        form,
        content_type="application/json",
        headers={"Idempotency-Key": "one-of-ours"},
    )
    assert answer.status_code == 422
    assert [(one["field"], one["message"][:40]) for one in answer.json()["errors"]] == [
        ("email", "This invitation is for another address. ")
    ]


def test_links_that_are_forged_foreign_or_taken_back_open_nothing(client: Client, lab: Lab) -> None:
    made = invitations.create(lab, 1, "")
    other_lab = f.LabFactory()
    foreign = invitations.create(other_lab, 1, "")
    other_purpose = signed_links.make_token("registration.manage", made.public_id, made.link_version)
    old = invitations.token_of(made)
    invitations.revoke(made)
    for token in (old, invitations.token_of(foreign), other_purpose, "x" * 48, "\0", "é" * 48, "A" * 100):
        assert ask(client, lab, token).status_code == 422, token
        page = client.get(reverse("register", args=["lab"]), {"invitation": token}).content.decode()
        assert "Registration is by invitation" in page
        assert "example.org" not in page
    assert Registration.objects.count() == 0


def test_an_invitation_that_is_taken_back_before_confirming_lets_nobody_in(client: Client, lab: Lab) -> None:
    made = invitations.create(lab, 5, "")
    ask(client, lab, invitations.token_of(made))
    invitations.revoke(made)
    assert confirm(client).status_code == 409
    assert Registration.objects.get().state == "unconfirmed"


def test_erasing_a_person_erases_the_invitation_and_its_email(client: Client, lab: Lab) -> None:
    invitations.invite(lab, ["demo1@example.org", "demo2@example.org"], "en")
    token = invitations.token_of(Invitation.objects.get(email="demo1@example.org"))
    ask(client, lab, token)
    confirm(client)
    erasure.erase(Registration.objects.get())
    assert list(Invitation.objects.values_list("email", flat=True)) == ["demo2@example.org"]
    assert not Message.objects.filter(to_email="demo1@example.org").exists()


@pytest.mark.parametrize(
    ("typed", "addresses"),
    [
        (
            "demo1@example.org\ndemo2@example.org\n\ndemo1@EXAMPLE.org",
            ["demo1@example.org", "demo2@example.org"],
        ),
        (
            'Name;Email\nDemo;demo1@example.org\n"Demo";"demo2@example.org"',
            ["demo1@example.org", "demo2@example.org"],
        ),
        ("name\tmail\nDemo\tdemo1@example.org", ["demo1@example.org"]),
    ],
)
def test_addresses_are_read_from_lines_and_from_tables(typed: str, addresses: list[str]) -> None:
    assert address_lists.clean_addresses(typed) == addresses


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Enter at least one email address."),
        ("demo1@example.org\nnobody", "Line 2 has no email address."),
        ("demo1@example.org\nx@", "Line 2: Enter an email address"),
        ("\n".join(f"demo{n}@example.org" for n in range(501)), "Invite at most 500 people at once."),
        ("x" * 100_001, "at most"),
    ],
)
def test_what_is_wrong_with_addresses_is_said_with_its_line_and_nobody_is_invited(
    client: Client, lab: Lab, typed: str, error: str
) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    address = reverse("console_invitations", args=["lab"])
    form = next(form for form in forms_of(client.get(address)) if "addresses" in form.names)
    response = client.post(address, form.filled(addresses=typed))
    assert response.status_code == 422
    assert error in response.content.decode() or error == "at most"
    assert (Invitation.objects.count(), Message.objects.count()) == (0, 0)
    if typed and len(typed) < 1000:
        with pytest.raises(ValidationError):
            address_lists.clean_addresses(typed)


def test_organisers_invite_and_take_back_on_one_page_and_by_the_api(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    address = reverse("console_invitations", args=["lab"])
    forms = forms_of(client.get(address))
    by_email = next(form for form in forms if "addresses" in form.names)
    by_link = next(form for form in forms if "uses" in form.names)
    assert (
        client.post(address, by_email.filled(addresses="demo1@example.org", language="bg")).status_code == 302
    )
    # The same form again, as a browser's button "back" allows, invites nobody twice.
    client.post(address, by_email.filled(addresses="demo1@example.org", language="bg"))
    client.post(address, by_link.filled(uses="30", note="For Rome"))
    assert sorted(Invitation.objects.values_list("email", "note", "uses")) == [
        ("", "For Rome", 30), ("demo1@example.org", "", 1),
    ]  # fmt: skip
    page = client.get(address).content.decode()
    open_link = Invitation.objects.get(email="")
    assert invitations.token_of(open_link) in page
    assert invitations.token_of(Invitation.objects.exclude(email="").get()) not in page
    revoke = reverse("console_invitation_revoke", args=["lab", open_link.pk])
    client.post(revoke, {"form_key": by_link.values["form_key"]})
    assert invitations.find(lab, invitations.token_of(open_link)) is None

    organiser = bearer(f.StaffFactory(lab=lab).user)
    listed = client.get(reverse("api:invitations", args=["lab"]), headers=organiser).json()["items"]
    assert [(row["email"], row["url"]) for row in listed] == [("demo1@example.org", "")]
    stranger = bearer(f.StaffFactory().user)
    assert client.get(reverse("api:invitations", args=["lab"]), headers=stranger).status_code == 404


def upload(client: Client, data: bytes, **more: str) -> Any:
    address = reverse("console_invitations", args=["lab"])
    form = next(form for form in forms_of(client.get(address)) if "addresses" in form.names)
    return client.post(address, form.filled(file=SimpleUploadedFile("people.csv", data), **more))


TABLE = "Име;Email\r\nДемо;demo1@example.org\r\nΔοκιμή;demo2@example.org\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace("Δοκιμή", "Други").encode("cp1251"),
        TABLE.replace("Име", "Όνομα").replace("Демо", "Δοκιμή").encode("cp1253"),
        b"demo1@example.org\tDemo\ndemo2@example.org\tDemo",
        b"demo1@example.org,Demo\rdemo2@example.org,Demo",
    ],
)
def test_a_file_of_any_usual_encoding_invites_whom_it_names(client: Client, lab: Lab, data: bytes) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    assert upload(client, data).status_code == 302
    assert sorted(Invitation.objects.values_list("email", flat=True)) == [
        "demo1@example.org",
        "demo2@example.org",
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "Enter at least one email address."),
        (b"PK\x03\x04\x14\x00\x06\x00" + b"\x00" * 100, "This file is not a list of addresses."),
        (b"demo1@example.org\n" * 100_000, "larger than 256 kB. Invite at most 500 people at once."),
        ("иван@example.org".encode("cp1251"), "Line 1: this address is not readable."),
        (b"email\ndemo1@example.org\nnobody\n\nx@", "Line 5: Enter an email address"),
        (b"email\ndemo1@example.org\nnobody\n\nx@", "Line 3 has no email address."),
        (
            "\n".join(f"demo{n}@example.org" for n in range(501)).encode(),
            "Invite at most 500 people at once.",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_whole_and_said_why(
    client: Client, lab: Lab, data: bytes, error: str
) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    response = upload(client, data)
    assert response.status_code == 422
    assert error in response.content.decode()
    assert (Invitation.objects.count(), Message.objects.count()) == (0, 0)


def test_addresses_are_not_taken_from_two_places(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    response = upload(client, b"demo1@example.org", addresses="demo2@example.org")
    assert "Enter addresses or choose a file, not both." in response.content.decode()
    assert Invitation.objects.count() == 0


def test_another_file_in_a_form_that_was_sent_is_not_taken_for_the_first(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory(lab=lab).user)
    address = reverse("console_invitations", args=["lab"])
    form = next(form for form in forms_of(client.get(address)) if "addresses" in form.names)
    files = [b"demo1@example.org", b"demo1@example.org", b"demo2@example.org"]
    sent = [client.post(address, form.filled(file=SimpleUploadedFile("x.csv", data))) for data in files]
    assert [each.status_code for each in sent] == [302, 302, 422]
    assert Invitation.objects.get().email == "demo1@example.org"
