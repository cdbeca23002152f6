"""The steps of the organiser of the Greek story."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.e2e.greek_story import (
    BULGARIAN,
    BY_TRAIN,
    CONSOLE,
    CONTACT,
    DAY,
    FROM_STATION,
    HARBOUR,
    LAB,
    MUSEUM,
    OPERATOR,
    ORGANISER,
    PATIENT,
    SESSION,
    TOUR,
    letter_to,
    name_of,
)
from tests.e2e.people import GREEK, Person
from tests.e2e.running_service import Service

# Brings an announcement that waits to be sent forward: a test cannot wait for the minutes in which it can be withdrawn.
BRING_FORWARD = """
from django.utils import timezone
from core.jobs.models import Task
from registrations.models import Announcement
now = timezone.now()
assert Announcement.objects.filter(state="waiting").update(sends_at=now) == 1
assert Task.objects.filter(key__startswith="registrations.announce:").update(run_at=now) == 1
"""


def the_operator_names_an_owner(operator: Person, organiser: Person, service: Service) -> None:
    operator.signs_in(OPERATOR)
    operator.opens("/organise/programmes/aegean/people/")
    form = operator.form_with_button("Add the owner")
    operator.writes("Email", ORGANISER, form)
    operator.writes("Name", "Δοκιμαστική Διοργανώτρια", form)
    operator.presses("Add the owner", form)
    operator.reads(ORGANISER)
    organiser.accepts_account(service.post, ORGANISER)


def the_organiser_builds_the_form(organiser: Person) -> None:
    organiser.opens(f"{CONSOLE}form/")
    organiser.follows("Add a section")
    organiser.writes_in_greek("Title", "Το ταξίδι σας")
    organiser.presses("Create the section")
    organiser.reads("Το ταξίδι σας")

    a_question(organiser, "yes_no", BY_TRAIN)
    a_question(organiser, "short", FROM_STATION, follows=True)
    a_question(organiser, "one", TOUR, choices={HARBOUR: "1", MUSEUM: ""})
    row = organiser.page.get_by_role("row").filter(has_text=FROM_STATION)
    expect(row).to_contain_text(organiser.words("depends on “%(decides)s”", decides=BY_TRAIN))


def a_question(
    organiser: Person, kind: str, label: str, follows: bool = False, choices: dict[str, str] | None = None
) -> None:
    organiser.opens(f"{CONSOLE}form/")
    organiser.page.get_by_role("main").locator("select[name=kind]").select_option(kind)
    organiser.presses("Add a question")
    organiser.writes_in_greek("Question", label)
    for number, (text, places) in enumerate((choices or {}).items(), start=1):
        row = organiser.part_named("Choice %(number)s", number=number)
        organiser.writes_in_greek("Text", text, row)
        organiser.writes("Places", places, row)
    if follows:
        said = organiser.words(
            "“%(question)s” is answered “%(answer)s”", question=BY_TRAIN, answer=organiser.words("Yes")
        )
        organiser.field("Show only if").select_option(label=said)
    organiser.presses("Add the question")
    organiser.reads(label)


def the_organiser_gives_places_to_a_city(organiser: Person, service: Service) -> None:
    organiser.opens(f"{CONSOLE}nominations/")
    form = organiser.form_with_button("Save places")
    organiser.field("City", form).select_option(label="Αθήνα")
    organiser.field("Role", form).select_option("practitioner")
    organiser.writes("Places", "3", form)
    organiser.presses("Save places", form)
    organiser.reads(organiser.words("Places saved."))
    form = organiser.form_with_button("Add contacts")
    organiser.writes("Contacts", f"athens;Δοκιμαστική Επαφή;{CONTACT};el", form)
    organiser.writes("Deadline", str(DAY - timedelta(days=7)), form)
    organiser.writes("Time", "18:00", form)
    organiser.presses("Add contacts", form)
    organiser.reads(organiser.words_for(1, "%(count)d contact added.", "%(count)d contacts added.", count=1))
    button = organiser.words_for(
        1, "Email the link to %(count)s contact", "Email the link to %(count)s contacts", count=1
    )
    organiser.page.get_by_role("button", name=button).click()
    organiser.reads(
        organiser.words_for(
            1, "We are emailing %(count)d contact.", "We are emailing %(count)d contacts.", count=1
        )
    )


def the_organiser_sees_how_the_city_stands(organiser: Person) -> None:
    organiser.opens(f"{CONSOLE}nominations/")
    cells = organiser.page.get_by_role("row").filter(has_text="Αθήνα").get_by_role("cell")
    # Invited, places, nominated, accepted, declined, attended.
    expect(cells).to_have_text(["1", "3", "3", "1", "0", "0"])


def the_organiser_counts(organiser: Person, taken: int, waiting: int) -> None:
    """The overview says how many seats of the session are taken, in both ways, and how many people wait."""
    organiser.opens(CONSOLE)
    row = organiser.page.get_by_role("row").filter(has_text=SESSION)
    expect(row).to_contain_text(f"{taken} {organiser.words('of %(all)s', all=40)}")
    said = organiser.words_for(waiting, "%(waiting)s waiting", "%(waiting)s waiting", waiting=waiting)
    expect(row).to_contain_text(said)


def opens_person(organiser: Person, address: str) -> None:
    organiser.opens(f"{CONSOLE}registrations/?q={address}")
    organiser.follows_text(name_of(address))
    organiser.reads_heading(name_of(address))


def the_organiser_sees_what_became_of_the_emails(organiser: Person) -> None:
    opens_person(organiser, BULGARIAN)
    rows = organiser.page.get_by_role("region", name=organiser.words("Emails")).locator("tbody tr")
    expect(rows).to_have_count(3)  # confirm, registered, a seat
    for number in range(3):
        expect(rows.nth(number)).to_contain_text(organiser.words("Sent"))


def the_organiser_changes_a_text(organiser: Person) -> None:
    organiser.opens(f"{CONSOLE}mail/texts/")
    row = organiser.page.get_by_role("row").filter(has_text=organiser.words("Registration cancelled"))
    row.get_by_role("link", name=GREEK).click()
    preview = organiser.page.frame_locator("iframe[name=preview]")
    organiser.writes("Closing", "Ελπίζουμε να σας δούμε **σύντομα**.")
    organiser.presses("Show preview")
    expect(preview.locator("strong", has_text="σύντομα")).to_be_visible()
    organiser.writes("Closing", "Ελπίζουμε να σας δούμε **του χρόνου**.")
    expect(preview.locator("strong", has_text="του χρόνου")).to_be_visible()
    expect(preview.locator("body")).to_contain_text(LAB)
    organiser.presses("Save texts")
    organiser.reads(organiser.words("Email texts saved. Emails sent from now on have them."))


def the_organiser_writes_to_those_who_wait(organiser: Person, service: Service) -> None:
    organiser.opens(f"{CONSOLE}mail/announcements/new/")
    organiser.field("Session").select_option(label=SESSION)
    organiser.field("Seat").select_option("waiting")
    organiser.writes_in_greek("Subject", "Νέα για τη λίστα αναμονής")
    organiser.writes_in_greek("Text", "Μπορείτε να παρακολουθήσετε **διαδικτυακά**.")
    organiser.presses("Save and preview")
    organiser.reads(organiser.words_for(2, "%(n)s person", "%(n)s people", n=2))
    button = organiser.words_for(2, "Send to %(n)s person", "Send to %(n)s people", n=2)
    organiser.page.get_by_role("button", name=button).click()
    expect(organiser.button("Withdraw")).to_be_visible()
    service.manage("shell", "--command", BRING_FORWARD)
    for address in PATIENT:
        letter = letter_to(service, address, "Νέα για τη λίστα αναμονής")
        assert "διαδικτυακά" in letter.text
    organiser.page.reload()
    organiser.reads(organiser.words("Sent", "announcement"))


def the_organiser_erases(organiser: Person, address: str) -> None:
    opens_person(organiser, address)
    organiser.follows("Delete personal data…")
    organiser.reads(organiser.words("This cannot be undone"))
    organiser.presses("Delete personal data")
    organiser.opens(f"{CONSOLE}registrations/?q={address}")
    expect(organiser.page.get_by_text(name_of(address))).to_have_count(0)
