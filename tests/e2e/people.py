"""Somebody at a browser: finds fields and buttons by what stands on them, as people and screen readers do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.catalogue import LANGUAGE, words, words_for
from tests.e2e.post import Post

PASSWORD = "Три лодки пресичат Искъра"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
BULGARIAN, GREEK = "Български", "Ελληνικά"


@dataclass
class Person:
    """A browser of its own, in one language. `complaints` collects what the browser objects to on the pages."""

    page: Page
    base: str
    language: str = LANGUAGE
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # A refused page (404, 409, 422) is what some steps are about; a blocked script or style never is.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def opens(self, address: str) -> int:
        """Open an address of the service, or a link as it came by email; return the status."""
        response = self.page.goto(address if address.startswith("http") else f"{self.base}{address}")
        assert response is not None
        return response.status

    def words(self, english: str, context: str = "", **values: object) -> str:
        """Return a text of the catalogue in this person's language."""
        return words(english, context, self.language, **values)

    def words_for(self, number: int, one: str, many: str, **values: object) -> str:
        return words_for(number, one, many, in_language=self.language, **values)

    def presses(
        self, english: str, within: Locator | None = None, context: str = "", **values: object
    ) -> None:
        self.button(english, within, context, **values).click()

    def button(
        self, english: str, within: Locator | None = None, context: str = "", **values: object
    ) -> Locator:
        place = within or self.page.get_by_role("main")
        return place.get_by_role("button", name=self.words(english, context, **values)).first

    def follows(self, english: str, within: Locator | None = None, context: str = "") -> None:
        place = within or self.page.get_by_role("main")
        place.get_by_role("link", name=self.words(english, context)).first.click()

    def part(self, english: str, within: Locator | None = None) -> Locator:
        """Return the group of fields whose heading begins with these words."""
        name = re.compile(rf"^\s*{re.escape(self.words(english))}(\s|$)")
        return (within or self.page.get_by_role("main")).get_by_role("group", name=name).first

    def part_named(self, english: str, **values: object) -> Locator:
        """Return the group of fields with exactly this heading."""
        return self.page.get_by_role("group", name=self.words(english, **values), exact=True).first

    def field(self, english: str, within: Locator | None = None) -> Locator:
        label = re.compile(rf"^\s*{re.escape(self.words(english))}(\s|$)")
        return (within or self.page.get_by_role("main")).get_by_label(label).first

    def writes(self, english: str, text: str, within: Locator | None = None) -> None:
        self.field(english, within).fill(text)

    def _writes_in(self, language: str, english: str, text: str, within: Locator | None) -> None:
        line = self.part(english, within).get_by_label(language, exact=True)
        line.wait_for(state="attached")
        # Long forms show their texts in one language at a time, under the tab that is chosen.
        bar = self.page.get_by_role("group", name=self.words("Language of the texts"), exact=True)
        if bar.count():
            bar.get_by_role("radio", name=language).check()
        line.fill(text)

    def writes_in_bulgarian(self, english: str, text: str, within: Locator | None = None) -> None:
        """Fill in the Bulgarian line of a text that is asked for in several languages."""
        self._writes_in(BULGARIAN, english, text, within)

    def writes_in_greek(self, english: str, text: str, within: Locator | None = None) -> None:
        """Fill in the Greek line of a text that is asked for in several languages."""
        self._writes_in(GREEK, english, text, within)

    def form_with_button(self, english: str) -> Locator:
        """Return the form that this button sends, where a page has several."""
        button = self.page.get_by_role("button", name=self.words(english))
        return self.page.locator("form").filter(has=button)

    def follows_text(self, text: str) -> None:
        """Follow the first link that says this."""
        self.page.get_by_role("main").get_by_role("link").filter(has_text=text).first.click()

    def control_of(self, name: str, english: str) -> Locator:
        """Return the button or link of one person of a list; the name stands in it for those who only hear it."""
        found = re.compile(f"{re.escape(self.words(english))}.*{re.escape(name)}")
        return self.page.get_by_role("button", name=found).or_(self.page.get_by_role("link", name=found))

    def reads(self, text: str) -> None:
        """Wait until this stands on the page, visibly."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def reads_heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)

    def signs_in(self, email: str) -> None:
        self.opens("/accounts/login/")
        self.writes("Email", email)
        self.writes("Password", PASSWORD)
        self.presses("Sign in")
        expect(self.page).to_have_url(f"{self.base}/organise/")

    def accepts_account(self, post: Post, email: str) -> None:
        """Follow the link of the emailed invitation, choose a name and a password there, and so be signed in."""
        letter = post.next_to(email)
        assert letter.language == self.language
        self.opens(letter.link(r"/accounts/invitations/\S+/"))
        self.writes("Your name", f"Demo {email.partition('@')[0]}")
        self.writes("Password", PASSWORD)
        self.writes("Repeat the password", PASSWORD)
        self.presses("Accept the invitation")
        expect(self.page).to_have_url(f"{self.base}/organise/")

    def sees_no_sideways_scrolling(self) -> None:
        width = self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{self.page.url} is {width} pixels wider than the screen"


@contextmanager
def somebody(
    browser: Browser, base: str, zone: str = "Europe/Sofia", language: str = LANGUAGE, **options: Any
) -> Iterator[Person]:
    """A person with a fresh browser; what the browser complained about fails the test at the end."""
    context = browser.new_context(
        locale=language, timezone_id=zone, reduced_motion="reduce", **{"viewport": DESKTOP, **options}
    )
    context.set_default_timeout(60_000)
    person = Person(context.new_page(), base, language)
    try:
        yield person
    finally:
        context.close()
    assert person.complaints == []
