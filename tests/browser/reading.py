"""A browser that notes whatever goes wrong on the pages it opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

from tests.browser.world import World


@dataclass
class Reader:
    """One viewer's window. `complaints` holds errors of scripts, refusals of the policy, dialogs, foreign requests."""

    base: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.note(f"script: {error}"))
        self.page.on("console", self._hear)
        self.page.on("dialog", self._dismiss)
        self.page.on("request", self._watch)

    def note(self, what: str) -> None:
        self.complaints.append(f"{urlsplit(self.page.url).path}: {what}")

    def _hear(self, message: ConsoleMessage) -> None:
        # The address of a page that is meant to be refused is a failed load, too.
        if message.type == "error" and message.location["url"] != self.page.url:
            self.note(message.text)

    def _dismiss(self, dialog: Dialog) -> None:
        self.note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base}/", "data:")):
            self.note(f"asks for {request.url}")

    def opens(self, path: str, status: int = 200) -> None:
        answer = self.page.goto(f"{self.base}{path}")
        if answer is None or answer.status != status:
            self.note(f"answers {answer and answer.status}, not {status}: {path}")


@contextmanager
def reading(browser: Browser, base: str, world: World, who: str, **options: Any) -> Iterator[Reader]:
    """A window of this viewer, in a browser of its own."""
    context = browser.new_context(
        **{"locale": "en-GB", "timezone_id": "Europe/Sofia", "reduced_motion": "reduce", **options}
    )
    context.set_default_timeout(60_000)
    try:
        context.add_cookies(world.cookies(who, base))  # type: ignore[arg-type]
        yield Reader(base, context, context.new_page())
    finally:
        context.close()
