"""Hours on public pages: the zone that a reader chooses, and how days and cities follow it."""

import re
from datetime import date, time

import pytest
from django.test import Client

from tests.factories import (
    CityFactory,
    LabDayFactory,
    LabFactory,
    SessionFactory,
)
from tests.sessions.public_pages import ROW, city_lab, found_in, page

pytestmark = pytest.mark.django_db

DAY = re.compile(r'<section class="day" id="d([\d-]+)"')


@pytest.fixture
def lab():
    return city_lab()


def test_days_regroup_in_the_zone_that_the_reader_chooses(client, lab):
    LabDayFactory(lab=lab, on=date(2027, 4, 6), title={"en": "First day"})
    SessionFactory(lab=lab, slug="early", start_date=date(2027, 4, 6), start_time=time(8, 0))
    SessionFactory(lab=lab, slug="late", start_date=date(2027, 4, 6), start_time=time(22, 30))
    SessionFactory(lab=lab, slug="next", start_date=date(2027, 4, 7), start_time=time(8, 0))
    own = page(client, lab).content.decode()
    assert DAY.findall(own) == ["2027-04-06", "2027-04-07"]
    assert '<p class="day-title">First day</p>' in own
    tokyo = page(client, lab, "?tz=Asia/Tokyo").content.decode()
    assert DAY.findall(tokyo) == ["2027-04-06", "2027-04-07"]
    assert ROW.findall(tokyo.split('id="d2027-04-07"')[1]) == ["late", "next"]
    assert '<time datetime="2027-04-07T04:30+09:00">04:30</time>' in tokyo
    honolulu = page(Client(), lab, "?tz=Pacific/Honolulu").content.decode()
    assert DAY.findall(honolulu) == ["2027-04-05", "2027-04-06"]


def test_the_choice_of_a_zone_is_kept_and_forgotten_on_request(client, lab):
    SessionFactory(lab=lab, start_date=date(2027, 4, 6), start_time=time(11, 30))
    assert "10:30" in page(client, lab, "?tz=Europe/Rome").content.decode()
    assert "10:30" in page(client, lab).content.decode()
    assert "10:30" not in page(client, lab, "?tz=").content.decode()
    assert page(client, lab, "?tz=Nowhere").status_code == 200
    assert page(Client(), lab, "?tz=Europe/Kiev").cookies["tz"].value == "Europe/Kyiv"


@pytest.mark.parametrize(
    ("device", "zone", "named", "hour"),
    [
        ("Etc/GMT-3", "Etc/GMT-3", "UTC+3", "11:30"),
        ("Etc/GMT+5", "Etc/GMT+5", "UTC−5", "03:30"),
        ("Etc/GMT-14", "Etc/GMT-14", "UTC+14", "22:30"),
        ("Etc/UTC", "UTC", "UTC", "08:30"),
        ("GMT", "UTC", "UTC", "08:30"),
        ("Etc/Greenwich", "UTC", "UTC", "08:30"),
        ("Asia/Calcutta", "Asia/Kolkata", "Kolkata (UTC+5:30)", "14:00"),
        ("EST", "America/Panama", "Panama (UTC−5)", "03:30"),
    ],
)
def test_every_zone_that_a_device_may_have_is_honoured(client, lab, device, zone, named, hour):
    SessionFactory(lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(11, 30))
    for address in ("/labs/city-lab/", "/labs/city-lab/sessions/opening/"):
        response = client.get(address, {"tz": device})
        html = response.content.decode()
        assert response.cookies["tz"].value == zone
        assert f'<option value="{zone}" selected>{named}</option>' in html
        assert hour in html
        # The whole list has it too, so that a reader finds it again.
        assert f'<option value="{zone}">' in html


def zone_line(response):
    line = found_in(response, r'<p class="zone">.*?<span>(.*?)<span data-')
    return " ".join(re.sub(r"<[^>]+>", "", line).split())


def test_the_zone_of_all_hours_is_named_and_how_cities_differ(client, lab):
    SessionFactory(lab=lab, start_date=date(2027, 4, 6))
    assert zone_line(page(client, lab)) == (
        "All times are Sofia time (EEST, UTC+3). In Rome it is 1 hour earlier."
    )


def test_a_switch_of_the_clocks_between_two_sessions_is_told(client):
    lab = LabFactory(
        slug="autumn", starts_on=date(2027, 10, 29), ends_on=date(2027, 11, 2), registration_opens_at=None
    )
    lab.programme.cities.add(
        CityFactory(name={"en": "Rome"}, time_zone="Europe/Rome"),
        CityFactory(name={"en": "New York"}, time_zone="America/New_York"),
    )
    SessionFactory(lab=lab, start_date=date(2027, 10, 29))
    SessionFactory(lab=lab, start_date=date(2027, 11, 1))
    text = page(client, lab).content.decode()
    assert zone_line(page(client, lab)) == (
        "All times are Sofia time (EEST, UTC+3; from 1 November EET, UTC+2). "
        "In Rome it is 1 hour earlier. The difference to New York changes during the lab."
    )
    assert '<time datetime="2027-10-29T11:30+03:00">11:30</time>' in text
    assert '<time datetime="2027-11-01T11:30+02:00">11:30</time>' in text


def test_a_session_shows_the_same_hour_in_all_cities(client, lab):
    SessionFactory(lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(15, 30))
    text = client.get("/labs/city-lab/sessions/opening/?tz=Europe/Rome").content.decode()
    assert '<span class="clock-time">14:30–15:30</span><span class="quiet">UTC+2</span>' in text
    assert '<span class="you">Rome</span>' in text
    assert "15:30–16:30, Sofia time (EEST, UTC+3)" in " ".join(text.split())
    assert 'class="glyph ruler"' in text
