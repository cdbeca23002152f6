"""Seeing pages as somebody else: who may, what changes, how it ends. What is seen: tests/walks/test_view_as.py."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.jobs import tallies
from labs import view_as
from labs.models import Lab, Staff
from registrations.breakdowns import FORM_SEEN
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, text_of

pytestmark = pytest.mark.django_db

BAR = "You see this page as:"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", title={"en": "City Lab"})


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab, role="organiser").user)


def start(client: Client, **answers: Any) -> Any:
    address = reverse("console_view_as", args=["lab"])
    return client.post(address, form_of(client.get(address)).filled(**answers))


def end(client: Client, page: Any) -> Any:
    return client.post(reverse("console_view_as_end", args=["lab"]), form_of(page).filled())


def test_it_begins_says_as_whom_and_ends_on_the_same_page(client: Client, lab: Lab) -> None:
    draft = f.SessionFactory(lab=lab, visibility="draft")
    address = reverse("session", args=["lab", draft.slug])
    assert client.get(address).status_code == 200
    begun = start(client, who="visitor", path=address)
    assert (begun.status_code, begun["Location"]) == (302, address)
    seen = client.get(address)
    assert (seen.status_code, BAR in text_of(seen)) == (404, True)
    assert "<strong>Visitor</strong>" in text_of(seen)
    ended = end(client, seen)
    assert (ended.status_code, ended["Location"]) == (302, address)
    page = client.get(address)
    assert (page.status_code, BAR in text_of(page)) == (200, False)


def test_nothing_can_be_sent(client: Client, lab: Lab) -> None:
    """Neither as the person who is stood for nor as the organiser, whose pages may be open in another window."""
    session = f.SessionFactory(lab=lab)
    edit = reverse("console_session_edit", args=["lab", session.slug])
    form = form_of(client.get(edit)).filled(title_0="Changed")
    lab.registration_opens_at = timezone.now() - timedelta(days=1)
    lab.save()
    start(client, who="visitor")
    register = client.get(reverse("register", args=["lab"]))
    for address, data in (
        (edit, form),
        (reverse("register", args=["lab"]), form_of(register, -1).filled(name="Demo", email="a@example.org")),
        (reverse("register_seen", args=["lab"]), form_of(register, -1).filled()),
        ("/accounts/logout/", {}),
        ("/accounts/login/", {"login": "a@example.org", "password": "x"}),
    ):
        answer = client.post(address, data)
        assert (answer.status_code, "nothing can be sent or saved" in text_of(answer)) == (403, True), address
    assert not Registration.objects.exists()
    session.refresh_from_db()
    assert session.title.data != {"en": "Changed"}
    assert tallies.counts(FORM_SEEN, labs=[lab.pk]) == {}


@pytest.mark.parametrize("who", ["visitor", "door", "elsewhere", "delegate"])
def test_only_organisers_of_the_lab_can_begin(lab: Lab, who: str) -> None:
    users = {
        "door": lambda: f.StaffFactory(lab=lab, role="door").user,
        "elsewhere": lambda: f.StaffFactory(lab=f.LabFactory()).user,
        "delegate": lambda: f.DelegateFactory(programme=lab.programme).user,
    }
    browser = client_of(users[who]()) if who in users else Client()
    for name in ("console_view_as", "console_view_as_end"):
        asked = browser.get(reverse("console_view_as", args=["lab"]))
        answer = browser.post(reverse(name, args=["lab"]), {"who": "visitor"})
        assert {asked.status_code, answer.status_code} <= {302, 403, 404}
    assert view_as.COOKIE not in browser.cookies


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"who": "delegate"}, "Choose the city."),
        ({"who": "organiser"}, "Choose an option from the list."),
        ({"who": ""}, "Choose an option."),
        ({"who": "delegate", "city": "999999"}, "Choose a city of this programme."),
        ({"who": "delegate", "city": "9" * 99}, "Choose a city of this programme."),
    ],
)
def test_what_is_none_is_said(client: Client, answers: dict[str, str], said: str) -> None:
    answer = start(client, **answers)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert view_as.COOKIE not in client.cookies


@pytest.mark.parametrize(
    "path", ["//evil.example.org/", "https://evil.example.org/", "javascript:x", "/no-such/", "x" * 400]
)
def test_it_leads_to_no_other_place(client: Client, path: str) -> None:
    assert start(client, who="visitor", path=path)["Location"] == "/labs/lab/"


def test_a_lab_organiser_sees_as_a_delegate_only_what_organisers_of_the_lab_may_see(
    client: Client, lab: Lab
) -> None:
    city = f.CityFactory()
    lab.programme.cities.add(city)
    other = f.LabFactory(slug="other", programme=lab.programme)
    own, theirs = (f.SessionFactory(lab=one, visibility="internal") for one in (lab, other))
    start(client, who="delegate", city=str(city.pk))
    assert client.get(reverse("session", args=["lab", own.slug])).status_code == 200
    assert client.get(reverse("session", args=["other", theirs.slug])).status_code == 404
    assert client.get(reverse("session_feed", args=["other", theirs.slug])).status_code == 404


def test_an_owner_sees_the_whole_programme_as_a_delegate(lab: Lab) -> None:
    owner = client_of(f.OwnerFactory(programme=lab.programme).user)
    city = f.CityFactory()
    lab.programme.cities.add(city)
    theirs = f.SessionFactory(lab=f.LabFactory(slug="other", programme=lab.programme), visibility="internal")
    start(owner, who="delegate", city=str(city.pk))
    assert owner.get(reverse("session", args=["other", theirs.slug])).status_code == 200


def test_it_is_over_when_the_right_is(client: Client, lab: Lab) -> None:
    draft = f.SessionFactory(lab=lab, visibility="draft")
    start(client, who="door")
    attendance = reverse("console_attendance", args=["lab"])
    assert BAR in text_of(client.get(attendance))
    Staff.objects.all().delete()
    assert client.get(attendance).status_code == 404
    assert client.get(reverse("session", args=["lab", draft.slug])).status_code == 404
    assert client.cookies[view_as.COOKIE].value == ""


def test_it_is_over_after_an_hour(client: Client, lab: Lab) -> None:
    start(client, who="visitor")
    session = client.session
    session[view_as.SESSION_KEY] |= {"until": timezone.now().timestamp() - 1}
    session.save()
    page = client.get("/labs/lab/")
    assert (BAR in text_of(page), client.cookies[view_as.COOKIE].value) == (False, "")
    assert client.get(reverse("console_lab", args=["lab"])).status_code == 200


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "x",
        {},
        {"lab": 1},
        {"lab": 1, "who": "root", "until": 9e12},
        {"lab": 0, "who": "door", "until": 9e12},
    ],
)
def test_what_is_stored_of_another_version_begins_nothing(client: Client, stored: object) -> None:
    session = client.session
    session[view_as.SESSION_KEY] = stored
    session.save()
    client.cookies[view_as.COOKIE] = "1"
    assert BAR not in text_of(client.get("/labs/lab/"))


def test_the_cookie_alone_begins_nothing_and_is_taken_back_only_where_nothing_is_shared(lab: Lab) -> None:
    browser = Client()
    browser.cookies[view_as.COOKIE] = "1"
    page = browser.get("/labs/lab/calendar.ics")
    assert (page.status_code, page.cookies.get(view_as.COOKIE)) == (200, None)
    assert "public" in page["Cache-Control"]
    assert BAR not in text_of(browser.get("/labs/lab/"))


def test_caches_are_neither_read_nor_poisoned(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab)
    cache.clear()
    visitor = Client()
    start(client, who="visitor")
    first = client.get("/labs/lab/")
    plain = visitor.get("/labs/lab/")
    assert BAR not in text_of(plain)
    known = {"If-None-Match": plain["ETag"], "Accept-Encoding": "gzip"}
    assert visitor.get("/labs/lab/", headers=known).status_code == 304
    again = client.get("/labs/lab/", headers=known)
    for answer in (first, again):
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        assert not answer.has_header("ETag")
    # In a packed answer, too.
    assert again["Content-Encoding"] == "gzip"
    feed = client.get("/labs/lab/calendar.ics")
    assert (feed["Cache-Control"], feed.has_header("Access-Control-Allow-Origin")) == (
        "private, no-store",
        False,
    )


def test_the_organiser_stays_signed_in_and_others_see_nothing_of_it(client: Client, lab: Lab) -> None:
    key = client.session.session_key
    start(client, who="visitor")
    other = client_of(lab.staff.get().user)
    assert BAR not in text_of(other.get("/labs/lab/"))
    login = client.get(reverse("console_lab", args=["lab"]))
    assert (login.status_code, login["Location"].startswith("/accounts/login/")) == (302, True)
    client.get(login["Location"])
    assert client.session.session_key == key
    end(client, client.get("/labs/lab/"))
    assert client.get(reverse("console_lab", args=["lab"])).status_code == 200


def test_programs_are_answered_by_their_key_alone(client: Client, lab: Lab) -> None:
    start(client, who="visitor")
    answer = client.get("/api/v1/labs/lab")
    assert (answer.status_code, answer["Cache-Control"] != "private, no-store") == (200, True)


def test_the_calendar_of_a_delegate_who_is_not_real_opens_nothing(client: Client, lab: Lab) -> None:
    city = f.CityFactory()
    lab.programme.cities.add(city)
    start(client, who="delegate", city=str(city.pk))
    page = client.get(reverse("subscribe", args=["lab"])).content.decode()
    [address] = {
        part for part in page.replace('"', " ").split() if "/calendars/" in part and part.startswith("http")
    } or [""]
    assert address
    assert Client().get(address.partition("testserver")[2] or address).status_code == 404
    assert Session.objects.count() == 0
