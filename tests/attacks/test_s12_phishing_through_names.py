"""S12 (pretalx 2026.1.0): anyone could have the server send phishing, with a link in a name or a title."""

import re
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default

import pytest

from core.mail.delivery import outgoing
from core.mail.models import Message
from core.mail.rendering import rendered
from tests.emails import reset_email
from tests.factories import LabFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db

BAIT = [
    "Win at https://evil.example/win?x=1&y=2",
    "www.evil.example",
    "evil.example/win",
    "www.evil.example@x and evil.example@",
    "[click](https://evil.example) <a href='https://evil.example'>here</a>",
    "HTTPS://EVIL.EXAMPLE",
    "ftp://evil.example:21/x",
    "http://192.0.2.1/x",
    "зло.бг and evil.москва",
    "https://citylabs.example.org@evil.example/",
    "https://citylabs.example.org.evil.example/",
    "https://citylabs.example.orgevil.example/",
]
# What mail programs are known to make links of, looked for in another way than the code under test does.
TEMPTING = re.compile(r"[a-z]+://|www\.\w|[^\s\d.,;:]\.[^\W\d_]{2,}", re.IGNORECASE)


@pytest.fixture(autouse=True)
def own_address(settings):
    settings.BASE_URL = "https://citylabs.example.org"


def mail_with(text: str) -> Message:
    return reset_email(
        key=f"test:{text}",
        to_name=text,
        context={"email": text, "days": 3},
        lab=LabFactory(title={"en": text}, programme=ProgrammeFactory(name={"en": text})),
    )


def tempting(words: str) -> list[str]:
    """What a mail program would make a link of, our own addresses apart."""
    ours = re.compile(r"https://citylabs\.example\.org(?=[/?#\s<]|$)")
    return [found[0] for found in TEMPTING.finditer(ours.sub(" ", words))]


@pytest.mark.parametrize("text", BAIT)
def test_the_only_links_in_a_mail_are_ours(text):
    assert tempting(text), "the bait must be one that would be taken"
    mail = rendered(mail_with(text), reveal=True)

    assert tempting(mail.text) == []
    body = re.sub(r"<style.*?</style>|<[^>]*>", " ", mail.html, flags=re.DOTALL)
    assert tempting(body) == []
    hrefs = re.findall(r'href="([^"]*)"', mail.html)
    assert set(hrefs) <= {"", "https://citylabs.example.org/"}


@pytest.mark.parametrize("text", BAIT)
def test_the_words_stay_readable(text):
    assert text in rendered(mail_with(text), reveal=True).text.replace("\u200b", "")


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: b@example.org", "a\nSubject: x\n\nBody", "a\u2028b\u2029c\x85d", "\x0b\x0c"]
)
def test_no_name_adds_a_header_or_a_recipient(text):
    lab = LabFactory(contact_email="labs@example.org")
    message = reset_email(to_name=text, context={"email": text, "days": 3}, lab=lab)

    mail = outgoing(message)
    sent = mail.message()
    assert mail.recipients() == [sent["To"]]
    assert sorted(sent.keys()) == [
        "Auto-Submitted",
        "Content-Language",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Reply-To",
        "Subject",
        "To",
    ]
    assert len(sent["Subject"].splitlines()) == len(sent["To"].splitlines()) == 1


def sent_from(title: str) -> Address:
    """Return the mailbox that the octets of a lab's email name as its sender, as Python reads them back."""
    mail = message_from_bytes(outgoing(mail_with(title)).message().as_bytes(), policy=default)
    [sender] = mail["From"].addresses
    return sender


@pytest.mark.parametrize(
    "title",
    [
        "security@bank.example",
        "Bank <security@bank.example>",
        '"Bank" <security@bank.example>, "x',
        "security＠bank.example",
        "https://bank.example/pay",
        "group: security@bank.example;",
        "\u200b\u3164",
    ],
)
def test_a_lab_called_like_an_address_sends_in_the_services_name(title):
    assert sent_from(title) == Address("City Labs", "no-reply", "citylabs.example.org")


def test_the_link_to_the_organisers_fills_in_no_second_recipient():
    lab = LabFactory(contact_email="x?bcc=victim&body=pay@example.org")
    message = reset_email(context={"email": "", "days": 3}, lab=lab)
    [address] = re.findall(r'href="(mailto:[^"]*)"', rendered(message, reveal=True).html)
    assert address == "mailto:x%3Fbcc%3Dvictim%26body%3Dpay@example.org"


def test_addresses_of_people_stay_usable():
    mail = rendered(mail_with("participant17@city.example.org"), reveal=True)

    assert "participant17@city.example.org" in mail.text
