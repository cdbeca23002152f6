"""The whole story in Bulgarian: from an empty installation to a certificate that an employer checks.

Real parts only: the service as `make run` starts it, its worker, a mail server, a calendar client, Chromium. Nothing
reaches into the database; people make everything on the pages, and read their mail.
"""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import page as page_validation
import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from labs.dates import long_date
from tests.e2e.calendar_client import CalendarClient, Entry
from tests.e2e.conftest import Newcomer
from tests.e2e.people import PASSWORD, PHONE, Person
from tests.e2e.post import Letter
from tests.e2e.service import Service
from tests.e2e.words_of_the_catalogue import LANGUAGE, words, words_for

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]

OPERATOR, OWNER = "operator@example.org", "owner@example.org"
DELEGATE, DOOR = "delegate@example.org", "door@example.org"
FIRST, SECOND = "first@example.org", "second@example.org"
FIRST_NAME, SECOND_NAME = "Демо Участничка Ъглова", "Демо Участник Щъркелов"
LAB = "Лаборатория на градовете"
PLENARY, WORKSHOP, INNER = "Откриване и разговор", "Работилница за умения", "Вътрешна среща на София"
JOIN_LINK = "https://meet.example.org/plenary-hall"


def spring_forward() -> date:
    """Return the next day on which clocks in Sofia jump from 3:00 to 4:00, at least three weeks ahead."""
    earliest = datetime.now(UTC).date() + timedelta(days=21)
    for year in (earliest.year, earliest.year + 1):
        last = date(year, 3, 31)
        last -= timedelta(days=(last.weekday() + 1) % 7)
        if last >= earliest:
            return last
    raise AssertionError("the last Sunday of March comes every year")


JUMP = spring_forward()
DAY = JUMP + timedelta(days=2)


@dataclass
class Programme:
    """Where the story's pages are; addresses are learnt from the browser, as people do."""

    lab: str = ""
    plenary: str = ""
    workshop: str = ""
    inner: str = ""

    def page(self, session: str = "") -> str:
        return f"/labs/{self.lab}/" + (f"sessions/{session}/" if session else "")

    def console(self, rest: str = "") -> str:
        return f"/organise/labs/{self.lab}/{rest}"


def test_the_whole_story_in_bulgarian(service: Service, newcomer: Newcomer, tmp_path: Path) -> None:
    service.manage("load_programme", "data/programmes.json")
    service.manage("createsuperuser", "--noinput", "--email", OPERATOR, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    operator, owner, delegate = newcomer("operator"), newcomer("owner"), newcomer("delegate")
    the_operator_gives_roles(operator)
    owner.accepts_account(service.post, OWNER)
    delegate.accepts_account(service.post, DELEGATE)

    programme = Programme()
    the_owner_makes_a_lab(owner, programme)
    the_owner_schedules(owner, programme)
    visitor = newcomer("visitor")
    drafts_are_seen_by_nobody(visitor, programme)
    the_owner_publishes(owner, programme)
    a_visitor_reads_the_programme(visitor, programme)
    the_delegate_sees_the_internal_session(delegate, programme)

    first, second = newcomer("first"), newcomer("second")
    the_first_registers(first, service, programme)
    the_second_waits_for_a_seat(second, service, programme)
    calendar = the_first_subscribes(first, tmp_path)
    the_owner_moves_the_plenary(owner, service, programme, calendar)
    the_first_gives_up_the_seat_that_the_second_gets(first, second, service, calendar)
    the_owner_cancels_and_restores_the_plenary(owner, first, service, programme, calendar)

    door = newcomer("door", viewport=PHONE, is_mobile=True, has_touch=True)
    the_owner_asks_for_help_at_the_door(owner, programme)
    door.accepts_account(service.post, DOOR)
    attendance_is_taken_on_a_phone(door, programme)
    the_owner_issues_certificates(owner, programme)
    code = a_certificate_comes_by_mail_and_is_sound(first, service, tmp_path)
    employer = newcomer("employer")
    an_employer_checks(employer, code)
    the_owner_revokes(owner, programme, code)
    the_check_page_says_so(employer, code)
    the_outbox_shows_what_was_sent(owner, programme)
    assert service.post.next_to(SECOND).subject == words(
        "Your certificate of attendance: %(lab_title)s", lab_title=LAB
    )
    assert service.post.unread() == {}


def the_operator_gives_roles(operator: Person) -> None:
    operator.signs_in(OPERATOR)
    operator.opens("/organise/programmes/icc/people/")
    form = operator.form_with_button("Add the owner")
    operator.writes("E-mail", OWNER, form)
    operator.writes("Name", "Демо собственик", form)
    operator.presses("Add the owner", form)
    operator.reads(OWNER)
    form = operator.form_with_button("Add the delegate")
    operator.writes("E-mail", DELEGATE, form)
    operator.field("City", form).select_option("София")
    operator.presses("Add the delegate", form)
    operator.reads(DELEGATE)


def the_owner_makes_a_lab(owner: Person, programme: Programme) -> None:
    owner.opens("/organise/")
    owner.follows("New lab")
    owner.writes_in_bulgarian("Title", LAB)
    owner.writes("First day", JUMP.isoformat())
    owner.writes("Last day", (JUMP + timedelta(days=9)).isoformat())
    owner.field("Time zone").select_option("Europe/Sofia")
    owner.page.get_by_role("checkbox", name="Ελληνικά", exact=True).uncheck()
    owner.part("Default language").get_by_label("Български", exact=True).check()
    owner.writes("Registration opens on", datetime.now(UTC).date().isoformat())
    owner.writes("Hour of opening", "00:00")
    owner.presses("Make the lab")
    owner.reads(words("The lab is made, as a draft: only you and other organisers see it. Add its sessions next."))
    found = re.search(r"/organise/labs/([^/]+)/$", owner.page.url)
    assert found, owner.page.url
    programme.lab = found[1]


def the_owner_schedules(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console("tracks/"))
    owner.writes_in_bulgarian("Name", "Умения за хората")
    owner.presses("Save")
    expect(owner.page.get_by_role("textbox", name="Български").first).to_have_value("Умения за хората")

    owner.opens(programme.console("rooms/new/"))
    owner.writes_in_bulgarian("Name", "Пленарна зала")
    owner.field("This is an online room").check()
    owner.writes("Join link", JOIN_LINK)
    owner.presses("Add the room")
    owner.reads("Пленарна зала")

    owner.opens(programme.console("new-speaker/"))
    owner.writes_in_bulgarian("Name", "Демо лектор")
    owner.writes_in_bulgarian("Affiliation", "Столична община")
    owner.presses("Add the speaker")
    owner.reads("Демо лектор")

    programme.plenary = the_plenary_is_refused_in_the_gap_of_spring_and_then_made(owner, programme)
    programme.workshop = make_a_session(owner, programme, WORKSHOP, ("14:00", "15:30"), capacity="1")
    programme.inner = make_a_session(owner, programme, INNER, ("16:00", "17:00"), audience="София")


def the_plenary_is_refused_in_the_gap_of_spring_and_then_made(owner: Person, programme: Programme) -> str:
    owner.opens(programme.console("new-session/"))
    owner.writes_in_bulgarian("Title", PLENARY, owner.part("What"))
    owner.field("Track").select_option("Умения за хората")
    owner.field("Room").select_option("Пленарна зала")
    when = owner.part("When")
    owner.writes("Day", JUMP.isoformat(), when)
    owner.writes("Starts", "03:30", when)
    owner.writes("Ends", "05:00", when)
    agenda = owner.part("Agenda")
    owner.writes_in_bulgarian("Title", "Преквалификация", agenda)
    owner.presses("More rows for the agenda", agenda)
    second_item = owner.part("Agenda").get_by_role("group", name=words("Item %(place)s", place=2)).first
    owner.writes_in_bulgarian("Title", "Въпроси и отговори", second_item)
    people = owner.part("Who appears")
    owner.field("Speaker", people).select_option("Демо лектор")
    owner.presses("Make the session")
    owner.reads(
        words(
            "%(date)s, %(time)s does not exist in %(zone)s: clocks go from %(gap_starts)s to %(gap_ends)s. "
            "Choose a time before or after.",
            date=long_date(JUMP, LANGUAGE),
            time="03:30",
            zone="Europe/Sofia",
            gap_starts="03:00",
            gap_ends="04:00",
        )
    )
    when = owner.part("When")
    owner.writes("Day", DAY.isoformat(), when)
    owner.writes("Starts", "11:30", when)
    owner.writes("Ends", "13:00", when)
    owner.presses("Make the session")
    return made_session(owner, PLENARY)


def make_a_session(
    owner: Person,
    programme: Programme,
    title: str,
    hours: tuple[str, str],
    capacity: str = "",
    audience: str = "",
) -> str:
    owner.opens(programme.console("new-session/"))
    owner.writes_in_bulgarian("Title", title, owner.part("What"))
    when = owner.part("When")
    owner.writes("Day", DAY.isoformat(), when)
    owner.writes("Starts", hours[0], when)
    owner.writes("Ends", hours[1], when)
    if capacity:
        owner.page.get_by_role("spinbutton", name=words("Seats")).fill(capacity)
    if audience:
        owner.field("Internal: delegates of the programme’s cities").check()
        owner.part("Cities whose delegates see it").get_by_label(audience, exact=True).check()
    owner.presses("Make the session")
    if audience:
        owner.reads_heading(words("Make this session internal"))
        expect(owner.page.get_by_label(audience, exact=True)).to_be_checked()
        owner.presses("Make it internal")
    return made_session(owner, title)


def made_session(owner: Person, title: str) -> str:
    """Return the address of a session that was just made, of the page that shows it."""
    owner.reads_heading(title)
    found = re.search(r"/sessions/([^/]+)/$", owner.page.url)
    assert found, owner.page.url
    return found[1]


def drafts_are_seen_by_nobody(visitor: Person, programme: Programme) -> None:
    assert visitor.opens(programme.page()) == 404
    assert visitor.opens(programme.page(programme.plenary)) == 404


def the_owner_publishes(owner: Person, programme: Programme) -> None:
    for session in (programme.plenary, programme.workshop):
        owner.opens(programme.console(f"sessions/{session}/"))
        owner.follows("Publish…")
        owner.reads(words("Nobody is written to."))
        owner.presses("Publish")
        owner.reads(words("The session is public."))
    owner.opens(programme.console("settings/"))
    owner.follows("Publish…")
    owner.presses("Publish")
    owner.reads(words("The lab is public."))


def a_visitor_reads_the_programme(visitor: Person, programme: Programme) -> None:
    visitor.opens("/")
    visitor.reads(LAB)
    visitor.follows("See the programme")
    visitor.reads_heading(LAB)
    article = visitor.page.get_by_role("article", name=PLENARY)
    expect(article.get_by_text("11:30", exact=True)).to_be_visible()
    expect(article).to_contain_text("Умения за хората")
    expect(article).to_contain_text("Демо лектор")
    visitor.reads("Преквалификация")
    expect(visitor.page.locator(".zone").first).to_contain_text("София")
    visitor.field("Show times in").select_option("Europe/Rome")
    expect(article.get_by_text("10:30", exact=True)).to_be_visible()
    expect(visitor.page.locator(".zone").first).to_contain_text("Рим")
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
    person.writes("E-mail", email)
    person.field("City").select_option("София")
    person.field("You come from").select_option(index=1)
    person.field("Your time zone").select_option(zone)
    person.page.get_by_role("checkbox").last.check()


def the_first_registers(first: Person, service: Service, programme: Programme) -> None:
    first.opens(programme.page())
    for session in (PLENARY, WORKSHOP):
        first.page.get_by_role("article", name=session).get_by_label(words("Choose")).check()
    expect(first.page.get_by_role("region", name=words("Your selection"))).to_contain_text("2")
    first.presses("Register", first.page.get_by_role("region", name=words("Your selection")))
    fill_in(first, FIRST_NAME, FIRST)
    first.presses("Register")
    first.reads_heading(words("Look into your mail"))

    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Confirm your address: %(lab_title)s", lab_title=LAB)
    assert letter.language == LANGUAGE
    before = service.contents()
    first.opens(letter.link(r"/confirm/"))
    first.reads_heading(words("Confirm your registration"))
    assert service.contents() == before, "opening a link changed something; mail scanners open links"
    first.presses("Confirm and register")
    first.reads(words("Your address is confirmed. What is yours stands below; a mail with the same is queued."))
    expect(first.page.get_by_text(words("Your seat is confirmed"))).to_have_count(2)

    letter = service.post.next_to(FIRST)
    assert letter.subject == words("You are registered: %(lab_title)s", lab_title=LAB)
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
    second.reads(words("Full, with a waiting list"))
    second.follows("Join the waiting list")
    fill_in(second, SECOND_NAME, SECOND)
    second.presses("Register")
    second.opens(service.post.next_to(SECOND).link(r"/confirm/"))
    second.presses("Confirm and register")
    second.reads(words("Waiting list: you are number %(position)s of %(total)s", position=1, total=1))
    letter = service.post.next_to(SECOND)
    assert words("Waiting list: you are number %(position)d", position=1) in letter.text


def the_first_subscribes(first: Person, folder: Path) -> CalendarClient:
    address = first.field("Address for any calendar").input_value()
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


def the_owner_moves_the_plenary(
    owner: Person, service: Service, programme: Programme, calendar: CalendarClient
) -> None:
    before = calendar.entries()[PLENARY]
    owner.opens(programme.console(f"sessions/{programme.plenary}/"))
    when = owner.part("When")
    owner.writes("Starts", "12:30", when)
    owner.writes("Ends", "14:00", when)
    owner.page.get_by_role(
        "checkbox",
        name=words_for(
            1,
            "Tell the %(count)s person with a seat or in the waiting list by mail",
            "Tell the %(count)s people with a seat or in the waiting list by mail",
            count=1,
        ),
    ).check()
    owner.presses("Save the session")
    owner.reads(
        words_for(
            1,
            "The session is saved. A mail to %(count)d person is being written; the calendars follow.",
            "The session is saved. Mails to %(count)d people are being written; the calendars follow.",
            count=1,
        )
    )
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Changed: %(session_title)s", session_title=PLENARY)
    assert "12:30–14:00" in letter.text
    calendar.sync()
    assert Entry(DAY.isoformat(), "10:30", "12:00", PLENARY) in shown(calendar)
    after = calendar.entries()[PLENARY]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


def the_first_gives_up_the_seat_that_the_second_gets(
    first: Person, second: Person, service: Service, calendar: CalendarClient
) -> None:
    first.page.reload()
    first.page.get_by_role("article", name=WORKSHOP).get_by_role(
        "link", name=words("Give up this seat…")
    ).click()
    first.reads(words("The next in line gets it at once, so this cannot be undone."))
    first.presses("Give up this seat")
    first.reads(words("Your sessions are changed. A mail with what is yours now is queued."))
    expect(first.page.get_by_role("article", name=WORKSHOP)).to_have_count(0)
    letter = service.post.next_to(SECOND)
    assert letter.subject == words("A seat is yours: %(session_title)s", session_title=WORKSHOP)
    assert letter.language == LANGUAGE
    second.opens(letter.link(r"/registrations/\S+/"))
    second.reads(words("Your seat is confirmed"))
    assert service.post.next_to(FIRST).subject == words("Your sessions are changed: %(lab_title)s", lab_title=LAB)
    calendar.sync()
    assert [entry.title for entry in shown(calendar)] == [PLENARY]


def the_owner_cancels_and_restores_the_plenary(
    owner: Person, first: Person, service: Service, programme: Programme, calendar: CalendarClient
) -> None:
    before = calendar.entries()[PLENARY]
    owner.opens(programme.console(f"sessions/{programme.plenary}/"))
    owner.follows("Cancel the session…")
    owner.reads(words_for(1, "%(count)d person has a seat.", "%(count)d people have seats.", count=1))
    owner.writes_in_bulgarian("Reason", "Залата е наводнена")
    told = words_for(1, "Write to this %(people)s person", "Write to these %(people)s people", people=1)
    expect(owner.page.get_by_role("checkbox", name=told)).to_be_checked()
    owner.presses("Cancel the session")
    owner.reads(
        words_for(
            1,
            "The session is cancelled. A mail to %(count)d person is being written.",
            "The session is cancelled. Mails to %(count)d people are being written.",
            count=1,
        )
    )
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Cancelled: %(session_title)s", session_title=PLENARY)
    assert "Залата е наводнена" in letter.text
    calendar.sync()
    [entry] = [one for one in calendar.entries().values() if one["UID"] == before["UID"]]
    assert entry["STATUS"] == "CANCELLED"
    assert entry["SEQUENCE"] > before["SEQUENCE"]
    first.page.reload()
    first.reads(words("This session was cancelled"))

    owner.follows("Restore…")
    owner.presses("Restore")
    owner.reads(words("The session takes place after all."))
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Takes place after all: %(session_title)s", session_title=PLENARY)
    calendar.sync()
    assert calendar.entries()[PLENARY]["STATUS"] == "CONFIRMED"


def the_owner_asks_for_help_at_the_door(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console("people/"))
    owner.writes("E-mail", DOOR)
    owner.field("Door staff: attendance only").check()
    owner.presses("Add")
    owner.reads(DOOR)


def attendance_is_taken_on_a_phone(door: Person, programme: Programme) -> None:
    assert door.opens(programme.console("registrations/")) == 404
    door.opens(programme.console("attendance/"))
    door.sees_no_sideways_scrolling()
    for session, name in ((PLENARY, FIRST_NAME), (WORKSHOP, SECOND_NAME)):
        door.opens(programme.console("attendance/"))
        door.follows_text(session)
        door.reads_heading(session)
        door.sees_no_sideways_scrolling()
        door.control_of(name, "Present").click()
        expect(door.page.get_by_role("status").filter(has_text="1").first).to_be_visible()
        expect(door.control_of(name, "Undo")).to_be_visible()
        door.page.reload()
        expect(door.control_of(name, "Undo")).to_be_visible()


def the_owner_issues_certificates(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console())
    owner.page.get_by_role("navigation").get_by_role("link", name=words("Certificates"), exact=True).click()
    owner.page.get_by_role(
        "button", name=words_for(2, "Issue %(ready)s certificate", "Issue %(ready)s certificates", ready=2)
    ).click()
    owner.reads(words("The certificates are being issued. Everyone gets a mail with the link."))


def a_certificate_comes_by_mail_and_is_sound(first: Person, service: Service, folder: Path) -> str:
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Your certificate of attendance: %(lab_title)s", lab_title=LAB)
    first.opens(letter.link(r"/certificates/\S+/"))
    first.reads_heading(words("This certificate is valid"))
    with first.page.expect_download() as download:
        first.follows("Download the PDF")
    file = folder / "certificate.pdf"
    download.value.save_as(file)
    for profile in ("3a", "ua1"):
        result = page_validation.validate_pdf_bytes(file.read_bytes(), profile=profile)
        assert result.is_valid, result
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


def the_owner_revokes(owner: Person, programme: Programme, code: str) -> None:
    owner.page.reload()
    owner.control_of(FIRST_NAME, "Revoke…").click()
    owner.writes("Reason", "Издадено по погрешка")
    owner.presses("Revoke the certificate")
    owner.reads(words("Certificate %(code)s is revoked. Its page says so.", code=code))


def the_check_page_says_so(employer: Person, code: str) -> None:
    employer.page.reload()
    employer.reads_heading(words("This certificate was revoked"))
    employer.reads("Издадено по погрешка")
    expect(employer.page.get_by_text(FIRST_NAME)).to_have_count(0)
    assert employer.opens(f"/certificates/{code}.pdf") == 404


def the_outbox_shows_what_was_sent(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console("mail/"))
    owner.reads(words("You are registered: %(lab_title)s", lab_title=LAB))
