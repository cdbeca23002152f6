"""Registration under the title of a lab, and beside the text of a session."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from tests.factories import AgendaItemFactory, AppearanceFactory, LabFactory, SessionFactory

pytestmark = pytest.mark.django_db

OPENED = datetime(2020, 1, 1, tzinfo=UTC)
SOFIA_18 = datetime(2999, 1, 11, 16, 0, tzinfo=UTC)
LINK_AGAIN = ("/registrations/link/?lab=lab", "Already registered? Get your link again")


def way_in(response: HttpResponse) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the words of the panel, and its links and buttons: (address, words), the button without address."""
    html = response.content.decode().partition('<div class="way-in">')[2].partition("</div>\n</div>")[0]
    actions = re.findall(r'<(?:a [^>]*href="([^"]*)"|button)[^>]*>([^<]*)', html)
    return re.findall(r"<strong>([^<]*)</strong>", html), actions


@pytest.mark.parametrize(
    ("more", "words", "actions"),
    [
        (
            {"registration_opens_at": OPENED, "registration_closes_at": SOFIA_18},
            ["Open until 11 January 2999, 18:00 (Sofia time)"],
            [("", "Register"), LINK_AGAIN],
        ),
        (
            {"registration_opens_at": SOFIA_18, "registration_closes_at": None},
            ["Registration opens on 11 January 2999, 18:00 (Sofia time)"],
            [("/labs/lab/register/", "")],
        ),
        ({"registration_opens_at": None}, [], []),
        (
            {
                "registration_opens_at": OPENED,
                "registration_closes_at": OPENED + timedelta(days=9),
            },
            ["Registration is closed"],
            [LINK_AGAIN],
        ),
        (
            {
                "registration_opens_at": OPENED,
                "registration_closes_at": None,
                "starts_on": date(2020, 3, 1),
                "ends_on": date(2020, 3, 1),
            },
            ["This lab has ended"],
            [
                ("/registrations/link/?lab=lab", "Get your certificate of attendance"),
                ("/programmes/icc/#calendar-h", "Get the dates of the next labs in your calendar"),
            ],
        ),
    ],
    ids=["open", "coming", "none", "closed", "over"],
)
def test_a_lab_says_how_to_register_at_each_time(
    client: Client, more: dict[str, Any], words: list[str], actions: list[tuple[str, str]]
) -> None:
    SessionFactory(lab=LabFactory(slug="lab", programme__slug="icc", **more), capacity=5)
    assert way_in(client.get("/labs/lab/")) == (words, actions)


@pytest.mark.parametrize(("how", "said"), [("online", True), ("hybrid", True), ("in-person", False)])
def test_a_lab_says_where_join_links_are_and_shows_none(client: Client, how: str, said: bool) -> None:
    lab = LabFactory(slug="lab", format=how)
    SessionFactory(lab=lab, join_link="https://meet.example.org/secret")
    page = client.get("/labs/lab/").content.decode()
    assert ("Join links are on your registration page." in page) is said
    assert ("use the join links on your registration page and in your emails" in page) is said
    assert "meet.example.org" not in page
    assert "Join links are" not in client.get("/").content.decode()  # the home page is about the lab itself


def test_a_lab_whose_sessions_are_full_offers_no_form(client: Client) -> None:
    found = LabFactory(slug="lab")
    SessionFactory(lab=found, capacity=5, seats_taken=5, waiting_list=False)
    assert way_in(client.get("/labs/lab/")) == (["All sessions are full"], [LINK_AGAIN])
    assert way_in(client.get("/")) == (
        ["All sessions are full"],
        [("/labs/lab/", "View programme"), LINK_AGAIN],
    )


@pytest.mark.parametrize(
    "more", [None, {"visibility": "draft"}, {"status": "cancelled", "cancelled_at": OPENED}]
)
def test_a_lab_without_sessions_that_one_may_choose_says_so(
    client: Client, more: dict[str, Any] | None
) -> None:
    found = LabFactory(slug="lab")
    if more is not None:
        SessionFactory(lab=found, **more)
    words = ["No sessions are open for registration at the moment"]
    assert way_in(client.get("/labs/lab/")) == (words, [LINK_AGAIN])
    assert way_in(client.get("/")) == (words, [("/labs/lab/", "View programme"), LINK_AGAIN])


def test_the_end_of_a_lab_sends_its_page_again_to_readers_in_other_zones(client: Client) -> None:
    """The day changes where the lab is, while it is noon where they are, and no session ends."""
    found = LabFactory(slug="lab", ends_on=date(2999, 1, 11))
    SessionFactory(lab=found)
    page, midnight = "/labs/lab/?tz=Pacific/Honolulu", datetime(2999, 1, 11, 22, 0, tzinfo=UTC)
    with time_machine.travel(midnight - timedelta(seconds=1), tick=False):
        first = client.get(page).headers["ETag"]
    with time_machine.travel(midnight, tick=False):
        response = client.get(page, headers={"If-None-Match": first})
    assert way_in(response)[0] == ["This lab has ended"]


def test_seats_and_button_come_before_speakers_and_agenda(client: Client) -> None:
    found = SessionFactory(lab=LabFactory(slug="lab"), slug="session", capacity=5)
    AppearanceFactory(session=found)
    AgendaItemFactory(session=found)
    page = client.get("/labs/lab/sessions/session/").content.decode()
    places = [
        page.index(each) for each in ("<h1>", "5 seats left", 'id="way-in"', 'id="people-h"', 'id="agenda-h"')
    ]
    assert places == sorted(places)
