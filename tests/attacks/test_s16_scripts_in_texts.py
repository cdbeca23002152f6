"""S16 (pretalx CVE-2026-41241, GHSA-cjcx-jfp2-f7m2): a title ran as a script in the organiser's page.

Every text that people can write says something hostile here, past all checks at entry, and every page that shows it is
opened in a browser: once under our policy, which must find nothing to refuse, and once without it, when escaping alone
must hold. That every GET leaves the database unchanged is in `tests/walks`.
"""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser import addresses as a
from tests.browser.reading import Reader, reading
from tests.browser.world import Texts, build

HIT = "window.__hit=1"
PAYLOADS = [
    f"<script>{HIT}</script>",
    f"</script><script>{HIT};alert(1)</script>",  # out of JSON-LD
    f"</title><script>{HIT}</script>",
    f"</textarea><script>{HIT}</script>",
    f'"><img src=/hit onerror="{HIT}">',
    f"'><svg onload={HIT}>",
    f'" autofocus onfocus="{HIT}" x="',
    '<b hx-get="/hit" hx-trigger="load">x</b>',
    '<b data-hx-get="/hit" data-hx-trigger="load">x</b>',
    f"[x](javascript:{HIT})",
    f"--><script>{HIT}</script>",
    "{{1234*1001}}{% 1234*1001 %}${1234*1001}#{1234*1001}",
]
FOUND = """() => {
    const found = []
    if (window.__hit) found.push("a script of the text ran")
    for (const each of document.querySelectorAll("*"))
        for (const {name, value} of each.attributes) {
            const written = /^on|^(data-)?hx-/.test(name) && /hit/.test(value)
            const acts = /^(href|src|action|formaction)$/.test(name) && /^\\s*javascript:|\\/hit$/i.test(value)
            if (written || acts) found.push(`<${each.localName} ${name}="${value}">`)
        }
    const data = "[type='application/ld+json'], [type='application/json']"
    for (const script of document.querySelectorAll(`script:not(${data})`))
        if (script.textContent.trim()) found.push(`<script>${script.textContent}`)
    for (const script of document.querySelectorAll(`script:is(${data})`))
        try { JSON.parse(script.textContent) } catch (error) { found.push(`JSON: ${error}`) }
    if (document.documentElement.outerHTML.includes("1235234")) found.push("an expression of the text was computed")
    return found
}"""


def hostile() -> Texts:
    """Fill long texts with all payloads, and each short one with as many as it holds, the next ones in turn."""
    turns: Iterator[str] = itertools.cycle(PAYLOADS)
    whole = "\n\n".join(PAYLOADS)

    def line(what: str, limit: int) -> str:
        text = next(turns)
        while len(longer := text + next(turns)) <= limit:
            text = longer
        return text[:limit]

    return Texts(
        said=lambda what: dict.fromkeys(("en", "bg", "el"), whole),
        line=line,
        address=lambda: f"javascript:{HIT}//https://example.org",
    )


def look(reader: Reader) -> None:
    for finding in reader.page.evaluate(FOUND):
        reader.note(finding)


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("policy", ["with our policy", "without it"])
@pytest.mark.parametrize("who", a.OPENED_BY)
def test_no_text_acts_on_any_page(browser: Browser, live_server: LiveServer, who: str, policy: str) -> None:
    world = build(hostile())
    with reading(browser, live_server.url, world, who, bypass_csp=policy == "without it") as reader:
        for path, status in a.addresses(who, world):
            reader.opens(path, status)
            look(reader)
    assert "\n".join(reader.complaints) == ""


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_what_was_written_is_shown_as_it_was_written(browser: Browser, live_server: LiveServer) -> None:
    """The positive control: the texts did reach the pages, markup and templates left as letters."""
    world = build(hostile())
    shown = {
        "visitor": (
            "home",
            "programme",
            "city",
            "lab",
            "session",
            "speaker",
            "register",
            "contact",
            "accessibility",
        ),
        "participant": ("registration",),
        "organiser": (
            "console_sessions",
            "console_conflicts",
            "console_slots",
            "console_schedule",
            "console_grouping",
            "console_grouping_new",
            "console_tracks",
            "console_rooms",
            "console_days",
            "console_speaker",
            "console_speakers",
            "console_speaker_reminders",
        ),
    }
    for who, names in shown.items():
        with reading(browser, live_server.url, world, who) as reader:
            for name in names:
                reader.opens(a.address(a.page(name), world))
                page = reader.page.locator("html")
                text = page.inner_text() + " ".join(
                    page.evaluate(
                        "page => [...page.querySelectorAll('input, textarea')].map(one => one.value)"
                    )
                )
                assert PAYLOADS[0] in text, name
                assert PAYLOADS[-1] in text, name


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_the_browser_would_have_told(browser: Browser, live_server: LiveServer) -> None:
    """The other control: where a text does act, this test's eyes see it."""
    world = build()
    with reading(browser, live_server.url, world, "visitor") as reader:
        reader.opens("/")
        reader.page.evaluate(
            "html => document.body.insertAdjacentHTML('beforeend', html)", "".join(PAYLOADS[4:8])
        )
        for _ in range(300):  # until the browser has refused what it was given
            if any("Content Security Policy" in one for one in reader.complaints):
                break
            reader.page.wait_for_timeout(100)
        look(reader)
    seen = "\n".join(reader.complaints)
    assert 'img onerror="window.__hit=1"' in seen
    assert 'hx-get="/hit"' in seen
    assert "Content Security Policy" in seen
