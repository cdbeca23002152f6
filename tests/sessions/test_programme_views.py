"""The public programme as a grid, searched, and reduced to one's own sessions: who sees what, and what is kept."""

from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from labs.models import Lab
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of
from tests.sessions.public_pages import ROW, city_lab

pytestmark = pytest.mark.django_db

PAGE = "/labs/city-lab/"


@pytest.fixture
def lab() -> Lab:
    return city_lab()  # type: ignore[no-any-return,no-untyped-call]


def make(lab: Lab, slug: str, hour: int, until: int, **more: Any) -> Session:
    made: Session = f.SessionFactory(
        lab=lab,
        slug=slug,
        title={"en": slug.capitalize()},
        start_time=time(hour),
        end_time=time(until),
        **more,
    )
    return made


def shown(client: Client, query: str = "") -> list[str]:
    return ROW.findall(client.get(PAGE + query).content.decode())


def grid_of(client: Client, query: str = "?view=grid") -> str:
    page = client.get(PAGE + query).content.decode()
    return page.split('<div class="grid-days">')[1].split('<div class="list-of-grid">')[0]


def test_a_grid_has_hours_as_rows_and_rooms_as_columns(client: Client, lab: Lab) -> None:
    plenary = f.RoomFactory(lab=lab, name={"en": "Plenary"}, position=1)
    hall = f.RoomFactory(lab=lab, name={"en": "Hall"}, position=2)
    make(lab, "morning", 9, 11, room=plenary)
    make(lab, "parallel", 10, 11, room=hall)
    make(lab, "noon", 12, 13, room=plenary)
    make(lab, "doubled", 12, 14, room=plenary)
    make(lab, "nowhere", 9, 10, format="in-person")
    grid = grid_of(client)
    assert [name for name in ("Plenary", "Hall", "Room to be announced") if name in grid] == [
        "Plenary",
        "Hall",
        "Room to be announced",
    ]
    assert grid.index("Plenary") < grid.index("Hall") < grid.index("Room to be announced")
    assert '<th scope="col" colspan="2">Plenary' in grid
    rows = [
        row.split("</th>")[0].rpartition(">")[0].rpartition(">")[2] for row in grid.split("<tr class=")[1:]
    ]
    assert [row.removesuffix("</time") for row in rows] == ["09:00", "10:00", "11:00", "12:00", "13:00"]
    assert grid.count('rowspan="2"') == 2
    assert 'class="sched-pause"' in grid
    # In Rome it is an hour earlier, with no script that reckons it.
    assert "08:00" in grid_of(client, "?view=grid&tz=Europe/Rome")


def test_a_grid_shows_nobody_more_than_the_list(lab: Lab) -> None:
    sofia = lab.programme.cities.get(slug="sofia")
    make(lab, "public", 9, 10)
    make(lab, "hidden", 10, 11, visibility="draft")
    make(lab, "inner", 11, 12, visibility="internal").audience.add(sofia)
    make(lab, "unplaced", 13, 14, visibility="draft", is_placed=False)
    delegate = client_of(f.DelegateFactory(programme=lab.programme, city=sofia).user)
    organiser = client_of(f.StaffFactory(lab=lab).user)
    for client, expected in (
        (Client(), ["public"]),
        (delegate, ["public", "inner"]),
        (organiser, ["public", "hidden", "inner"]),
    ):
        grid = grid_of(client)
        assert [
            slug for slug in ("public", "hidden", "inner", "unplaced") if f"/sessions/{slug}/" in grid
        ] == [slug for slug in ("public", "hidden", "inner") if slug in expected]
        assert shown(client) == expected
        assert shown(client, "?q=unplaced") == []


def test_a_search_finds_title_description_agenda_speaker_and_room_in_any_language(
    client: Client, lab: Lab
) -> None:
    one = make(lab, "first", 9, 10, abstract={"en": "Heat pumps", "bg": "Термопомпи"})
    f.AgendaItemFactory(session=one, title={"en": "Panel"}, abstract={"en": "District heating"})
    f.AppearanceFactory(
        session=one, speaker=f.SpeakerFactory(programme=lab.programme, name={"en": "Élodie Brun"})
    )
    make(lab, "second", 10, 11, room=f.RoomFactory(lab=lab, name={"en": "Innovation hall"}))
    for words, found in {
        "FIRST": ["first"],
        "heat": ["first"],
        "термопомпи": ["first"],
        "heating district": ["first"],
        "elodie": ["first"],
        "innovation": ["second"],
        "s": ["first", "second"],
        "heat innovation": [],
        "<script>": [],
        "\x00": ["first", "second"],
        "…": ["first", "second"],
    }.items():
        assert ROW.findall(client.get(PAGE, {"q": words}).content.decode()) == found, words
    page = client.get(PAGE, {"q": "<b>nothing"}).content.decode()
    assert "No session has these words: &lt;b&gt;nothing" in page
    assert client.get(PAGE, {"q": "a" * 5000}).status_code == 200


def test_a_search_learns_nothing_of_what_is_hidden(client: Client, lab: Lab) -> None:
    make(lab, "public", 9, 10)
    hidden = make(lab, "hidden", 10, 11, visibility="internal", abstract={"en": "Canary"})
    f.AppearanceFactory(
        session=hidden, speaker=f.SpeakerFactory(programme=lab.programme, name={"en": "Canary"})
    )
    before = client.get(PAGE, {"q": "canary"})
    assert b"No session has these words" in before.content
    Session.objects.filter(pk=hidden.pk).update(abstract={"en": "Another bird"})
    assert client.get(PAGE, {"q": "canary"}).headers["ETag"] == before.headers["ETag"]


def own(client: Client) -> list[str]:
    return shown(client, "?own=1")


def test_only_my_sessions_are_my_seats_and_those_of_my_city(client: Client, lab: Lab) -> None:
    sofia = lab.programme.cities.get(slug="sofia")
    taken, other = make(lab, "taken", 9, 10), make(lab, "other", 10, 11)
    make(lab, "inner", 11, 12, visibility="internal").audience.add(sofia)
    make(lab, "for-all", 12, 13, visibility="internal")
    user: User = f.DelegateFactory(programme=lab.programme, city=sofia).user
    registration = f.RegistrationFactory(lab=lab, email=user.email, submitted_by=user)
    f.SeatFactory(registration=registration, session=taken, state="confirmed")
    f.SeatFactory(registration=registration, session=other, state="cancelled")
    # What the account sent for somebody else is not its own.
    colleague = f.RegistrationFactory(lab=lab, submitted_by=user)
    f.SeatFactory(registration=colleague, session=other, state="confirmed")
    assert own(client_of(user)) == ["taken", "inner"]
    assert "/sessions/taken/" in grid_of(client_of(user), "?view=grid&own=1")
    assert own(client_of(f.UserFactory())) == []
    # A visitor has none, and is shown all.
    assert own(client) == ["taken", "other"]


def test_a_grid_is_kept_for_visitors_and_follows_the_programme(client: Client, lab: Lab) -> None:
    make(lab, "public", 9, 10)
    first = client.get(PAGE + "?view=grid")
    with CaptureQueriesContext(connection) as again:
        assert (
            Client(headers={"if-none-match": first.headers["ETag"]}).get(PAGE + "?view=grid").status_code
            == 304
        )
    assert len(again) == 1
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE + "?view=grid")
    for n in range(6):
        make(lab, f"more-{n}", 10 + n, 11 + n)
    with CaptureQueriesContext(connection) as searched:
        client.get(PAGE + "?view=grid&q=more")
    f.SessionFactory.create_batch(5, lab=lab)
    with CaptureQueriesContext(connection) as fuller:
        client.get(PAGE + "?view=grid&q=more&again")
    assert len(searched) == len(fuller) <= len(few) + 12


def test_every_session_of_a_day_is_in_the_grid_once_whatever_overlaps(client: Client, lab: Lab) -> None:
    room = f.RoomFactory(lab=lab)
    made = [
        make(
            lab, f"s-{start}-{end}", start, end, room=room if start % 2 else None, start_date=date(2027, 4, 7)
        )
        for start in range(8, 20)
        for end in range(start + 1, min(start + 4, 23))
    ]
    grid = grid_of(client)
    for session in made:
        assert grid.count(f"/sessions/{session.slug}/") == 1
