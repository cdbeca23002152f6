"""What every email says, in three languages: to whom, when, where, and what to do; in text as in HTML."""

import re
from html.parser import HTMLParser

import pytest

from core.mail.delivery import outgoing
from core.mail.message_list import OCCASIONS
from core.mail.models import Message
from core.mail.rendering import Rendered, rendered
from tests.every_email import (
    ADDRESS,
    DIALOGUE,
    HALL,
    JOIN_LINK,
    LAB,
    NAMES,
    ONLINE,
    OPENING,
    ORGANISER,
    every_email,
)

pytestmark = pytest.mark.django_db

GREETING = {"en": "Dear {},", "bg": "Здравейте, {}!", "el": "Γεια σας, {},"}
REGISTRATION = {
    "en": "Registration {}: {}, {}",
    "bg": "Регистрация {}: {}, {}",
    "el": "Εγγραφή {}: {}, {}",
}
ZONE = {"en": "Rome (CEST, UTC+2)", "bg": "Рим (CEST, UTC+2)", "el": "Ρώμη (CEST, UTC+2)"}
LAB_TIME = {
    "en": "11:30–12:30, Sofia time (EEST, UTC+3)",
    "bg": "11:30–12:30, часова зона София (EEST, UTC+3)",
    "el": "11:30–12:30, ώρα Σόφιας (EEST, UTC+3)",
}
DAY = {"en": "Tuesday 6 April 2027", "bg": "вторник, 6 април 2027 г.", "el": "Τρίτη 6 Απριλίου 2027"}
IN_PERSON = {"en": "In person", "bg": "Присъствено", "el": "Με φυσική παρουσία"}
IS_ONLINE = {"en": "online", "bg": "онлайн", "el": "διαδικτυακά"}
SEAT = {
    "en": "Your seat is confirmed",
    "bg": "Мястото ви е потвърдено",
    "el": "Η θέση σας επιβεβαιώθηκε",
}
WAITING = {
    "en": "Waiting list: you are number 1",
    "bg": "Списък на чакащите: под номер 1",
    "el": "Λίστα αναμονής: σειρά 1",
}
WITHOUT_A_NAME = {
    "confirm_reminder",
    "transfer_offered",
    "my_registrations",
    "confirm_address",
    "invitation",
    "nominee_asked",
}
WITHOUT_A_LAB = {"my_registrations", "password_reset", "account_security", "email_change", "email_changed"}
NO_LINK = "\u200b"


class Words(HTMLParser):
    """What a reader of the HTML sees, a space between elements; and the attributes of each tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.seen.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.seen).replace(NO_LINK, "").split())


@pytest.fixture(params=["en", "bg", "el"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def messages(language: str) -> dict[str, Message]:
    return every_email(language)


@pytest.fixture
def read(messages: dict[str, Message]) -> dict[str, Rendered]:
    return {occasion: rendered(message, reveal=True) for occasion, message in messages.items()}


def both(content: Rendered) -> tuple[str, str]:
    return " ".join(content.text.replace(NO_LINK, "").split()), str(Words(content.html))


def test_there_is_one_of_every_occasion(messages: dict[str, Message]) -> None:
    assert set(messages) == set(OCCASIONS)


def test_each_greets_by_name_once_the_address_is_confirmed(read: dict[str, Rendered], language: str) -> None:
    for occasion, content in read.items():
        name = "Demo organiser" if occasion in WITHOUT_A_LAB else NAMES[language]
        greeting = GREETING[language].format(name)
        for words in both(content):
            assert (greeting in words) == (occasion not in WITHOUT_A_NAME), occasion
            assert GREETING[language].format("") not in words
    assert NAMES[language].split()[0] not in "".join(both(read["confirm_address"]))


def test_each_to_a_confirmed_address_says_whose_registration_it_is_about(
    messages: dict[str, Message], read: dict[str, Rendered], language: str
) -> None:
    for occasion, content in read.items():
        message = messages[occasion]
        line = REGISTRATION[language].format(
            message.registration.reference if message.registration else "", NAMES[language], LAB[language]
        )
        for words in both(content):
            is_about_one = message.registration is not None and not occasion.startswith(
                ("confirm_", "nominee_")
            )
            assert (line in words) == is_about_one, occasion


def test_each_says_who_sends_it_and_whom_to_ask(messages: dict[str, Message], language: str) -> None:
    for occasion, message in messages.items():
        mail = outgoing(message)
        text, page = both(rendered(message, reveal=True))
        if occasion in WITHOUT_A_LAB:
            assert (message.from_name, mail.reply_to) == ("", [])
            continue
        assert LAB[language].startswith(message.from_name.rstrip("…"))
        assert mail.reply_to == ["city-lab@example.org"]
        for words in (text, page):
            assert "city-lab@example.org" in words
            assert ORGANISER[language] in words
            assert "101000000" in words


def test_lists_of_sessions_say_day_hours_zone_place_and_state(
    read: dict[str, Rendered], language: str
) -> None:
    for occasion in ("confirm_address", "confirmation", "registration_changed", "seat_is_yours"):
        for words in both(read[occasion]):
            assert ZONE[language] in words
            assert DAY[language] in words
            assert "10:30–11:30" in words
            assert LAB_TIME[language] in words
            assert OPENING[language] in words
            assert IN_PERSON[language] in words
            assert f"{HALL[language]}, {ADDRESS}" in words
            assert (SEAT[language] in words) == (occasion != "confirm_address")
    for words in both(read["confirmation"]):
        assert f"{ONLINE[language]}, {IS_ONLINE[language]}" in words
        assert f"{WAITING[language]}" in words
    for words in both(read["confirm_address"]):
        assert DIALOGUE[language] in words
        assert "Canary" not in words  # internal: nobody has confirmed whose address it is
    if language == "en":
        for words in both(read["confirm_address"]):
            assert "The confirmation page lists 1 more session that is not public." in words
        for words in both(read["session_cancelled"]):
            assert "Reason: The speaker is ill" in words


def test_a_join_link_goes_to_seats_alone(read: dict[str, Rendered]) -> None:
    shown = {
        occasion
        for occasion, content in read.items()
        if JOIN_LINK in content.text or JOIN_LINK in content.html
    }
    # The session that moved online, where the person has a seat; the other one is waited for.
    assert shown == {"session_moved", "session_restored"}


def test_a_move_says_what_was_and_what_is_now(messages: dict[str, Message]) -> None:
    if (message := messages["session_moved"]).language != "en":
        return
    assert message.subject == f"New time, new place, new join link: {OPENING['en']}"
    text, page = both(rendered(message, reveal=True))
    place = f"{HALL['en']}, {ADDRESS}"
    assert f"Time Was: 10:30–11:30 Now: 13:30–14:30 Place Was: {place} Now: Plenary, online" in text
    assert f"Time Was 10:30–11:30 Now 13:30–14:30 Place Was {place} Now Plenary, online" in page
    assert "Date" not in text


def test_text_is_text(read: dict[str, Rendered]) -> None:
    for occasion, content in read.items():
        text = content.text
        assert not re.search(r"&(#\d+|\w+);|<\w|\{\{|\{%", text), occasion
        assert "\n\n\n" not in text
        assert text == text.strip() + "\n"
        for line in text.splitlines():
            assert line == line.rstrip() or line == "-- "  # RFC 3676 §4.3
            # A link has its line to itself, and none is cut.
            assert " " not in line or not re.search(r"\w://", line.replace(f":{NO_LINK}//", "")), line


def test_what_is_sent_keeps_the_limits_of_lines(messages: dict[str, Message]) -> None:
    for message in messages.values():
        octets = outgoing(message).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        # But for an address, which no line can break.
        lines = [line for line in octets.split(b"\r\n") if not line.startswith(b"List-Unsubscribe: <")]
        assert max(map(len, lines)) <= 78


def test_html_says_its_language_and_offers_one_action(read: dict[str, Rendered], language: str) -> None:
    for occasion, content in read.items():
        found = Words(content.html)
        [root] = [attributes for tag, attributes in found.tags if tag == "html"]
        assert root == {"lang": language, "dir": "ltr"}
        assert [tag for tag, _attributes in found.tags].count("h1") == 1
        actions = [attributes for tag, attributes in found.tags if attributes.get("class") == "act"]
        assert len(actions) == 1, occasion
        assert all(attributes["role"] == "presentation" for tag, attributes in found.tags if tag == "table")
        assert all(attributes["alt"] for tag, attributes in found.tags if tag == "img")
        [preheader] = re.findall(r'aria-hidden="true">(.*?)</div>', content.html, re.S)
        assert len(preheader.replace("\u200c\u00a0", "")) > 9, occasion


def test_calendars_are_offered_with_every_new_seat(read: dict[str, Rendered]) -> None:
    offering = {occasion for occasion, content in read.items() if "webcal://" in content.html}
    assert offering == {"confirmation", "registration_changed", "seat_is_yours"}
    assert offering == {occasion for occasion, content in read.items() if "webcal://" in content.text}
    for occasion in offering:
        assert "#calendar" in read[occasion].text
