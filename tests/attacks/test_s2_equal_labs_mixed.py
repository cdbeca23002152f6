"""S2 (pretix CVE-2026-5600): a list gave the check-ins of the whole organiser instead of those of one event.

Four labs in two programmes have the same sessions, speakers and people, name by name and address by address. Every
list of one of them must be, letter by letter, what it was while that lab was alone.
"""

import re
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from certificates.models import Certificate
from core.accounts.models import User
from labs.models import Lab, Programme
from registrations import seats
from tests import factories as f
from tests.pages import client_of, send
from tests.walks.exploring import body_of
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db

CONSOLE = (
    "", "sessions/", "sessions/opening/history/", "speakers/", "tracks/", "rooms/", "days/", "people/",
    "registrations/", "registrations.csv", "registrations/?session=opening",
    "registrations/?session=opening&seat=waiting",
    "registrations/?q=participant", "registrations/?city=sofia", "registrations/?group=municipality",
    "registrations/?sort=name", "registrations.csv?session=opening", "registrations.csv?q=participant",
    "attendance/", "attendance/opening/", "attendance/opening/?q=participant", "attendance/opening/all/",
    "certificates/", "certificates/?q=participant", "certificates/?standing=issued",
    "mail/", "mail/?q=participant", "mail/?occasion=confirmation", "mail/?state=sent", "mail/?state=queued",
)  # fmt: skip
# A speaker's own page says on purpose in which other labs of the programme the person speaks.
PUBLIC = (
    "", "?track=skills", "speakers/", "sessions/opening/", "calendar.ics",
    "tracks/skills/calendar.ics", "sessions/opening/calendar.ics", "register/", "subscribe/", "theme.css",
)  # fmt: skip
API = (
    "", "/sessions", "/sessions/opening", "/speakers", "/speakers/demo-speaker", "/registrations",
    "/registrations?session=opening", "/registrations?city=sofia", "/registrations?search=participant",
    "/sessions/opening/attendance", "/certificates",
)  # fmt: skip
# What differs from one answer to the next by itself.
_FORM_KEY = re.compile(rb'name="(?:form_key|csrfmiddlewaretoken)" value="[^"]*"')


@pytest.fixture(autouse=True)
def _a_quiet_noon() -> Any:
    with time_machine.travel("2027-03-01 12:00:00+00:00", tick=False):
        yield


@pytest.fixture
def programme() -> Programme:
    return equal_programme("first-programme")


def equal_programme(slug: str) -> Programme:
    programme = f.ProgrammeFactory(slug=slug, name={"en": "Programme"})
    sofia = programme.cities.model.objects.filter(slug="sofia").first() or f.CityFactory(slug="sofia")
    programme.cities.add(sofia)
    f.StakeholderGroupFactory(programme=programme, slug="municipality", name={"en": "Municipality"})
    f.SpeakerFactory(programme=programme, slug="demo-speaker", name={"en": "Demo speaker"})
    return programme


def equal_lab(programme: Programme, slug: str, code: str) -> Lab:
    """A lab like all others: only its own address, and the codes of its certificates, are its own."""
    lab = f.LabFactory(programme=programme, slug=slug, title={"en": "City Lab"})
    track = f.TrackFactory(lab=lab, slug="skills", name={"en": "Skills"})
    room = f.RoomFactory(lab=lab)
    f.LabDayFactory(lab=lab)
    for place, name in enumerate(("opening", "closing")):
        session = f.SessionFactory(
            lab=lab, slug=name, title={"en": name.title()}, track=track, room=room, capacity=1, join_link="",
            uid=f"{slug}-{name}@citylabs.example.org",
        )  # fmt: skip
        item = f.AgendaItemFactory(session=session, title={"en": "Panel"}, position=place)
        f.AppearanceFactory(
            session=session, agenda_item=item, speaker=programme.speakers.get(slug="demo-speaker")
        )
    for number in range(3):
        person = f.RegistrationFactory(
            lab=lab,
            name=f"Demo participant {number}",
            email=f"participant{number}@example.org",
            city=programme.cities.get(),
            stakeholder_group=programme.stakeholder_groups.get(),
        )
        seats.take(person, {session.pk: "online" for session in lab.sessions.all()})
        f.AttendanceFactory(registration=person, session=lab.sessions.get(slug="opening"))
        f.MessageFactory(
            lab=lab,
            registration=person,
            key=f"equal/{slug}/{number}",
            to_name=person.name,
            to_email=person.email,
            state=("sent", "queued", "failed")[number],
            message_id=f"<equal-{slug}-{number}@citylabs.example.org>",
        )
    certificate = Certificate.objects.create(
        lab=lab, registration=person, code=code, language="en", holder_name=person.name, holder_hash="x", content={},
        minutes=60, issued_at=timezone.now(),
    )  # fmt: skip
    certificate.pdf.save(f"{code}.pdf", ContentFile(b"%PDF"))
    return lab


def answers(lab: Lab, user: User, token: str) -> dict[str, bytes]:
    """Return every list of the lab, as its organiser, as a visitor and as a program."""
    cache.clear()
    organiser = client_of(user)
    organiser.get("/")
    bearer = {"Authorization": f"Bearer {token}"}
    found = {}
    for browser, start, paths, headers in (
        (organiser, f"/organise/labs/{lab.slug}/", CONSOLE, {}),
        (organiser, f"/labs/{lab.slug}/", PUBLIC, {}),
        (Client(), f"/labs/{lab.slug}/", PUBLIC, {}),
        (Client(), f"/api/v1/labs/{lab.slug}", API, bearer),
    ):
        for path in paths:
            response = browser.get(start + path, headers=headers)
            assert response.status_code == (404 if path == "theme.css" else 200), path
            who = "organiser" if browser is organiser else "other"
            found[f"{who} {start}{path}"] = _FORM_KEY.sub(b"", body_of(response))
    return found


def test_every_list_is_what_it_was_while_the_lab_was_alone(programme: Programme) -> None:
    lab = equal_lab(programme, "lab-a", "7K3M-Q9TX-2W8H")
    user = f.StaffFactory(lab=lab).user
    token = api_token_for(user, "equal")
    alone = answers(lab, user, token)
    equal_lab(programme, "lab-b", "9D5C-T7LB-H6PN")
    elsewhere = equal_programme("second-programme")
    equal_lab(elsewhere, "lab-c", "3F8J-W2RX-K5TD")
    equal_lab(elsewhere, "lab-d", "6H4P-N7YB-M9CS")
    among_equals = answers(lab, user, token)
    assert [address for address in alone if alone[address] != among_equals[address]] == []


def test_one_more_person_in_the_lab_itself_does_show(programme: Programme) -> None:
    """The positive control: the lists above would tell."""
    lab = equal_lab(programme, "lab-a", "7K3M-Q9TX-2W8H")
    user = f.StaffFactory(lab=lab).user
    token = api_token_for(user, "equal")
    before = answers(lab, user, token)
    person = f.RegistrationFactory(lab=lab, name="Demo participant 9", email="participant9@example.org")
    seats.take(person, {lab.sessions.get(slug="opening").pk: "online"})
    f.AttendanceFactory(registration=person, session=lab.sessions.get(slug="opening"))
    after = answers(lab, user, token)
    changed = {address for address in before if before[address] != after[address]}
    lists = ("registrations/", "registrations.csv", "attendance/opening/", "registrations?session=opening")
    assert {path for path in lists if not any(each.endswith(path) for each in changed)} == set()
    assert any(each.endswith("/api/v1/labs/lab-a/sessions/opening/attendance") for each in changed)


def test_an_organiser_of_two_labs_changes_only_the_one_of_the_address(programme: Programme) -> None:
    """Taking attendance of a person of the other lab, in a session of the same name."""
    lab, other = (
        equal_lab(programme, "lab-a", "7K3M-Q9TX-2W8H"),
        equal_lab(programme, "lab-b", "9D5C-T7LB-H6PN"),
    )
    user = f.OwnerFactory(programme=programme).user
    browser = client_of(user)
    theirs = f.RegistrationFactory(lab=other)
    send(browser, "/organise/labs/lab-a/attendance/opening/", present=str(theirs.public_id))
    address = f"/api/v1/labs/lab-a/sessions/opening/attendance/{theirs.public_id}"
    bearer = {"Authorization": f"Bearer {api_token_for(user, 'owner')}"}
    assert Client().put(address, headers=bearer).status_code == 404
    assert list(theirs.attendances.all()) == []
    assert lab.sessions.get(slug="opening").attendances.count() == 3
