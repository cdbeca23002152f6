"""S17 (pretalx 828d31a6f): Markdown with htmx attributes ran in the organiser's page.

Nothing that acts may come out of a text that people write: no htmx, no event, no style, no id, no class, in any page
that prints it.
"""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory

from core.web import markdown

PAYLOADS = [
    '<div hx-get="/organise/" hx-trigger="load">x</div>',
    '<b data-hx-post="/accounts/logout/" data-hx-trigger="load">x</b>',
    '<a href="https://example.org" hx-on:click="alert(1)">x</a>',
    '<p onclick="alert(1)" style="position:fixed" id="main" class="button">x</p>',
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script src=/static/site/site.js></script>'></iframe>",
    "<form action=/accounts/logout/ method=post><button>x</button></form>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<style>body{display:none}</style>",
    "<base href=https://example.org/>",
    "<meta http-equiv=refresh content=0;url=https://example.org>",
    "<template><img src=x onerror=alert(1)></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "[x](https://example.org 'a\" onmouseover=\"alert(1)')",
    '[x](https://example.org/?"onmouseover=alert(1))',
    '<https://example.org/"onmouseover=alert(1)>',
    "`<img src=x onerror=alert(1)>`",
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```",
    "# x {#main onclick=alert(1)}",
    "[x]: https://example.org 'onclick=alert(1)'\n[x]",
    "<ol start='1' hx-get=/><li>x</ol>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]
ELEMENT = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
ALLOWED = re.compile(
    r'<(p|br|strong|em|s|code|pre|blockquote|ul|ol( start="\d+")?|li|hr|h[1-6]'
    r'|a( href="https?://[^"]*")?( rel="nofollow noopener")?)>'
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_acts_comes_out_of_a_text(payload):
    for text in (payload, f"- {payload}", f"> {payload}", f"**{payload}**", payload * 50):
        shown = markdown.render(text)
        assert [element for element in ELEMENT.findall(shown) if not ALLOWED.fullmatch(element)] == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_tags_that_pages_use_let_nothing_through_either(payload):
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    page = engines["django"].from_string(
        "{% say text %}{% prose text %}<i title='{% say_plain text %}'></i>{{ text|plain:80 }}"
    )
    shown = page.render({"text": {"bg": payload}}, request)
    inside = shown.replace('<span lang="bg">', "").replace('<div class="prose" lang="bg">', "")
    elements = [element for element in ELEMENT.findall(inside) if not element.startswith("<i title=")]
    assert [element for element in elements if not ALLOWED.fullmatch(element)] == []
    assert shown.count("<i title='") == 1
    assert "'" not in shown.split("<i title='")[1].split("'></i>")[0]


def test_the_house_marks_nothing_safe_but_what_the_sanitiser_returned():
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    marked = [
        f"{path.relative_to(root)}"
        for app in ("core", "labs", "sessions", "registrations", "certificates", "demo")
        for path in (root / app).rglob("*.py")
        if re.search(r'mark_safe\(|SafeString\((?!"")|\.safe\b', path.read_text())
    ]
    # The first puts escaped values between the tags of what the sanitiser returned, the third closes its empty tags for
    # XML, the fourth escapes a JSON-LD block as Django's json_script does, the others each value as a template does;
    # their own tests hold them to that.
    assert sorted(marked) == [
        "core/mail/placeholders.py",
        "core/web/markdown.py",
        "sessions/exports/printed.py",
        "sessions/json_ld.py",
        "sessions/programme_grid.py",
        "sessions/programme_rows.py",
    ]
    templates = [
        str(path.relative_to(root))
        for path in (root / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b|\{%\s*autoescape\s+off", path.read_text())
    ]
    assert templates == []
