"""The steps of those who take part in the Greek story: a city's contact, a nominee, and all who register."""

import re

from playwright.sync_api import APIRequestContext, Locator, expect

from tests.e2e.catalogue import words, words_for
from tests.e2e.greek_story import (
    BULGARIAN,
    BY_HAND,
    BY_HAND_NAME,
    BY_TRAIN,
    CONTACT,
    FROM_STATION,
    HARBOUR,
    LAB,
    LAB_PAGE,
    NOMINEE,
    NOMINEES,
    SESSION,
    TOUR,
    ZONE,
    language_of,
    letter_to,
    name_of,
)
from tests.e2e.people import Person
from tests.e2e.running_service import Service

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def the_contact_nominates(contact: Person, service: Service) -> None:
    letter = letter_to(service, CONTACT, "Nominate for %(city)s: %(lab_title)s", city="Αθήνα", lab_title=LAB)
    contact.opens(letter.link(r"/nominating/\S+/"))
    contact.sees_no_sideways_scrolling()
    contact.reads(
        words_for(
            3,
            "%(left)s of %(limit)s places left",
            "%(left)s of %(limit)s places left",
            in_language="el",
            left=3,
            limit=3,
        )
    )
    contact.follows("Nominate")
    for number, (name, address) in enumerate(NOMINEES, start=1):
        person = contact.part_named("Person %(number)s", number=number)
        contact.writes("Name", name, person)
        contact.writes("Email", address, person)
    contact.page.get_by_role("checkbox").first.check()
    contact.sees_no_sideways_scrolling()
    contact.presses("Nominate")
    contact.reads(contact.words("Nominated. We are asking each person by email to accept."))
    for name, address in NOMINEES:
        contact.reads(name)
        contact.reads(address)
    contact.sees_no_sideways_scrolling()


def one_of_them_accepts(nominee: Person, service: Service) -> None:
    asked = {
        address: letter_to(
            service, address, "%(city)s nominates you: %(lab_title)s", city="Αθήνα", lab_title=LAB
        )
        for _name, address in NOMINEES
    }
    nominee.opens(asked[NOMINEE].link(r"/nominations/\S+/"))
    nominee.reads_heading(nominee.words("Your city has nominated you"))
    nominee.reads(nominee.words("Seat held"))
    nominee.page.get_by_role("main").get_by_role("checkbox").last.check()
    nominee.presses("Accept and register")
    nominee.reads(nominee.words("Your seat is confirmed"))
    letter_to(service, NOMINEE, "You are registered for %(lab_title)s", lab_title=LAB)


def register(visitor: APIRequestContext, base: str, mode: str, *addresses: str) -> None:
    """Ask for a seat for each by the API, as scripts do."""
    for address in addresses:
        answer = visitor.post(
            f"{base}/api/v1{LAB_PAGE}registrations",
            headers={"Idempotency-Key": f"story-{address}"},
            data={
                "name": name_of(address),
                "email": address,
                "sessions": ["harbours"],
                "modes": {"harbours": mode},
                "language": language_of(address),
                "time_zone": ZONE,
                "city": "athens",
                "consent": True,
            },
        )
        assert answer.status == 202, answer.text()


def confirm(visitor: APIRequestContext, service: Service, *addresses: str) -> dict[str, str]:
    """Confirm each address by the link of its email; return the private links that the next email brings."""
    private: dict[str, str] = {}
    for address in addresses:
        language = language_of(address)
        lab = LAB if language == "el" else "Егейска лаборатория"
        letter = letter_to(service, address, "Confirm your email: %(lab_title)s", language, lab_title=lab)
        link = letter.link(r"/confirm/")
        answer = visitor.post(
            link, form=dict(HIDDEN.findall(visitor.get(link).text())), headers={"Origin": service.base}
        )
        assert answer.status == 200, answer.text()
        assert answer.url != link
    for address in addresses:
        language = language_of(address)
        lab = LAB if language == "el" else "Егейска лаборатория"
        letter = letter_to(service, address, "You are registered for %(lab_title)s", language, lab_title=lab)
        private[address] = letter.link(r"/registrations/[^/\s]+/(?=\s)")
    return private


def one_registers_by_hand(person: Person, service: Service) -> None:
    person.opens(f"{LAB_PAGE}sessions/harbours/register/")
    person.writes("Name", BY_HAND_NAME)
    person.writes("Email", BY_HAND)
    person.field("City").select_option("Αθήνα")
    station = person.page.get_by_role("textbox", name=FROM_STATION)
    expect(station).to_be_hidden()
    person.page.get_by_role("group", name=BY_TRAIN).get_by_label(person.words("Yes"), exact=True).check()
    expect(station).to_be_visible()
    station.fill("Λάρισα")
    left = words_for(
        1,
        "%(choice)s (%(count)d place left)",
        "%(choice)s (%(count)d places left)",
        in_language="el",
        choice=HARBOUR,
        count=1,
    )
    person.page.get_by_role("group", name=TOUR).get_by_label(left).check()
    person.page.get_by_role("checkbox").last.check()
    person.presses("Register")
    person.reads_heading(person.words("Check your email"))
    letter = letter_to(service, BY_HAND, "Confirm your email: %(lab_title)s", lab_title=LAB)
    person.opens(letter.link(r"/confirm/"))
    person.presses("Confirm and register")
    person.reads(person.words("Your seat is confirmed"))
    person.reads("Λάρισα")
    letter_to(service, BY_HAND, "You are registered for %(lab_title)s", lab_title=LAB)


def how_to_attend(person: Person) -> Locator:
    return person.page.get_by_label(f"{person.words('How you attend')}: {SESSION}")


def the_next_finds_the_choice_taken_and_the_room_full(visitor: Person) -> None:
    visitor.opens(f"{LAB_PAGE}sessions/harbours/register/")
    mode = how_to_attend(visitor)
    expect(mode).to_contain_text(
        visitor.words("%(mode)s: waiting list", mode=visitor.words("In person", "how one attends"))
    )
    expect(visitor.page.get_by_role("group", name=TOUR).get_by_label(HARBOUR)).to_be_disabled()


def one_who_waits_switches_to_online(person: Person, service: Service, private: str, address: str) -> None:
    person.opens(private)
    person.reads(person.words("Waiting list: you are number %(position)s of %(total)s", position=1, total=4))
    person.follows("Add or change sessions")
    how_to_attend(person).select_option("online")
    person.presses("Save sessions")
    person.reads(person.words("Your seat is confirmed"))
    letter_to(service, address, "Your sessions have changed: %(lab_title)s", lab_title=LAB)


def one_cancels(person: Person, service: Service, private: str, address: str) -> None:
    person.opens(f"{private}cancel/")
    person.reads(person.words("Your seats go to the next people on the waiting list."))
    person.presses("Cancel registration")
    letter = letter_to(service, address, "Your registration is cancelled: %(lab_title)s", lab_title=LAB)
    assert "του χρόνου" in letter.text


def the_next_is_told_in_her_own_language(reader: Person, service: Service) -> None:
    letter = letter_to(service, BULGARIAN, "You have a seat: %(session_title)s", "bg", session_title=SESSION)
    reader.opens(letter.link(r"/registrations/[^/\s]+/(?=\s)"))
    reader.reads(words("Your seat is confirmed"))
    expect(reader.page.locator("html")).to_have_attribute("lang", "bg")
