"""S18 (Indico 3.3.13, 3.3.8, 3.2.6; Django CVE-2026-15920): `javascript:` in links that people typed.

Checked at entry (the model refuses it) and again at output (a row that came another way is shown without the link).
"""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template import engines

from core.web import markdown
from labs.models import Operator, ProgrammeLogo, Room
from sessions.models import Session, Speaker

HOSTILE = [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)//https://example.org",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "view-source:https://example.org",
    "https:javascript:alert(1)",
    "https://citylabs.example.org@evil.example/",
    "https://citylabs.example.org:pay@evil.example/",
    "//example.org",
    "\\\\example.org\\share",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize(
    ("model", "column"),
    [
        (Speaker, "website"),
        (Room, "join_link"),
        (Session, "join_link"),
        (ProgrammeLogo, "link"),
        (Operator, "enforcement_address"),
    ],
)
def test_the_column_refuses_it(model, column, address):
    with pytest.raises(ValidationError):
        model._meta.get_field(column).clean(address, model())


def test_templates_write_links_to_email_addresses_by_their_filter_alone():
    """It quotes what would fill in another recipient, or a text: `x?bcc=victim@example.org` is a valid address."""
    templates = (settings.BASE_DIR / "templates").rglob("*.*")
    assert [each.name for each in templates if "mailto:" in each.read_text()] == []
    page = engines["django"].from_string("{{ address|mailto }}")
    assert page.render({"address": "x?bcc=victim@example.org"}) == "mailto:x%3Fbcc%3Dvictim@example.org"


@pytest.mark.parametrize("address", [*HOSTILE, "ftp://example.org/x"])
def test_a_page_does_not_link_to_it(address):
    page = engines["django"].from_string('<a href="{{ address|safe_link }}">x</a>')
    assert page.render({"address": address}) == '<a href="">x</a>'


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize(
    "pattern", ["[x](%s)", "[x](<%s>)", "<%s>", "[x]\n\n[x]: %s", "![x](%s)", "[x](%s 'title')"]
)
def test_markdown_does_not_link_to_it(pattern, address):
    assert "href" not in markdown.render(pattern % address)


@pytest.mark.parametrize(
    "written",
    [
        "[x](javascript&colon;alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](java%73cript:alert(1))",
        "[x](javascript&#x3A;alert(1))",
        "[x](\\javascript:alert(1))",
    ],
)
def test_disguises_do_not_help(written):
    assert "href" not in markdown.render(written)


def test_every_link_from_people_tells_search_engines_and_browsers_to_keep_apart():
    shown = markdown.render("[x](https://example.org) <mailto:a@example.org>")
    assert shown.count("<a ") == shown.count('rel="nofollow noopener"') == 2
