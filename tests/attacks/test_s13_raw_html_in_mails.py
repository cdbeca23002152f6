"""S13 (Hi.Events #1073, #1105): texts of organisers stood raw in the HTML of mails."""

from html.parser import HTMLParser

import pytest

from core.mail.rendering import Rendered, rendered
from tests.emails import reset_email
from tests.factories import LabFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="javascript:alert(1)">x</a>',
    "' onmouseover='alert(1)",
    "</title></style></td></table><h1>x</h1>",
    "</div><style>*{display:none}</style>",
    "<!-- <b hx-get='/x' data-hx-on:load='alert(1)'>",
    "&lt;script&gt;",
]


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _value in attributes)))

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data):
        self.tags.append(("comment", ()))


def mail_with(text: str) -> Rendered:
    message = reset_email(
        key=f"test:{text}",
        to_name=text,
        context={"email": text, "days": 3},
        lab=LabFactory(
            title={"en": text},
            programme=ProgrammeFactory(name={"en": text}),
            theme_values={"lab": text, "lab_dark": text, "on_lab_2": text},
        ),
    )
    return rendered(message, reveal=True)


def structure_of(html: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = Structure()
    parser.feed(html)
    return parser.tags


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_a_tag_or_an_attribute(text):
    assert structure_of(mail_with(text).html) == structure_of(mail_with("harmless").html)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_plain_text_says_it_as_it_was_typed(text):
    assert f"the account {text}." in mail_with(text).text.replace("\u200b", "")
