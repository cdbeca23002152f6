"""The steps of those who run a lab: the operator, the owner of the programme, the door staff."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from core.timezones.formatting import long_date
from core.timezones.zones import city_of
from tests.e2e.calendar_client import CalendarClient, Entry
from tests.e2e.catalogue import LANGUAGE, words, words_for
from tests.e2e.people import Person
from tests.e2e.running_service import Service
from tests.e2e.story import (
    DAY,
    DELEGATE,
    DOOR,
    FIRST,
    FIRST_NAME,
    INNER,
    JOIN_LINK,
    JUMP,
    LAB,
    OPERATOR,
    OWNER,
    PLENARY,
    SECOND_NAME,
    WORKSHOP,
    Programme,
)
from tests.e2e.what_participants_do import shown


def the_operator_gives_roles(operator: Person) -> None:
    operator.signs_in(OPERATOR)
    operator.opens("/organise/programmes/icc/people/")
    form = operator.form_with_button("Add the owner")
    operator.writes("Email", OWNER, form)
    operator.writes("Name", "Демо собственик", form)
    operator.field("Language of the invitation", form).select_option("bg")
    operator.presses("Add the owner", form)
    operator.reads(OWNER)
    form = operator.form_with_button("Add the delegate")
    operator.writes("Email", DELEGATE, form)
    operator.field("City", form).select_option("София")
    operator.field("Language of the invitation", form).select_option("bg")
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
    owner.writes("Opening time", "00:00")
    owner.presses("Create the lab")
    owner.reads(
        words("Lab created as a draft: only you and the other organisers can see it. Add its sessions next.")
    )
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
    adds_an_item(owner, 1, "Преквалификация")
    adds_an_item(owner, 2, "Въпроси и отговори")
    owner.presses("Add a person", owner.part("Speakers"))
    person = owner.page.get_by_role("row", name=words("Person %(place)s", place=1), exact=True)
    owner.field("Speaker", person).select_option("Демо лектор")
    owner.presses("Create the session")
    owner.reads(
        words(
            "%(date)s, %(time)s does not exist in %(zone)s: clocks go from %(gap_starts)s to %(gap_ends)s. "
            "Choose a time before or after.",
            date=long_date(JUMP, LANGUAGE),
            time="03:30",
            zone=city_of("Europe/Sofia", LANGUAGE),
            gap_starts="03:00",
            gap_ends="04:00",
        )
    )
    when = owner.part("When")
    owner.writes("Day", DAY.isoformat(), when)
    owner.writes("Starts", "11:30", when)
    owner.writes("Ends", "13:00", when)
    owner.presses("Create the session")
    return made_session(owner, PLENARY)


def adds_an_item(owner: Person, place: int, title: str) -> None:
    owner.presses("Add an item", owner.part("Agenda"))
    item = owner.page.get_by_role("row", name=words("Item %(place)s", place=place), exact=True)
    owner.writes_in_bulgarian("Title", title, item)


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
        owner.page.get_by_role("spinbutton", name=words("Seats online")).fill(capacity)
    if audience:
        owner.field("Internal: delegates of the programme’s cities").check()
        owner.part("Cities whose delegates can see it").get_by_label(audience, exact=True).check()
    owner.presses("Create the session")
    if audience:
        owner.reads_heading(words("Change this session to internal"))
        expect(owner.page.get_by_label(audience, exact=True)).to_be_checked()
        owner.presses("Change to internal")
    return made_session(owner, title)


def made_session(owner: Person, title: str) -> str:
    """Return the address of a session that was just made, of the page that shows it."""
    owner.reads_heading(title)
    found = re.search(r"/sessions/([^/]+)/$", owner.page.url)
    assert found, owner.page.url
    return found[1]


def the_owner_publishes(owner: Person, programme: Programme) -> None:
    for session in (programme.plenary, programme.workshop):
        owner.opens(programme.console(f"sessions/{session}/"))
        owner.follows("Publish…")
        owner.reads(words("No one is notified."))
        owner.presses("Publish")
        owner.reads(words("Session published."))
    owner.opens(programme.console("settings/"))
    owner.follows("Publish…")
    owner.presses("Publish")
    owner.reads(words("Lab published."))


def the_owner_moves_the_plenary(
    owner: Person, service: Service, programme: Programme, calendar: CalendarClient
) -> None:
    before = calendar.entries()[PLENARY]
    owner.opens(programme.console(f"sessions/{programme.plenary}/"))
    when = owner.part("When")
    owner.writes("Starts", "12:30", when)
    owner.writes("Ends", "14:00", when)
    owner.presses("Save the session")
    # It is weeks away, so nobody is asked at once.
    owner.reads(
        words_for(
            1,
            "People have not been told about the change of %(count)s session.",
            "People have not been told about the changes of %(count)s sessions.",
            count=1,
        )
    )
    owner.follows("Announce changes")
    owner.reads_heading(words("Announce changes"))
    expect(owner.page.get_by_role("checkbox", name=PLENARY)).to_be_checked()
    send = words_for(1, "Send %(count)s email", "Send %(count)s emails", count=1)
    owner.page.get_by_role("button", name=send).click()
    owner.reads(words_for(1, "Sending %(count)d email.", "Sending %(count)d emails.", count=1))
    letter = service.post.next_to(FIRST)
    new_time = words("new time")
    assert letter.subject == f"{new_time[:1].upper()}{new_time[1:]}: {PLENARY}"
    assert f"{words('Was')}: 11:30–13:00" in letter.text
    assert f"{words('Now')}: 12:30–14:00" in letter.text
    calendar.sync()
    assert Entry(DAY.isoformat(), "10:30", "12:00", PLENARY) in shown(calendar)
    after = calendar.entries()[PLENARY]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


def the_owner_cancels_and_restores_the_plenary(
    owner: Person, first: Person, service: Service, programme: Programme, calendar: CalendarClient
) -> None:
    before = calendar.entries()[PLENARY]
    owner.opens(programme.console(f"sessions/{programme.plenary}/"))
    owner.page.get_by_text(words("More actions"), exact=True).click()
    owner.follows("Cancel the session…")
    owner.reads(words_for(1, "%(count)d person has a seat.", "%(count)d people have seats.", count=1))
    owner.writes_in_bulgarian("Reason", "Залата е наводнена")
    told = owner.part("Email people with a seat or on the waiting list")
    later = "Later, in one email with other changes, from the page “Announce changes”"
    expect(told.get_by_label(words(later))).to_be_checked()
    told.get_by_label(words("Now, in an email about this session alone")).check()
    owner.presses("Cancel the session")
    owner.reads(
        words_for(
            1,
            "Session cancelled. Emailing %(count)d person.",
            "Session cancelled. Emailing %(count)d people.",
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
    first.reads(words("This session is cancelled"))

    owner.page.get_by_text(words("More actions"), exact=True).click()
    owner.follows("Restore…")
    told = owner.part("Email people with a seat or on the waiting list")
    told.get_by_label(words("Now, in an email about this session alone")).check()
    owner.presses("Restore")
    owner.reads(words("Session restored."))
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Going ahead: %(session_title)s", session_title=PLENARY)
    calendar.sync()
    assert calendar.entries()[PLENARY]["STATUS"] == "CONFIRMED"


def the_owner_asks_for_help_at_the_door(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console("people/"))
    owner.writes("Email", DOOR)
    owner.field("Door staff: attendance only").check()
    owner.presses("Add")
    owner.reads(DOOR)


def the_owner_brings_the_lab_forward_until_it_is_over(owner: Person, programme: Programme) -> None:
    """Certificates attest what is over, and a test cannot wait for weeks."""
    owner.opens(programme.console("move/"))
    owner.writes("New first day", (datetime.now(UTC).date() - timedelta(days=5)).isoformat())
    owner.presses("Preview changes")
    owner.presses("Move the lab")
    owner.reads(words("Lab and sessions moved. Calendars are updated automatically."))


def attendance_is_taken_on_a_phone(door: Person, programme: Programme) -> None:
    assert door.opens(programme.console("registrations/")) == 404
    door.opens(programme.console("attendance/"))
    door.sees_no_sideways_scrolling()
    for session, name in ((PLENARY, FIRST_NAME), (WORKSHOP, SECOND_NAME)):
        door.opens(programme.console("attendance/"))
        door.follows_text(session)
        door.reads_heading(session)
        door.sees_no_sideways_scrolling()
        door.control_of(name, "Mark present").click()
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
    owner.reads(words("The certificates will be issued. Everyone gets an email with the link."))


def the_owner_revokes(owner: Person, service: Service, programme: Programme, code: str) -> None:
    owner.page.reload()
    owner.control_of(FIRST_NAME, "Revoke…").click()
    owner.writes("Reason", "Издадено по погрешка")
    owner.presses("Revoke the certificate")
    owner.reads(
        words(
            "Certificate %(code)s revoked. Its check page says so, and its holder will be emailed.", code=code
        )
    )
    letter = service.post.next_to(FIRST)
    assert letter.subject == words("Certificate no longer valid: %(lab_title)s", lab_title=LAB)
    assert "Издадено по погрешка" in letter.text


def the_outbox_shows_what_was_sent(owner: Person, programme: Programme) -> None:
    owner.opens(programme.console("mail/"))
    owner.reads(words("You are registered for %(lab_title)s", lab_title=LAB))
