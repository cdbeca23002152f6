"""A schedule comes from another conference system: previewed, imported, read on the pages, and unchanged afterwards.

The two files are small, with the oddities that exports of pretalx and frab have: HTML and entities in texts, several
persons and one without a name, logos by path, rooms in which nothing takes place, licences of recordings, links,
attachments, answers, and events after midnight.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from core.timezones.formatting import grouped
from tests.e2e.catalogue import LANGUAGE
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PASSWORD, Person
from tests.e2e.running_service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

SCHEDULES = Path(__file__).resolve().parents[1] / "sessions" / "schedules"


@dataclass(frozen=True)
class Story:
    """A file, the lab it is imported into, and what then stands on the lab's page."""

    file: str
    lab: str
    first_day: str
    last_day: str
    counts: dict[str, int]
    # The article of each session: title, and what it says.
    articles: dict[str, tuple[str, ...]]
    # The page of one session: its title, what it says, and what it does not.
    page_of: str
    says: tuple[str, ...]
    does_not_say: tuple[str, ...]


PRETALX = Story(
    file="pretalx_conference.json",
    lab="harbour-days",
    first_day="2031-03-29",
    last_day="2031-03-30",
    counts={"sessions": 4, "rooms": 3, "tracks": 2, "speakers": 2},
    articles={
        "Opening: what a harbour owes its city": ("09:00", "09:45", "Aula Magna", "Ports & people"),
        "Night watch": ("00:30", "03:00", "Aula Magna"),
        "Sensors, hands on: part 1": ("11:00", "13:00", "Sala 2 & Foyer", "Open data"),
        "Sensors, hands on: part 2": ("11:00", "13:00", "Sala 2 & Foyer", "Open data"),
    },
    page_of="Sensors, hands on: part 1",
    says=(
        "Bring a laptop & a cable. Less than 5 < 10 people a table.",
        "solder",
        "the guide",
        "Dr. Maria Rossi-Ivanova",
    ),
    does_not_say=("&amp;", "&nbsp;", "<li>", "target="),
)
FRAB = Story(
    file="frab_conference.xml",
    lab="river-week",
    first_day="2031-05-12",
    last_day="2031-05-13",
    counts={"sessions": 3, "rooms": 2, "tracks": 2, "speakers": 2},
    articles={
        "A river is not a pipe: What floods teach": ("09:30", "10:30", "Main hall", "Water & land"),
        "Films at night": ("00:15", "01:45", "Main hall"),
        "Mapping together": ("14:00", "14:45", "Seminar 1", "Workshops"),
    },
    page_of="A river is not a pipe: What floods teach",
    says=(
        "Rivers & cities share one bed.",
        "make room",
        "Water remembers.",
        "the map",
        "Anna-Lena Müller",
        "O’Neill, Pat",
    ),
    does_not_say=("&amp;", "<ol>", "blockquote", "<img", "CC BY", "/system/"),
)
LINES = {
    "sessions": "New sessions: %(count)s",
    "rooms": "New rooms: %(count)s",
    "tracks": "New tracks: %(count)s",
    "speakers": "New speakers: %(count)s",
}


@pytest.fixture(scope="module")
def planner(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of somebody who runs two labs without sessions, both in Rome and public."""
    labs = [
        {
            "slug": story.lab,
            "title": {"bg": f"Лаборатория {story.lab}", "en": story.lab},
            "languages": ["en", "bg"],
            "starts_on": story.first_day,
            "ends_on": story.last_day,
            "time_zone": "Europe/Rome",
            "visibility": "public",
            "registration": {"opens": "2020-01-01T00:00"},
        }
        for story in (PRETALX, FRAB)
    ]
    programme = {
        "slug": "imported",
        "name": {"en": "Imported", "bg": "Внесени"},
        "organiser": {"en": "Demo organiser", "bg": "Демо организатор"},
        "languages": ["en", "bg"],
        "visibility": "public",
        "labs": labs,
    }
    file = tmp_path_factory.mktemp("programme") / "imported.json"
    file.write_text(json.dumps({"programmes": [programme]}))
    service.manage("load_programme", str(file))
    email = "planner@example.org"
    service.manage("createsuperuser", "--noinput", "--email", email, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    return email


def uploads(person: Person, story: Story) -> None:
    """Upload the file, and wait for its preview."""
    person.opens(f"/organise/labs/{story.lab}/sessions/")
    person.follows("Import")
    person.field("File").set_input_files(SCHEDULES / story.file)
    person.presses("Show what would change")
    person.reads_heading(person.words("What would change"))


def lists(person: Person) -> dict[str, str]:
    """Return the lists of a preview: how many entries each says it has."""
    tabs = person.page.get_by_role("navigation", name=person.words("Entries")).get_by_role("link")
    expect(tabs.first).to_be_visible()
    return {name: count for text in tabs.all_inner_texts() for name, count in [text.rsplit(maxsplit=1)]}


def article(person: Person, title: str) -> Locator:
    return person.page.get_by_role("article", name=title, exact=True)


def says_nothing_of(person: Person, texts: tuple[str, ...]) -> None:
    words = person.page.get_by_role("main").inner_text()
    assert [text for text in texts if text in words] == []


@pytest.mark.parametrize("story", [PRETALX, FRAB], ids=["pretalx", "frab"])
def test_a_schedule_of_another_system_is_imported_once(
    service: Service, newcomer: Newcomer, planner: str, story: Story
) -> None:
    person = newcomer("planner", zone="Europe/Rome")
    person.signs_in(planner)
    uploads(person, story)
    assert lists(person) == {
        person.words("New", context="import"): grouped(sum(story.counts.values()), LANGUAGE)
    }
    expect(person.page.locator(".import-error")).to_have_count(0)
    says_nothing_of(person, story.does_not_say)
    person.presses("Continue…")
    for name, count in story.counts.items():
        person.reads(person.words(LINES[name], count=count))
    person.presses("Import")
    person.reads_heading(person.words("Import finished"))

    person.opens(f"/labs/{story.lab}/")
    for title, facts in story.articles.items():
        for fact in facts:
            expect(article(person, title)).to_contain_text(fact)
    expect(person.page.get_by_role("article")).to_have_count(len(story.articles))
    person.follows_text(story.page_of)
    person.reads_heading(story.page_of)
    for text in story.says:
        person.reads(text)
    says_nothing_of(person, story.does_not_say)

    uploads(person, story)
    assert lists(person) == {
        person.words("Unchanged", context="import"): grouped(sum(story.counts.values()), LANGUAGE)
    }
    person.reads(person.words("Nothing to change: everything in the file is already here."))
