"""Pages of 2 and of 30 sessions cost the same queries."""

from datetime import timedelta

import pytest

from sessions.models import Session
from tests.factories import (
    AgendaItemFactory,
    AppearanceFactory,
    LabDayFactory,
    RoomFactory,
    SessionFactory,
    SpeakerFactory,
    TrackFactory,
)
from tests.sessions.public_pages import city_lab, page, rows, viewers

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return city_lab()


@pytest.fixture(params=[2, 30])
def crowded(request, lab):
    """The lab at two sizes, each session with track, room, agenda and speakers."""
    for number in range(request.param):
        session = SessionFactory(
            lab=lab,
            slug=f"session-{number}",
            visibility="internal" if number % 2 else "public",
            track=TrackFactory(lab=lab, slug=f"topic-{number}"),
            room=RoomFactory(lab=lab),
            start_date=lab.starts_on + timedelta(days=number % 10),
        )
        session.audience.set(lab.programme.cities.all())
        speaker = SpeakerFactory(programme=lab.programme, slug=f"speaker-{number}")
        item = AgendaItemFactory(session=session)
        AppearanceFactory(session=session, speaker=speaker, agenda_item=item)
        AppearanceFactory(session=session, speaker=speaker)
        AppearanceFactory(
            session=session, speaker=SpeakerFactory(programme=lab.programme, slug=f"x-{number}")
        )
        LabDayFactory(lab=lab, on=session.start_date) if number < 10 else None
    return lab


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 4),
        ("/programmes/icc/", 4),
        ("/labs/city-lab/", 3),
        ("/labs/city-lab/?track=topic-0&tz=Europe/Rome&lang=bg", 4),
        ("/labs/city-lab/?track=made-up", 13),  # kept for nobody
        ("/labs/city-lab/sessions/session-0/", 9),
        ("/labs/city-lab/speakers/", 7),
        ("/labs/city-lab/speakers/speaker-0/", 8),
        ("/labs/city-lab/subscribe/", 2),
        ("/sitemap.xml", 5),
        ("/robots.txt", 0),
    ],
)
def test_a_page_costs_the_same_queries_at_any_size(
    client, crowded, address, queries, django_assert_num_queries
):
    client.get(address)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


def test_a_programme_that_is_made_anew_costs_the_same_queries_at_any_size(
    client, crowded, django_assert_num_queries
):
    with django_assert_num_queries(12):
        assert client.get("/labs/city-lab/").status_code == 200


@pytest.mark.parametrize("kind", ["delegate", "organiser"])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 14),
        ("/labs/city-lab/", 15),
        ("/labs/city-lab/sessions/session-1/", 14),
        ("/labs/city-lab/speakers/", 11),
        ("/labs/city-lab/speakers/speaker-1/", 12),
        ("/labs/city-lab/register/", 9),
    ],
)
def test_internal_sessions_cost_their_readers_the_same_queries_at_any_size(
    crowded, kind, address, queries, django_assert_num_queries
):
    browser = viewers(crowded, crowded.programme.cities.get(slug="sofia"))[kind]
    browser.get(address)  # the first page writes the form token of the session
    with django_assert_num_queries(queries):
        assert browser.get(address).status_code == 200
    assert len(rows(page(browser, crowded))) == Session.objects.count()
