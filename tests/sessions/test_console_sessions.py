"""The form of a session: everything it can be told, and everything that is refused."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.web.localized_fields import languages_of
from core.web.models import IdempotentRequest
from labs.models import Lab, Room, Track
from sessions import publishing
from sessions.models import AgendaItem, Session
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.pages import client_of, form_of

pytestmark = pytest.mark.django_db

MOVED = "\u202egnissim"


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(languages=["en", "bg"])
    # Clocks in Sofia go back on 31 October 2027 and forward on 28 March 2027.
    return f.LabFactory(
        programme=programme,
        slug="lab",
        starts_on=date(2027, 3, 20),
        ends_on=date(2027, 11, 5),
        languages=["en", "bg"],
    )


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def new(client: Client, **answers: Any) -> Any:
    """Open the form of a new session, fill it in and send it."""
    form = form_of(client.get("/organise/labs/lab/new-session/"))
    rows = {prefix: rows_of(prefix, answers) for prefix in ("agenda", "people")}
    totals = {f"{prefix}-TOTAL_FORMS": str(count) for prefix, count in rows.items() if count}
    return client.post("/organise/labs/lab/new-session/", form.filled(**(usual() | totals | answers)))


def rows_of(prefix: str, answers: dict[str, Any]) -> int:
    """Return how many rows of a formset the answers are about."""
    places = [name.replace("__", "-").split("-") for name in answers]
    return max((int(place[1]) + 1 for place in places if place[0] == prefix and len(place) == 3), default=0)


def usual() -> dict[str, Any]:
    return {
        "title_0": "Opening",
        "title_1": "Откриване",
        "start_date": "2027-04-06",
        "start_time": "11:00",
        "end_time": "12:30",
    }


def errors(response: Any) -> str:
    assert response.status_code == 422
    assert b"<title>Error:" in response.content
    return response.content.decode()


def test_a_session_is_made_with_everything_that_was_said(client: Client, lab: Lab) -> None:
    track: Track = f.TrackFactory(lab=lab)
    room: Room = f.RoomFactory(lab=lab)
    host, guest = (f.SpeakerFactory(programme=lab.programme) for _ in range(2))
    response = new(
        client,
        abstract_0="Why we meet",
        track=str(track.pk),
        room=str(room.pk),
        join_link="https://meet.example.org/opening",
        online_capacity="40",
        agenda__0__title_0="Welcome",
        agenda__0__start_time="11:00",
        agenda__0__end_time="11:30",
        people__0__speaker=str(host.pk),
        people__0__role="host",
        people__1__speaker=str(guest.pk),
        people__1__item="0",
    )
    session = Session.objects.get()
    assert response.status_code == 302
    assert response["Location"] == "/organise/labs/lab/sessions/opening/"
    assert languages_of(session.title) == {"en": "Opening", "bg": "Откриване"}
    assert languages_of(session.abstract) == {"en": "Why we meet"}
    assert (session.track, session.room, session.capacity) == (track, room, 40)
    assert (session.start_time, session.end_date, session.time_zone) == (
        time(11),
        date(2027, 4, 6),
        "Europe/Sofia",
    )
    assert (session.visibility, session.join_link) == ("draft", "https://meet.example.org/opening")
    item = session.agenda.get()
    assert (item.start_time, item.end_time) == (time(11), time(11, 30))
    assert list(session.appearances.values_list("speaker", "role", "agenda_item")) == [
        (host.pk, "host", None),
        (guest.pk, "speaker", item.pk),
    ]
    assert session.history.get().history_user == lab.staff.get().user


def test_sending_the_form_twice_makes_one_session(client: Client) -> None:
    data = form_of(client.get("/organise/labs/lab/new-session/")).filled(**usual())
    first, second = (client.post("/organise/labs/lab/new-session/", data) for _ in range(2))
    assert first["Location"] == second["Location"] == "/organise/labs/lab/sessions/opening/"
    assert Session.objects.count() == IdempotentRequest.objects.count() == 1


def test_the_same_form_with_other_answers_makes_nothing(client: Client) -> None:
    data = form_of(client.get("/organise/labs/lab/new-session/")).filled(**usual())
    client.post("/organise/labs/lab/new-session/", data)
    response = client.post("/organise/labs/lab/new-session/", data | {"title_0": "Something else"})
    assert "already sent with different answers" in errors(response)
    assert Session.objects.count() == 1


def test_a_form_without_a_key_of_ours_makes_nothing(client: Client) -> None:
    assert "This form is incomplete" in errors(new(client, form_key="made-up"))
    assert not Session.objects.exists()


def test_two_sessions_of_one_title_get_two_addresses(client: Client) -> None:
    for _ in range(2):
        new(client, title_0="", title_1="Обучение за щастие")
    assert set(Session.objects.values_list("slug", flat=True)) == {
        "obuchenie-za-shtastie",
        "obuchenie-za-shtastie-2",
    }


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"title_0": "", "title_1": ""}, "Enter this in at least one language"),
        ({"title_0": "x" * 301}, "Use at most 300 characters"),
        ({"title_0": "a\nb"}, "Enter this on one line"),
        ({"title_0": MOVED}, "U+202E"),
        ({"title_0": "a\x07b"}, "U+0007"),
        ({"title_0": "a\x00b"}, "U+0000"),
        ({"abstract_0": "x" * 10_001}, "Use at most 10000 characters"),
        ({"start_date": ""}, "Choose a date"),
        ({"start_date": "yesterday"}, "Enter a date like 2027-04-06"),
        ({"start_time": ""}, "Choose a time"),
        ({"start_time": "25:00"}, "Enter a time like 15:30"),
        ({"end_time": "10:00"}, "The end is not after the start"),
        ({"end_date": "2027-04-05"}, "The end is not after the start"),
        ({"start_date": "2027-01-01"}, "Choose one of its days"),
        ({"start_date": "0001-01-01"}, "Choose one of its days"),
        ({"start_date": "9999-12-31", "end_date": "9999-12-31"}, "Choose one of its days"),
        ({"time_zone": "Europe/Sofja"}, "not in the list of time zones"),
        ({"time_zone": "../../etc/passwd"}, "not in the list of time zones"),
        ({"time_zone": "x" * 5000}, "not in the list of time zones"),
        ({"start_date": "2027-03-28", "start_time": "03:30"}, "clocks go from 03:00 to 04:00"),
        ({"online_capacity": "-1"}, "Enter 0 or more"),
        ({"online_capacity": "many"}, "Enter a whole number"),
        ({"online_capacity": "9" * 5000}, "or less."),
        ({"join_link": "javascript:alert(1)"}, "Enter a web address like https://example.org/page"),
        ({"join_link": "x" * 501}, "at most 500 characters"),
        ({"track": "999999"}, "Choose a track of this lab"),
        ({"room": "abc"}, "Choose a room of this lab"),
        ({"visibility": "secret"}, "Choose an option from the list"),
        ({"audience": ["999"]}, "Choose cities of this programme"),
        ({"agenda__0__start_time": "11:00"}, "Enter this in at least one language"),
        ({"agenda__0__title_0": "x", "agenda__0__start_time": "11:00"}, "Enter both times, or neither"),
        (
            {"agenda__0__title_0": "x", "agenda__0__start_time": "09:00", "agenda__0__end_time": "10:00"},
            "outside the session",
        ),
        ({"agenda__0__title_0": "x", "agenda__0__row": "123456"}, "A row has been deleted in the meantime"),
        ({"agenda__0__title_0": "x", "agenda__0__row": "1e9"}, "Enter a whole number"),
        ({"agenda-TOTAL_FORMS": "x"}, "This form is incomplete"),
        ({"agenda-TOTAL_FORMS": "100000"}, "You can have at most 100 rows"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    client: Client, answers: dict[str, Any], said: str
) -> None:
    assert said in errors(new(client, **answers))
    assert not Session.objects.exists()
    assert not IdempotentRequest.objects.exists()


def test_what_was_typed_stands_in_the_form_again(client: Client) -> None:
    page = errors(new(client, title_0="<b>{{ bold }}</b> {% now %}", abstract_1="Защо", end_time="10:00"))
    form = form_of(new(client, title_0="<b>{{ bold }}</b> {% now %}", abstract_1="Защо", end_time="10:00"))
    assert form.values["title_0"] == ["<b>{{ bold }}</b> {% now %}"]
    assert form.values["abstract_1"] == ["Защо"]
    assert form.values["end_time"] == ["10:00"]
    assert "<b>{{" not in page


def test_markup_and_template_signs_are_texts_like_any_other(client: Client, lab: Lab) -> None:
    new(client, title_0="<script>alert(1)</script> {{ 7|add:7 }}")
    session = Session.objects.get()
    assert languages_of(session.title)["en"] == "<script>alert(1)</script> {{ 7|add:7 }}"
    for address in ("", "sessions/", f"sessions/{session.slug}/", f"sessions/{session.slug}/history/"):
        page = client.get(f"/organise/labs/lab/{address}").content.decode()
        assert "<script>alert" not in page
        assert "{{ 7|add:7 }}" in page


def test_an_hour_that_comes_twice_is_asked_about_beside_the_field(client: Client) -> None:
    twice = {"start_date": "2027-10-31", "start_time": "03:30", "end_time": "05:00"}
    assert "start_fold" not in form_of(client.get("/organise/labs/lab/new-session/")).values
    page = errors(new(client, **twice))
    assert "occurs twice in Sofia" in page
    assert "The first 03:30, at UTC+3" in page
    assert "The second 03:30, at UTC+2" in page
    new(client, **twice, start_fold="1")
    session = Session.objects.get()
    assert session.start_fold == 1
    assert session.starts_at.hour == 1
    # The answer stands in the form of the session, and is kept when something else is changed.
    form = form_of(client.get(f"/organise/labs/lab/sessions/{session.slug}/"))
    assert form.values["start_fold"] == ["1"]
    client.post(f"/organise/labs/lab/sessions/{session.slug}/", form.filled(title_0="Later"))
    session.refresh_from_db()
    assert (session.start_fold, session.sequence, str(session.title)) == (1, 0, "Later")


@pytest.mark.parametrize("field", ["track", "room", "people-0-speaker", "agenda-0-row"])
def test_what_belongs_to_another_lab_is_refused(client: Client, lab: Lab, field: str) -> None:
    f.SpeakerFactory(programme=lab.programme)
    other: Session = f.SessionFactory()
    foreign = {
        "track": f.TrackFactory(lab=other.lab).pk,
        "room": f.RoomFactory(lab=other.lab).pk,
        "people-0-speaker": f.SpeakerFactory(programme=other.lab.programme).pk,
        "agenda-0-row": f.AgendaItemFactory(session=other).pk,
    }
    response = new(client, **{"agenda-0-title_0": "Panel", field: str(foreign[field])})
    errors(response)
    assert Session.objects.get() == other
    assert AgendaItem.objects.count() == 1


def edit(client: Client, session: Session, **answers: Any) -> Any:
    form = form_of(client.get(f"/organise/labs/lab/sessions/{session.slug}/"))
    return client.post(f"/organise/labs/lab/sessions/{session.slug}/", form.filled(**answers))


def test_saving_an_open_form_unchanged_changes_nothing(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(
        lab=lab, abstract={"en": "One\n\nTwo", "el": "Τρία"}, start_date=date(2027, 4, 6)
    )
    item = f.AgendaItemFactory(session=session)
    f.AppearanceFactory(session=session, agenda_item=item)
    f.AppearanceFactory(session=session)
    before = (session.revised_at, plan_of(session), session.history.count())
    response = edit(client, session)
    session.refresh_from_db()
    assert response.status_code == 302
    assert (session.revised_at, plan_of(session), session.history.count()) == before


def test_a_language_that_the_form_does_not_show_is_kept(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "One", "el": "Ένα"}, start_date=date(2027, 4, 6))
    item = f.AgendaItemFactory(session=session, title={"en": "Two", "el": "Δύο"})
    edit(client, session, title_0="First", agenda__0__title_0="Second", title_2="forged")
    session.refresh_from_db()
    item.refresh_from_db()
    assert languages_of(session.title) == {"en": "First", "el": "Ένα"}
    assert languages_of(item.title) == {"en": "Second", "el": "Δύο"}


def test_what_somebody_else_saved_meanwhile_is_shown_and_not_overwritten(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Plan"}, start_date=date(2027, 4, 6))
    address = f"/organise/labs/lab/sessions/{session.slug}/"
    opened = form_of(client.get(address))
    other = f.UserFactory(name="Demo organiser 2")
    change_session(session, replace(plan_of(session), title={"en": "Theirs"}, online_capacity=30), other)
    response = client.post(address, opened.filled(title_0="Mine"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "Demo organiser 2 saved this session while you were editing" in page
    assert "en: Theirs" in page
    assert "en: Mine" in page
    session.refresh_from_db()
    assert languages_of(session.title) == {"en": "Theirs"}
    # Knowing both, the person decides.
    client.post(address, form_of(response).filled())
    session.refresh_from_db()
    assert (languages_of(session.title), session.capacity) == ({"en": "Mine"}, None)


@pytest.mark.parametrize("version", ["", "nonsense", "2027-01-01T00:00:00", "²"])
def test_a_form_without_its_version_saves_nothing(client: Client, lab: Lab, version: str) -> None:
    session = f.SessionFactory(lab=lab, title={"en": "Plan"}, start_date=date(2027, 4, 6))
    response = edit(client, session, title_0="Other", version=version)
    assert "This form is incomplete" in errors(response)
    session.refresh_from_db()
    assert str(session.title) == "Plan"


def test_fewer_seats_than_are_taken_are_refused(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, start_date=date(2027, 4, 6), capacity=10, seats_taken=4)
    assert "4 seats are already taken" in errors(edit(client, session, online_capacity="3"))


def test_a_change_of_who_sees_it_is_asked_about_before_it_takes_effect(client: Client, lab: Lab) -> None:
    city = f.CityFactory()
    lab.programme.cities.add(city)
    response = new(client, visibility="internal", audience=[str(city.pk)])
    session = Session.objects.get()
    assert session.visibility == "draft"
    assert response["Location"] == f"/organise/labs/lab/sessions/opening/internal/?city={city.pk}"
    assert form_of(client.get(response["Location"])).values["city"] == [str(city.pk)]
    assert edit(client, session, visibility="public")["Location"].endswith("/sessions/opening/publish/")
    publishing.publish(session)
    assert edit(client, session, visibility="draft")["Location"].endswith("/sessions/opening/unpublish/")


def test_the_history_says_who_changed_what(client: Client, lab: Lab) -> None:
    new(client, agenda__0__title_0="Welcome")
    session = Session.objects.get()
    edit(client, session, title_0="Kick-off", start_time="10:00", agenda__0__title_0="Hello")
    publishing.publish(session, lab.staff.get().user)
    with CaptureQueriesContext(connection) as few:
        page = client.get("/organise/labs/lab/sessions/opening/history/").content.decode()
    assert str(lab.staff.get().user) in page
    for words in (
        "en: Opening",
        "en: Kick-off",
        "11:00",
        "10:00",
        "Agenda item “Welcome” added",
        "Draft",
        "Public",
    ):
        assert words in page
    AgendaItem.objects.get().delete()
    AgendaItem.objects.create(session=session, title={"bg": "Добре дошли", "en": "Good day"})
    assert (
        "Agenda item “Good day” added"
        in client.get("/organise/labs/lab/sessions/opening/history/").content.decode()
    )
    # Of a text, only the languages that differ are told.
    assert "bg: Откриване" not in page
    for number in range(8):
        session.refresh_from_db()
        edit(client, session, title_0=f"Title {number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/organise/labs/lab/sessions/opening/history/")
    assert len(many) == len(few)


def test_the_list_costs_the_same_queries_for_few_and_many_sessions(client: Client, lab: Lab) -> None:
    def sessions(count: int) -> None:
        for _ in range(count):
            session = f.SessionFactory(
                lab=lab,
                start_date=date(2027, 4, 6),
                track=f.TrackFactory(lab=lab),
                room=f.RoomFactory(lab=lab),
                visibility="internal",
            )
            session.audience.add(f.CityFactory())

    client.get("/organise/labs/lab/sessions/")  # the first answer of a sign-in writes its form token down
    counts = []
    for more in (2, 8):
        sessions(more)
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/organise/labs/lab/sessions/").content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert page.count("tag-internal") == 10


def test_sessions_of_another_lab_are_not_there(client: Client) -> None:
    other = f.SessionFactory(slug="elsewhere")
    for page in ("", "history/", "publish/", "internal/", "unpublish/", "cancel/", "restore/"):
        assert client.get(f"/organise/labs/lab/sessions/{other.slug}/{page}").status_code == 404
        assert client.post(f"/organise/labs/lab/sessions/{other.slug}/{page}").status_code in (404, 405)
        assert client.get(f"/organise/labs/{other.lab.slug}/sessions/{other.slug}/{page}").status_code == 404


def test_the_list_of_an_empty_lab_says_what_to_do(client: Client) -> None:
    page = client.get("/organise/labs/lab/sessions/").content.decode()
    assert "No sessions yet." in page
    assert "/organise/labs/lab/new-session/" in page


def test_a_session_in_another_zone_shows_both_hours(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab, start_date=date(2027, 4, 6), start_time=time(10), time_zone="Europe/Rome")
    page = client.get("/organise/labs/lab/sessions/").content.decode()
    assert ">11:00<" in page
    assert ">10:00<" in page
    assert "Rome time" in page
