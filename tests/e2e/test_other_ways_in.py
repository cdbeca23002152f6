"""The same service without script, and by the keyboard alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.catalogue import words
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PHONE, Person
from tests.e2e.running_service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

LAB, OPENING, EVENING = "Пролетна среща", "Сутрешна сесия", "Вечерна сесия"
DAY = datetime.now(UTC).date() + timedelta(days=30)


@pytest.fixture(scope="module")
def lab(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a public lab with two sessions, open for registration."""
    file = tmp_path_factory.mktemp("programme") / "spring.json"
    file.write_text(json.dumps(programme()))
    service.manage("load_programme", str(file))
    return "/labs/spring-meeting/"


def programme() -> dict[str, object]:
    session = {"visibility": "public", "capacity": 20}
    return {
        "cities": [
            {
                "slug": "sofia",
                "name": {"en": "Sofia", "bg": "София"},
                "country": "BG",
                "time_zone": "Europe/Sofia",
            }
        ],
        "programmes": [
            {
                "slug": "spring",
                "name": {"bg": "Пролетна програма"},
                "organiser": {"bg": "Демо организатор"},
                "languages": ["bg", "en"],
                "cities": ["sofia"],
                "labs": [
                    {
                        "slug": "spring-meeting",
                        "title": {"bg": LAB},
                        "languages": ["bg"],
                        "starts_on": str(DAY),
                        "ends_on": str(DAY),
                        "time_zone": "Europe/Sofia",
                        "visibility": "public",
                        "registration": {"opens": "2020-01-01T00:00"},
                        "sessions": [
                            session
                            | {
                                "slug": "morning",
                                "title": {"bg": OPENING},
                                "starts": f"{DAY}T09:00",
                                "ends": f"{DAY}T10:30",
                            },
                            session
                            | {
                                "slug": "evening",
                                "title": {"bg": EVENING},
                                "starts": f"{DAY}T18:00",
                                "ends": f"{DAY}T19:00",
                            },
                        ],
                    }
                ],
            }
        ],
    }


def both_are_chosen(person: Person) -> None:
    """Wait until both sessions are ticked on the form that is coming."""
    for session in (OPENING, EVENING):
        box = (
            person.page.locator("form.regform")
            .get_by_role("checkbox")
            .and_(person.page.get_by_label(session))
        )
        expect(box).to_be_checked()


def test_without_script_one_reads_in_another_zone_registers_changes_and_leaves(
    service: Service, newcomer: Newcomer, lab: str
) -> None:
    address = "without-script@example.org"
    person = newcomer("without script", java_script_enabled=False, viewport=PHONE, is_mobile=True)
    person.opens(lab)
    person.field("Show times in").select_option("Asia/Tokyo")
    person.presses("Update")
    article = person.page.get_by_role("article", name=OPENING)
    there = datetime.combine(DAY, time(9), ZoneInfo("Europe/Sofia")).astimezone(ZoneInfo("Asia/Tokyo"))
    expect(article.get_by_text(f"{there:%H:%M}", exact=True)).to_be_visible()

    for session in (OPENING, EVENING):
        person.page.get_by_role("article", name=session).get_by_label(words("Select")).check()
    person.presses("Register", person.page.get_by_role("region", name=words("Your selection")))
    both_are_chosen(person)

    person.writes("Email", "not an address")
    person.presses("Register")
    expect(person.page.get_by_role("alert")).to_contain_text(words("Enter your name."))
    expect(person.field("Email")).to_have_value("not an address")
    both_are_chosen(person)

    person.writes("Name", "Демо Участник без скриптове")
    person.writes("Email", address)
    person.page.get_by_role("checkbox").last.check()
    person.presses("Register")
    person.opens(service.post.next_to(address).link(r"/confirm/"))
    person.presses("Confirm and register")
    expect(person.page.get_by_text(words("Your seat is confirmed"))).to_have_count(2)
    letter = service.post.next_to(address)
    assert letter.subject == words("You are registered for %(lab_title)s", lab_title=LAB)

    person.follows("Add or change sessions")
    person.page.get_by_label(EVENING).uncheck()
    person.presses("Save sessions")
    expect(person.page.get_by_role("article", name=EVENING)).to_have_count(0)
    assert service.post.next_to(address).subject == words(
        "Your sessions have changed: %(lab_title)s", lab_title=LAB
    )

    person.follows("Cancel registration…")
    person.presses("Cancel registration")
    letter = service.post.next_to(address)
    assert letter.subject == words("Your registration is cancelled: %(lab_title)s", lab_title=LAB)


def tab_to(person: Person, wanted: Locator, at_most: int = 80) -> None:
    """Press Tab until this has the focus, and see that the focus shows."""
    expect(wanted).to_have_count(1)
    for _renderer in range(at_most):
        person.page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            shows = wanted.evaluate(
                "element => [element, ...element.closest('label,li,div')?.children ?? []].some("
                "one => getComputedStyle(one).outlineStyle !== 'none')"
            )
            assert shows, f"the focus does not show on {wanted}"
            return
    raise AssertionError(f"{at_most} presses of Tab do not lead to {wanted}")


def test_by_the_keyboard_alone_one_chooses_registers_and_confirms(
    service: Service, newcomer: Newcomer, lab: str
) -> None:
    address = "keyboard@example.org"
    person = newcomer("keyboard")
    keys = person.page.keyboard
    person.opens(lab)
    keys.press("Tab")
    skip = person.page.get_by_role("link", name=words("Skip to the programme"))
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    keys.press("Enter")
    choice = person.page.get_by_role("article", name=EVENING).get_by_label(words("Select"))
    tab_to(person, choice)
    keys.press("Space")
    expect(choice).to_be_checked()
    selection = person.page.get_by_role("region", name=words("Your selection"))
    tab_to(person, person.button("Register", selection))
    keys.press("Enter")

    name = person.field("Name")
    tab_to(person, name)
    keys.type("Демо Участник с клавиатура")
    tab_to(person, person.field("Email"))
    keys.type(address)
    city = person.field("City")
    tab_to(person, city)
    keys.press("ArrowDown")
    expect(city).to_have_value("sofia")
    tab_to(person, person.page.get_by_role("checkbox").last)
    keys.press("Space")
    tab_to(person, person.button("Register"))
    keys.press("Enter")
    person.reads_heading(words("Check your email"))

    person.opens(service.post.next_to(address).link(r"/confirm/"))
    tab_to(person, person.button("Confirm and register"))
    keys.press("Enter")
    person.reads(words("Your seat is confirmed"))
    assert service.post.next_to(address).subject == words(
        "You are registered for %(lab_title)s", lab_title=LAB
    )
