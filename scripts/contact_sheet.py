"""Pictures of every page, email and certificate in each language, width and colour scheme, and as printed.

The world is that of the accessibility test with long names and a hundred rows.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from scripts.served_world import LANGUAGES, SCHEMES, chosen, chosen_pages, served  # first: sets up Django

# isort: split
from django.db import transaction
from django.utils import translation
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Route
from playwright.sync_api import Page as Tab

from certificates.pdf import render
from core.mail.rendering import rendered
from tests.browser.addresses import address
from tests.browser.full_world import full_world
from tests.browser.reading import reading
from tests.certificates.samples import SIGNED_AND_FUNDED, certificate
from tests.every_email import every_email

DESKTOP, PHONE, PAPER = 1280, 390, 794  # pixels; paper is A4 at 96 an inch
LONGEST = 12_000  # pixels of a page; what is below is left out
THUMBNAIL = (160, 220)
EMBLEM = Path(__file__).resolve().parent.parent / "static/site/eu-emblem.png"
STYLE = """body { font: 16px/1.4 sans-serif; margin: 2rem } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
div { display: flex; flex-wrap: wrap; gap: .75rem } figure { margin: 0; font-size: .75rem }
img { display: block; border: 1px solid #999 }"""


class View(NamedTuple):
    """A way of looking at a page: its name, the window's width in pixels, and what Playwright emulates."""

    name: str
    width: int
    media: dict[str, Any]


VIEWS = [
    *(View(f"{width}-{name}", width, media) for width in (DESKTOP, PHONE) for name, media in SCHEMES.items()),
    View("print", PAPER, {**SCHEMES["light"], "media": "print"}),
]


class Sheet:
    """A folder of pictures and thumbnails: `pictures` are those of each name, by what each shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures: dict[str, dict[str, Path]] = {}

    def add(self, name: str, shows: str, take: Callable[[Path], object]) -> None:
        """Have a JPEG taken of what a name stands for, and make it a thumbnail."""
        file = Path(name) / f"{shows}.jpg"
        (self.folder / "thumbnails" / name).mkdir(parents=True, exist_ok=True)
        (self.folder / name).mkdir(exist_ok=True)
        take(self.folder / file)
        with Image.open(self.folder / file) as picture:
            width, height = picture.size
            shown = picture.crop((0, 0, width, min(height, width * THUMBNAIL[1] // THUMBNAIL[0])))
            shown.thumbnail(THUMBNAIL)
            shown.save(self.folder / "thumbnails" / file)
        self.pictures.setdefault(name, {})[shows] = file

    def add_views(self, name: str, language: str, tab: Tab) -> None:
        """Take the open page in every view."""
        for view in VIEWS:
            tab.set_viewport_size({"width": view.width, "height": 900})
            tab.emulate_media(**view.media)
            height = min(tab.evaluate("document.documentElement.scrollHeight"), LONGEST)
            all_of_it: FloatRect = {"x": 0, "y": 0, "width": view.width, "height": height}

            def take(file: Path, clip: FloatRect = all_of_it) -> None:
                tab.screenshot(path=file, type="jpeg", quality=70, full_page=True, clip=clip)

            self.add(name, f"{language}-{view.name}", take)
        tab.emulate_media(**SCHEMES["light"])

    def write_index(self) -> Path:
        """Write the page of all thumbnails, and return where it is."""
        index = self.folder / "index.html"
        index.write_text("\n".join(self._lines()) + "\n", encoding="utf-8")
        return index

    def _lines(self) -> Iterator[str]:
        yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title><style>{STYLE}</style>'
        yield "<h1>Pages</h1>"
        for name, pictures in self.pictures.items():
            yield f'<h2 id="{escape(name)}">{escape(name)}</h2><div>'
            for shows, file in pictures.items():
                yield (
                    f'<figure><a href="{file.as_posix()}"><img src="thumbnails/{file.as_posix()}" loading="lazy" '
                    f'alt="{escape(name)}, {shows}"></a><figcaption>{shows}</figcaption></figure>'
                )
            yield "</div>"


def take_emails(sheet: Sheet, browser: Browser, only: Sequence[str], languages: Sequence[str]) -> None:
    def answer(route: Route) -> None:
        if route.request.url.endswith(".png"):
            route.fulfill(path=EMBLEM)
        else:
            route.abort()

    for language in languages:
        with transaction.atomic():
            emails = {
                f"email-{occasion.replace('_', '-')}": rendered(message, reveal=True).html
                for occasion, message in every_email(language).items()
            }
            transaction.set_rollback(True)
        translation.deactivate()
        tab = browser.new_page()
        tab.route("**/*", answer)
        for name, html in emails.items():
            if chosen(name, only):
                tab.set_content(html)
                sheet.add_views(name, language, tab)
        tab.close()


def take_certificates(sheet: Sheet, languages: Sequence[str]) -> None:
    for language in languages:
        pdf = render(certificate(language, **SIGNED_AND_FUNDED))

        def take(file: Path, pdf: bytes = pdf) -> None:
            command = ["pdftoppm", "-r", "96", "-jpeg", "-singlefile", "-", str(file.with_suffix(""))]
            subprocess.run(command, input=pdf, check=True)

        sheet.add("certificate-pdf", language, take)


def take_pages(
    sheet: Sheet, browser: Browser, base: str, only: Sequence[str], languages: Sequence[str]
) -> None:
    pages = chosen_pages(only)
    if not pages:
        return
    world = full_world()
    for who, named in pages.items():
        for language in languages:
            with reading(browser, base, world, who, locale=language) as reader:
                for name, page in named:
                    reader.opens(address(page, world), page.status)
                    sheet.add_views(name, language, reader.page)
            print(f"{who}, {language}: {len(named)} pages", *reader.complaints, sep="\n    ", flush=True)


def take_sheet(folder: Path, only: Sequence[str], languages: Sequence[str] | None) -> None:
    """Take the pictures of what the names in `only` are part of (of everything without) in these languages (or all)."""
    languages = languages or LANGUAGES
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(folder)
    with served() as (base, browser):
        try:
            take_emails(sheet, browser, only, languages)
            if chosen("certificate-pdf", only):
                take_certificates(sheet, languages)
            take_pages(sheet, browser, base, only, languages)
        finally:
            print(sheet.write_index())
