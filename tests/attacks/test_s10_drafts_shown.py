"""S10 (Indico #7409, #7405): lists and menus showed drafts.

A draft answers exactly like what does not exist: same status, same body, same headers, and no count, order, filter,
picture or date tells of it.
"""

import pytest
from django.core.cache import cache
from django.test import Client

from sessions.publishing import publish, unpublish
from tests.factories import (
    AppearanceFactory,
    CityFactory,
    DelegateFactory,
    LabDayFactory,
    LabFactory,
    ProgrammeFactory,
    ProgrammeLogoFactory,
    SessionFactory,
    StaffFactory,
    TrackFactory,
)
from tests.pages import client_of

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/programmes/icc/",
    "/programmes/icc/cities/sofia/",
    "/contact/",
    "/privacy/",
    "/accessibility/",
    "/help/",
    "/api/v1/docs",
    "/api/v1/programmes/icc",
    "/api/v1/programmes/icc/cities/sofia",
    "/labs/city-lab/",
    "/labs/city-lab/?track=skills",
    "/labs/city-lab/?track=draft-track",
    "/labs/city-lab/speakers/",
    "/labs/city-lab/subscribe/",
    "/labs/city-lab/changes/",
    "/labs/city-lab/changes.atom",
    "/labs/city-lab/sessions/open/",
    "/labs/city-lab/calendar.ics",
    "/programmes/icc/calendar.ics",
    "/sitemap.xml",
    "/api/v1/labs/city-lab/sessions",
    "/api/v1/labs/city-lab/speakers",
)
OWN = (
    "/labs/city-lab/sessions/draft/",
    "/labs/city-lab/sessions/draft/calendar.ics",
    "/labs/city-lab/tracks/draft-track/calendar.ics",
    "/labs/city-lab/speakers/draft-speaker/",
    "/api/v1/labs/city-lab/sessions/draft",
    "/api/v1/labs/city-lab/speakers/draft-speaker",
)
MISSING = tuple(address.replace("draft", "missn") for address in OWN)


@pytest.fixture
def lab():
    lab = LabFactory(slug="city-lab", programme=ProgrammeFactory(slug="icc"))
    lab.programme.cities.add(CityFactory(slug="sofia"))
    SessionFactory(lab=lab, slug="open", track=TrackFactory(lab=lab, slug="skills"))
    return lab


def draft_in(lab):
    """A draft at a time, on a track, with a speaker and on a day of its own."""
    draft = SessionFactory(
        lab=lab,
        slug="draft",
        visibility="draft",
        track=TrackFactory(lab=lab, slug="draft-track", position=0),
        start_date=lab.ends_on,
    )
    LabDayFactory(lab=lab, on=lab.ends_on, title={"en": "The day of the draft"})
    AppearanceFactory(session=draft, speaker__slug="draft-speaker", speaker__city=sofia(lab))
    return draft


def sofia(lab):
    return lab.programme.cities.get(slug="sofia")


def outsiders(lab):
    """A visitor, a delegate of the programme, door staff of the lab, and an organiser of another lab."""
    browsers = [Client()]
    for user in (
        DelegateFactory(programme=lab.programme).user,
        StaffFactory(lab=lab, role="door").user,
        StaffFactory(lab=LabFactory(programme=lab.programme, visibility="draft")).user,
    ):
        browser = client_of(user)
        browser.get("/")  # the session's form token is written once
        browsers.append(browser)
    return browsers


def answer(browser, address):
    cache.clear()
    response = browser.get(address)
    headers = {
        name: value for name, value in response.headers.items() if name not in ("ETag", "Last-Modified")
    }
    return response.status_code, headers, response.content


def test_every_page_is_the_same_with_and_without_a_draft(lab):
    browsers = outsiders(lab)
    before = [[answer(browser, address) for address in PAGES] for browser in browsers]
    draft_in(lab)
    after = [[answer(browser, address) for address in PAGES] for browser in browsers]
    for was, now in zip(before, after, strict=True):
        for address, old, new in zip(PAGES, was, now, strict=True):
            assert strip(old) == strip(new), address


def test_every_page_is_the_same_with_and_without_a_programme_in_the_drafts(lab):
    """With all that programmes show on pages of the whole service: contact, imprint, logos, cities, labs."""
    browsers = outsiders(lab)
    before = [[answer(browser, address) for address in PAGES] for browser in browsers]
    programme = ProgrammeFactory(
        slug="draft-programme",
        visibility="draft",
        contact_email="draft@example.org",
        imprint={"en": "The draft's association"},
        eu_funded=True,
    )
    programme.cities.add(sofia(lab), CityFactory(slug="ruse"))
    ProgrammeLogoFactory(programme=programme)
    AppearanceFactory(
        session__lab=LabFactory(programme=programme, visibility="draft", venue={"en": "City 0, Sofia"}),
        speaker__city=sofia(lab),
    )
    after = [[answer(browser, address) for address in PAGES] for browser in browsers]
    for was, now in zip(before, after, strict=True):
        for address, old, new in zip(PAGES, was, now, strict=True):
            assert strip(old) == strip(new), address


def strip(result):
    """Take out what differs from one answer to the next by itself: form keys."""
    status, headers, content = result
    kept = [
        line
        for line in content.splitlines()
        if b"csrfmiddlewaretoken" not in line and b"form_key" not in line
    ]
    return status, {name: value for name, value in headers.items() if name != "Content-Length"}, kept


def test_a_drafts_own_addresses_answer_like_addresses_that_do_not_exist(lab):
    draft_in(lab)
    for browser in outsiders(lab):
        for draft, missing in zip(OWN, MISSING, strict=True):
            hidden, absent = strip(answer(browser, draft)), strip(answer(browser, missing))
            assert hidden[0] == absent[0] == 404, draft
            assert hidden[1] == absent[1], draft
            assert [line.replace(b"draft", b"missn") for line in hidden[2]] == absent[2], draft


def test_the_draft_was_there_to_be_leaked(lab):
    draft = draft_in(lab)
    publish(draft)
    assert [Client().get(address).status_code for address in OWN] == [200] * len(OWN)
    cache.clear()
    unpublish(draft)
    after = {address: Client().get(address) for address in OWN}
    # Calendars that follow the track must empty: its feed goes on, without a name of anything.
    emptied = after.pop("/labs/city-lab/tracks/draft-track/calendar.ics")
    assert [answer.status_code for answer in after.values()] == [404] * (len(OWN) - 1)
    assert emptied.status_code == 200
    assert "draft" not in emptied.content.decode().lower()
    assert "VEVENT" not in emptied.content.decode()
