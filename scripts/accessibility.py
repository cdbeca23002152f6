"""Examine every page with axe: in each language, light, dark and in forced colours, on a phone and on a desktop.

The accessibility statement says what came of it, by core/web/accessibility_run.json, which is written only when every
page was examined in every way. Takes half an hour or more. Exit code: 0 when nothing was found.
"""

import argparse
import json
import sys
from collections import defaultdict
from datetime import date

from playwright.sync_api import Browser

from core.web.accessibility_run import FILE
from scripts.served_world import LANGUAGES, SCHEMES, chosen_pages, served
from tests import factories as f
from tests.browser.addresses import Page, address
from tests.browser.axe import ALL_RULES, AXE, TOO_WIDE, findings
from tests.browser.reading import Reader, reading
from tests.browser.world import World, build

WIDTHS = (320, 1280)
# Forced colours are the reader's. axe reads `-webkit-text-fill-color`, in which Chromium gives the page's own instead.
NOT_CHECKED = {"forced-colours": ("color-contrast",)}
# A fault of a page: its name, the rule and the element; and how the page was when it showed.
Faults = dict[tuple[str, str, str], list[str]]


class NotExaminedError(Exception):
    """A page did not answer as it should, or not in the language that was asked for."""


def examine(reader: Reader, name: str, language: str, faults: Faults) -> None:
    """Examine the open page in every scheme and width."""
    for width in WIDTHS:
        reader.page.set_viewport_size({"width": width, "height": 900})
        for scheme, media in SCHEMES.items():
            reader.page.emulate_media(**media)
            how = f"{language}, {scheme}, {width}"
            for finding in findings(reader.page, ALL_RULES, *NOT_CHECKED.get(scheme, ())):
                faults[name, finding.rule, finding.target].append(f"{how}: {finding.details}")
            if (beyond := reader.page.evaluate(TOO_WIDE)) > 0:
                faults[name, "too wide", "html"].append(f"{how}: by {beyond} pixels")


def examine_all(
    browser: Browser,
    base: str,
    world: World,
    pages: dict[str, list[tuple[str, Page]]],
    languages: list[str],
) -> tuple[str, Faults]:
    """Return axe's name with its version, and what it found. Raises NotExaminedError."""
    faults: Faults = defaultdict(list)
    tool = ""
    for language in languages:
        for who, named in pages.items():
            with reading(browser, base, world, who, locale=language) as reader:
                reader.context.add_init_script(AXE)
                for name, page in named:
                    reader.opens(address(page, world), page.status)
                    if (shown := reader.page.locator("html").get_attribute("lang")) != language:
                        reader.note(f"is in {shown}, not in {language}")
                    examine(reader, name, language, faults)
                    if reader.complaints:
                        raise NotExaminedError("\n".join(reader.complaints))
                    tool = tool or f"axe-core {reader.page.evaluate('axe.version')}"
            print(f"{language}, {who}: {len(named)} pages, {len(faults)} faults so far", flush=True)
    return tool, faults


def main() -> int:
    """Examine the pages, print what was found, and write the file when nothing was left out."""
    parser = argparse.ArgumentParser(prog="make accessibility", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="pages of this name")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="this language alone")
    options = parser.parse_args()
    languages, pages = options.language or list(LANGUAGES), chosen_pages(options.only)
    if not pages:
        parser.error("no page has such a name")
    count = sum(map(len, pages.values()))
    with served() as (base, browser):
        world = build()
        f.UserFactory.create_batch(101)  # more than a page of the administration
        try:
            tool, faults = examine_all(browser, base, world, pages, languages)
        except NotExaminedError as error:
            print(f"Not all pages could be examined; nothing is written.\n{error}", file=sys.stderr)
            return 2
    for (name, rule, target), shown in faults.items():
        print(f"\n{name}: {rule}: {target}", *shown, sep="\n    ")
    print(f"\n{tool}: {count} pages in {', '.join(languages)}: {len(faults)} faults.")
    if options.only or options.language:
        print("Pages or languages were left out; nothing is written.")
    else:
        run = {
            "date": date.today().isoformat(),
            "tool": tool,
            "pages": count,
            "languages": languages,
            "schemes": list(SCHEMES),
        }
        FILE.write_text(json.dumps({**run, "findings": len(faults)}, indent=2) + "\n", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
