"""Two organisers who save the same thing at the very same moment: one wins, the other is told."""

import datetime
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from labs import lab_parts
from labs.models import Lab, Room
from labs.revisions import lock_row
from registrations import managing
from registrations.models import Registration
from sessions import scheduling
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of
from tests.registrations.concurrency import all_at_once
from tests.sessions.test_edit_conflicts import PAGES, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("crowds")]


def both_at_once(client: Client, held: Any, address: str, changes: list[dict[str, Any]]) -> list[int]:
    """Send two answers to one form while the row is held, so that both wait for it; return their statuses."""
    user = client.session["_auth_user_id"]
    opened = form_of(client.get(address))
    keys = [form_of(client.get(address)).values["form_key"] for _ in changes]
    statuses: list[int] = []
    begun = threading.Semaphore(0)

    def send(change: dict[str, Any], key: list[str]) -> None:
        own = client_of(type(f.UserFactory()).objects.get(pk=user))
        begun.release()
        statuses.append(own.post(address, opened.filled(**change, form_key=key)).status_code)

    def hold_for_a_while() -> None:
        # SQLite lets nobody else write while somebody does, not even a sign-in.
        if connection.vendor != "postgresql":
            return
        with transaction.atomic():
            managing.lock_registration(held) if isinstance(held, Registration) else lock_row(held)
            for _ in changes:
                begun.acquire(timeout=60)
            _until_both_wait()

    works: list[Callable[[], None]] = [hold_for_a_while]
    works += [lambda pair=pair: send(*pair) for pair in zip(changes, keys, strict=True)]  # type: ignore[misc]
    assert all_at_once(works) == []
    return sorted(statuses)


def _until_both_wait() -> None:
    """Wait until two connections wait for a lock of this one."""
    with connection.cursor() as cursor:
        for _ in range(600):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= 2:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("nobody waits for the row")


@pytest.fixture
def lab() -> Lab:
    programme = f.ProgrammeFactory(slug="programme", languages=["en", "bg"])
    return f.LabFactory(programme=programme, slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 9))


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.OwnerFactory(programme=lab.programme).user)


@pytest.mark.parametrize("of", PAGES, ids=[one.__name__ for one in PAGES])
def test_of_two_who_save_a_form_at_once_one_is_told(
    client: Client, lab: Lab, of: Callable[[Lab], Page]
) -> None:
    page = of(lab)
    assert both_at_once(client, page.row, page.address, [page.theirs, page.mine]) == [302, 409]
    assert page.value() in (*page.theirs.values(), *page.mine.values())


def test_of_two_who_move_a_session_at_once_one_is_told(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="opening", start_time=datetime.time(11))
    address = "/organise/labs/lab/sessions/opening/move/"
    moves = [{"start_time": "09:00"}, {"start_time": "15:00"}]
    assert both_at_once(client, lab, address, moves) == [302, 409]
    session.refresh_from_db()
    assert session.start_time in (datetime.time(9), datetime.time(15))
    assert session.history.count() == 2  # made, and moved once


@pytest.mark.parametrize("part", ["tracks", "groups", "days"])
def test_of_two_who_save_rows_at_once_one_is_told(client: Client, lab: Lab, part: str) -> None:
    f.TrackFactory(lab=lab)
    f.StakeholderGroupFactory(programme=lab.programme)
    address = f"/organise/programmes/programme/{part}/" if part == "groups" else f"/organise/labs/lab/{part}/"
    name = "days-0-title_0" if part == "days" else "rows-0-name_0"
    held = lab.programme if part == "groups" else lab
    assert both_at_once(client, held, address, [{name: "Theirs"}, {name: "Mine"}]) == [302, 409]


@pytest.mark.parametrize("part", ["tracks", "days"])
def test_of_two_who_save_different_rows_at_once_neither_loses(client: Client, lab: Lab, part: str) -> None:
    for position in range(2):
        f.TrackFactory(lab=lab, position=position)
    prefix, name = ("days", "title_0") if part == "days" else ("rows", "name_0")
    changes = [{f"{prefix}-{place}-{name}": f"Mine {place}"} for place in range(2)]
    address = f"/organise/labs/lab/{part}/"
    assert both_at_once(client, lab, address, changes) == [302, 302]
    saved = form_of(client.get(address)).values
    assert [saved[f"{prefix}-{place}-{name}"] for place in range(2)] == [["Mine 0"], ["Mine 1"]]


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn")
@pytest.mark.parametrize("first", ["room", "session"])
def test_a_room_and_a_session_in_it_can_be_changed_at_once(lab: Lab, first: str) -> None:
    """Each touches the other's rows and the lab's: whoever comes first, nobody waits for somebody who waits."""
    room = f.RoomFactory(lab=lab, name={"en": "Hall"})
    session = f.SessionFactory(lab=lab, room=room, capacity=10)
    other = f.SessionFactory(lab=lab, room=None)

    def change_the_room() -> None:
        lab_parts.change_room(room, lab_parts.RoomPlan(name={"en": "Large hall"}, online=True))

    def change_the_sessions() -> None:
        scheduling.change_session(session, replace(scheduling.plan_of(session), online_capacity=20))
        scheduling.change_session(other, replace(scheduling.plan_of(other), room=room))

    works = {"room": change_the_room, "session": change_the_sessions}
    begun = threading.Event()

    def hold_the_lab() -> None:
        with transaction.atomic():
            lock_row(lab)
            begun.set()
            _until_both_wait()

    def later(work: Callable[[], None], seconds: float) -> Callable[[], None]:
        def wait_and_work() -> None:
            assert begun.wait(60)
            time.sleep(seconds)
            work()

        return wait_and_work

    order = sorted(works, key=lambda name: name != first)
    assert (
        all_at_once([hold_the_lab, *(later(works[name], place * 0.4) for place, name in enumerate(order))])
        == []
    )

    assert str(Room.objects.get(pk=room.pk).name) == "Large hall"
    assert Session.objects.get(pk=session.pk).capacity == 20
    assert Session.objects.get(pk=other.pk).room == room
