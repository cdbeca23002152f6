"""S7 (open-event-frontend#1968, eventyay#4569): papers lay under a static path; online rooms opened without a ticket.

A join link comes to light for people with a seat, on their own page, in their own calendar and in their own mail's
calendar file, and for nobody else, in no other state. Stored files have no address but their view's (see also S3).
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client

from core.mail.models import Message
from core.mail.rendering import rendered
from labs.viewer import VISITOR
from registrations import managing, registering, seats
from registrations.models import Registration, SeatMovement
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of
from tests.registrations.form_posts import link
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db

JOIN = "meet.example.org/the-secret-room"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["of the session", "of the room"])
def session(request: pytest.FixtureRequest) -> Session:
    if request.param == "of the session":
        return f.SessionFactory(capacity=1, join_link=f"https://{JOIN}")
    lab = f.LabFactory()
    return f.SessionFactory(lab=lab, capacity=1, room=f.RoomFactory(lab=lab, join_link=f"https://{JOIN}"))


def own_pages(person: Registration) -> dict[str, bool]:
    """Tell on which of a person's own addresses the link stands."""
    routes = ("registration", "registration_edit", "registration_sessions", "registration_cancel")
    shown = {}
    for purpose, route in [("manage", each) for each in routes] + [("feed", "personal_feed")]:
        body = Client().get(link(person, purpose, route)).content.decode()
        shown[route] = JOIN in body.replace("\r\n ", "")
    return shown


EVERYWHERE_ELSE = {"registration_edit": False, "registration_sessions": False, "registration_cancel": False}
WITH_A_SEAT = {"registration": True, "personal_feed": True, **EVERYWHERE_ELSE}
WITHOUT = {"registration": False, "personal_feed": False, **EVERYWHERE_ELSE}


def test_whoever_has_a_seat_has_the_link_and_whoever_waits_has_not(session: Session) -> None:
    first = registered(session)
    second = registered(session, email="second@example.org")

    assert own_pages(first) == WITH_A_SEAT
    assert own_pages(second) == WITHOUT


def test_before_the_address_is_confirmed_there_is_no_link(session: Session) -> None:
    person = registering.submit(session.lab, VISITOR, plan(session))
    assert person is not None

    assert own_pages(person) == WITHOUT
    page = Client().get(link(person, "confirm", "registration_confirm"))
    assert JOIN not in page.content.decode()


def give_up(person: Registration, session: Session) -> None:
    seats.give_up(person, [session.pk], SeatMovement.Reason.GIVEN_UP)


def cancel(person: Registration, session: Session) -> None:
    managing.cancel(person)


def call_off(person: Registration, session: Session) -> None:
    publishing.cancel(session, reason={"en": "Storm"}, tell=True, by=None)


@pytest.mark.parametrize("lose", [give_up, cancel, call_off])
def test_with_the_seat_the_link_is_lost(
    session: Session, lose: Callable[[Registration, Session], None]
) -> None:
    person = registered(session)
    assert own_pages(person) == WITH_A_SEAT

    lose(person, session)

    assert own_pages(person) == WITHOUT


def test_who_moves_up_gets_the_link_then(session: Session) -> None:
    first = registered(session)
    second = registered(session, email="second@example.org")

    managing.cancel(first)

    assert (own_pages(first), own_pages(second)) == (WITHOUT, WITH_A_SEAT)
    assert list(second.seats.values_list("state", flat=True)) == [seats.Seat.State.CONFIRMED]


def test_emails_tell_the_link_to_whoever_has_a_seat_and_to_nobody_else(session: Session) -> None:
    registered(session)
    registered(session, email="second@example.org")

    told = [
        (mail.occasion, mail.to_email)
        for mail in Message.objects.all()
        for said in [rendered(mail, reveal=True)]
        if JOIN in said.subject + said.text + said.html
    ]
    files = {each.to_email for each in Message.objects.all() if JOIN in each.calendar.replace("\r\n ", "")}

    assert told == [("confirmation", "participant17@example.org")]
    assert files == {"participant17@example.org"}


def test_the_public_pages_feeds_and_api_never_tell_the_link(session: Session) -> None:
    registered(session)
    lab = session.lab
    base = f"/labs/{lab.slug}"
    addresses = [
        "/", f"{base}/", f"{base}/calendar.ics", f"{base}/subscribe/", f"{base}/register/", "/sitemap.xml",
        f"{base}/sessions/{session.slug}/", f"{base}/sessions/{session.slug}/calendar.ics",
        f"/api/v1{base}", f"/api/v1{base}/sessions", f"/api/v1{base}/sessions/{session.slug}",
    ]  # fmt: skip
    delegate = client_of(f.DelegateFactory(programme=lab.programme).user)
    for browser in (Client(), delegate):
        answers = {address: browser.get(address) for address in addresses}
        assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(
            addresses, 200
        )
        told = [
            address
            for address, answer in answers.items()
            if JOIN in answer.content.decode().replace("\r\n ", "")
        ]
        assert told == []


def test_stored_files_lie_where_no_address_leads() -> None:
    """Neither Django nor the web server of our examples serves the folder."""
    lab = f.LabFactory()
    lab.logo.save("paper.svg", ContentFile(b"<svg/>"))
    for path in (settings.MEDIA_URL, "/media/", "/static/", "/static/../media/", "/"):
        for name in (lab.logo.name, f"..%2f{lab.logo.name}"):
            assert Client().get(f"{path}{name}").status_code == 404
    assert settings.MEDIA_ROOT not in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)
    examples = [path for path in (ROOT / "deploy").iterdir() if path.is_file()]
    assert {"Caddyfile", "nginx.conf"} <= {example.name for example in examples}
    for example in examples:
        said = example.read_text()
        assert "media" not in said
        assert "alias " not in said
