"""S20 (Indico CVE-2026-25738; pretix#6402; Hi.Events #982; pretalx 3ea95b083): the service fetched addresses that
people typed, and so reached what only it can reach.

This service fetches nothing; webhooks alone go out, by one function (`test_s20_webhooks_to_inside`). Every other
address that somebody may type points inside here, and every page, feed, email and certificate that shows one is made
while no socket may be opened.
"""

import http.client
import socket
import urllib.request
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from certificates import issuing
from config.settings import BASE_DIR
from core.jobs.worker import Worker
from labs.models import Lab, Room
from registrations import seats
from registrations.links import MANAGE, path_of
from sessions.models import Session, Speaker
from tests import factories as f
from tests.pages import client_of, forms_of
from tests.registrations.form_posts import took_place
from tests.walks.exploring import body_of

pytestmark = pytest.mark.django_db

INSIDE = (
    "http://127.0.0.1:1/x", "http://169.254.169.254/latest/meta-data/", "http://[::1]:1/", "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/", "http://localhost:5432/", "http://0177.0.0.1/", "http://2130706433/",
    "https://rebinding.example/", "http://user@127.0.0.1/",
)  # fmt: skip
FORBIDDEN = (
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/x",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "data:,x",
    "dict://127.0.0.1/",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Every address that was looked up or connected to. The database's own socket was opened before."""
    Lab.objects.exists()
    noted: list[object] = []

    def refuse(*arguments: object, **_named: object) -> None:
        noted.append(arguments[1:] if len(arguments) > 1 else arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)
    for name in ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, refuse)
    yield noted
    monkeypatch.undo()


@pytest.fixture
def lab(settings: Any, tmp_path: Any) -> Lab:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAIL_FOLDER = tmp_path / "mail"
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def typed_everywhere(client: Client, lab: Lab, address: str) -> list[int]:
    """Type the address into every field of the console that takes one; return the answers' status."""
    f.SpeakerFactory(programme=lab.programme, slug="speaker")
    session = f.SessionFactory(lab=lab, slug="session")
    room = f.RoomFactory(lab=lab)
    found = []
    for page, names in (
        ("speakers/speaker/", {"website": address}),
        ("sessions/session/", {"join_link": address}),
        (f"rooms/{room.pk}/", {"join_link": address, "address": address}),
        ("settings/", {"venue_0": address, "description_0": f"![x]({address}) <img src={address}> [x]({address})"}),
    ):  # fmt: skip
        start = "/organise/labs/lab/"
        # The button that undoes what was done before stands in a form of its own.
        form = next(each for each in forms_of(client.get(start + page)) if set(names) <= set(each.values))
        more = (
            {"logo": SimpleUploadedFile(address[-90:].replace("/", "_"), b"x")} if page == "settings/" else {}
        )
        found.append(client.post(start + page, form.filled(**names) | more).status_code)
        if more:
            found.append(client.post(start + page, form.filled(**names)).status_code)
    f.AppearanceFactory(session=session, speaker=Speaker.objects.get(slug="speaker"))
    return found


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_is_asked_for_when_addresses_are_typed(
    client: Client, lab: Lab, asked: list[object], address: str
) -> None:
    typed_everywhere(client, lab, address)
    assert asked == []


def test_nothing_is_asked_for_when_addresses_are_shown(client: Client, lab: Lab, asked: list[object]) -> None:
    """As if every form had taken all of them: each in a session, a room, a speaker, a person and the lab's texts."""
    sessions, people = [], []
    for number, address in enumerate(INSIDE):
        room = f.RoomFactory(lab=lab, join_link=address, address=address)
        session = f.SessionFactory(
            lab=lab,
            room=room,
            start_time=time(8 + number),
            join_link=address,
            abstract={"en": f"![x]({address})"},
        )
        f.AppearanceFactory(session=session, speaker__programme=lab.programme, speaker__website=address)
        sessions.append(session)
        people.append(f.RegistrationFactory(lab=lab, organisation=address, city_text=address))
    lab.venue = {"en": " ".join(INSIDE)}
    lab.description = {"en": " ".join(f"![x]({address}) <{address}>" for address in INSIDE)}
    lab.save()
    person = people[0]
    seats.take(person, {session.pk: "online" for session in sessions})
    pages = [
        "/", "/labs/lab/", "/labs/lab/preview.png", "/labs/lab/calendar.ics", "/labs/lab/register/",
        "/organise/labs/lab/settings/", "/organise/labs/lab/rooms/", "/organise/labs/lab/registrations.csv",
        "/api/v1/labs/lab/sessions", "/sitemap.xml", path_of(person, MANAGE),
        *(f"/labs/lab/speakers/{speaker.slug}/" for speaker in Speaker.objects.all()),
        *(f"{start}/lab/sessions/{each.slug}/" for each in sessions for start in ("/labs", "/organise/labs")),
    ]  # fmt: skip
    for page in pages:
        response = client.get(page)
        body_of(response)
        assert response.status_code == 200, page
    for session in sessions:
        f.AttendanceFactory(registration=person, session=session)
        took_place(session)
    issuing.issue(person, None)
    Worker().drain()
    assert asked == []


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_no_page_may_link_to_are_refused(
    client: Client, lab: Lab, asked: list[object], address: str
) -> None:
    typed_everywhere(client, lab, address)
    kept = [
        *Speaker.objects.values_list("website", flat=True),
        *Session.objects.values_list("join_link", flat=True),
        *Room.objects.values_list("join_link", flat=True),
    ]
    assert address not in kept
    assert f'href="{address}' not in client.get("/labs/lab/").content.decode()
    assert asked == []


def test_the_watch_hears_every_way_out(asked: list[object]) -> None:
    """The positive control."""
    ways = (
        lambda: urllib.request.urlopen("http://127.0.0.1:1/", timeout=1),
        lambda: http.client.HTTPConnection("127.0.0.1", 1, timeout=1).connect(),
        lambda: socket.socket().connect(("127.0.0.1", 1)),
        lambda: socket.getaddrinfo("example.org", 80),
    )
    for way in ways:
        with pytest.raises(OSError, match="no network"):
            way()
    assert len(asked) == len(ways)


def test_no_module_of_ours_can_fetch() -> None:
    """What could: our own code imports none of it, but for webhooks and the operator's sign-in service."""
    egress = {BASE_DIR / "core/webhooks/egress.py", BASE_DIR / "core/accounts/openid_connect.py"}
    fetching = ("urllib.request", "http.client", "import requests", "import httpx", "import aiohttp")
    found = [
        f"{path.relative_to(BASE_DIR)}: {name}"
        for app in ("config", "core", "labs", "sessions", "registrations", "certificates")
        for path in Path(BASE_DIR, app).rglob("*.py")
        for name in fetching
        if name in path.read_text() and path not in egress
    ]
    assert found == []
