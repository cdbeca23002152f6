"""Rows are locked in one order everywhere, so that nobody waits for somebody who waits: all verbs against each other.

The control is the same rush with one verb that takes the session before its lab.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs import cities, lab_editing, lab_parts, programmes
from labs.current_viewer import viewer_for
from labs.lab_editing import LAB_COLUMNS, LabPlan
from labs.models import City, Lab, Programme, Room
from labs.revisions import lock_row, touch
from labs.viewer import VISITOR
from registrations import (
    adding,
    attendance,
    erasure,
    fewer_seats,
    managing,
    notifications,
    quota_editing,
    recounting,
    registering,
    seats,
    transfers,
    waiting_list,
)
from registrations.availability import available_sessions
from registrations.models import Registration, RegistrationRules, Seat, SeatMovement
from registrations.seat_rows import Claim, write
from sessions import moving, publishing, scheduling, speakers
from sessions.models import Session, Speaker
from sessions.programme_import import read
from sessions.programme_import.importer import load
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.concurrency import all_at_once, while_open
from tests.registrations.test_transfers import SAID
from tests.sessions.programme_documents import a_document, as_bytes

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]

TURNS = 12


class World:
    """One lab with everything in it, and what people do with it: each verb changes something every time."""

    def __init__(self) -> None:
        load(read(as_bytes(a_document())))
        opened = {
            "visibility": "public",
            "registration_opens_at": timezone.now() - timedelta(days=1),
            "registration_closes_at": timezone.now() + timedelta(days=100),
        }
        Lab.objects.update(**opened)
        Session.objects.update(visibility="public", status="scheduled", online_capacity=3)
        self.lab = Lab.objects.get()
        self.sessions = list(Session.objects.order_by("pk"))
        self.by: User = f.UserFactory(is_superuser=True)
        cities = list(self.lab.programme.cities.all()) or [f.CityFactory()]
        self.people: list[Registration] = [
            f.RegistrationFactory(lab=self.lab, city=cities[number % len(cities)]) for number in range(6)
        ]
        # Quotas of the lab are shared by all its sessions, and locked after them.
        self.quotas = [f.QuotaFactory(lab=self.lab, city=city, limit=2) for city in cities]
        self.quotas.append(f.QuotaFactory(lab=self.lab, session=self.sessions[0], limit=2))
        RegistrationRules.objects.create(lab=self.lab, hold_minutes=60)
        self.headers = bearer(self.by)

    def load_file(self, turn: int) -> None:
        document = a_document()
        [lab] = document["programmes"][0]["labs"]
        lab["sessions"].reverse()  # the file's order is not that of the rows
        for session in lab["sessions"]:
            session.update(title={"en": f"From the file {turn}"}, visibility="public")
            session.pop("audience_cities", None)
        lab["rooms"][0]["join_link"] = f"https://meet.example.org/file-{turn}"
        document["cities"][0]["name"]["en"] = f"Sofia {turn}"
        load(read(as_bytes(document)))

    def change_session(self, turn: int) -> None:
        for session in reversed(self.sessions):
            found = Session.objects.get(pk=session.pk)
            scheduling.change_session(
                found, replace(scheduling.plan_of(found), title={"en": f"Session {turn}"})
            )

    def cancel_session(self, turn: int) -> None:
        found = Session.objects.get(pk=self.sessions[turn % 2].pk)
        publishing.cancel(found) if turn % 4 < 2 else publishing.restore(found)

    def change_room(self, turn: int) -> None:
        lab_parts.change_room(
            Room.objects.get(), lab_parts.RoomPlan(name={"en": "Plenary"}, address=f"{turn} Street")
        )

    def edit_room_in_the_console(self, turn: int) -> None:
        room = Room.objects.get()
        with transaction.atomic():
            lock_row(room)
            lab_parts.change_room(room, lab_parts.RoomPlan(name={"en": "Plenary"}, address=f"{turn} Square"))

    def change_lab(self, turn: int) -> None:
        lab = Lab.objects.get()
        values: dict[str, Any] = {name: getattr(lab, name) for name in LAB_COLUMNS}
        for name, value in values.items():
            if hasattr(value, "data"):
                values[name] = languages_of(value)
        values |= {"languages": tuple(lab.languages), "ends_on": lab.starts_on + timedelta(days=6 + turn)}
        lab_editing.change_lab(lab, LabPlan(**values))

    def move_lab(self, turn: int) -> None:
        lab = Lab.objects.get()
        moving.move_lab(lab, lab.starts_on + timedelta(days=1 if turn % 2 else -1))

    def change_speaker(self, turn: int) -> None:
        speaker = Speaker.objects.get()
        speakers.change_speaker(speaker, speakers.SpeakerPlan(name={"en": f"Demo Speaker {turn}"}))

    def change_programme(self, turn: int) -> None:
        programme = Programme.objects.get()
        plan = programmes.ProgrammePlan(
            name={"en": f"Programme {turn}"},
            organiser={"en": "European Commission"},
            languages=tuple(programme.languages),
            visibility=programme.visibility,
            cities=tuple(programme.cities.all()),
        )
        programmes.change_programme(programme, plan)

    def change_city(self, turn: int) -> None:
        city = City.objects.get(slug="rome")
        cities.change_city(
            city, cities.CityPlan(name={"en": f"Rome {turn}"}, country="IT", time_zone="Europe/Rome"), self.by
        )

    def set_tracks(self, turn: int) -> None:
        track = self.lab.tracks.get()
        lab_parts.set_tracks(self.lab, [lab_parts.NamedPlan({"en": f"Track {turn}"}, track.pk)])
        lab_parts.set_days(self.lab, {self.lab.starts_on: {"en": f"Day {turn}"}})
        lab_parts.set_groups(
            self.lab.programme,
            [
                lab_parts.NamedPlan({"en": f"{group.name} {turn}"[:60]}, group.pk)
                for group in self.lab.programme.stakeholder_groups.all()
            ],
        )

    def choose_sessions(self, turn: int) -> None:
        person = self.people[0]
        open_now = Session.objects.filter(status="scheduled", pk__in=[one.pk for one in self.sessions])
        wanted = {} if turn % 2 else dict.fromkeys(open_now.values_list("pk", flat=True), "")
        managing.change_sessions(person, VISITOR, wanted)

    def raise_quotas(self, turn: int) -> None:
        for quota in reversed(self.quotas):
            quota_editing.change_limit(quota, 100 + turn)

    def take_and_give_up(self, turn: int) -> None:
        person = self.people[1]
        seats.take(person, {one.pk: "online" for one in reversed(self.sessions)})
        seats.give_up(person, [one.pk for one in reversed(self.sessions)])

    def mark_and_take_back(self, turn: int) -> None:
        session = self.sessions[turn % 2]
        try:
            attendance.record_all(reversed(self.people[:3]), session)
        except attendance.SessionNotHeld:
            pass
        attendance.remove_all(self.people[:3], session)

    def tell(self, turn: int) -> None:
        list(notifications.tell(self.sessions[turn % 2].pk, "cancelled", True))
        waiting_list.promote(self.sessions[turn % 2].pk)

    def lower_seats(self, turn: int) -> None:
        session = Session.objects.get(pk=self.sessions[turn % 2].pk)
        fewer_seats.lower(session, "online", turn % 3)

    def hand_over(self, turn: int) -> None:
        giver = f.RegistrationFactory(lab=self.lab, city=self.people[0].city)
        colleague = {"name": SAID.name, "email": f"colleague{turn}@example.org"}
        self._form(self.sessions[0], **colleague)
        seats.take(giver, {one.pk: "online" for one in self.sessions})
        transfer = transfers.offer(giver, **colleague)
        managing.cancel(transfers.accept(transfers.token_of(transfer), VISITOR, SAID))

    def enter_at_once(self, turn: int) -> None:
        slugs = [one.slug for one in self.sessions if one.status == "scheduled"]
        choice = available_sessions(self.lab, viewer_for(self.by), timezone.now()).choose(slugs)
        details = registering.Details(f"Entered {turn}", "en", "Europe/Sofia")
        plan = registering.RegistrationPlan(details, SHARED, choice, True, "en")
        managing.cancel(adding.add(self.lab, plan, self.by, at_once=True))

    def confirm_the_second_form(self, turn: int) -> None:
        """The first one holds the session that is locked last."""
        same = {"name": f"Twice {turn}", "email": SHARED}
        self._form(self.sessions[-1], **same)
        managing.cancel(registering.confirm(self._form(self.sessions[0], **same)))

    def approve_by_program(self, turn: int) -> None:
        """The one who came later is the first who asked."""
        people = f.RegistrationFactory.create_batch(2, lab=self.lab)
        for person in reversed(people):
            asked = [Seat(registration=person, session=one, mode="online", state="") for one in self.sessions]
            pending = Claim(Seat.State.PENDING, SeatMovement.Reason.APPROVAL)
            write([(seat, pending) for seat in asked], timezone.now(), None)
        ids = list(Seat.objects.filter(registration__in=people).values_list("pk", flat=True))
        answer = Client().post(
            f"/api/v1/labs/{self.lab.slug}/approvals",
            {"decision": "approve", "seats": ids},
            content_type="application/json",
            headers=self.headers | {"Idempotency-Key": f"approve {turn}"},
        )
        assert answer.status_code == 200, answer.content

    def _form(self, session: Session, **who: str) -> Registration:
        person = f.RegistrationFactory(lab=self.lab, state="unconfirmed", confirmed_at=None, **who)
        seats.hold(person, {session.pk: "online"}, timezone.now() + timedelta(hours=1))
        return person

    def erase(self, turn: int) -> None:
        person = f.RegistrationFactory(lab=self.lab)
        seats.take(person, {one.pk: "online" for one in self.sessions})
        erasure.erase(person)


VERBS = sorted(name for name in vars(World) if not name.startswith("_"))
SHARED = "shared@example.org"


def rush(works: list[Callable[[int], None]], turns: int = TURNS) -> list[str]:
    """Do everything at once, several times each; return the deadlocks."""

    def repeat(work: Callable[[int], None]) -> None:
        for turn in range(turns):
            try:
                work(turn)
            except (RuleViolation, registering.RuleViolation, InvalidFields):
                pass  # somebody else was there before, and it was said

    errors = all_at_once([lambda work=work: repeat(work) for work in works])
    assert [error for error in errors if not isinstance(error, OperationalError)] == []
    return [str(error) for error in errors]


def test_all_verbs_at_once_never_wait_in_a_circle() -> None:
    world = World()
    assert rush([getattr(world, verb) for verb in VERBS]) == []
    assert recounting.recount() == []


PAIRS = [
    ("load_file", "change_session"),
    ("change_room", "load_file"),
    ("change_lab", "change_session"),
    ("choose_sessions", "load_file"),
    ("change_speaker", "load_file"),
    ("change_city", "load_file"),
    ("move_lab", "change_room"),
]


@pytest.mark.parametrize(("first", "second"), [*PAIRS, *((two, one) for one, two in PAIRS)])
def test_whoever_comes_second_waits_until_the_first_has_ended(first: str, second: str) -> None:
    world = World()
    assert while_open(lambda: getattr(world, first)(0), lambda: getattr(world, second)(1)) == []


def test_the_same_rush_with_a_verb_that_takes_the_session_first_ends_in_a_circle() -> None:
    """The positive control: this rush does find two orders where there are two."""
    world = World()

    def session_before_lab(turn: int) -> None:
        with transaction.atomic():
            list(Session.objects.select_for_update(no_key=True).filter(lab=world.lab).order_by("pk"))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            touch(world.lab.pk)

    works = [world.change_session, world.change_room, world.load_file]
    assert "deadlock detected" in " ".join(rush([session_before_lab, *works]))


def test_no_session_slips_out_of_a_lab_that_shrinks_meanwhile() -> None:
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    later = replace(
        scheduling.plan_of(session),
        start_date=lab.ends_on,
        end_date=lab.ends_on,
    )
    refused: list[Exception] = []

    def shrink() -> None:
        Lab.objects.select_for_update(no_key=True).get(pk=lab.pk)
        Lab.objects.filter(pk=lab.pk).update(ends_on=lab.starts_on)

    def move() -> None:
        try:
            scheduling.change_session(Session.objects.select_related("lab").get(pk=session.pk), later)
        except InvalidFields as error:
            refused.append(error)

    assert while_open(shrink, move) == []

    assert [list(error.errors) for error in refused] == [["start_date", "end_date"]]
    session.refresh_from_db()
    assert session.start_date == lab.starts_on
