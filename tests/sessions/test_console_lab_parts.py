"""The console of a lab's parts: headings of its days, its tracks and its rooms."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.web.localized_fields import languages_of
from labs.models import Lab, LabDay, Programme, Room, Track
from tests import factories as f
from tests.pages import client_of, form_of, send
from tests.sessions.test_console_lab import SETTINGS, errors, summary_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def lab(programme: Programme) -> Lab:
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 16),
        registration_opens_at=datetime(2027, 3, 1, 7, tzinfo=UTC),
        registration_closes_at=None,
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def test_days_get_headings_in_each_language(client: Client, lab: Lab) -> None:
    address = "/organise/labs/lab/days/"
    send(client, address, **{"days-0-title_0": "Reskilling", "days-2-title_1": "Диалог"})
    assert [(day.on, languages_of(day.title)) for day in lab.days.all()] == [
        (date(2027, 4, 6), {"en": "Reskilling"}),
        (date(2027, 4, 8), {"bg": "Диалог"}),
    ]
    send(client, address, **{"days-0-title_0": ""})
    assert [day.on for day in LabDay.objects.all()] == [date(2027, 4, 8)]


def test_a_forged_number_of_days_makes_no_others(client: Client, lab: Lab) -> None:
    address = "/organise/labs/lab/days/"
    forged = form_of(client.get(address)).filled(**{"days-TOTAL_FORMS": "50", "days-40-title_0": "Forged"})
    client.post(address, forged)
    assert not LabDay.objects.exists()
    page = errors(client.post(address, forged | {"days-0-title_0": "x" * 201}))
    assert "Use at most 200 characters" in page


def test_tracks_are_added_named_ordered_and_removed(client: Client, lab: Lab) -> None:
    one, two = (
        f.TrackFactory(lab=lab, name={"en": "One"}),
        f.TrackFactory(lab=lab, name={"en": "Two"}, position=1),
    )
    address = "/organise/labs/lab/tracks/"
    form = form_of(client.get(address))
    changes = {
        "rows-0-ORDER": "2",
        "rows-1-ORDER": "1",
        "rows-1-name_1": "Две",
        "rows-2-name_1": "Туризъм",
        "rows-2-ORDER": "3",
    }
    client.post(address, form.filled(**changes))
    assert [(t.slug, languages_of(t.name)) for t in lab.tracks.order_by("position")] == [
        (two.slug, {"en": "Two", "bg": "Две"}),
        (one.slug, {"en": "One"}),
        ("turizam", {"bg": "Туризъм"}),
    ]
    f.SessionFactory(lab=lab, track=two)
    page = errors(send(client, address, **{"rows-0-DELETE": "on"}))
    assert "Two has sessions. Move them to another track first, or keep this one." in page
    send(client, address, **{"rows-1-DELETE": "on"})
    assert not Track.objects.filter(pk=one.pk).exists()


def test_a_track_that_somebody_else_added_meanwhile_stays(client: Client, lab: Lab) -> None:
    f.TrackFactory(lab=lab)
    address = "/organise/labs/lab/tracks/"
    opened = form_of(client.get(address))
    added = f.TrackFactory(lab=lab)
    client.post(address, opened.filled(**{"rows-0-name_0": "Renamed"}))
    assert lab.tracks.filter(pk=added.pk).exists()
    assert languages_of(lab.tracks.order_by("position").first().name)["en"] == "Renamed"  # type: ignore[union-attr]


@pytest.mark.parametrize("initial", ["0", "1", "50"])
def test_forged_rows_change_no_track_of_another_lab(client: Client, lab: Lab, initial: str) -> None:
    own, foreign = f.TrackFactory(lab=lab), f.TrackFactory(name={"en": "Foreign"})
    address = "/organise/labs/lab/tracks/"
    form = form_of(client.get(address))
    before = list(Track.objects.order_by("pk").values())
    for changes in (
        {"rows-0-row": str(foreign.pk), "rows-0-name_0": "Taken over"},
        {"rows-0-row": str(foreign.pk), "rows-0-DELETE": "on"},
        {"rows-0-row": "1e9", "rows-0-ORDER": "x", "rows-0-DELETE": "on"},
        {"rows-1-row": str(own.pk), "rows-1-name_0": "Twice"},
    ):
        response = client.post(address, form.filled(**changes, **{"rows-INITIAL_FORMS": initial}))
        assert response.status_code in (302, 409, 422)
        assert list(Track.objects.order_by("pk").values()) == before


def test_more_rows_keep_what_was_typed(client: Client, lab: Lab) -> None:
    address = "/organise/labs/lab/tracks/"
    response = send(client, address, **{"rows-0-name_0": "Typed", "more": "1"})
    assert form_of(response).values["rows-TOTAL_FORMS"] == ["4"]
    assert form_of(response).values["rows-0-name_0"] == ["Typed"]
    assert not Track.objects.exists()


def test_a_new_place_of_a_room_moves_its_sessions_and_a_new_name_or_link_does_not(
    client: Client, lab: Lab
) -> None:
    room = f.RoomFactory(lab=lab)
    session = f.SessionFactory(lab=lab, room=room)
    address = f"/organise/labs/lab/rooms/{room.pk}/"
    send(client, address, name_0="Great hall")
    session.refresh_from_db()
    assert session.sequence == 0
    send(client, address, join_link="https://meet.example.org/other")
    session.refresh_from_db()
    room.refresh_from_db()
    assert session.sequence == 0
    assert (languages_of(room.name)["en"], room.join_link) == ("Great hall", "https://meet.example.org/other")
    send(client, address, address="2 Harbour Street")
    session.refresh_from_db()
    assert session.sequence == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": "", "name_1": ""}, "Enter this in at least one language"),
        ({"name_0": "x" * 101}, "Use at most 100 characters"),
        ({"join_link": "javascript:alert(1)"}, "Enter a web address like https://example.org/page"),
        ({"join_link": "ftp://example.org/"}, "Enter a web address like https://example.org/page"),
        ({"address": "one\x0btwo"}, "U+000B"),
        ({"capacity": "-5"}, "Enter 0 or more"),
    ],
)
def test_a_wrong_room_is_not_made(client: Client, lab: Lab, answers: dict[str, str], said: str) -> None:
    address = "/organise/labs/lab/rooms/new/"
    form = form_of(client.get(address))
    assert said in errors(client.post(address, form.filled(**({"name_0": "Hall"} | answers))))
    assert not Room.objects.exists()


def test_a_room_is_deleted_only_when_nothing_takes_place_there(client: Client, lab: Lab) -> None:
    room = f.RoomFactory(lab=lab)
    session = f.SessionFactory(lab=lab, room=room)
    address = f"/organise/labs/lab/rooms/{room.pk}/delete/"
    assert "1 session takes place in it" in client.get(address).content.decode()
    client.post(address)
    assert Room.objects.exists()
    session.delete()
    send(client, address)
    assert not Room.objects.exists()


def test_rooms_of_another_lab_are_not_there(client: Client) -> None:
    other = f.RoomFactory()
    for page in (f"{other.pk}/", f"{other.pk}/delete/", f"{2**70}/"):
        assert client.get(f"/organise/labs/lab/rooms/{page}").status_code == 404
        assert client.post(f"/organise/labs/lab/rooms/{page}").status_code == 404
    assert Room.objects.filter(pk=other.pk).exists()


def test_the_lists_cost_the_same_queries_at_two_sizes(client: Client, lab: Lab) -> None:
    pages = ("rooms/", "tracks/", "days/", "speakers/")
    counts: dict[str, list[int]] = {page: [] for page in pages}
    client.get(SETTINGS)
    for more in (2, 8):
        for _ in range(more):
            session = f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab), track=f.TrackFactory(lab=lab))
            f.AppearanceFactory(session=session)
            f.LabDayFactory(lab=lab, on=lab.starts_on + timedelta(days=lab.days.count()))
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/organise/labs/lab/{page}")
            counts[page].append(len(queries))
    assert {page: found[0] for page, found in counts.items()} == {
        page: found[1] for page, found in counts.items()
    }


def test_the_summary_names_the_row(client: Client, lab: Lab) -> None:
    f.TrackFactory(lab=lab)
    address = "/organise/labs/lab/tracks/"
    sent = form_of(client.get(address)).filled(**{"rows-0-name_0": "x" * 201, "rows-1-name_0": "y" * 201})
    said = summary_of(client.post(address, sent))
    assert "There are problems with 2 answers" in said
    assert ">Track 1, Name: Use at most 200 characters" in said
    assert ">Track 2, Name: Use at most 200 characters" in said
