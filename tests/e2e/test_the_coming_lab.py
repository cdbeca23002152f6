"""An organiser plans the coming lab: from a workbook of sixty sessions to a postponed lab that everyone knows of.

Real parts only, and one person after another at a browser: the organiser, a participant, a delegate and a visitor.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from tests.e2e.catalogue import words, words_for
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PASSWORD, Person
from tests.e2e.running_service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

CONSOLE, PAGE = "/organise/labs/coming-lab/", "/labs/coming-lab/"
LAB = "Предстоящата лаборатория"
PLANNER, DELEGATE, GUEST = "planner@coming.example", "delegate@coming.example", "guest@coming.example"
GUEST_NAME = "Демо Гостенка Щерева"
DAYS = [datetime.now(UTC).date() + timedelta(days=40 + number) for number in range(3)]
HOURS = (("09:00", "10:00"), ("10:15", "11:15"), ("11:30", "12:30"), ("14:00", "15:00"), ("15:15", "16:15"))
ROOMS = ("Зала Витоша", "Зала Рила", "Зала Пирин", "Зала Родопи")
TOGETHER = "Разговор на трите града"
INNER, OTHER_INNER = "Среща 3", "Среща 4"
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """A row of the workbook, in the order of its columns."""

    title: str
    visibility: str
    starts: str
    ends: str
    room: str
    format: str
    room_capacity: int | None
    audience: str
    speakers: str


HEAD = ("Тема", "visibility", "starts", "ends", "room", "format", "room_capacity", "audience", "speakers")


def rows() -> list[Row]:
    """Sixty sessions. Planted: a speaker and a city twice, a room twice, too many seats for a room."""
    places = [(day, hours, room) for day in DAYS for hours in HOURS for room in ROOMS]
    found = [
        Row(f"Среща {number}", "public", f"{day} {hours[0]}", f"{day} {hours[1]}", room, "in-person", 20, "",
            f"Лектор {number}")
        for number, (day, hours, room) in enumerate(places, start=1)
    ]  # fmt: skip

    def change(number: int, **values: Any) -> None:
        found[number - 1] = replace(found[number - 1], **values)

    change(2, speakers="Лектор 1")
    change(3, visibility="internal", audience="sofia")
    change(4, visibility="internal", audience="sofia; rome")
    change(5, room_capacity=80)
    change(60, title=TOGETHER, visibility="draft", starts="", ends="", room="", format="online",
           room_capacity=None)  # fmt: skip
    change(58, room=ROOMS[0])
    return found


def workbook(folder: Path, *, slipped: bool = False) -> Path:
    """Write the workbook. `slipped` with one session after the lab's days."""
    book = Workbook()
    sessions = book.active
    assert sessions is not None
    sessions.title = "Sessions"
    sessions.append(HEAD)
    for row in rows():
        sessions.append(list(row.__dict__.values()))
    if slipped:
        for cell in ("C11", "D11"):
            sessions[cell] = str(sessions[cell].value).replace(str(DAYS[0]), str(DAYS[-1] + WEEK))
    sheet = book.create_sheet("Rooms")
    sheet.append(("room", "capacity"))
    for room in ROOMS:
        sheet.append((room, 30))
    file = folder / "schedule.xlsx"
    book.save(file)
    return file


@pytest.fixture(scope="module")
def planner(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of somebody who runs a public lab of three days without sessions."""
    cities = [
        {"slug": slug, "country": country, "time_zone": zone, "name": {"bg": name}}
        for slug, country, zone, name in (
            ("sofia", "BG", "Europe/Sofia", "София"),
            ("rome", "IT", "Europe/Rome", "Рим"),
            ("las-rozas", "ES", "Europe/Madrid", "Лас Росас"),
        )
    ]
    lab = {
        "slug": "coming-lab",
        "title": {"bg": LAB},
        "languages": ["bg"],
        "starts_on": str(DAYS[0]),
        "ends_on": str(DAYS[-1]),
        "time_zone": "Europe/Sofia",
        "visibility": "public",
        "registration": {"opens": "2020-01-01T00:00"},
    }
    programme = {
        "slug": "coming",
        "name": {"bg": "Програма на предстоящото"},
        "organiser": {"bg": "Демо организатор"},
        "languages": ["bg"],
        "visibility": "public",
        "cities": [city["slug"] for city in cities],
        "labs": [lab],
    }
    file = tmp_path_factory.mktemp("programme") / "coming.json"
    file.write_text(json.dumps({"cities": cities, "programmes": [programme]}))
    service.manage("load_programme", str(file))
    service.manage("createsuperuser", "--noinput", "--email", PLANNER, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    return PLANNER


def uploads(planner: Person, file: Path) -> None:
    planner.opens(f"{CONSOLE}sessions/")
    planner.follows("Import")
    planner.field("File").set_input_files(file)
    planner.presses("Show what would change")


def imports_the_workbook(planner: Person, folder: Path) -> None:
    uploads(planner, workbook(folder, slipped=True))
    # One column has a name of the organiser's own.
    planner.follows("Match the columns")
    planner.field("Тема").select_option("title_bg")
    planner.presses("Show what would change")
    planner.reads_heading(words("What would change"))
    planner.reads_heading(words("What would change"))
    errors = planner.page.locator(".import-error").all_inner_texts()
    assert [text.split(": ")[0].split(", ")[2] for text in errors] == ["C11 (starts)", "D11 (ends)"]
    uploads(planner, workbook(folder))
    planner.reads("Среща 1")
    assert planner.page.locator(".import-error").all_inner_texts() == []
    planner.presses("Continue…")
    planner.reads(words("New sessions: %(count)s", count=60))
    planner.presses("Import")
    planner.reads_heading(words("Import finished"))


def conflicts(planner: Person) -> list[str]:
    """Open the list of conflicts; return what kinds of them there are."""
    planner.opens(f"{CONSOLE}conflicts/")
    kinds = planner.page.get_by_role("main").locator("tbody th").all()
    return sorted(kind.inner_text().splitlines()[0] for kind in kinds)


def resolves_the_conflicts(planner: Person) -> None:
    assert conflicts(planner) == sorted(
        words(kind)
        for kind in (
            "Speaker in two sessions at once",
            "City invited to two sessions at once",
            "Room smaller than the seats",
            "Room in use twice at once",
        )
    )
    opens_session(planner, "Среща 2")
    row = planner.page.get_by_role("row", name=words("Person %(place)s", place=1), exact=True)
    planner.field("Speaker", row).select_option("Лектор 57")
    saves(planner)
    conflicts(planner)
    opens_session(planner, "Среща 5")
    planner.page.get_by_role("spinbutton", name=words("Seats in person")).fill("30")
    saves(planner)
    for title, starts, room in ((OTHER_INNER, "17:00", ROOMS[3]), ("Среща 58", "15:15", ROOMS[3])):
        conflicts(planner)
        opens_session(planner, title)
        planner.opens(planner.page.url + "move/")
        planner.writes("Starts", starts)
        planner.field("Room").select_option(room)
        planner.presses("Move the session")
        planner.reads_heading(words("Schedule"))
    assert conflicts(planner) == []
    planner.reads(words("No conflicts: every session has its place, its people and its hours to itself."))


def opens_session(planner: Person, title: str) -> None:
    """Follow the link of a list to the session with exactly this title."""
    planner.page.get_by_role("main").get_by_role("link", name=title, exact=True).first.click()
    expect(planner.page.get_by_role("heading", level=1)).to_have_text(title)


def saves(planner: Person) -> None:
    planner.presses("Save the session")
    planner.reads(words("Session saved."))


def finds_a_time_for_three_cities(planner: Person) -> None:
    planner.opens(f"{CONSOLE}sessions/")
    opens_session(planner, TOGETHER)
    planner.follows("Find a time")
    for city in ("София", "Рим", "Лас Росас"):
        planner.page.get_by_role("checkbox", name=city).check()
    planner.writes("Length in minutes", "60")
    planner.presses("Find times")
    best = planner.page.locator(".slotlist .slot").first
    expect(best).to_contain_text("Лас Росас")
    # Rome and Las Rozas share their hours.
    expect(best.locator("tbody tr")).to_have_count(2)
    planner.follows("Move the session here…", best)
    planner.writes("Join link", "https://meet.example.org/three-cities")
    saves(planner)
    planner.follows("Publish…")
    planner.presses("Publish")
    planner.reads(words("Session published."))


def the_guest_registers(guest: Person, service: Service) -> None:
    guest.opens(PAGE)
    for title in ("Среща 1", TOGETHER):
        guest.page.get_by_role("article", name=title, exact=True).get_by_label(words("Select")).check()
    region = guest.page.get_by_role("region", name=words("Your selection"))
    guest.presses("Register", region)
    guest.writes("Name", GUEST_NAME)
    guest.writes("Email", GUEST)
    guest.field("City").select_option("София")
    guest.page.get_by_role("checkbox").last.check()
    guest.presses("Register")
    guest.opens(service.post.next_to(GUEST).link(r"/confirm/"))
    guest.presses("Confirm and register")
    expect(guest.page.get_by_text(words("Your seat is confirmed"))).to_have_count(2)
    service.post.next_to(GUEST)


def moves_a_published_session(planner: Person) -> None:
    planner.opens(f"{CONSOLE}schedule/?day={DAYS[0]}")
    planner.page.locator('.ec-event[data-slug="sreshta-1"]').get_by_role("button").press("Enter")
    form = planner.page.locator("#schedule-form")
    planner.writes("Starts", "17:00", form)
    planner.presses("Move the session", form)
    planner.reads(words_for(
        1,
        "People have not been told about the change of %(count)s session.",
        "People have not been told about the changes of %(count)s sessions.",
        count=1,
    ))  # fmt: skip


def announces(planner: Person, service: Service, changed: int) -> str:
    """Send what the preview shows; return the text of the email, which is the one that was shown."""
    planner.opens(f"{CONSOLE}announce/")
    planner.reads_heading(words("Announce changes"))
    planner.reads(words_for(1, "%(count)s email", "%(count)s emails", count=1))
    [shown] = planner.page.get_by_role("table", name=words("Who gets which email")).locator("tbody tr").all()
    expect(shown).to_contain_text(GUEST_NAME)
    subject = shown.locator("td").nth(1).inner_text()
    assert planner.page.locator("input[type=checkbox][name=session]:checked").count() == changed
    send = words_for(1, "Send %(count)s email", "Send %(count)s emails", count=1)
    planner.page.get_by_role("button", name=send).click()
    planner.reads(words_for(1, "Sending %(count)d email.", "Sending %(count)d emails.", count=1))
    letter = service.post.next_to(GUEST)
    assert letter.subject == subject
    assert len(letter.calendars) == 1
    return letter.text


def postpones_the_lab(planner: Person) -> None:
    planner.opens(f"{CONSOLE}move/")
    planner.writes("New first day", (DAYS[0] + WEEK).isoformat())
    planner.presses("Preview changes")
    planner.reads(words_for(7, "%(count)s day later", "%(count)s days later", count=7))
    expect(
        planner.page.get_by_role("table").get_by_role("link", name=re.compile("Среща|Разговор"))
    ).to_have_count(60)
    planner.presses("Move the lab")
    planner.reads(words("Lab and sessions moved. Calendars are updated automatically."))


def seen(person: Person, *addresses: str) -> list[tuple[int, str]]:
    """Return what stands on these pages, and their statuses."""
    return [(person.opens(one), person.page.get_by_role("main").inner_text()) for one in addresses]


def looks_as(planner: Person, who: str, city: str = "") -> None:
    planner.opens(f"{CONSOLE}view-as/")
    planner.field(who).check()
    if city:
        planner.field("City of the delegate").select_option(city)
    planner.presses("Start the view")
    expect(planner.page.get_by_role("region", name=words("View as"))).to_be_visible()


def ends_the_view(planner: Person) -> None:
    planner.opens(PAGE)
    planner.presses("End this view", planner.page.get_by_role("region", name=words("View as")))
    expect(planner.page.get_by_role("region", name=words("View as"))).to_have_count(0)


def test_the_coming_lab_is_planned_changed_and_postponed(
    service: Service, newcomer: Newcomer, planner: str, tmp_path: Path
) -> None:
    organiser = newcomer("organiser")
    organiser.signs_in(planner)
    imports_the_workbook(organiser, tmp_path)
    resolves_the_conflicts(organiser)
    finds_a_time_for_three_cities(organiser)

    the_guest_registers(newcomer("guest"), service)
    moves_a_published_session(organiser)
    text = announces(organiser, service, 1)
    assert f"{words('Was')}: 09:00–10:00" in text
    assert f"{words('Now')}: 17:00–18:00" in text

    postpones_the_lab(organiser)
    text = announces(organiser, service, 2)
    assert all(part in text for part in ("Среща 1", TOGETHER, words("Was"), words("Now")))

    delegate = newcomer("delegate")
    organiser.opens("/organise/programmes/coming/people/")
    form = organiser.form_with_button("Add the delegate")
    organiser.writes("Email", DELEGATE, form)
    organiser.field("City", form).select_option("София")
    organiser.field("Language of the invitation", form).select_option("bg")
    organiser.presses("Add the delegate", form)
    organiser.reads(DELEGATE)
    delegate.accepts_account(service.post, DELEGATE)
    inner = f"{PAGE}sessions/{slug_of(organiser, INNER)}/"
    addresses = (PAGE, f"{PAGE}?view=grid", inner, f"{PAGE}changes/", "/")
    for who, city, person in (
        ("Delegate of a city", "София", delegate),
        ("Visitor", "", newcomer("visitor")),
    ):
        looks_as(organiser, who, city)
        told = seen(organiser, *addresses)
        assert told == seen(person, *addresses)
        assert (told[2][0] == 200) == bool(city)
        ends_the_view(organiser)
    assert service.post.unread() == {}


def slug_of(planner: Person, title: str) -> str:
    planner.opens(f"{CONSOLE}sessions/")
    opens_session(planner, title)
    found = re.search(r"/sessions/([^/]+)/$", planner.page.url)
    assert found, planner.page.url
    return found[1]
