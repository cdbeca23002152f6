"""Who sees a session, and where: the report, held against what such readers get."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.accounts.models import User
from labs.models import City, Lab
from registrations import links
from sessions import calendar_texts
from sessions.calendar_links import delegate_calendar_url
from sessions.models import Session
from sessions.visibility_report import (
    Place,
    Reader,
    audiences_of,
    group_words,
    reasons_of,
    report_of,
    who_would_see,
)
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

TITLE = "Quince session"
STATES: dict[str, dict[str, Any]] = {
    "draft": {"visibility": "draft"},
    "public": {"visibility": "public"},
    "internal": {"visibility": "internal"},
    "internal, invited": {"visibility": "internal", "invited": True},
    "public, invited": {"visibility": "public", "invited": True},
    "cancelled": {"visibility": "public", "status": "cancelled", "cancelled_at": timezone.now()},
    "public in a draft": {"visibility": "public", "of_lab": "draft"},
    "internal in a draft": {"visibility": "internal", "of_lab": "draft"},
}


@pytest.fixture
def lab() -> Lab:
    lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8))
    lab.programme.cities.add(
        *(f.CityFactory(slug=slug, name={"en": slug.title()}) for slug in ("sofia", "trikala"))
    )
    return lab


def planned(lab: Lab, **facts: Any) -> Session:
    facts = dict(facts)
    invited, of_lab = facts.pop("invited", False), facts.pop("of_lab", "public")
    session = f.SessionFactory(
        lab=lab,
        slug="quince",
        title={"en": TITLE},
        start_date=date(2027, 4, 6),
        track=f.TrackFactory(lab=lab, slug="track"),
        **facts,
    )
    speaker = f.SpeakerFactory(programme=lab.programme, slug="speaker", city=City.objects.get(slug="sofia"))
    f.AppearanceFactory(session=session, speaker=speaker)
    if invited:
        session.audience.add(City.objects.get(slug="sofia"))
    Lab.objects.filter(pk=lab.pk).update(visibility=of_lab)
    calendar_texts.write(Session.objects.filter(pk=session.pk))
    return Session.objects.select_related("lab__programme", "track").get(pk=session.pk)


def people(lab: Lab) -> dict[str, Any]:
    return {
        "Visitors": None,
        **{
            slug: f.DelegateFactory(programme=lab.programme, city=City.objects.get(slug=slug)).user
            for slug in ("sofia", "trikala")
        },
        "Door staff": f.StaffFactory(lab=lab, role="door").user,
        "Organisers": f.StaffFactory(lab=lab, role="organiser").user,
    }


def really(place: Place, session: Session, browser: Client, user: User | None) -> bool:
    """Look into the place as this person would."""
    slug, uid = session.slug, session.uid
    link = f'href="/labs/lab/sessions/{slug}/'

    def shows(address: str, words: str) -> bool:
        answer = browser.get(address)
        return answer.status_code == 200 and words in answer.content.decode()

    look: dict[Place, Callable[[], bool]] = {
        Place.PAGE: lambda: browser.get(f"/labs/lab/sessions/{slug}/").status_code == 200,
        Place.LAB: lambda: shows("/labs/lab/", link),
        Place.CITY: lambda: shows(f"/programmes/{session.lab.programme.slug}/cities/sofia/", link),
        Place.SPEAKER: lambda: shows("/labs/lab/speakers/speaker/", link),
        Place.API: lambda: (
            Client()
            .get(f"/api/v1/labs/lab/sessions/{slug}", headers=bearer(user) if user else {})
            .status_code
            == 200
        ),
        Place.FILE: lambda: shows(f"/labs/lab/sessions/{slug}/calendar.ics", uid),
        Place.LAB_FEED: lambda: shows("/labs/lab/calendar.ics", uid),
        Place.TRACK_FEED: lambda: shows("/labs/lab/tracks/track/calendar.ics", uid),
        Place.PROGRAMME_FEED: lambda: shows(f"/programmes/{session.lab.programme.slug}/calendar.ics", uid),
        Place.SITEMAP: lambda: shows("/sitemap.xml", f"/labs/lab/sessions/{slug}/"),
        Place.JSON_LD: lambda: shows(f"/labs/lab/sessions/{slug}/", "application/ld+json"),
        Place.DELEGATE_FEED: lambda: (
            user is not None
            and user.delegations.exists()
            and shows(path_of(delegate_calendar_url(user)), uid)
        ),
        Place.PERSONAL: lambda: False,
    }
    cache.clear()
    return look[place]()


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


@pytest.mark.parametrize("state", STATES)
def test_the_report_says_what_such_readers_get(lab: Lab, state: str) -> None:
    session = planned(lab, **STATES[state])
    readers = people(lab)
    report = report_of(session)
    places = {one.place: one.groups for one in report.places}
    assert list(places) == list(Place)
    for name, user in readers.items():
        browser = client_of(user) if user else Client()
        number = next(
            number
            for number, group in enumerate(report.groups)
            if group_words(group, lab) == name
            or (
                group.reader == Reader.DELEGATE
                and name in ({city.slug for city in group.cities} or {"sofia", "trikala"})
            )
        )
        for place in Place:
            if place != Place.IMAGE:
                said = number in places[place]
                assert said == really(place, session, browser, user), (state, name, place.value)


@pytest.mark.parametrize("state", STATES)
def test_people_with_a_seat_find_it_on_their_private_page_and_in_their_calendar(lab: Lab, state: str) -> None:
    session = planned(lab, **STATES[state])
    registration = f.RegistrationFactory(lab=lab)
    f.SeatFactory(registration=registration, session=session)
    report = report_of(session)
    seat = [group.reader for group in report.groups].index(Reader.SEAT)
    personal = next(one for one in report.places if one.place == Place.PERSONAL)
    shown = TITLE in text_of(Client().get(links.path_of(registration, links.MANAGE)))
    in_calendar = (
        session.uid in Client().get(path_of(links.subscription(registration).address)).content.decode()
    )
    assert (shown, in_calendar) == (seat in personal.groups,) * 2
    # Known by private links alone, they see elsewhere what visitors see.
    public = {one.place for one in report.places if 0 in one.groups}
    assert {one.place for one in report.places if seat in one.groups} - {Place.PERSONAL} == public


@pytest.mark.parametrize("state", STATES)
def test_the_shared_picture_shows_what_visitors_see(lab: Lab, state: str) -> None:
    session = planned(lab, **STATES[state])
    f.SessionFactory(lab=lab, start_date=date(2027, 4, 7))
    image = next(one for one in report_of(session).places if one.place == Place.IMAGE)
    cache.clear()
    before = Client().get("/labs/lab/preview.png")
    Session.objects.filter(pk=session.pk).update(starts_at=session.starts_at - timedelta(hours=4))
    Lab.objects.filter(pk=lab.pk).update(
        public_revision=F("public_revision") + 1
    )  # so that it is drawn again
    cache.clear()
    after = Client().get("/labs/lab/preview.png")
    differs = before.status_code == 200 and before.content != after.content
    assert bool(image.groups) == differs


def test_delegates_are_told_apart_only_where_they_see_different_things(lab: Lab) -> None:
    session = planned(lab, visibility="internal", invited=True)
    [(_session, groups)] = audiences_of(lab)
    assert [(group_words(group, lab), group.sees) for group in groups] == [
        ("Visitors", False),
        ("Delegates of Sofia", True),
        ("Delegates of other cities", False),
        ("People with a seat", True),
        ("Door staff", True),
        ("Organisers", True),
    ]
    assert reasons_of(session) == [
        "The session is internal: delegates of Sofia see it, and people with a seat in it."
    ]


def test_what_would_change_is_said_and_nothing_is(lab: Lab) -> None:
    session = planned(lab, visibility="draft")
    before = session.history.count()
    changed = {
        visibility: [group_words(group, lab) for group in groups if group.sees]
        for visibility, groups in who_would_see(session).items()
    }
    everybody = ["Visitors", "Delegates", "People with a seat", "Door staff", "Organisers"]
    assert changed == {"public": everybody, "internal": everybody[1:]}
    session.refresh_from_db()
    assert (session.visibility, session.history.count()) == ("draft", before)


def test_the_pages_say_it_and_lead_to_one_another(lab: Lab) -> None:
    planned(lab, visibility="internal", invited=True)
    organiser = client_of(f.StaffFactory(lab=lab).user)
    one = reverse("console_session_visibility", args=["lab", "quince"])
    overview = text_of(organiser.get(reverse("console_visibility", args=["lab"])))
    assert (f'href="{one}"' in overview, "Delegates of Sofia" in overview) == (True, True)
    page = text_of(organiser.get(one))
    for words in (
        "Delegates of other cities",
        "What would change",
        "If it were public",
        "/labs/lab/sessions/quince/",
    ):
        assert words in page
    assert f'href="{one}"' in text_of(organiser.get(reverse("console_session_edit", args=["lab", "quince"])))


@pytest.mark.parametrize("who", ["visitor", "door", "elsewhere"])
def test_only_organisers_of_the_lab_are_told(lab: Lab, who: str) -> None:
    planned(lab, visibility="draft")
    users = {
        "door": lambda: f.StaffFactory(lab=lab, role="door").user,
        "elsewhere": lambda: f.StaffFactory(lab=f.LabFactory()).user,
    }
    user = users[who]() if who in users else None
    browser = client_of(user) if user else Client()
    for name, parts in (("console_visibility", ["lab"]), ("console_session_visibility", ["lab", "quince"])):
        assert browser.get(reverse(name, args=parts)).status_code == (302 if who == "visitor" else 404)
    for path in ("visibility", "sessions/quince/visibility"):
        asked = Client().get(f"/api/v1/labs/lab/{path}", headers=bearer(user) if user else {})
        assert asked.status_code in (401, 404)


def test_programs_get_the_same(lab: Lab) -> None:
    planned(lab, visibility="internal", invited=True)
    headers = bearer(f.StaffFactory(lab=lab).user)
    [listed] = Client().get("/api/v1/labs/lab/visibility", headers=headers).json()["items"]
    one = Client().get("/api/v1/labs/lab/sessions/quince/visibility", headers=headers).json()
    assert listed == {name: one[name] for name in ("session", "visibility", "readers")}
    assert one["readers"][1] == {
        "reader": "delegate",
        "name": "Delegates of Sofia",
        "cities": ["sofia"],
        "sees": True,
    }
    assert one["places"][0] == {
        "place": "page",
        "name": "Its page",
        "addresses": ["http://testserver/labs/lab/sessions/quince/"],
        "readers": ["Delegates of Sofia", "Door staff", "Organisers"],
    }
    assert [change["visibility"] for change in one["otherwise"]] == ["draft", "public"]


def test_the_overview_costs_the_same_for_few_and_many_sessions(lab: Lab) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    counts = []
    for more in (2, 9):
        f.SessionFactory.create_batch(more, lab=lab, start_date=date(2027, 4, 6))
        organiser.get(reverse("console_visibility", args=["lab"]))
        with CaptureQueriesContext(connection) as queries:
            organiser.get(reverse("console_visibility", args=["lab"]))
        counts.append(len(queries))
    assert counts[0] == counts[1]
