"""S8 (Indico PR #5472, Eventra#13381, discourse#42134): feeds and lists for machines told of private events.

Whatever a program reads is the same, byte for byte, whether an internal session exists or not, unless its reader may
see it; and what was public and is so no longer is not kept alive by a validator from before.
"""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from labs.models import Lab
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of
from tests.registrations.form_posts import link
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db

FOR_MACHINES = (
    "/sitemap.xml",
    "/robots.txt",
    "/labs/city-lab/calendar.ics",
    "/labs/city-lab/tracks/skills/calendar.ics",
    "/programmes/icc/calendar.ics",
    "/labs/city-lab/sessions/open/calendar.ics",
    "/labs/city-lab/preview.png",
    "/labs/city-lab/theme.css",
    "/api/v1/programmes",
    "/api/v1/programmes/icc",
    "/api/v1/labs",
    "/api/v1/labs/city-lab/sessions",
    "/api/v1/labs/city-lab/sessions/open",
    "/api/v1/labs/city-lab/speakers",
)
PAGES = (
    "/",
    "/programmes/icc/",
    "/labs/city-lab/",
    "/labs/city-lab/sessions/open/",
    "/labs/city-lab/speakers/",
)


@pytest.fixture
def lab() -> Lab:
    lab = f.LabFactory(slug="city-lab", programme=f.ProgrammeFactory(slug="icc"))
    f.SessionFactory(lab=lab, slug="open", track=f.TrackFactory(lab=lab, slug="skills"))
    return lab


def internal_in(lab: Lab) -> Session:
    """An internal session at the time, on the track and with the speaker of nobody's business."""
    session = f.SessionFactory(
        lab=lab,
        slug="internal",
        title={"en": "Quite private"},
        visibility="internal",
        track=lab.tracks.get(),
        start_date=lab.starts_on + timedelta(days=4),
    )
    f.AppearanceFactory(session=session, speaker__slug="internal-speaker")
    return session


def outsiders(lab: Lab) -> list[Client]:
    """A visitor, a delegate of another programme, and an organiser of another lab of this programme."""
    browsers = [Client()]
    elsewhere = f.StaffFactory(lab=f.LabFactory(programme=lab.programme, visibility="draft")).user
    for user in (f.DelegateFactory().user, elsewhere):
        browser = client_of(user)
        browsers.append(browser)
    return browsers


def content(browser: Client, address: str) -> tuple[int, bytes]:
    cache.clear()
    response = browser.get(address)
    if response.status_code == 404:
        return 404, b""  # that one 404 is like the other is S10's matter
    return response.status_code, response.getvalue() if response.streaming else response.content


def head_of(browser: Client, address: str) -> list[str]:
    """What a page tells programs: its linked data and everything in its head."""
    page = content(browser, address)[1].decode()
    return re.findall(
        r"<(?:meta|link|title)\b.*?>|<script type=\"application/ld\+json\".*?</script>", page, re.S
    )


def test_what_programs_read_is_the_same_with_and_without_an_internal_session(lab: Lab) -> None:
    browsers = outsiders(lab)
    before = [[content(each, address) for address in FOR_MACHINES] for each in browsers]
    heads = [[head_of(each, address) for address in PAGES] for each in browsers]
    assert all(heads[0])

    internal_in(lab)

    for browser, was, head in zip(browsers, before, heads, strict=True):
        for address, old in zip(FOR_MACHINES, was, strict=True):
            assert content(browser, address) == old, address
        assert [head_of(browser, address) for address in PAGES] == head


def test_a_public_feed_and_the_sitemap_stay_the_visitors_even_for_a_delegate(lab: Lab) -> None:
    internal_in(lab)
    delegate = client_of(f.DelegateFactory(programme=lab.programme).user)

    for address in FOR_MACHINES[:6]:
        assert content(delegate, address) == content(Client(), address), address


def test_linked_data_names_no_internal_session_even_to_those_who_see_it(lab: Lab) -> None:
    """A page is kept by programs of its reader: search bars, extensions, archives."""
    internal_in(lab)
    delegate = client_of(f.DelegateFactory(programme=lab.programme).user)

    page = content(delegate, "/labs/city-lab/sessions/internal/")[1].decode()

    assert "Quite private" in page
    scripts = re.findall(r"<script type=\"application/ld\+json\".*?</script>", page, re.S)
    assert "Quite private" not in "".join(scripts)
    lab_page = head_of(delegate, "/labs/city-lab/")
    assert "Quite private" not in "".join(lab_page)


@pytest.mark.parametrize("hide", [publishing.make_internal, publishing.unpublish])
def test_no_validator_from_before_keeps_alive_what_was_hidden(lab: Lab, hide: object) -> None:
    session = f.SessionFactory(lab=lab, slug="was-public", track=lab.tracks.get())
    known = {}
    addresses = [each for each in FOR_MACHINES if each.endswith(".ics") or "/sessions" in each]
    addresses = [each for each in addresses if "open" not in each]
    for address in [*addresses, "/labs/city-lab/sessions/was-public/calendar.ics"]:
        first = Client().get(address)
        known[address] = {
            name: first.headers[header]
            for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
            if header in first.headers
        }
        assert "was-public" in first.content.decode().replace("\r\n ", ""), address

    hide(session)  # type: ignore[operator]

    for address, validators in known.items():
        again = Client().get(address, headers=validators)
        assert again.status_code in (200, 404), address
        if again.status_code == 200:
            assert "was-public" not in again.content.decode().replace("\r\n ", ""), address


def test_nobodys_calendar_names_other_people(lab: Lab) -> None:
    """Who else takes part is nobody's to read: no attendee, no organiser's account, no count by name."""
    session = lab.sessions.get()
    person = registered(session)
    registered(session, email="second@example.org")

    own = content(Client(), link(person, "feed", "personal_feed"))[1].decode()
    public = content(Client(), "/labs/city-lab/calendar.ics")[1].decode()

    for calendar in (own, public):
        assert "BEGIN:VEVENT" in calendar
        assert "ATTENDEE" not in calendar
        assert "@example.org" not in re.sub(r"UID:\S+", "", calendar.replace("\r\n ", ""))
