"""Take the README's screenshots: start the service with the demo in a temporary folder, and visit its pages.

scripts/screenshots.py            into docs/screenshots/
scripts/screenshots.py FOLDER     every page at phone and desktop width, light and dark, to look at
"""

import email
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "docs" / "screenshots"
DESKTOP, PHONE = (1280, 900), (390, 844)
COMING, PAST = "city-lab-5", "city-lab-4"
READY_TIMEOUT = 180  # seconds


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


def link_in_mail(data: Path, to: str, path: str) -> str:
    """Wait for an email to this address with a link that matches `path`, and return the link."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for file in sorted(
            (data / "mail").glob("*.eml"), key=lambda each: each.stat().st_mtime, reverse=True
        ):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            if to in str(message["To"]) and body is not None:
                found = re.search(path, body.get_content())
                if found:
                    return found[0]
        time.sleep(0.5)
    sys.exit(f"No mail to {to} with {path} came.")


def register(page: Page, base: str, data: Path) -> str:
    """Register a participant and confirm; return the URL of the private page."""
    page.goto(f"{base}/labs/{COMING}/register/?session=upskilling-workforce&session=dialogue-breton-mayors")
    page.fill("input[name=name]", "Demo participant")
    page.fill("input[name=email]", "first@example.org")
    page.select_option("select[name=city]", "kavala")
    page.select_option("select[name=group]", index=1)
    page.check("input[name=consent]")
    page.click("main button[type=submit]")
    page.goto(link_in_mail(data, "first@example.org", r"http\S+/confirm/"))
    page.click("main button[type=submit]")
    page.wait_for_load_state()
    return page.url.partition("?")[0]


def issue_certificates(page: Page, base: str) -> str:
    """Issue the past lab's certificates; return the URL of one check page."""
    page.goto(f"{base}/organise/labs/{PAST}/certificates/")
    page.click("main form[action$='/issue/'] button")
    deadline = time.monotonic() + 120
    links = page.locator("main td a[href*='/certificates/']")
    while time.monotonic() < deadline:
        page.goto(f"{base}/organise/labs/{PAST}/certificates/?standing=issued")
        if links.count():
            return base + str(links.first.get_attribute("href"))
        time.sleep(1)
    sys.exit("No certificate was issued.")


def take_screenshot(
    browser: Browser,
    address: str,
    target: Path,
    size: tuple[int, int],
    *,
    state: StorageState | None = None,
    dark: bool = False,
    full: bool = False,
) -> None:
    """Take one screenshot; `full` for the whole page, `dark` for dark mode, `state` for a signed-in browser."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        storage_state=state,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, full_page=full)
    context.close()
    smaller = Image.open(target).convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
    smaller.save(target, optimize=True)


def main() -> None:
    """Take the README's screenshots, or all pages into a folder."""
    everything = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-headless-shell")
    )
    with service() as (base, data), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        visit = browser.new_context()
        visitor = visit.new_page()
        own_page = register(visitor, base, data)
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, base, data, "organiser@example.org")
        check_page = issue_certificates(page, base)
        state = context.storage_state()
        delegate_context = browser.new_context()
        sign_in(delegate_context.new_page(), base, data, "delegate-sofia")
        delegate = delegate_context.storage_state()
        code = check_page.rstrip("/").rpartition("/")[2]
        pdf = data / "certificate.pdf"
        pdf.write_bytes(urllib.request.urlopen(f"{base}/certificates/{code}.pdf").read())
        lab, console = f"{base}/labs/{COMING}", f"{base}/organise/labs/{COMING}"
        public = {
            "home": f"{base}/",
            "programme": f"{base}/programmes/icc/",
            "lab": f"{lab}/",
            "lab-bg": f"{lab}/?lang=bg",
            "lab-el": f"{lab}/?lang=el",
            "session": f"{lab}/sessions/dialogue-breton-mayors/?tz=Europe/Rome",
            "speakers": f"{lab}/speakers/",
            "subscribe": f"{lab}/subscribe/",
            "register": f"{lab}/register/?session=upskilling-workforce",
            "registration": own_page,
            "certificate-check": check_page,
        }
        organiser = {
            "console-labs": f"{base}/organise/",
            "console-lab": f"{console}/",
            "console-sessions": f"{console}/sessions/",
            "console-session": f"{console}/sessions/dialogue-breton-mayors/",
            "console-registrations": f"{console}/registrations/",
            "console-mail": f"{console}/mail/",
            "console-attendance": f"{base}/organise/labs/{PAST}/attendance/",
            "console-certificates": f"{base}/organise/labs/{PAST}/certificates/",
            "console-settings": f"{console}/settings/",
        }
        if everything is None:
            for name in ("home", "lab", "session", "register", "registration", "certificate-check"):
                take_screenshot(browser, public[name], SCREENSHOTS / f"{name}.png", DESKTOP)
            take_screenshot(browser, public["lab-bg"], SCREENSHOTS / "lab-phone.png", PHONE)
            take_screenshot(
                browser, public["registration"], SCREENSHOTS / "registration-phone.png", PHONE, dark=True
            )
            take_screenshot(browser, public["lab"], SCREENSHOTS / "lab-delegate.png", DESKTOP, state=delegate)
            for name in ("console-lab", "console-registrations", "console-mail", "console-certificates"):
                take_screenshot(browser, organiser[name], SCREENSHOTS / f"{name}.png", DESKTOP, state=state)
            certificate = SCREENSHOTS / "certificate"
            subprocess.run(
                ["pdftoppm", "-r", "80", "-png", "-singlefile", str(pdf), str(certificate)], check=True
            )
        else:
            for pages, signed_in in ((public, None), (organiser, state)):
                for name, address in pages.items():
                    for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
                        for dark in (False, True):
                            file = everything / f"{name}-{width}{'-dark' if dark else ''}.png"
                            take_screenshot(
                                browser, address, file, size, state=signed_in, dark=dark, full=True
                            )
        browser.close()


if __name__ == "__main__":
    main()
