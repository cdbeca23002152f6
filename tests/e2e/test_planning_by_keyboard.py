"""An organiser plans a lab by keyboard alone, from signing in to an agenda: what has the focus is always to be seen."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Route, TimeoutError, expect

from core.timezones.formatting import duration, short_day
from tests.e2e.catalogue import LANGUAGE, words
from tests.e2e.conftest import Newcomer
from tests.e2e.people import BULGARIAN, PASSWORD, Person
from tests.e2e.running_service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

EMAIL = "keys@example.org"
LAB, OPENING, DRAFT = "Лаборатория на клавишите", "Откриване на срещата", "Разговор за водата"
ITEM = "Представяне на участниците"
LARGE, SMALL = "Голяма зала", "Малка зала"
FIRST = datetime.now(UTC).date() + timedelta(days=30)
SECOND = FIRST + timedelta(days=1)

# Notes every event of a pointer on any page: there is to be none. Enter and Space make clicks without one.
NOTE_POINTERS = """
for (const kind of ["pointerdown", "pointerup", "mousedown", "mouseup", "wheel", "touchstart", "click"]) {
  addEventListener(kind, (event) => {
    if (kind !== "click" || event.detail > 0) console.error(`a pointer was used: ${kind}`)
  }, true)
}
"""
# Whether the keyboard is on something that is drawn as such, inside the window. A session of the grid, or a label, may
# wear the outline for what is inside it. Days and hours have stops of their own inside, drawn by the browser.
SEEN = """() => {
  const on = document.activeElement
  if (!on || on === document.body) return false
  const id = on.id ? `label[for="${CSS.escape(on.id)}"]` : null
  const isTime = on.matches("[type=date], [type=time]")
  const drawn = isTime || [on, on.closest(".ec-event"), id && document.querySelector(id)].some((one) => {
    const line = one && getComputedStyle(one)
    return line && line.outlineStyle !== "none" && parseFloat(line.outlineWidth) >= 2
  })
  const box = on.getBoundingClientRect()
  return drawn && box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0
}"""


@pytest.fixture(scope="module")
def lab(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The console of a lab of two days and two rooms, with a public session and a draft on its first day."""
    sessions = [
        {
            "slug": slug,
            "title": {"bg": title},
            "visibility": visibility,
            "room": "large",
            "starts": f"{FIRST}T{starts}",
            "ends": f"{FIRST}T{ends}",
        }
        for slug, title, visibility, starts, ends in (
            ("opening", OPENING, "public", "10:00", "11:00"),
            ("water", DRAFT, "draft", "14:00", "15:00"),
        )
    ]
    keyboard_lab = {
        "slug": "keyboard-lab",
        "title": {"bg": LAB},
        "languages": ["bg"],
        "starts_on": str(FIRST),
        "ends_on": str(SECOND),
        "time_zone": "Europe/Sofia",
        "visibility": "public",
        "registration": {"opens": "2020-01-01T00:00"},
        "rooms": [{"slug": "large", "name": {"bg": LARGE}}, {"slug": "small", "name": {"bg": SMALL}}],
        "sessions": sessions,
    }
    programme = {
        "slug": "keyboard",
        "name": {"bg": "Програма на клавишите"},
        "organiser": {"bg": "Демо организатор"},
        "languages": ["bg"],
        "labs": [keyboard_lab],
    }
    file = tmp_path_factory.mktemp("programme") / "keyboard.json"
    file.write_text(json.dumps({"programmes": [programme]}))
    service.manage("load_programme", str(file))
    service.manage("createsuperuser", "--noinput", "--email", EMAIL, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    return "/organise/labs/keyboard-lab/"


def sees_where(person: Person) -> None:
    """Wait until the keyboard is on something, and see it there."""
    try:
        person.page.wait_for_function(SEEN, timeout=10_000)
    except TimeoutError as error:
        on = person.page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        raise AssertionError(f"no focus is to be seen on {on}") from error


def presses(person: Person, *keys: str) -> None:
    """Press keys on a page that stays; after each, the focus is to be seen."""
    for key in keys:
        person.page.keyboard.press(key)
        sees_where(person)


def goes_to(person: Person, wanted: Locator, key: str = "Tab", at_most: int = 150) -> None:
    """Press Tab until the keyboard is on this; every stop on the way is to be seen."""
    expect(wanted).to_have_count(1)
    for _stop in range(at_most):
        person.page.keyboard.press(key)
        sees_where(person)
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{at_most} presses of {key} do not lead to {wanted}")


def skips_to_content(person: Person) -> None:
    """On a page that has just come, go past its head by the first link."""
    person.page.keyboard.press("Tab")
    expect(person.page.locator(".skip")).to_be_focused()
    sees_where(person)
    person.page.keyboard.press("Enter")


def session(person: Person, slug: str) -> Locator:
    """What the keyboard is on when it is on a session of the grid."""
    return person.page.locator(f'.ec-event[data-slug="{slug}"]').get_by_role("button")


def unplaced(person: Person, title: str) -> Locator:
    return person.page.locator("#schedule-unplaced").get_by_role("link", name=title)


def now_at(title: str, on: date, hours: str, room: str) -> str:
    """Return what is said once a move is stored."""
    at = f"{short_day(on, LANGUAGE)}, {hours}"
    return words("“%(title)s” is now at %(time)s, %(room)s.", title=title, time=at, room=room)


def is_told(person: Person, text: str) -> None:
    expect(person.page.locator("#schedule-status")).to_have_text(text)
    sees_where(person)


def writes(person: Person, field: Locator, text: str) -> None:
    goes_to(person, field)
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type(text)
    expect(field).to_have_value(text)


def signs_in(person: Person) -> None:
    person.opens("/accounts/login/")
    writes(person, person.field("Email"), EMAIL)
    writes(person, person.field("Password"), PASSWORD)
    person.page.keyboard.press("Enter")
    expect(person.page).to_have_url(f"{person.base}/organise/")


def moves_resizes_and_takes_back(person: Person) -> None:
    opening = session(person, "opening")
    goes_to(person, opening)
    presses(person, "ArrowDown", "ArrowDown", "Shift+ArrowDown", "ArrowRight")
    is_told(person, now_at(OPENING, FIRST, "10:35–11:35", SMALL))
    expect(opening).to_be_focused()
    presses(person, "+", "+", "+", "-")
    is_told(person, now_at(OPENING, FIRST, "10:35–11:45", SMALL))
    expect(opening).to_be_focused()
    presses(person, "PageDown")
    is_told(person, now_at(OPENING, SECOND, "10:35–11:45", SMALL))
    expect(person.page.locator("#day")).to_have_value(str(SECOND))
    expect(opening).to_be_focused()
    person.page.keyboard.press("Control+z")
    person.reads(words("The earlier version of the session is restored."))
    expect(person.page.locator("#day")).to_have_value(str(FIRST))
    expect(opening).to_be_focused()
    expect(opening).to_contain_text("10:35–11:45")
    sees_where(person)
    presses(person, "ArrowUp", "Escape")
    is_told(person, words("Not moved: the session is where it was."))
    expect(opening).to_be_focused()


def goes_on_while_a_move_is_saved_and_when_saving_fails(person: Person) -> None:
    opening, saves = session(person, "opening"), "**/sessions/opening/move/*"
    on_their_way: list[Route] = []
    person.page.route(saves, lambda route: on_their_way.append(route))
    with person.page.expect_request(saves):
        presses(person, "ArrowDown")
    presses(person, "ArrowDown")
    on_their_way.pop().continue_()
    person.page.unroute(saves)
    is_told(person, now_at(OPENING, FIRST, "11:05–12:15", SMALL))
    expect(opening).to_be_focused()

    person.page.route(saves, lambda route: route.abort())
    presses(person, "PageDown", "ArrowDown")
    failed = "This move was not saved: the service did not answer. Check your connection and try again."
    is_told(person, words(failed))
    person.page.unroute(saves)
    expect(person.page.locator("#day")).to_have_value(str(FIRST))
    expect(opening).to_contain_text("11:05–12:15")
    expect(opening).to_be_focused()
    presses(person, "ArrowUp")
    is_told(person, now_at(OPENING, FIRST, "10:50–12:00", SMALL))


def steps_through_the_days(person: Person) -> None:
    """Each day is a page of its own; the arrow keys go on where they were."""
    day = person.page.locator("#day")
    goes_to(person, day, "Shift+Tab")
    for key, on in (("ArrowDown", SECOND), ("ArrowUp", FIRST)):
        person.page.keyboard.press(key)
        expect(person.page).to_have_url(re.compile(f"day={on}"))
        expect(day).to_have_value(str(on))
        expect(day).to_be_focused()
        sees_where(person)


def takes_a_draft_out_and_places_it_from_the_list(person: Person) -> None:
    goes_to(person, session(person, "water"))
    presses(person, "Delete")
    is_told(person, words("“%(title)s” is not in the schedule any longer.", title=DRAFT))
    expect(unplaced(person, DRAFT)).to_be_focused()
    expect(person.page.locator("#schedule-unplaced")).to_contain_text(duration(60, LANGUAGE))
    presses(person, "Enter")
    form = person.page.locator("#schedule-form")
    expect(form).to_be_focused()
    presses(person, "Escape")
    expect(form).to_be_hidden()
    expect(unplaced(person, DRAFT)).to_be_focused()
    presses(person, "Enter")
    expect(form).to_be_focused()
    writes_day(person, person.field("Day", form), SECOND)
    writes(person, person.field("Starts", form), "09:15")
    writes(person, person.field("Length in minutes", form), "0")
    presses(person, "Enter")
    expect(form.locator(".error-summary")).to_be_visible()
    sees_where(person)
    writes(person, person.field("Length in minutes", form), "40")
    goes_to(person, person.field("Room", form))
    person.page.keyboard.press("ArrowDown")
    expect(person.field("Room", form).locator("option:checked")).to_have_text(SMALL)
    goes_to(person, person.button("Place the session", form))
    presses(person, "Enter")
    is_told(person, now_at(DRAFT, SECOND, "09:15–09:55", SMALL))
    expect(session(person, "water")).to_be_focused()


def writes_day(person: Person, field: Locator, on: date) -> None:
    """Type a day into a field of the browser, whose parts stand in the order of its own language."""
    goes_to(person, field)
    person.page.keyboard.type(f"{on:%m%d%Y}")
    expect(field).to_have_value(str(on))


def undoes_by_the_button(person: Person) -> None:
    undo = person.page.locator("#schedule-beside").get_by_role("button", name=words("Undo"))
    goes_to(person, undo)
    person.page.keyboard.press("Enter")
    expect(unplaced(person, DRAFT)).to_be_visible()
    expect(unplaced(person, DRAFT)).to_be_focused()
    sees_where(person)


def adds_an_item_to_the_agenda(person: Person) -> None:
    presses(person, "Enter")
    goes_to(person, person.page.locator("#schedule-form").get_by_role("link", name=words("Edit the session")))
    person.page.keyboard.press("Enter")
    person.reads_heading(DRAFT)
    skips_to_content(person)
    goes_to(person, person.button("Add an item"))
    presses(person, "Enter")
    item = person.page.get_by_role("row", name=words("Item %(place)s", place=1), exact=True)
    title = person.part("Title", item).get_by_label(BULGARIAN, exact=True)
    expect(title).to_be_focused()
    person.page.keyboard.type(ITEM)
    goes_to(person, person.button("Save the session"))
    person.page.keyboard.press("Enter")
    person.reads(words("Session saved."))
    expect(title).to_have_value(ITEM)
    skips_to_content(person)
    goes_to(person, title)


def test_a_schedule_is_planned_by_keyboard_alone(newcomer: Newcomer, lab: str) -> None:
    person = newcomer("planner")
    person.page.add_init_script(NOTE_POINTERS)
    signs_in(person)
    skips_to_content(person)
    goes_to(person, person.page.get_by_role("main").get_by_role("link", name=LAB))
    person.page.keyboard.press("Enter")
    person.reads_heading(LAB)
    goes_to(
        person, person.page.get_by_role("navigation").get_by_role("link", name=words("Schedule"), exact=True)
    )
    person.page.keyboard.press("Enter")
    person.reads_heading(words("Schedule"))
    skips_to_content(person)
    moves_resizes_and_takes_back(person)
    goes_on_while_a_move_is_saved_and_when_saving_fails(person)
    steps_through_the_days(person)
    takes_a_draft_out_and_places_it_from_the_list(person)
    undoes_by_the_button(person)
    adds_an_item_to_the_agenda(person)
