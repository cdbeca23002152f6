"""What makes no certificate, and texts that look like markup."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.template.loader import get_template

from certificates.content import CertificateContent, Colours
from certificates.page import page_context
from certificates.pdf import render
from core.pdf import renderer_worker
from core.pdf.renderer import Picture
from tests.certificates.reading import PROFILES, failures, words
from tests.certificates.samples import LOGO, SESSIONS, SIGNATORY, certificate, many_sessions


@pytest.mark.parametrize(
    "changes",
    [
        {"holder_name": "x" * 201},
        {"holder_name": "x" * 5000},
        {"holder_name": " \n "},
        {"lab_title": {"en": "x" * 501}},
        {"lab_title": {}},
        {"programme_name": {"en": "\t"}},
        {"sessions": ()},
        {"sessions": many_sessions(201)},
        {"sessions": (replace(SESSIONS[0], minutes=-1),)},
        {"sessions": (replace(SESSIONS[0], titles={}),)},
        {"last_day": date(2021, 11, 29)},
        {"code": "7k3m"},
        {"code": "7K3M-Q9TX-2W8H\n"},
        {"code": "7K3M-Q9TX-2W8H<b>"},
        {"check_url": "javascript:alert(1)"},
        {"check_url": "file:///etc/passwd"},
        {"check_url": 'https://citylabs.example.org/"><b>'},
        {"check_url": "https://citylabs.example.org/" + "x" * 300},
        {"language": 'en"><b>'},
        {"second_language": "en;x"},
        {"colours": Colours(ground="red; } @import url(https://example.org/x.css); {")},
        {"colours": Colours(soft="#fff")},
        {"logos": (replace(LOGO, picture=Picture(LOGO.picture.content, "text/html")),)},
        {"logos": (replace(LOGO, picture=Picture(b"<" * (1024 * 1024 + 1), "image/svg+xml")),)},
        {"logos": (LOGO,) * 5},
        {"signatory": replace(SIGNATORY, name=" ")},
        {"signatory": replace(SIGNATORY, function={"en": "x" * 501})},
        {"signatory": replace(SIGNATORY, signature=Picture(b"%!PS-Adobe-3.0", "image/png"))},
        {"grant_number": "1" * 201},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_no_certificate_is_refused_before_anything_is_drawn(changes):
    with pytest.raises(ValueError, match=next(iter(changes)).removeprefix("second_")):
        certificate(**changes)


@pytest.mark.parametrize(
    "text",
    [
        "<b>Demo</b> & <script>alert(1)</script>",
        "</p></body></html><h1>Demo",
        '" style="display:none" x="',
        "{{ content.code }} {% include 'base.html' %} %(date)s {0} ${x}",
        "*/ } .name { display: none } /*",
        "&lt;Demo&gt; &#65;",
        "<!-- Demo -->",
    ],
)
def test_markup_and_template_syntax_are_printed_as_they_were_typed(text):
    file = render(
        certificate(
            holder_name=text,
            lab_title={"en": text},
            programme_name={"en": text},
            organiser_name={"en": text},
            place={"en": text},
            sessions=(replace(SESSIONS[0], titles={"en": text}),),
        )
    )
    assert words(file).replace(" ", "").count(text.replace(" ", "")) == 6
    assert {profile: failures(file, profile) for profile in PROFILES} == {"3a": [], "ua1": []}


@pytest.mark.parametrize(
    "text", ["A & B <c> \"d\" 'e'", "Άννα–Иван & συνεργάτες", "]]> <!-- -- --> <!DOCTYPE x>"]
)
def test_our_page_is_read_as_xml_and_prints_what_it_prints_as_html(text):
    content = certificate("el", holder_name=text, lab_title={"en": text, "bg": text})
    html = get_template("certificates/certificate.html").render(page_context(content))
    fetcher = renderer_worker.ResourceFetcher({})

    read_as = renderer_worker.read_page(html, fetcher)
    assert isinstance(read_as, renderer_worker.WellFormed)

    def told(page: Any) -> list[tuple[str, dict[str, str], str, str]]:
        return [
            (
                one.tag,
                dict(one.attrib),
                " ".join((one.text or "").split()),
                " ".join((one.tail or "").split()),
            )
            for one in page.etree_element.iter()
        ]

    assert told(read_as) == told(renderer_worker.HTML(string=html, url_fetcher=fetcher))


@pytest.mark.parametrize(
    "page",
    [
        '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><html lang="en"><title>x</title>&b;</html>',
        "<html lang=en><title>x</title><p>one<p>two",
        "<html><title>\x0c</title></html>",
        "",
    ],
)
def test_any_other_page_is_read_as_html_and_no_entity_is_expanded(page):
    read_as = renderer_worker.read_page(page, renderer_worker.ResourceFetcher({}))

    assert not isinstance(read_as, renderer_worker.WellFormed)
    assert "aaa" * 10 not in "".join(read_as.etree_element.itertext())


def test_content_is_frozen():
    content = certificate()
    assert isinstance(content, CertificateContent)
    with pytest.raises(AttributeError):
        content.code = "0000-0000"  # type: ignore[misc]
