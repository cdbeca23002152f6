"""The steps of those for whom a lab is: visitors, a delegate, two participants, an employer."""

import subprocess
from pathlib import Path

import page as page_validation
from icalendar import Calendar
from playwright.sync_api import expect

from tests.e2e.calendar_client import CalendarClient, Entry
from tests.e2e.catalogue import LANGUAGE, words
from tests.e2e.people import Person
from tests.e2e.running_service import Service
from tests.e2e.story import (
    DAY,
    FIRST,
    FIRST_NAME,
    INNER,
    JOIN_LINK,
    LAB,
    PLENARY,
    SECOND,
    SECOND_NAME,
    WORKSHOP,
    Programme,
)


def drafts_are_seen_by_nobody(visitor: Person, programme: Programme) -> None:
    assert visitor.opens(programme.page()) == 404
    assert visitor.opens(programme.page(programme.plenary)) == 404


def a_visitor_reads_the_programme(visitor: Person, programme: Programme) -> None:
    visitor.opens("/")
    visitor.reads(LAB)
    visitor.follows("View programme")
    visitor.reads_heading(LAB)
    article = visitor.page.get_by_role("article", name=PLENARY)
    expect(article.get_by_text("11:30", exact=True)).to_be_visible()
    expect(article).to_contain_text("Умения за хората")
    expect(article).to_contain_text("Демо лектор")
    visitor.reads("Преквалификация")
    expect(visitor.page.locator(".zone").first).to_contain_text("София")
    visitor.page.get_by_role("link", name=words("Show times in {city}").replace("{city}", "Рим")).click()
    expect(article.get_by_text("10:30", exact=True)).to_be_visible()
    expect(visitor.page.locator(".zone").first).to_contain_text("Рим")
    visitor.field("Show times in").select_option("Europe/Lisbon")
    expect(article.get_by_text("09:30", exact=True)).to_be_visible()
    assert JOIN_LINK not in visitor.page.content()
    assert INNER not in visitor.page.content()
    assert visitor.opens(programme.page(programme.inner)) == 404
    assert visitor.opens(f"{programme.page(programme.inner)}calendar.ics") == 404


def the_delegate_sees_the_internal_session(delegate: Person, programme: Programme) -> None:
    delegate.opens(programme.page())
    expect(delegate.page.get_by_role("article", name=INNER)).to_contain_text(words("Internal"))
    assert delegate.opens(programme.page(programme.inner)) == 200
    delegate.reads(words("This session is internal."))


def fill_in(person: Person, name: str, email: str, zone: str = "Europe/Sofia") -> None:
    person.writes("Name", name)
    person.writes("Email", email)
    person.field("City").select_option("София")
    person.field("Type of organisation").select_option(index=1)
    person.field("Your time zone").select_option(zone)
    person.page.get_by_role("checkbox").last.check()


def the_first_registers(first: Person, service: Service, programme: Programme) -> None:
    first.opens(programme.page())
    for session in (PLENARY, WORKSHOP):
        first.page.get_by_role("article", name=session).get_by_label(words("Select")).check()
    expect(first.page.get_by_role("region", name=words("Your selection"))).to_contain_text("2")
    first.presses("Register", first.page.get_by_role("region", name=words("Your selection")))
    fill_in(first, FIRST_NAME, FIRST)
    first.presses("Register")
    first.reads_heading(words("Check your email"))

    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Confirm your email: %(lab_title)s", lab_title=LAB)
    assert letter.language == LANGUAGE
    before = service.contents()
    first.opens(letter.link(r"/confirm/"))
    first.reads_heading(words("Confirm your registration"))
    assert service.contents() == before, "opening a link changed something; mail scanners open links"
    first.presses("Confirm and register")
    first.reads(words("Your email is confirmed. Your sessions are below. We’re emailing you a copy."))
    expect(first.page.get_by_text(words("Your seat is confirmed"))).to_have_count(2)

    letter = service.post.next_to(FIRST)
    assert letter.subject == words("You are registered for %(lab_title)s", lab_title=LAB)
    assert letter.language == LANGUAGE
    for title in (PLENARY, WORKSHOP):
        assert title in letter.text
        assert title in letter.html
    assert "11:30–13:00" in letter.text
    [attached] = letter.calendars
    titles = sorted(str(entry["SUMMARY"]) for entry in Calendar.from_ical(attached).walk("VEVENT"))
    assert titles == sorted([PLENARY, WORKSHOP])
    assert first.opens(letter.link(r"/registrations/\S+/")) == 200


def the_second_waits_for_a_seat(second: Person, service: Service, programme: Programme) -> None:
    second.opens(programme.page(programme.workshop))
    second.reads(words("Full. You can join the waiting list"))
    second.follows("Join waiting list")
    fill_in(second, SECOND_NAME, SECOND)
    second.presses("Register")
    second.opens(service.post.next_to(SECOND).link(r"/confirm/"))
    second.presses("Confirm and register")
    second.reads(words("Waiting list: you are number %(position)s of %(total)s", position=1, total=1))
    letter = service.post.next_to(SECOND)
    assert words("Waiting list: you are number %(position)d", position=1) in letter.text


def the_first_subscribes(first: Person, folder: Path) -> CalendarClient:
    address = first.field("Or copy the address").input_value()
    calendar = CalendarClient(folder / "calendar", address, zone="Europe/Lisbon")
    calendar.sync()
    assert shown(calendar) == [
        Entry(DAY.isoformat(), "09:30", "11:00", PLENARY),
        Entry(DAY.isoformat(), "12:00", "13:30", WORKSHOP),
    ]
    assert JOIN_LINK in str(calendar.entries()[PLENARY])
    return calendar


def shown(calendar: CalendarClient) -> list[Entry]:
    return calendar.shown(DAY.isoformat(), DAY.isoformat())


def the_first_gives_up_the_seat_that_the_second_gets(
    first: Person, second: Person, service: Service, calendar: CalendarClient
) -> None:
    first.page.reload()
    first.page.get_by_role("article", name=WORKSHOP).get_by_role("link", name=words("Give up seat…")).click()
    first.reads(words("It goes to the next person on the waiting list. You cannot undo this."))
    first.presses("Give up seat")
    first.reads(words("Your sessions have changed. We’re emailing you your updated sessions."))
    expect(first.page.get_by_role("article", name=WORKSHOP)).to_have_count(0)
    letter = service.post.next_to(SECOND)
    assert letter.subject == words("You have a seat: %(session_title)s", session_title=WORKSHOP)
    assert letter.language == LANGUAGE
    second.opens(letter.link(r"/registrations/\S+/"))
    second.reads(words("Your seat is confirmed"))
    assert service.post.next_to(FIRST).subject == words(
        "Your sessions have changed: %(lab_title)s", lab_title=LAB
    )
    calendar.sync()
    assert [entry.title for entry in shown(calendar)] == [PLENARY]


def a_certificate_comes_by_mail_and_is_sound(first: Person, service: Service, folder: Path) -> str:
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Your certificate of attendance: %(lab_title)s", lab_title=LAB)
    first.opens(letter.link(r"/certificates/\S+/"))
    first.reads_heading(words("This certificate is valid"))
    with first.page.expect_download() as download:
        first.follows("Download PDF")
    file = folder / "certificate.pdf"
    download.value.save_as(file)
    for profile in ("3a", "ua1"):
        result = page_validation.validate_pdf_bytes(file.read_bytes(), profile=profile)
        assert result.is_compliant, [failure.rule_id for failure in result.failures]
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True
    ).stdout
    code = first.page.url.rstrip("/").rpartition("/")[2]
    for expected in (FIRST_NAME, PLENARY, code):
        assert expected in text
    return code


def an_employer_checks(employer: Person, code: str) -> None:
    employer.opens("/certificates/")
    employer.writes("Code on the certificate", code.lower().replace("-", " "))
    employer.presses("Check")
    employer.reads_heading(words("This certificate is valid"))
    employer.reads(FIRST_NAME)
    employer.reads(PLENARY)


def the_check_page_says_so(employer: Person, code: str) -> None:
    employer.page.reload()
    employer.reads_heading(words("This certificate was revoked"))
    employer.reads("Издадено по погрешка")
    expect(employer.page.get_by_text(FIRST_NAME)).to_have_count(0)
    assert employer.opens(f"/certificates/{code}.pdf") == 404
