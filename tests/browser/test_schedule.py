"""The schedule in a real browser: by mouse, by keys, and two organisers at once; everything can be undone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.accounts.models import User
from labs.models import Lab, Room
from sessions.models import Session
from sessions.placing import move_session, placement_of
from sessions.scheduling import create_session
from tests import factories as f
from tests.browser.reading import Reader, reading
from tests.browser.world import World
from tests.sessions.session_plans import plan

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SCHEDULE = "/organise/labs/lab/schedule/?day=2027-04-06"


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8), languages=["en"])


@pytest.fixture
def rooms(lab: Lab) -> list[Room]:
    return [f.RoomFactory(lab=lab, name={"en": name}) for name in ("Plenary", "Small hall")]


@pytest.fixture
def session(lab: Lab, rooms: list[Room]) -> Session:
    made = create_session(lab, plan(room=rooms[0], start_time=time(10), end_time=time(11)))
    create_session(lab, plan(slug="later", title={"en": "Later"}, room=rooms[1], is_placed=False))
    return made


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab).user


@pytest.fixture
def reader(
    browser: Browser, live_server: LiveServer, lab: Lab, session: Session, organiser: User
) -> Iterator[Reader]:
    world = World(lab, session, {"organiser": organiser})
    size = {"width": 1440, "height": 1100}
    with reading(
        browser, live_server.url, world, "organiser", viewport=size, timezone_id="America/Lima"
    ) as one:
        yield one
        assert one.complaints == []


def place_of(session: Session) -> tuple[date, time, time, str]:
    session.refresh_from_db()
    room = session.room.name.data["en"] if session.room else ""
    return session.start_date, session.start_time, session.end_time, room


def event(page: Page, slug: str) -> Locator:
    return page.locator(f'.ec-event[data-slug="{slug}"]')


def key(page: Page, slug: str) -> Locator:
    """What the keyboard can be on."""
    return event(page, slug).get_by_role("button")


def drag(page: Page, what: Locator, to: tuple[float, float], hold: tuple[float, float] | None = None) -> None:
    """Drag by the mouse from the middle of something, or from a point of it, by so many pixels."""
    box = what.bounding_box()
    assert box is not None
    x, y = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) if hold is None else hold
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + to[0] / 2, y + to[1] / 2, steps=5)
    page.mouse.move(x + to[0], y + to[1], steps=5)
    page.mouse.up()


def saved(page: Page, words: str) -> None:
    expect(page.locator("#schedule-status")).to_contain_text(words)


def test_sessions_are_dragged_resized_dropped_in_and_undone(
    reader: Reader, session: Session, rooms: list[Room]
) -> None:
    page = reader.page
    reader.opens(SCHEDULE)
    hour = event(page, "opening").bounding_box()["height"]  # type: ignore[index]
    column = (
        page.get_by_text("Small hall").bounding_box()["x"]
        - page.get_by_text("Plenary").first.bounding_box()["x"]
    )  # type: ignore[index]
    drag(page, event(page, "opening"), (0, hour * 2))
    saved(page, "“Opening” is now at Tue 6 Apr, 12:00–13:00, Plenary.")
    assert place_of(session) == (date(2027, 4, 6), time(12), time(13), "Plenary")
    drag(page, event(page, "opening"), (column, 0))
    saved(page, "Small hall.")
    assert place_of(session)[3] == "Small hall"
    box = event(page, "opening").bounding_box()
    assert box is not None
    drag(page, event(page, "opening"), (0, hour / 2), (box["x"] + 40, box["y"] + box["height"] - 2))
    saved(page, "12:00–13:30")
    assert place_of(session)[1:3] == (time(12), time(13, 30))
    target = event(page, "opening").bounding_box()
    row = page.locator("#schedule-unplaced li")
    start = row.bounding_box()
    assert target is not None
    assert start is not None
    x, y = start["x"] + 20, start["y"] + start["height"] / 2
    drag(page, row, (target["x"] + 30 - x, target["y"] + 20 - y), (x, y))
    saved(page, "“Later” is now at Tue 6 Apr, 12:")
    later = Session.objects.get(slug="later")
    assert (later.is_placed, later.room) == (True, rooms[1])
    expect(page.locator("#schedule-unplaced li")).to_have_count(0)
    expect(page.locator("#schedule-beside")).to_contain_text("Small hall")
    expect(event(page, "opening")).to_contain_text("Conflict")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#schedule-unplaced li")).to_have_count(1)
    later.refresh_from_db()
    assert later.is_placed is False


def test_the_same_by_keyboard(reader: Reader, session: Session) -> None:
    page = reader.page
    reader.opens(SCHEDULE)
    key(page, "opening").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    saved(page, "“Opening” is now at Tue 6 Apr, 10:20–11:25, Small hall.")
    assert place_of(session) == (date(2027, 4, 6), time(10, 20), time(11, 25), "Small hall")
    expect(key(page, "opening")).to_be_focused()
    page.keyboard.press("PageDown")
    saved(page, "“Opening” is now at Wed 7 Apr")
    expect(page.locator("#day")).to_have_value("2027-04-07")
    expect(key(page, "opening")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("The earlier version of the session is restored.")).to_be_visible()
    assert place_of(session)[0] == date(2027, 4, 6)
    key(page, "opening").focus()
    page.keyboard.press("Enter")
    form = page.locator("#schedule-form")
    expect(form).to_be_focused()
    form.get_by_label("Length in minutes").fill("0")
    page.keyboard.press("Enter")
    expect(form.locator(".error-summary")).to_be_visible()
    form.get_by_label("Length in minutes").fill("30")
    page.keyboard.press("Enter")
    saved(page, "10:20–10:50")
    expect(key(page, "opening")).to_be_focused()
    page.keyboard.press("Delete")
    saved(page, "“Opening” is not in the schedule any longer.")
    expect(page.locator("#schedule-unplaced li")).to_have_count(2)
    reader.complaints.remove(next(one for one in reader.complaints if "422" in one))


def test_the_second_organiser_sees_both_and_chooses(reader: Reader, session: Session) -> None:
    page = reader.page
    reader.opens(SCHEDULE)
    other = Session.objects.select_related("room", "track", "lab").get(pk=session.pk)
    move_session(other, replace(placement_of(other), start_time=time(9)), f.UserFactory(name="Colleague"))
    key(page, "opening").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#schedule-form .conflict")).to_contain_text("Colleague saved this session")
    expect(event(page, "opening")).to_contain_text("09:00–10:00")
    assert place_of(session)[1] == time(9)
    page.get_by_role("button", name="Replace with my version").click()
    saved(page, "10:15–11:15")
    assert place_of(session)[1] == time(10, 15)
    reader.complaints.remove(next(one for one in reader.complaints if "409" in one))
