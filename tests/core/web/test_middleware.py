"""What every request passes through: how its answer is coded, and the reader's language, zone and theme.

The guard against other sites is played in tests/attacks/test_s32_posts_from_elsewhere.py.
"""

import gzip
from datetime import date, time

import pytest
from django.conf import settings
from django.test import Client

from labs.models import Lab
from tests import factories as f

pytestmark = pytest.mark.django_db

HERE = "/labs/city-lab/"


@pytest.fixture(autouse=True)
def lab() -> Lab:
    """A lab with a session at 11:30 in Sofia, and pages long enough to be worth compressing."""
    lab: Lab = f.LabFactory(
        slug="city-lab", programme=f.ProgrammeFactory(slug="icc"), starts_on=date(2027, 4, 5)
    )
    f.SessionFactory(
        lab=lab,
        slug="opening",
        start_date=date(2027, 4, 6),
        start_time=time(11, 30),
        abstract={"en": "Long. " * 100},
    )
    f.SessionFactory.create_batch(3, lab=lab, start_time=time(18, 0))
    return lab


@pytest.mark.parametrize(
    ("said", "compressed"),
    [
        ("gzip", True), ("x-gzip", True), ("GZIP;Q=0.5", True), ("*", True), ("deflate, gzip;q=1.0", True),
        ("identity;q=0, gzip;q=0.2", True), ("*;q=0, gzip", True), ("identity;q=0, *", True),
        ("", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("gzip;q=0, *", False), ("*;q=0", False),
        ("br", False), ("identity", False), ("identity;q=1, gzip;q=0.5", False), ("gzip;q=nonsense", False),
        ("notgzip", False),
    ],
)  # fmt: skip
def test_answers_are_coded_as_the_asker_takes_them(said: str, compressed: bool) -> None:
    static = settings.STATIC_URL + "site/site.js"
    for address in ("/labs/city-lab/calendar.ics", "/api/v1/labs", "/labs/city-lab/", static):
        answer = Client().get(address, headers={"Accept-Encoding": said})
        if answer.status_code == 404:
            continue  # front-end files are served where they were collected
        assert (address, answer.get("Content-Encoding")) == (address, "gzip" if compressed else None)
        assert "Accept-Encoding" in answer["Vary"]
        if compressed and not answer.streaming:
            assert len(gzip.decompress(answer.content)) > 200


def test_a_short_answer_is_compressed_only_where_nothing_else_is_taken() -> None:
    short = "/api/v1/nothing"
    assert not Client().get(short, headers={"Accept-Encoding": "gzip"}).has_header("Content-Encoding")
    answer = Client().get(short, headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content).startswith(b"{")


@pytest.mark.parametrize(
    ("query", "cookie", "kept"),
    [
        ("?lang=bg", "language", "bg"),
        ("?theme=dark", "theme", "dark"),
        ("?lang=xx", "language", None),
        ("?theme=pink", "theme", None),
        ("?tz=Nowhere", "tz", None),
    ],
)
def test_of_choices_only_known_ones_are_kept(query: str, cookie: str, kept: str | None) -> None:
    client = Client()
    answer = client.get(HERE + query)
    cookies = {name: morsel.value for name, morsel in answer.cookies.items()}
    assert cookies.get({"language": settings.LANGUAGE_COOKIE_NAME}.get(cookie, cookie)) == kept
    if cookie == "language":
        assert answer["Content-Language"] == (kept or "en")
        # The next page is in the same language, and after an empty choice the browser's own comes back.
        assert client.get(HERE)["Content-Language"] == (kept or "en")
        client.get(f"{HERE}?lang=")
        assert client.get(HERE)["Content-Language"] == "en"


def test_a_made_up_cookie_chooses_nothing(client: Client) -> None:
    for name in (settings.LANGUAGE_COOKIE_NAME, settings.ZONE_COOKIE_NAME, settings.THEME_COOKIE_NAME):
        client.cookies[name] = "<script>"
    answer = client.get(HERE)
    assert (answer.status_code, answer["Content-Language"]) == (200, "en")
    assert "<script>" not in answer.content.decode().replace("<script src=", "")
    assert "11:30" in answer.content.decode()


def test_who_is_signed_in_gets_pages_that_nobody_else_keeps(client: Client) -> None:
    assert "private" not in client.get(HERE).get("Cache-Control", "")
    client.force_login(f.UserFactory())
    answer = client.get(HERE)
    assert "private" in answer["Cache-Control"]
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}
