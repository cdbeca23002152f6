"""The doors: home and programme pages."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    AppearanceFactory,
    CityFactory,
    DelegateFactory,
    LabFactory,
    OwnerFactory,
    ProgrammeFactory,
    SessionFactory,
    SpeakerFactory,
    StaffFactory,
)
from tests.pages import client_of

pytestmark = pytest.mark.django_db


def words(response):
    """Return the text of a page without its marks, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def listed(response, heading):
    """Return the labs that stand under a heading, by their addresses."""
    section = response.content.decode().partition(f">{heading}</h2>")[2].partition("</section>")[0]
    return re.findall(r'<li data-lab="([\w-]+)"', section)


def lab_in(days, slug, **more):
    """A lab that starts in so many days and lasts for three."""
    starts_on = timezone.now().date() + timedelta(days=days)
    if days < 0:
        more.setdefault("registration_opens_at", None)
    return LabFactory(slug=slug, starts_on=starts_on, ends_on=starts_on + timedelta(days=2), **more)


def test_the_next_lab_comes_first_then_later_ones_then_past_ones(client):
    lab_in(-400, "older")
    lab_in(-30, "old")
    lab_in(30, "later")
    lab_in(10, "next")
    lab_in(5, "draft", visibility="draft")
    response = client.get("/")
    assert '<section class="masthead" data-lab="next"' in response.content.decode()
    assert listed(response, "Upcoming labs") == ["later"]
    assert listed(response, "Past labs") == ["old", "older"]
    assert "draft" not in listed(response, "Upcoming labs")


def test_a_lab_stays_the_next_one_until_its_last_day_is_over_where_it_is(client):
    today = timezone.now().date()
    LabFactory(
        slug="running",
        starts_on=today - timedelta(days=3),
        ends_on=today,
        time_zone="Pacific/Honolulu",
        registration_opens_at=None,
    )
    assert 'data-lab="running" aria-labelledby="next-h"' in client.get("/").content.decode()


def test_home_shows_the_sessions_that_one_can_register_for_with_their_seats(client):
    lab = lab_in(10, "next")
    SessionFactory(lab=lab, title={"en": "Free"}, capacity=20, seats_taken=8)
    SessionFactory(lab=lab, title={"en": "Waiting"}, capacity=20, seats_taken=20, seats_waiting=1)
    SessionFactory(lab=lab, title={"en": "Shut"}, capacity=20, seats_taken=20, waiting_list=False)
    SessionFactory(lab=lab, title={"en": "Gone"}, status="cancelled", cancelled_at=timezone.now())
    SessionFactory(lab=lab, title={"en": "Hidden"}, visibility="internal")
    text = words(client.get("/"))
    assert "Sessions you can register for" in text
    assert "12 seats left" in text
    assert "Full. 1 person is waiting" in text
    for absent in ("Shut", "Gone", "Hidden"):
        assert absent not in text


def test_home_shows_no_more_than_the_first_sessions(client):
    SessionFactory.create_batch(9, lab=lab_in(10, "next"))
    assert client.get("/").content.decode().count('<p class="when">') == 6


def test_while_registration_is_closed_home_shows_what_is_on(client):
    SessionFactory(lab=lab_in(10, "next", registration_opens_at=None), title={"en": "Opening"})
    response = client.get("/")
    assert "Sessions" in words(response)
    assert "/labs/next/register/" not in response.content.decode()


def test_delegates_and_organisers_find_what_is_theirs_on_home(client):
    lab = lab_in(10, "next")
    SessionFactory(lab=lab, title={"en": "Internal one"}, visibility="internal")
    draft = lab_in(20, "draft", visibility="draft")
    client.force_login(DelegateFactory(programme=lab.programme).user)
    assert "Internal one" in words(client.get("/"))
    organiser = client_of(StaffFactory(lab=draft).user)
    assert listed(organiser.get("/"), "Upcoming labs") == ["draft"]
    assert 'data-lab="next" aria-labelledby="next-h"' in organiser.get("/").content.decode()


def test_an_empty_house_says_what_will_be_there(client):
    assert "There are no labs yet." in words(client.get("/"))
    ProgrammeFactory()
    assert "No labs have been announced." in words(client.get("/"))


def test_cities_and_the_form_for_certificates_stand_on_home(client):
    programme = ProgrammeFactory()
    programme.cities.add(CityFactory(name={"en": "Sofia", "bg": "София"}, country="BG"))
    ProgrammeFactory(visibility="draft").cities.add(CityFactory(name={"en": "Secret city"}))
    response = client.get("/")
    assert 'Sofia</a><abbr title="Bulgaria">BG</abbr>' in response.content.decode()
    assert "Secret city" not in response.content.decode()
    assert 'name="code"' in response.content.decode()
    assert 'София</a><abbr title="България">' in client.get("/?lang=bg").content.decode()


def test_a_programme_page_shows_its_labs_and_cities(client):
    programme = ProgrammeFactory(slug="icc", name={"en": "Challenge"}, cities_total=136)
    programme.cities.add(CityFactory(name={"en": "Sofia"}))
    lab_in(10, "coming", programme=programme)
    lab_in(-30, "past", programme=programme)
    lab_in(10, "draft", programme=programme, visibility="draft")
    lab_in(10, "other")
    response = client.get("/programmes/icc/")
    assert (listed(response, "Upcoming labs"), listed(response, "Past labs")) == (["coming"], ["past"])
    assert "136" in words(response)
    assert "http://testserver/programmes/icc/calendar.ics" in response.content.decode()


def test_a_city_without_a_name_in_the_readers_language_is_named_in_english(client):
    programme = ProgrammeFactory(slug="icc", name={"en": "Challenge"})
    # Another language stands first.
    programme.cities.add(CityFactory(name={"el": "Τόκιο", "en": "Tokyo"}, country="JP"))
    lab_in(10, "coming", programme=programme)
    for address in ("/programmes/icc/?lang=bg", "/?lang=bg"):
        assert '<span lang="en">Tokyo</span></a><abbr' in client.get(address).content.decode()


def test_a_draft_programme_is_not_found(client):
    ProgrammeFactory(slug="draft", visibility="draft")
    assert client.get("/programmes/draft/").status_code == 404
    assert client.get("/programmes/draft/calendar.ics").status_code == 404
    client.force_login(OwnerFactory(programme=ProgrammeFactory(slug="mine", visibility="draft")).user)
    assert client.get("/programmes/mine/").status_code == 200
    assert client.get("/programmes/draft/").status_code == 404


@pytest.mark.parametrize("labs", [2, 24])
def test_home_costs_the_same_queries_for_any_number_of_labs(client, labs, django_assert_num_queries):
    for number in range(labs):
        SessionFactory.create_batch(2, lab=lab_in(10 - 20 * number, f"lab-{number}"))
    with django_assert_num_queries(9):
        response = client.get("/")
    assert len(listed(response, "Past labs")) == min(labs - 1, 20)
    if labs > 21:
        assert "See 3 more labs on the programme pages." in words(response)


def test_the_title_of_the_next_lab_is_the_heading_and_its_first_speakers_are_there(client):
    lab = lab_in(10, "next", title={"en": "5th City Lab"})
    hidden = SessionFactory(lab=lab, visibility="internal")
    AppearanceFactory(
        session=hidden, speaker=SpeakerFactory(programme=lab.programme, name={"en": "Nobody Known"})
    )
    for day in range(8):
        session = SessionFactory(
            lab=lab, start_date=lab.starts_on + timedelta(days=day % 3), start_time=time(9 + day)
        )
        speaker = SpeakerFactory(
            programme=lab.programme, slug=f"s{day}", name={"en": f"Ana{day} Maria Petrova"}
        )
        for role in ("speaker", "host"):
            AppearanceFactory(session=session, speaker=speaker, role=role)
    page = client.get("/").content.decode()
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", page) == ["5th City Lab"]
    faces = page.partition('<ul class="faces">')[2].partition("</ul>")[0]
    found = re.findall(
        r'href="/labs/next/speakers/(\w+)/"><span class="face" aria-hidden="true">(\w+)</span>', faces
    )
    assert found == [(f"s{day}", "AP") for day in (0, 3, 6, 1, 4, 7)]


def test_a_lab_in_a_list_is_counted_as_its_reader_sees_it(client):
    lab = lab_in(-30, "old")
    speaker = SpeakerFactory(programme=lab.programme)
    for visibility, capacity in (("public", 40), ("public", None), ("internal", 7), ("draft", 9)):
        AppearanceFactory(
            session=SessionFactory(lab=lab, visibility=visibility, capacity=capacity), speaker=speaker
        )
        AppearanceFactory(session=lab.sessions.last(), speaker=SpeakerFactory(programme=lab.programme))

    def counts(browser):
        page = browser.get("/").content.decode().partition('<ul class="counts">')[2].partition("</ul>")[0]
        return re.findall(r"<li>([^<]*)</li>", page)

    assert counts(client) == ["2 sessions", "3 speakers", "40 seats"]
    client.force_login(StaffFactory(lab=lab).user)
    assert counts(client) == ["3 sessions", "4 speakers", "47 seats"]


def test_a_programme_says_how_many_of_its_cities_are_here(client):
    programme = ProgrammeFactory(slug="icc", cities_total=136)
    programme.cities.set(CityFactory.create_batch(2))
    assert "2 of 136 cities are on this site." in words(client.get("/programmes/icc/"))
    programme.cities_total = 2
    programme.save()
    assert "on this site" not in words(client.get("/programmes/icc/"))
