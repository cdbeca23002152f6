"""Contacts of cities: added, invited, reminded and changed, on the pages and by the API; the board of all cities."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from core.timezones.wall_clock import wall
from core.web.idempotency import new_form_key
from labs.models import City
from registrations import (
    city_contacts,
    nominations_board,
)
from registrations.models import CityContact, Nomination, NominationPlaces, Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.nominating import NOW, accept, contact_of, name, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=1, waiting_list=True)


def test_lines_of_contacts(session: Session) -> None:
    city = f.CityFactory(slug="rome", name={"en": "Rome", "bg": "Рим"})
    session.lab.programme.cities.add(city)
    found = city_contacts.parse_lines(
        session.lab, "Рим;Anna;anna@example.org;bg\n\nrome; Ben ;ben@example.org\n"
    )
    assert [(one.city, one.name, one.language) for one in found] == [
        (city, "Anna", "bg"),
        (city, "Ben", "en"),
    ]
    for wrong in (
        "Paris;A;a@example.org",
        "rome;;a@example.org",
        "rome;A;nothing",
        "rome;A;a@example.org;xx",
        "x",
    ):
        with pytest.raises(ValidationError, match="Line 1"):
            city_contacts.parse_lines(session.lab, wrong)
    with pytest.raises(ValidationError, match="quotation marks before the @"):
        city_contacts.parse_lines(session.lab, 'rome;A;"a b"@example.org')


def test_silent_cities_are_reminded_once_a_day(session: Session) -> None:
    contact, places = contact_of(session)
    contact_of(session, "oslo")
    lab = session.lab
    assert city_contacts.remind(lab) == 0
    assert city_contacts.invite(lab) == 2
    assert city_contacts.invite(lab) == 0
    name(contact, places, session)
    assert (city_contacts.remind(lab), city_contacts.remind(lab)) == (1, 0)
    reminded = Message.objects.get(occasion="contact_reminded")
    assert reminded.to_email == "contact@oslo.example"


@pytest.mark.parametrize("size", [3, 12])
def test_the_board_asks_the_same_queries_however_many_cities(
    session: Session, size: int, django_assert_num_queries: object
) -> None:
    for number in range(size):
        contact, places = contact_of(session, f"city-{number:02}")
        if number == 0:
            f.AttendanceFactory(registration=accept(name(contact, places, session)), session=session)
            name(contact, places, session, "Elena")
    with django_assert_num_queries(5):  # type: ignore[operator]
        rows = nominations_board.board(session.lab)
    assert [(row.named, row.accepted, row.attended, row.places) for row in rows[:2]] == [
        (2, 1, 1, 2),
        (0, 0, 0, 2),
    ]
    assert len(rows) == size


def test_erasing_contacts_with_their_emails(session: Session) -> None:
    contact_of(session)
    city_contacts.invite(session.lab)
    after = NOW() + timedelta(days=4000)
    city_contacts.forget_due(after)
    assert (CityContact.objects.count(), Message.objects.count(), NominationPlaces.objects.count()) == (
        0,
        0,
        1,
    )


# Pages


def test_the_contacts_pages(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    token = city_contacts.token_of(contact)
    page = client.get(reverse("nominating", args=[token]))
    assert (page.status_code, page["Cache-Control"], page["X-Robots-Tag"]) == (
        200,
        "private, no-store",
        "noindex",
    )
    path = reverse("nominating_people", args=[token, places.pk])
    assert client.get(path).status_code == 200
    wrong = client.post(path, sent(session, name_1="Elena"))
    assert wrong.status_code == 422
    assert b'value="Maria"' in wrong.content
    assert Registration.objects.count() == 0
    assert client.post(path, form := sent(session)).status_code == 302
    assert client.post(path, form).status_code == 302
    made = Nomination.objects.get()
    assert b"Maria" in client.get(reverse("nominating", args=[token])).content
    again = client.post(path, sent(session))
    assert again.status_code == 422
    assert Nomination.objects.count() == 1
    replacing = reverse("nominating_replace", args=[token, made.pk])
    assert client.get(replacing).status_code == 200
    assert client.post(replacing, sent(session, name_0="Elena", email_0="e@example.org")).status_code == 302
    assert client.get(replacing).status_code == 404
    last = Nomination.objects.get(ended_at=None)
    leaving = reverse("nominating_withdraw", args=[token, last.pk])
    assert client.get(leaving).status_code == 200
    assert client.post(leaving, {"form_key": new_form_key()}).status_code == 302
    assert client.post(leaving, {"form_key": new_form_key()}).status_code == 404


def test_the_console(client: Client, session: Session) -> None:
    lab = session.lab
    city = f.CityFactory(slug="rome", name={"en": "Rome"})
    lab.programme.cities.add(city)
    client.force_login(f.StaffFactory(lab=lab).user)
    board = reverse("console_nominations", args=[lab.slug])
    assert client.get(board).status_code == 200
    places = {"form": "places", "form_key": new_form_key(), "city": "*", "role": "practitioner", "limit": "2"}
    assert client.post(board, places).status_code == 302
    assert NominationPlaces.objects.count() == lab.programme.cities.count()
    day = (NOW() + timedelta(days=5)).date().isoformat()
    until = {"deadline_date": day, "deadline_time": "12:00", "form_key": new_form_key()}
    wrong = client.post(board, {**until, "form": "contacts", "lines": "Paris;A;a@example.org"})
    assert wrong.status_code == 422
    lines = {**until, "form_key": new_form_key(), "form": "contacts", "lines": "Rome;A;a@example.org;en"}
    assert client.post(board, lines).status_code == 302
    contact = CityContact.objects.get()
    for route in ("console_nominations_invite", "console_nominations_remind"):
        assert client.post(reverse(route, args=[lab.slug]), {"form_key": new_form_key()}).status_code == 302
    assert client.post(board, {**until, "form": "deadline", "deadline_time": "13:00"}).status_code == 302
    assert client.get(reverse("console_nominations_remind", args=[lab.slug])).status_code == 200
    assert client.get(reverse("console_nominations_city", args=[lab.slug, "rome"])).status_code == 200
    csv = client.get(reverse("console_nominations_csv", args=[lab.slug])).content.decode()
    assert "Rome,1,2,0,0,0,0" in csv
    renew = reverse("console_city_contact_link", args=[lab.slug, contact.pk])
    assert client.post(renew, {"form_key": new_form_key()}).status_code == 302
    remove = reverse("console_city_contact_remove", args=[lab.slug, contact.pk])
    assert client.post(remove, {"form_key": new_form_key()}).status_code == 302
    assert (City.objects.filter(slug="rome").count(), CityContact.objects.count()) == (1, 0)


@pytest.fixture
def on_city_contact(client: Client, session: Session) -> CityContact:
    contact, _places = contact_of(session)
    client.force_login(f.StaffFactory(lab=session.lab).user)
    return contact


def answers_about(client: Client, contact: CityContact, **more: str) -> tuple[str, dict[str, str]]:
    """Return the address of the form and its answers as it opens."""
    path = reverse("console_city_contact", args=[contact.lab.slug, contact.pk])
    form = client.get(path).context["form"]
    shown = {name: str(form[name].value()) for name in form.fields if form[name].value() is not None}
    return path, {**shown, "deadline_time": shown["deadline_time"][:5], "form_key": new_form_key(), **more}


def test_a_contact_is_changed_and_another_address_gets_another_link(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    contact = on_city_contact
    city_contacts.invite(session.lab)
    old = city_contacts.token_of(contact)
    path, same = answers_about(client, contact, name="Anna Bianchi", language="el")
    assert client.post(path, same).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.language, contact.link_version) == ("Anna Bianchi", "el", 1)
    assert city_contacts.find(old) == contact
    path, moved = answers_about(client, contact, email="bianchi@rome.example")
    assert client.post(path, moved).status_code == 302
    with pytest.raises(Http404):
        city_contacts.find(old)
    contact.refresh_from_db()
    assert city_contacts.find(city_contacts.token_of(contact)) == contact
    sent = Message.objects.filter(occasion="contact_invited").order_by("pk")
    assert list(sent.values_list("to_email", "language")) == [
        ("contact@rome.example", "en"),
        ("bianchi@rome.example", "el"),
    ]


def test_who_was_not_invited_yet_gets_the_link_with_the_others(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    path, moved = answers_about(client, on_city_contact, email="bianchi@rome.example")
    assert client.post(path, moved).status_code == 302
    assert not Message.objects.exists()
    assert city_contacts.invite(session.lab) == 1
    assert Message.objects.get().to_email == "bianchi@rome.example"


def test_the_deadline_of_one_contact_holds_the_seats_of_his_or_her_people(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    made = name(on_city_contact, NominationPlaces.objects.get(), session)
    day = wall(on_city_contact.deadline, session.lab.time_zone).date() + timedelta(days=7)
    path, later = answers_about(client, on_city_contact, deadline_date=day.isoformat())
    assert client.post(path, later).status_code == 302
    on_city_contact.refresh_from_db()
    seat = Seat.objects.get(registration=made.registration)
    assert seat.until == on_city_contact.deadline
    assert Message.objects.latest("pk").occasion == "nominee_asked"
    assert wall(on_city_contact.deadline, session.lab.time_zone).date() == day


def test_a_deadline_that_has_passed_keeps_nobody_from_correcting_a_name(
    client: Client, on_city_contact: CityContact
) -> None:
    CityContact.objects.update(deadline=NOW() - timedelta(days=1))
    on_city_contact.refresh_from_db()
    path, changed = answers_about(client, on_city_contact, name="Anna Bianchi")
    assert client.post(path, changed).status_code == 302
    # Neither moved by the seconds that the form does not show.
    assert CityContact.objects.get().deadline == on_city_contact.deadline
    past = {"deadline_date": (NOW() - timedelta(days=2)).date().isoformat()}
    path, changed = answers_about(client, on_city_contact, **past)
    refused = client.post(path, changed)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["deadline_time"])


def test_two_organisers_change_a_contact(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    path, mine = answers_about(client, on_city_contact, name="Mine")
    _path, theirs = answers_about(client, on_city_contact, name="Theirs")
    assert client.post(path, theirs).status_code == 302
    refused = client.post(path, mine)
    assert refused.status_code == 409
    assert [(one.before, one.after) for one in refused.context["conflict"]] == [("Theirs", "Mine")]
    again = mine | {"version": str(refused.context["form"]["version"].value())}
    assert client.post(path, again).status_code == 302
    on_city_contact.refresh_from_db()
    assert on_city_contact.name == "Mine"
    city_contacts.remove(on_city_contact)
    assert client.post(path, again).status_code == 302
    assert client.get(path).status_code == 404
    client.force_login(f.StaffFactory().user)
    assert client.post(path, again).status_code == 404


def test_two_contacts_of_a_city_have_two_addresses(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    plan = city_contacts.ContactPlan(on_city_contact.city, "Elena", "elena@rome.example", "en")
    city_contacts.add_contacts(session.lab, [plan], on_city_contact.deadline)
    path, same = answers_about(client, on_city_contact, email="Elena@rome.example")
    refused = client.post(path, same)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["email"])


def test_organisers_do_the_same_by_the_api(client: Client, session: Session) -> None:
    lab = session.lab
    lab.programme.cities.add(f.CityFactory(slug="rome"))
    organiser = bearer(f.StaffFactory(lab=lab).user)

    def call(method: str, route: str, body: object = None, *more: int) -> Any:
        headers = organiser | {"Idempotency-Key": new_form_key()}
        path = reverse(f"api:{route}", args=[lab.slug, *more])
        if body is None:
            return getattr(client, method)(path, headers=headers)
        return getattr(client, method)(path, body, content_type="application/json", headers=headers)

    places = {"city": "rome", "role": "politician", "limit": 1}
    assert call("put", "set_nomination_places", places).json() == {"saved": 1}
    until = (NOW() + timedelta(days=3)).isoformat()
    who = {"city": "rome", "name": "Anna", "email": "a@example.org", "language": "en", "deadline": until}
    contact = call("post", "create_city_contact", who).json()["id"]
    assert call("post", "create_city_contact", who).status_code == 422
    refused = call("post", "create_city_contact", {**who, "name": "..", "email": "d@example.org"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")
    late = ("9999-12-31T23:30:00Z", "9999-12-31T23:59:59-12:00", "2300-01-01T00:00:00Z")
    for wrong in ("2036-04-06T10:00:00", 2091000000, *late):  # without an offset; a number; beyond the event
        refused = call("post", "create_city_contact", {**who, "email": "c@example.org", "deadline": wrong})
        said = [one["field"] for one in refused.json()["errors"]]
        assert (refused.status_code, said) == (422, ["deadline"])
    assert call("post", "invite_city_contacts").json() == {"sent": 1}
    assert call("post", "remind_city_contacts").json() == {"sent": 1}
    change = {**who, "email": "b@example.org", "name": "Anna Rossi"}
    del change["city"]
    changed = call("put", "change_city_contact", change, contact).json()
    assert (changed["city"], changed["name"], changed["email"]) == ("rome", "Anna Rossi", "b@example.org")
    assert Message.objects.filter(to_email="b@example.org", occasion="contact_invited").count() == 1
    past = {**change, "deadline": (NOW() - timedelta(days=1)).isoformat()}
    wrong = call("put", "change_city_contact", past, contact)
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["deadline"])
    named = {
        "contact": contact,
        "places": NominationPlaces.objects.get().pk,
        "name": "Maria",
        "email": "maria@example.org",
        "language": "en",
        "sessions": [session.slug],
    }
    made = call("post", "nominate", named).json()
    assert made["answer"] == "nominated"
    assert call("post", "nominate", named).status_code in (409, 422)
    [row] = client.get(reverse("api:nominations_board", args=[lab.slug]), headers=organiser).json()["cities"]
    assert (row["city"], row["places"], row["nominated"], row["accepted"]) == ("rome", 1, 1, 0)
    CityContact.objects.update(deadline=NOW())
    assert call("delete", "withdraw_nomination", None, made["id"]).status_code == 204
    assert call("delete", "withdraw_nomination", None, made["id"]).status_code == 404
    assert call("delete", "remove_city_contact", None, contact).status_code == 204
    stranger = bearer(f.StaffFactory().user)
    for route in ("nominations_board", "city_contacts", "nomination_places", "nominations"):
        path = reverse(f"api:{route}", args=[lab.slug])
        assert client.get(path, headers=stranger).status_code == 404
        assert client.get(path, headers=organiser).status_code == 200
