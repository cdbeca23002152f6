"""From an email or a page into a calendar that follows the programme."""

import re
from urllib.parse import parse_qs, urlsplit
from urllib.robotparser import RobotFileParser

import icalendar
import pytest
from django.core import mail
from django.test import Client

from core.jobs.worker import Worker
from registrations import links, managing
from registrations.models import Seat
from tests import factories as f
from tests.registrations.form_posts import answers, link, post, send, took_place
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db


def read(client: Client, webcal: str) -> list[str]:
    """Fetch as a calendar program does, which takes webcal for the web's own scheme."""
    assert webcal.startswith("webcal://testserver/")
    answer = client.get(webcal.removeprefix("webcal://testserver"))
    calendar = icalendar.Calendar.from_ical(answer.content)
    return [str(event["UID"]) for event in calendar.walk("VEVENT")]


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_an_email_subscribes_and_does_not_hand_out_a_file_of_the_day(client: Client, language: str):
    session = f.SessionFactory()
    send(client, session.lab, answers(session, language=language))
    person = session.lab.registrations.get()
    post(client, link(person, "confirm", "registration_confirm"))
    Worker().drain()

    message = mail.outbox[-1]
    html = message.alternatives[0][0]
    feeds = set(re.findall(r"\S+://\S*/calendars/[^\s\"]+", message.body))
    assert feeds == set(re.findall(r'href="([^"]*/calendars/[^"]*)"', html))
    [feed] = feeds
    assert read(client, feed) == [session.uid]

    # For programs that no webcal link opens, and mail programs that take it away.
    [how_to] = set(re.findall(r"https?://\S+#\w+", message.body))
    assert f'href="{how_to}"' in html
    page = client.get(how_to.removeprefix("http://testserver").partition("#")[0])
    assert f'id="{how_to.partition("#")[2]}"' in page.content.decode()
    assert f'href="{feed}"' in page.content.decode()


def addresses(html: str) -> dict[str, list[str]]:
    """Return what each kind of button subscribes to."""
    found = {"webcal": re.findall(r'href="(webcal:[^"]+)"', html)}
    for host, parameter in (
        ("calendar.google.com", "cid"),
        ("outlook.live.com", "url"),
        ("outlook.office.com", "url"),
    ):
        links = re.findall(rf'href="(https://{re.escape(host)}/[^"]+)"', html)
        asked = [parse_qs(urlsplit(each.replace("&amp;", "&")).query) for each in links]
        found[host] = [query[parameter][0] for query in asked]
        if parameter == "url":
            assert all(query["name"][0] for query in asked)
    return found


def test_public_and_private_calendars_are_added_in_the_same_ways(client: Client):
    session = f.SessionFactory()
    person = f.RegistrationFactory(lab=session.lab)
    for page, feed in (
        (f"/labs/{session.lab.slug}/subscribe/", f"/labs/{session.lab.slug}/calendar.ics"),
        (link(person, "manage"), link(person, "feed", "personal_feed")),
    ):
        assert addresses(client.get(page).content.decode()) == {
            "webcal": [f"webcal://testserver{feed}"],
            "calendar.google.com": [f"webcal://testserver{feed}"],
            "outlook.live.com": [f"http://testserver{feed}"],
            "outlook.office.com": [f"http://testserver{feed}"],
        }


def test_programs_call_the_calendar_by_the_lab_in_the_persons_language():
    person = f.RegistrationFactory(lab__title={"en": "Demo lab", "el": "Επίδειξη"}, language="el")
    name = links.subscription(person).name
    assert (name.startswith("Επίδειξη"), name != "Επίδειξη") == (True, True)


def test_robots_may_fetch_every_calendar_and_search_engines_keep_none_that_is_private(client: Client):
    session = f.SessionFactory(track=f.TrackFactory(slug="skills"), lab=f.LabFactory(slug="city-lab"))
    person = f.RegistrationFactory(lab=session.lab)
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").content.decode().splitlines())
    private = link(person, "feed", "personal_feed")
    for path in ("/labs/city-lab/calendar.ics", "/labs/city-lab/tracks/skills/calendar.ics",
                 f"/programmes/{session.lab.programme.slug}/calendar.ics", private):  # fmt: skip
        assert rules.can_fetch("Google-Calendar-Importer", f"http://testserver{path}"), path
    assert not rules.can_fetch("Googlebot", f"http://testserver{link(person, 'manage')}")
    assert client.get(private).headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in client.get("/labs/city-lab/calendar.ics").headers


def test_the_feed_of_a_cancelled_registration_is_empty_while_programs_still_ask_for_it(
    client: Client,
) -> None:
    """The sessions leave the calendar, those that are over too; the address itself stays, so that programs notice."""
    lab = f.LabFactory()
    over, coming = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    found = registered(over, coming)
    address = link(found, "feed", "personal_feed")
    first = client.get(address)
    assert first.content.decode().count("BEGIN:VEVENT") == 2

    took_place(over)
    managing.cancel(found)

    # The seat in the session that is over stays: it is the registration that ended.
    assert Seat.objects.get(session=over).state == "confirmed"
    answer = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert answer.status_code == 200
    assert "BEGIN:VEVENT" not in answer.content.decode()
