"""What search engines read of public pages: addresses by language, previews, and schema.org's descriptions."""

import json
import re
from datetime import UTC, date, datetime, time
from typing import Any
from xml.etree import ElementTree

import pytest
import tinyhtml5
from django.test import Client

from labs.models import Lab
from tests import factories as f

pytestmark = pytest.mark.django_db

SCHEMA = "https://schema.org"
BASE = "http://testserver"
CODES = ("en", "bg", "el")


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(
        slug="city-lab",
        programme=f.ProgrammeFactory(slug="icc"),
        title={"en": "City Lab", "bg": "Градска лаборатория"},
        theme={"en": "Skills", "bg": "Умения"},
        starts_on=date(2027, 4, 6),
        ends_on=date(2027, 4, 16),
        registration_opens_at=datetime(2027, 3, 1, 8, tzinfo=UTC),
        registration_closes_at=datetime(2027, 4, 5, 20, 59, tzinfo=UTC),
        venue={"en": "Palace of Culture"},
    )


@pytest.fixture
def session(lab: Lab):
    session = f.SessionFactory(lab=lab, slug="opening", start_date=date(2027, 4, 6), start_time=time(11, 30))
    f.AppearanceFactory(session=session, speaker__slug="person", speaker__name={"en": "Demo Speaker"})
    f.AppearanceFactory(
        session=f.SessionFactory(lab=lab, visibility="internal"), speaker__name={"en": "Hidden Speaker"}
    )
    return session


PAGES = (
    "/", "/programmes/icc/", "/labs/city-lab/", "/labs/city-lab/subscribe/", "/labs/city-lab/speakers/",
    "/labs/city-lab/speakers/person/", "/labs/city-lab/sessions/opening/", "/accessibility/", "/privacy/",
    "/certificates/", "/contact/", "/help/",
)  # fmt: skip


def head_of(client: Client, address: str) -> ElementTree.Element:
    page = tinyhtml5.parse(client.get(address).content.decode(), namespace_html_elements=False)
    head: ElementTree.Element = page.find("head")
    return head


def said_in(head: ElementTree.Element, path: str, attribute: str) -> list[str]:
    return [element.get(attribute, "") for element in head.findall(path)]


def described(client: Client, address: str) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', client.get(address).content.decode()
    )
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.mark.parametrize("page", PAGES)
def test_each_language_of_a_page_is_its_own_canonical_and_names_the_others(
    client: Client, session: object, page: str
) -> None:
    others = {("x-default", f"{BASE}{page}"), *((code, f"{BASE}{page}?lang={code}") for code in CODES)}
    for asked, own in (
        ("", ""), ("?tz=Europe/Rome&track=x", ""), ("?lang=xx", ""),
        *((f"?tz=Europe/Rome&lang={code}", f"?lang={code}") for code in CODES),
    ):  # fmt: skip
        head = head_of(Client(), page + asked)
        assert said_in(head, "link[@rel='canonical']", "href") == [f"{BASE}{page}{own}"]
        assert said_in(head, "meta[@property='og:url']", "content") == [f"{BASE}{page}{own}"]
        links = head.findall("link[@rel='alternate'][@hreflang]")
        assert {(link.get("hreflang"), link.get("href")) for link in links} == others
        assert len(links) == 4


def test_the_sitemap_names_every_page_in_every_language(client: Client, session: object) -> None:
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    urls = ElementTree.fromstring(client.get("/sitemap.xml").content).findall("s:url", names)
    found = {
        url.findtext("s:loc", namespaces=names): {
            link.get("hreflang"): link.get("href") for link in url.findall("x:link", names)
        }
        for url in urls
    }
    lab = f"{BASE}/labs/city-lab/"
    others = {"x-default": lab} | {code: f"{lab}?lang={code}" for code in CODES}
    assert {address: found[address] for address in others.values()} == dict.fromkeys(others.values(), others)
    assert len(found) == len(urls)
    # Each address leads where it says, and the page agrees about all of them.
    for address in found:
        assert address is not None
        head = head_of(Client(), address.removeprefix(BASE))
        assert said_in(head, "link[@rel='canonical']", "href") == [address]


def test_search_engines_keep_the_empty_form_of_a_public_lab_while_it_is_open(
    client: Client, lab: Lab
) -> None:
    open_now = f.SessionFactory(lab=f.LabFactory(slug="open")).lab
    withdrawn = f.SessionFactory(lab=f.LabFactory(slug="draft", visibility="draft")).lab
    client.force_login(f.StaffFactory(lab=withdrawn).user)

    form = f"/labs/{open_now.slug}/register/"
    head = head_of(client, f"{form}?session=other&lang=bg")
    assert said_in(head, "meta[@name='robots']", "content") == []
    assert said_in(head, "link[@rel='canonical']", "href") == [f"{BASE}{form}?lang=bg"]
    wrong = client.post(form, {}, headers={"Origin": BASE}).content.decode()
    for page in (
        wrong,
        *(client.get(f"/labs/{one.slug}/register/").content.decode() for one in (lab, withdrawn)),
    ):
        read = tinyhtml5.parse(page, namespace_html_elements=False).find("head")
        assert said_in(read, "meta[@name='robots']", "content") == ["noindex"]
        assert said_in(read, "link[@rel='canonical']", "href") == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("page", ["/labs/city-lab/", "/labs/city-lab/sessions/opening/", "/programmes/icc/"])
def test_descriptions_end_their_sentences_once(client: Client, session: object, page: str, code: str) -> None:
    head = head_of(client, f"{page}?lang={code}")
    [said] = said_in(head, "meta[@property='og:description']", "content")
    assert [said] == said_in(head, "meta[@name='description']", "content")
    assert not re.search(r"[.!?…]\s*\.", said)


def test_a_lab_describes_itself_with_all_that_is_recommended(client: Client, session: object) -> None:
    lab = described(client, "/labs/city-lab/?lang=en")
    assert {name: lab.get(name) for name in ("eventStatus", "image", "performer", "isAccessibleForFree")} == {
        "eventStatus": f"{SCHEMA}/EventScheduled",
        "image": [f"{BASE}/labs/city-lab/preview.png?lang=en"],
        "performer": [
            {"@type": "Person", "name": "Demo Speaker", "url": f"{BASE}/labs/city-lab/speakers/person/"}
        ],
        "isAccessibleForFree": True,
    }
    assert lab["offers"] == {
        "@type": "Offer",
        "price": "0",
        "priceCurrency": "EUR",
        "availability": f"{SCHEMA}/InStock",
        "validFrom": "2027-03-01T10:00+02:00",
        "validThrough": "2027-04-05T23:59+03:00",
        "url": f"{BASE}/labs/city-lab/register/",
    }


def test_a_full_session_is_sold_out_and_a_cancelled_one_offers_nothing(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab, slug="full", capacity=1, seats_taken=1)
    f.SessionFactory(lab=lab, slug="gone", status="cancelled", cancelled_at=datetime(2027, 1, 1, tzinfo=UTC))
    offer = described(client, "/labs/city-lab/sessions/full/")["offers"]
    assert isinstance(offer, dict)
    assert offer["availability"] == f"{SCHEMA}/SoldOut"
    assert "offers" not in described(client, "/labs/city-lab/sessions/gone/")
    Lab.objects.update(registration_opens_at=None, registration_closes_at=None)
    assert "offers" not in described(client, "/labs/city-lab/")


HALL = {"@type": "Place", "name": "Palace of Culture", "address": "Palace of Culture"}
ONLINE = {"@type": "VirtualLocation", "url": f"{BASE}/labs/city-lab/sessions/somewhere/"}
ROOM = {"@type": "Place", "name": "Plenary", "address": "2 Harbour Street"}


@pytest.mark.parametrize(
    ("format", "room", "mode", "places"),
    [
        ("hybrid", None, "Mixed", [HALL, ONLINE]),
        ("hybrid", True, "Online", [ONLINE]),
        ("hybrid", False, "Offline", [ROOM]),
        ("in-person", None, "Offline", [HALL]),
        ("online", None, "Online", [ONLINE]),
    ],
)
def test_a_session_says_how_and_where_one_takes_part(
    client: Client, lab: Lab, format: str, room: bool | None, mode: str, places: list[dict[str, str]]
) -> None:
    lab.format = format
    lab.save()
    held = (
        None
        if room is None
        else f.RoomFactory(lab=lab, online=room, address="" if room else "2 Harbour Street")
    )
    f.SessionFactory(lab=lab, slug="somewhere", room=held)
    said = described(client, "/labs/city-lab/sessions/somewhere/")
    assert (said["eventAttendanceMode"], said["location"]) == (f"{SCHEMA}/{mode}EventAttendanceMode", places)
    [part] = described(client, "/labs/city-lab/")["subEvent"]
    assert part["eventAttendanceMode"] == said["eventAttendanceMode"]
    assert [place["@type"] for place in part["location"]] == [place["@type"] for place in places]
