"""Sessions as calendar entries: every word that a calendar shows, in each language."""

from datetime import UTC, date, datetime, time

import pytest
from django.utils.translation import activate, get_language

from sessions.calendar_entries import entries
from sessions.calendars import CalendarEntry
from sessions.models import Session
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    LabFactory,
    ProgrammeFactory,
    RoomFactory,
    SessionFactory,
    SpeakerFactory,
    TrackFactory,
)

pytestmark = pytest.mark.django_db

REVISED = datetime(2027, 3, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def session():
    lab = LabFactory(
        slug="city-lab",
        title={"en": "City Lab", "bg": "Градска лаборатория"},
        programme=ProgrammeFactory(name={"en": "Challenge", "bg": "Предизвикателство"}),
        starts_on=date(2027, 4, 6),
        registration_opens_at=None,
    )
    session = SessionFactory(
        lab=lab,
        slug="opening",
        title={"en": "Opening", "bg": "Откриване"},
        abstract={"en": "What **cities** tried.\n\nAnd [what came](https://example.org/) of it."},
        track=TrackFactory(lab=lab, name={"en": "Skills", "bg": "Умения"}),
        room=RoomFactory(lab=lab, name={"en": "Plenary", "bg": "Зала"}),
        start_date=date(2027, 4, 6),
        start_time=time(11, 30),
        revised_at=REVISED,
        sequence=3,
    )
    speaker = SpeakerFactory(
        programme=lab.programme, name={"en": "Demo speaker"}, affiliation={"en": "Demo university"}
    )
    item = AgendaItemFactory(
        session=session,
        title={"en": "Panel 1", "bg": "Панел 1"},
        start_time=time(11, 30),
        end_time=time(12, 0),
        starts_at=session.starts_at,
        ends_at=datetime(2027, 4, 6, 9, 0, tzinfo=UTC),
    )
    AppearanceFactory(session=session, speaker=speaker, agenda_item=item, role="moderator")
    return session


def entry(session, language="en"):
    (made,) = entries(Session.objects.filter(pk=session.pk).for_pages(), language)
    return made


def test_an_entry_says_all_that_the_page_says(session):
    assert entry(session) == CalendarEntry(
        uid=session.uid,
        starts=datetime(2027, 4, 6, 11, 30),
        ends=datetime(2027, 4, 6, 12, 30),
        zone="Europe/Sofia",
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        summary="Opening",
        revised_at=REVISED,
        created=session.created_at,
        description=(
            "What cities tried.\n\nAnd what came (https://example.org/) of it.\n\n"
            "Agenda, times in Sofia (EEST, UTC+3)\n"
            "11:30–12:00 Panel 1\n"
            "  Moderator: Demo speaker, Demo university\n\n"
            "http://testserver/labs/city-lab/sessions/opening/"
        ),
        location="Plenary, online",
        url="http://testserver/labs/city-lab/sessions/opening/",
        categories=("Challenge", "City Lab", "Skills"),
        status="CONFIRMED",
        sequence=3,
    )


def test_words_are_in_the_language_asked_for_and_fall_back_to_the_labs_own(session):
    made = entry(session, "bg")
    assert (made.summary, made.categories) == (
        "Откриване",
        ("Предизвикателство", "Градска лаборатория", "Умения"),
    )
    assert made.description.startswith("What cities tried.")
    assert "Панел 1" in made.description
    assert entry(session, "el").summary == "Opening"


def test_making_entries_leaves_the_readers_language_alone(session):
    activate("el")
    entry(session, "bg")
    assert get_language() == "el"


def test_a_cancelled_session_says_so_and_why(session):
    Session.objects.filter(pk=session.pk).update(
        status="cancelled", cancelled_at=REVISED, cancel_reason={"en": "The speaker is ill."}
    )
    made = entry(session)
    assert (made.summary, made.status) == ("Cancelled: Opening", "CANCELLED")
    assert made.description.startswith("The speaker is ill.\n\n")


def test_join_links_are_in_no_entry_of_a_session(session):
    assert "meet.example.org" not in repr(entry(session))


@pytest.mark.parametrize(
    ("room", "lab", "location"),
    [
        (None, {"format": "online"}, "Online"),
        (None, {"format": "in-person", "venue": {"en": "Town hall"}}, "Town hall"),
        ({"online": False, "address": "5 Rue de la Loi"}, {"format": "hybrid"}, "Plenary, 5 Rue de la Loi"),
        ({"online": False}, {"format": "hybrid", "venue": {"en": "Town hall"}}, "Plenary, Town hall"),
        (None, {"format": "in-person"}, ""),
    ],
)
def test_the_location_is_where_one_has_to_go(room, lab, location):
    of_lab = LabFactory(**lab)
    session = SessionFactory(lab=of_lab, room=RoomFactory(lab=of_lab, **room) if room else None)
    assert entry(session).location == location


def test_many_entries_cost_as_many_queries_as_few(session, django_assert_num_queries):
    def make():
        return entries(Session.objects.order_by("pk").for_pages(), "bg")

    with django_assert_num_queries(6):
        few = make()
    for _number in range(5):
        other = SessionFactory(lab=session.lab)
        AppearanceFactory(session=other, agenda_item=AgendaItemFactory(session=other))
        AppearanceFactory(session=other)
    with django_assert_num_queries(6):
        assert make()[:1] == few
