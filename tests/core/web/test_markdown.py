"""Markdown as HTML: a small set of elements, and nothing that runs or loads."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web import markdown

PIECES = st.sampled_from(
    [
        "<script>", "</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "<svg/onload=1>",
        "![x](http://x/y.png)",
        "<a href='jav&#x09;ascript:1'>", "](", "[", "`", "```\n", "# ", "> ", "- ", "1. ", "\n", "\n\n",
        "[x]: javascript:1\n", "[x]", "<https://example.org>", "<javascript:1>", "&lt;", "hx-get=/x", "**", "_", "\x00",
        "<!--", "-->", "<div hx-on:click=1>", "{{ 7*7 }}", "{% load %}", "a", " ", '"', "'", "data:text/html,x",
    ]
)  # fmt: skip
ELEMENT = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_typed_only_listed_elements_and_checked_links_come_out(text):
    shown = markdown.render(text)
    for _closing, name, attributes in ELEMENT.findall(shown):
        assert name in markdown.ELEMENTS
        left = re.sub(r' (start="\d+"|rel="nofollow noopener"|href="[^"]*")', "", attributes)
        assert left.strip(" /") == ""
        for address in re.findall(r'href="([^"]*)"', attributes):
            assert markdown.is_safe_link(html.unescape(address))
    assert "<" not in ELEMENT.sub("", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Two\nlines", "<p>Two<br>\nlines</p>"),
        ("**Bold** and *so*", "<p><strong>Bold</strong> and <em>so</em></p>"),
        ("# Top\n## Next", "<h3>Top</h3>\n<h4>Next</h4>"),
        ("###### Deep", "<h6>Deep</h6>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        (
            "[site](https://example.org/a?b=1&c=2)",
            '<p><a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener">site</a></p>',
        ),
        (
            "<https://example.org>",
            '<p><a href="https://example.org" rel="nofollow noopener">https://example.org</a></p>',
        ),
        (
            "[write](mailto:a@example.org)",
            '<p><a href="mailto:a@example.org" rel="nofollow noopener">write</a></p>',
        ),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"),
        ("{{ user.password }} {% debug %}", "<p>{{ user.password }} {% debug %}</p>"),
    ],
)
def test_text_is_shown_as_typed(text, shown):
    assert markdown.render(text) == shown


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//example.org/x", "/accounts/",
        "?lang=bg", "#main", "http:", "https:///path", "mailto:", "ftp://example.org", "file:///etc/passwd", "", "http://[",
        "java\tscript:alert(1)", "https://bank@example.org", "https://example.org/\n", "tel:123", "blob:https://example.org/1",
    ],
)  # fmt: skip
def test_addresses_of_other_kinds_are_no_links(address):
    assert not markdown.is_safe_link(address)
    assert "<a " not in markdown.render(f"[x](<{address}>)")


def test_pictures_are_not_loaded_from_elsewhere():
    shown = markdown.render("![logo](https://example.org/x.png)")
    assert "<img" not in shown


def test_a_deep_and_long_text_takes_no_harm():
    assert len(markdown.render(">" * 5000 + " deep")) < 100_000
    assert markdown.render("x" * 10_000) == f"<p>{'x' * 10_000}</p>"
    assert "<a" not in markdown.render("[" * 5000)


def test_bare_words_leave_the_marks_out():
    text = "# Why\n\nBring **one** question, [see](https://example.org):\n\n- a\n- b\n\n`code`"
    assert markdown.plain_line(text) == "Why Bring one question, see: a b code"


def test_calendars_get_paragraphs_lists_and_the_addresses_of_links() -> None:
    text = (
        "# Why\n\nBring **one** [question](https://example.org/q),\nor <https://example.org/> to read:\n\n"
        "- a\n- [write](mailto:a@example.org)\n\n1. first\n2. second\n   - inner\n\nAnd [no](javascript:x)."
    )
    assert markdown.plain_paragraphs(text) == (
        "Why\n\nBring one question (https://example.org/q),\nor https://example.org/ to read:\n\n"
        "– a\n– write (a@example.org)\n1. first\n2. second\n– inner\n\nAnd [no](javascript:x)."
    )
