"""Take the pictures of README.md and docs/tour.md from the demonstration, or of every page for a contact sheet.

Which pictures there are is up to the two documents: each one that they name is taken, each other one removed.
"""

import argparse
import email
import email.message
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, StorageState, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "docs" / "screenshots"
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "tour.md")
DESKTOP, PHONE, EMAIL = (1280, 900), (390, 844), (680, 900)
COMING, PAST = "city-lab-5", "city-lab-4"
PARTICIPANT = "first@example.org"
READY_TIMEOUT = 180  # seconds


def named_pictures() -> set[str]:
    """Return the names, without their ending, of the pictures that the documents show or link to."""
    return {
        name
        for document in DOCUMENTS
        for name in re.findall(r"\(\S*screenshots/([^)]+)\.png\)", document.read_text(encoding="utf-8"))
    }


def start_browser(playwright: Playwright) -> Browser:
    """Start the browser that CHROMIUM names, else the system's, else Playwright's own."""
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-headless-shell")
    )
    return playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@contextmanager
def service() -> Iterator[tuple[str, Path]]:
    """Run the service with a fresh demo; yields its address and its data folder."""
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="citylabs-pictures-") as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {**os.environ, "VAR_DIR": folder, "PORT": str(port), "WEB_WORKERS": "1"}
        for name in ("BASE_URL", "DATABASE_URL", "EMAIL_URL"):
            environment.pop(name, None)
        process = subprocess.Popen([sys.executable, "scripts/run", "--demo"], cwd=ROOT, env=environment)
        base = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + READY_TIMEOUT
            while True:
                try:
                    urllib.request.urlopen(f"{base}/health/live", timeout=5).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        sys.exit("The service did not start.")
                    time.sleep(0.5)
            yield base, Path(folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def sign_in(page: Page, base: str, data: Path, who: str) -> None:
    line = next(line for line in (data / "demo-signin.txt").read_text().splitlines() if who in line)
    address, password = line.split()[:2]
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", address)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def mail_to(data: Path, to: str, words: str) -> tuple[email.message.EmailMessage, str]:
    """Wait for an email to this address whose text has `words` (a regular expression); return it and what it has."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for file in sorted(
            (data / "mail").glob("*.eml"), key=lambda each: each.stat().st_mtime, reverse=True
        ):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            if to in str(message["To"]) and body is not None:
                found = re.search(words, body.get_content())
                if found:
                    return message, found[0]
        time.sleep(0.5)
    sys.exit(f"No email to {to} with {words} came.")


class Demo:
    """The demonstration, in which things are done when a picture first needs them."""

    def __init__(self, browser: Browser, base: str, data: Path) -> None:
        self.browser, self.base, self.data = browser, base, data
        self._signed_in: dict[str, StorageState] = {}

    def state(self, who: str) -> StorageState:
        """Return the browser's state of somebody who has signed in."""
        if who not in self._signed_in:
            context = self.browser.new_context()
            sign_in(context.new_page(), self.base, self.data, who)
            self._signed_in[who] = context.storage_state()
            context.close()
        return self._signed_in[who]

    @cached_property
    def own_page(self) -> str:
        """Register a participant and confirm; the address of the private page."""
        context = self.browser.new_context()
        page = context.new_page()
        chosen = "session=upskilling-workforce&session=dialogue-breton-mayors"
        page.goto(f"{self.base}/labs/{COMING}/register/?{chosen}")
        page.fill("input[name=name]", "Demo participant")
        page.fill("input[name=email]", PARTICIPANT)
        page.select_option("select[name=city]", "kavala")
        page.select_option("select[name=group]", index=1)
        page.check("input[name=consent]")
        page.click("main button[type=submit]")
        page.goto(mail_to(self.data, PARTICIPANT, r"http\S+/confirm/")[1])
        page.click("main button[type=submit]")
        page.wait_for_load_state()
        address = page.url.partition("?")[0]
        context.close()
        return address

    @cached_property
    def confirmation(self) -> str:
        """The email that the participant of the private page gets after confirming, as a file."""
        self.own_page  # noqa: B018  (registers)
        message, _found = mail_to(self.data, PARTICIPANT, "webcal://")
        body = message.get_body(("html",))
        if body is None:
            sys.exit("The confirmation has no HTML part.")
        file = self.data / "confirmation.html"
        file.write_text(body.get_content(), encoding="utf-8")
        return file.as_uri()

    @cached_property
    def check_page(self) -> str:
        """Issue the past lab's certificates; the address of one check page."""
        context = self.browser.new_context(storage_state=self.state("organiser@example.org"))
        page = context.new_page()
        page.goto(f"{self.base}/organise/labs/{PAST}/certificates/")
        page.click("main form[action$='/issue/'] button")
        deadline = time.monotonic() + 120
        links = page.locator("main td a[href*='/certificates/']")
        running = page.get_by_text("Certificates are being issued")
        while time.monotonic() < deadline:
            page.goto(f"{self.base}/organise/labs/{PAST}/certificates/?standing=issued")
            if links.count() and not running.count():
                address = self.base + str(links.first.get_attribute("href"))
                context.close()
                return address
            time.sleep(1)
        sys.exit("The certificates were not issued in time.")

    @cached_property
    def emails(self) -> str:
        """The register of the past lab's emails, after certificates were issued."""
        self.check_page  # noqa: B018  (issues them)
        return f"{self.base}{PAST_CONSOLE}/mail/"


Take = Callable[[Demo, Path], None]


def window(
    address: str | Callable[[Demo], str],
    size: tuple[int, int] = DESKTOP,
    who: str | None = None,
    dark: bool = False,
) -> Take:
    """Return what takes a picture of a path of the service, or of an address that only the demonstration knows."""

    def take(demo: Demo, target: Path) -> None:
        where = address(demo) if callable(address) else demo.base + address
        context = demo.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            storage_state=demo.state(who) if who else None,
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(where)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=target)
        context.close()

    return take


def certificate(demo: Demo, target: Path) -> None:
    """Take a picture of a certificate's first page."""
    pdf = demo.data / "certificate.pdf"
    pdf.write_bytes(urllib.request.urlopen(f"{demo.check_page.rstrip('/')}.pdf").read())
    command = ["pdftoppm", "-r", "80", "-png", "-singlefile", str(pdf), str(target.with_suffix(""))]
    subprocess.run(command, check=True)


LAB, CONSOLE, PAST_CONSOLE = f"/labs/{COMING}", f"/organise/labs/{COMING}", f"/organise/labs/{PAST}"
ORGANISER = "organiser@example.org"
PICTURES: dict[str, Take] = {
    "home": window("/"),
    "lab": window(f"{LAB}/"),
    "lab-phone": window(f"{LAB}/?lang=bg", PHONE),
    "lab-delegate": window(f"{LAB}/", who="delegate-sofia"),
    "session": window(f"{LAB}/sessions/dialogue-breton-mayors/?tz=Europe/Rome"),
    "register": window(f"{LAB}/register/?session=upskilling-workforce"),
    "email": window(lambda demo: demo.confirmation, EMAIL),
    "registration": window(lambda demo: demo.own_page),
    "registration-phone": window(lambda demo: demo.own_page, PHONE, dark=True),
    "calendar": window(f"{LAB}/subscribe/"),
    "console-lab": window(f"{CONSOLE}/", who=ORGANISER),
    "console-registrations": window(f"{CONSOLE}/registrations/", who=ORGANISER),
    "console-mail": window(lambda demo: demo.emails, who=ORGANISER),
    "console-certificates": window(f"{PAST_CONSOLE}/certificates/", who=ORGANISER),
    "door": window(f"{PAST_CONSOLE}/attendance/dialogue-breton-mayors/", PHONE, ORGANISER),
    "certificate": certificate,
    "certificate-check": window(lambda demo: demo.check_page),
    "city": window("/programmes/icc/cities/sofia/", who="delegate-sofia"),
    "help": window("/help/"),
}


def take_pictures(only: Sequence[str]) -> None:
    """Take the pictures of the documents, or only those of these names; remove those that no document names."""
    named = named_pictures()
    if unknown := (named | set(only)) - PICTURES.keys():
        sys.exit(f"scripts/screenshots.py does not know how to take {', '.join(sorted(unknown))}.")
    for left_over in SCREENSHOTS.glob("*.png"):
        if left_over.stem not in named:
            left_over.unlink()
    with service() as (base, data), sync_playwright() as playwright:
        browser = start_browser(playwright)
        demo = Demo(browser, base, data)
        for name in only or sorted(named):
            target = SCREENSHOTS / f"{name}.png"
            PICTURES[name](demo, target)
            smaller = Image.open(target).convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
            smaller.save(target, optimize=True)
        browser.close()


def main() -> None:
    """Take the documents' pictures, or with `--sheet` those of every page."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--sheet", type=Path, metavar="FOLDER", help="every page in every way, with an index.html"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this picture; of a sheet, pages like it"
    )
    parser.add_argument("--language", action="append", choices=("en", "bg", "el"), help="of a sheet")
    options = parser.parse_args()
    if options.sheet is None:
        take_pictures(options.only)
        return
    from scripts.contact_sheet import take_sheet  # needs Django, which pictures of the demonstration do not

    take_sheet(options.sheet, options.only, options.language)


if __name__ == "__main__":
    main()
