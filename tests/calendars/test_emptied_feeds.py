"""What leaves the public side leaves the calendars of those who are subscribed to it, with its titles."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from labs.lab_editing import publish_lab, unpublish_lab
from labs.lab_parts import set_tracks
from labs.models import Lab, Programme, Track
from registrations import managing, seats
from sessions.calendar_links import delegate_calendar_url
from sessions.programme_import import read
from sessions.programme_import.importer import load
from sessions.publishing import make_internal, publish, unpublish
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.calendars import libical
from tests.calendars.readers import ical_js, node_ical, of_python, served
from tests.e2e.calendar_client import CalendarClient
from tests.registrations.form_posts import link
from tests.sessions.programme_documents import a_document, as_bytes, lab_of

pytestmark = pytest.mark.django_db

LAB = "/labs/city-lab/calendar.ics"
TRACK = "/labs/city-lab/tracks/skills/calendar.ics"
PROGRAMME = "/programmes/icc/calendar.ics"


@pytest.fixture
def lab():
    programme = f.ProgrammeFactory(slug="icc", visibility="draft")
    return f.LabFactory(
        slug="city-lab", programme=programme, starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 16),
        registration_opens_at=None,
    )  # fmt: skip


@pytest.fixture
def session(lab):
    track = f.TrackFactory(lab=lab, slug="skills", name={"en": "Skills"})
    return f.SessionFactory(lab=lab, track=track, title={"en": "Secret from now on"})


def withdraw(lab: Lab) -> None:
    Lab.objects.filter(pk=lab.pk).update(title={"en": "Renamed as a draft"})
    lab.refresh_from_db()
    unpublish_lab(lab)


LEAVES = {
    "the last session of a track becomes internal": (TRACK, lambda s: make_internal(s)),
    "the last session of a track becomes a draft": (TRACK, lambda s: unpublish(s)),
    "the last session of a lab becomes internal": (LAB, lambda s: make_internal(s)),
    "a lab is withdrawn": (LAB, lambda s: withdraw(s.lab)),
    "a lab with a track is withdrawn": (TRACK, lambda s: withdraw(s.lab)),
    "the last lab of a programme is withdrawn": (PROGRAMME, lambda s: withdraw(s.lab)),
}


def is_empty(octets: bytes) -> None:
    """Every program takes it for a calendar, and finds no entry in it."""
    for reader in (ical_js, node_ical, libical.read, of_python):
        assert reader(octets) == {}
    for told in (b"Secret", b"Renamed", b"Skills"):
        assert told not in octets


@pytest.mark.parametrize("how", LEAVES)
def test_what_was_public_once_is_an_empty_calendar_for_every_program(client: Client, session, how: str):
    address, leave = LEAVES[how]
    Lab.objects.update(public_revised_at=timezone.now() - timedelta(minutes=1))
    first = client.get(address)
    assert list(of_python(first.content)) == [session.uid]
    leave(session)
    for header in ({"if-none-match": first["ETag"]}, {"if-modified-since": first["Last-Modified"]}, {}):
        after = client.get(address, headers=header)
        assert after.status_code == 200
        is_empty(after.content)
    again = client.get(address, headers={"if-none-match": after["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("address", ["/labs/lab-1/calendar.ics", "/programmes/icc/calendar.ics"])
def test_a_lab_that_a_programme_file_withdraws_leaves_calendars_that_ask_by_date(
    client: Client, address: str
):
    document = a_document()
    load(read(as_bytes(document)))
    Lab.objects.update(public_revised_at=timezone.now() - timedelta(weeks=1))
    Programme.objects.update(revised_at=timezone.now() - timedelta(weeks=1))
    first = client.get(address)
    assert b"Dialogue" in first.content

    lab_of(document)["visibility"] = "draft"
    load(read(as_bytes(document)))

    after = client.get(address, headers={"if-modified-since": first["Last-Modified"]})
    assert after.status_code == 200
    assert b"BEGIN:VEVENT" not in after.content


def sync(
    calendar: CalendarClient, client: Client, address: str, now: list[bytes | None]
) -> dict[str, object]:
    """Bring the subscription up to what the address answers at this moment, and return what the calendar shows."""
    answer = client.get(address)
    now[:] = [answer.content if answer.status_code == 200 else None]
    calendar.sync()
    return dict(calendar.times("2027-04-01", "2027-04-30"))


@pytest.mark.parametrize("how", LEAVES)
def test_a_real_subscription_empties_itself_and_fills_again(
    client: Client, session, how: str, tmp_path: Path
):
    address, leave = LEAVES[how]
    now: list[bytes | None] = [None]
    with served(lambda: now[0]) as there:
        calendar = CalendarClient(tmp_path, there, "UTC")
        assert list(sync(calendar, client, address, now)) == ["Secret from now on"]
        leave(session)
        assert sync(calendar, client, address, now) == {}
        publish(session)
        publish_lab(session.lab)
        assert list(sync(calendar, client, address, now)) == ["Secret from now on"]


def test_a_cancelled_registration_and_a_delegate_without_a_city_empty_their_own_calendars(
    client: Client, session, tmp_path: Path
):
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "online"})
    delegate = f.DelegateFactory(programme=session.lab.programme)
    now: list[bytes | None] = [None]
    private = {
        link(person, "feed", "personal_feed"): lambda: managing.cancel(person),
        delegate_calendar_url(delegate.user).removeprefix("http://testserver"): delegate.delete,
    }
    for number, (address, leave) in enumerate(private.items()):
        with served(lambda: now[0]) as there:
            folder = tmp_path / str(number)
            folder.mkdir()
            calendar = CalendarClient(folder, there, "UTC")
            assert list(sync(calendar, client, address, now)) == ["Secret from now on"]
            leave()
            assert sync(calendar, client, address, now) == {}
        is_empty(client.get(address).content)


def test_a_track_that_was_deleted_when_it_was_empty_empties_itself_too(client: Client, session):
    change_session(session, replace(plan_of(session), track=None))
    is_empty(client.get(TRACK).content)
    set_tracks(session.lab, [], remove=[Track.objects.get().pk])
    is_empty(client.get(TRACK).content)
    assert list(of_python(client.get(LAB).content)) == [session.uid]


def never_public(lab: Lab) -> None:
    """A track whose sessions were public in a draft alone, and internal by the time that the lab was published."""
    early = f.SessionFactory(lab=lab, track=f.TrackFactory(lab=lab, slug="early"))
    make_internal(early)
    publish_lab(lab)


def test_what_was_never_public_is_as_unknown_as_what_does_not_exist(client: Client, lab):
    draft = f.LabFactory(
        slug="draft", visibility="draft", programme=f.ProgrammeFactory(slug="new", visibility="draft")
    )
    f.SessionFactory(lab=draft, track=f.TrackFactory(lab=draft, slug="skills"))
    f.SessionFactory(lab=lab, track=f.TrackFactory(lab=lab, slug="inner"), visibility="internal")
    f.TrackFactory(lab=lab, slug="unused")
    later = f.LabFactory(slug="later", visibility="draft")
    never_public(later)
    missing = client.get("/labs/missing/calendar.ics").content
    for address in (
        "/labs/draft/calendar.ics", "/labs/draft/tracks/skills/calendar.ics", "/programmes/new/calendar.ics",
        "/labs/city-lab/tracks/inner/calendar.ics", "/labs/city-lab/tracks/unused/calendar.ics",
        "/labs/city-lab/tracks/missing/calendar.ics", "/labs/later/tracks/early/calendar.ics",
    ):  # fmt: skip
        answer = client.get(address)
        assert (address, answer.status_code) == (address, 404)
        assert answer.content.replace(address.encode(), b"") == missing.replace(
            b"/labs/missing/calendar.ics", b""
        )
