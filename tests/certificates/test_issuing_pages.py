"""What organisers read about issuing, and how names, signs, zones and places get onto paper."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from certificates import issuing
from certificates.candidates import candidates
from core.jobs.leases import claim, run_task
from core.jobs.models import Task, WorkerBeat
from core.mail.models import Message
from core.pdf.fonts import normalise_name
from registrations import links
from tests import factories as f
from tests.certificates.attending import attended
from tests.emails import with_bodies
from tests.pages import client_of

pytestmark = pytest.mark.django_db


def test_attendance_of_one_session_makes_a_certificate_with_its_file_and_one_mail() -> None:
    registration = attended(2, name="Участник едно", language="bg")
    certificate = issuing.issue(registration)
    text = PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text()
    assert "Участник едно" in text
    assert certificate.code in text
    assert certificate.minutes == 60  # both sessions are at the same hour
    [message] = Message.objects.filter(occasion="certificate")
    assert message.language == "bg"
    assert f"/certificates/{certificate.code}/" in with_bodies(message).text


def test_a_run_says_on_the_page_for_whom_it_made_none_and_why() -> None:
    lab = f.LabFactory()
    fine, other = attended(lab=lab, name="Demo participant 1"), attended(lab=lab, name="Demo participant 2")
    # A text that this person's language needs and that cannot be set.
    session = other.attendances.get().session
    session.title = {"en": "x" * 600}
    type(session).objects.filter(pk=session.pk).update(title=session.title)
    issuing.start_issuing(lab)
    [(work, lease)] = claim(Task, 5, timedelta(seconds=30))
    run_task(work, lease)
    work.refresh_from_db()
    assert work.state == Task.State.DONE
    organiser = client_of(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert "1 certificate could not be issued" in page
    assert "one of the lab’s texts is empty or too long for the page" in page
    assert "Certificates are being issued" not in page
    overview = organiser.get(f"/organise/labs/{lab.slug}/").content.decode()
    assert "1 certificate could not be issued" in overview
    assert fine.certificates.count() == 1

    attendance = other.attendances.get()
    attendance.delete()
    assert "could not be issued" not in organiser.get(f"/organise/labs/{lab.slug}/").content.decode()
    attendance.save()
    type(session).objects.filter(pk=session.pk).update(title={"en": "Short"})
    organiser.post(f"/organise/labs/{lab.slug}/certificates/issue/{other.public_id}/")
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert "could not be issued" not in page


@pytest.mark.parametrize(
    ("task", "beat_minutes_ago", "words"),
    [
        ({}, 0, "Certificates are being issued"),
        ({}, 60, "No certificates are being issued at the moment"),
        ({}, None, "No certificates are being issued at the moment"),
        ({"attempts": 1, "later": 5}, 0, "The next attempt is on"),
        ({"state": "failed", "attempts": 7}, 0, "no more automatic attempts"),
        ({"state": "done"}, 0, ""),
    ],
)
def test_being_issued_is_said_only_while_somebody_does_it(
    task: dict[str, Any], beat_minutes_ago: int | None, words: str
) -> None:
    lab = attended().lab
    now = timezone.now()
    run_at = now + timedelta(minutes=task.pop("later", 0))
    Task.objects.create(
        name="certificates.issue", arguments={"lab": lab.pk, "by": None}, run_at=run_at, **task
    )
    if beat_minutes_ago is not None:
        at = now - timedelta(minutes=beat_minutes_ago)
        WorkerBeat.objects.create(worker="test", started_at=at, beat_at=at)
    organiser = client_of(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert words in page
    assert ("Certificates are being issued" in page) == (words == "Certificates are being issued")
    # While it goes on, the button that would start it is not there.
    assert ("Issue 1 certificate" in page) == ("issued" not in words)
    assert ("Each person gets an email" in page) == ("issued" not in words)


def test_the_page_says_which_sessions_are_not_over_yet_and_attests_none_of_them() -> None:
    past = f.AttendanceFactory(session__title={"en": "Long over"})
    lab, person = past.session.lab, past.registration
    coming = f.SessionFactory(lab=lab, title={"en": "Remaining"})
    organiser = client_of(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/certificates/"
    assert "not over yet" not in organiser.get(address).content.decode()
    f.AttendanceFactory(registration=person, session=coming)
    f.AttendanceFactory(registration=f.RegistrationFactory(lab=lab), session=coming)
    page = organiser.get(address).content.decode()
    assert "1 session is not over yet, but people are marked as present" in page
    assert "1 more person is marked as present" in page
    assert f"/organise/labs/{lab.slug}/attendance/{coming.slug}/" in page
    assert f"/organise/labs/{lab.slug}/attendance/{past.session.slug}/" not in page
    organiser.post(f"{address}issue/{person.public_id}/")
    attested = Client().get(f"/certificates/{person.certificates.get().code}/").content.decode()
    assert ("Long over" in attested, "Remaining" in attested) == (True, False)
    # That it leaves the coming session out is no further attendance yet.
    assert "Attended since" not in organiser.get(address).content.decode()


def test_nobody_is_ready_in_a_lab_whose_sessions_are_not_over_yet() -> None:
    session = f.SessionFactory()
    person = f.AttendanceFactory(session=session, registration__lab=session.lab).registration
    organiser = client_of(f.StaffFactory(lab=session.lab).user)
    address = f"/organise/labs/{session.lab.slug}/certificates/"
    page = organiser.get(address).content.decode()
    assert "1 session is not over yet, but people are marked as present" in page
    assert "Nobody has attended yet." in page
    private = links.path_of(person, links.MANAGE)
    assert "Sessions attended: 0 of 1" in Client().get(private).content.decode()

    organiser.post(f"{address}issue/")
    refused = organiser.post(f"{address}issue/{person.public_id}/", follow=True).content.decode()
    assert "A session counts once it has ended." in refused
    assert not Task.objects.exists()

    with time_machine.travel(session.ends_at, tick=False):
        organiser.force_login(f.StaffFactory(lab=session.lab).user)
        assert "Issue 1 certificate" in organiser.get(address).content.decode()
        organiser.post(f"{address}issue/{person.public_id}/")
    assert person.certificates.count() == 1


def test_the_list_holds_each_session_once_however_many_attended_it() -> None:
    lab = f.LabFactory()
    sessions = [f.AttendanceFactory(registration__lab=lab).session for _number in range(3)]
    for session in sessions:
        for registration in [f.RegistrationFactory(lab=lab) for _number in range(4)]:
            f.AttendanceFactory(registration=registration, session=session)
    assert len({id(session) for one in candidates(lab) for session in one.attended}) == 3


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Ánh Tuyết",
        "Y Ê",
        "Jean‑François d’Ormesson-L’Hôpital",
        "Ştefan Țuțea Mihăiță",
        "Ŋuyen Ǥárji",
        "ʻalohilani Kaʻiulani",
        "Дем’яненко Ґалаґан Їжакевич",
        "Ўладзімір",
        "ΓΙΩΡΓΟΣ ΠΑΠΑΔΌΠΟΥΛΟΣ",
        "Lėlė Ė̃lis",
        "Əliyev Rəşad",
        "Ḃríd Ní Ċeallaigh",
        "გიორგი",
        "ﬁona ﬂynn",
    ],
)
def test_names_of_the_world_get_their_certificate_with_every_letter(name: str) -> None:
    certificate = issuing.issue(attended(name=name))
    text = PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text()
    assert "".join(normalise_name(name).split()) in "".join(unicodedata.normalize("NFC", text).split())


def test_signs_in_titles_stop_nobody_and_the_organiser_reads_what_is_left_out() -> None:
    lab = f.LabFactory()
    registration = f.RegistrationFactory(lab=lab)
    for title in ("Less CO₂ in cities", "🚲 Mobility", "ﬁnancing"):
        f.AttendanceFactory(registration=registration, session__title={"en": title})
    organiser = client_of(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert "1 text loses characters on certificates" in page
    assert "“🚲 Mobility” is printed as “Mobility”, without 🚲 (U+1F6B2)" in page
    certificate = issuing.issue(registration)
    text = PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text()
    assert all(printed in text for printed in ("Less CO₂ in cities", "Mobility", "financing"))


def test_a_person_reads_which_letters_no_certificate_can_show_and_is_not_refused() -> None:
    registration = f.RegistrationFactory(name="王小明")
    page = Client().get(links.path_of(registration, links.MANAGE)).content.decode()
    assert "Certificates cannot show: 王 (U+738B), 小 (U+5C0F), 明 (U+660E)" in page
    fine = Client().get(links.path_of(f.RegistrationFactory(name="Nguyễn"), links.MANAGE)).content.decode()
    assert "Certificates cannot show" not in fine


def test_the_zone_is_named_in_words_with_each_offset_over_a_change_of_clocks() -> None:
    lab = f.LabFactory(starts_on=date(2027, 3, 26), time_zone="Europe/Sofia")
    registration = f.RegistrationFactory(lab=lab, language="bg")
    for on in (date(2027, 3, 26), date(2027, 3, 29)):
        f.AttendanceFactory(registration=registration, session__start_date=on)
    with time_machine.travel(datetime(2027, 3, 30, 12, tzinfo=UTC)):
        certificate = issuing.issue(registration)
    text = " ".join(PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text().split())
    assert "Sofia time (UTC+2; from 29 March UTC+3)" in text
    assert "часова зона София (UTC+2; от 29 март UTC+3)" in text
    assert "Europe/" not in text


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"format": "online"}, ", online, "),
        ({"format": "hybrid", "venue": {"en": "Town hall"}}, ", Town hall and online, "),
        ({"format": "in-person", "venue": {"en": "Town hall"}}, ", Town hall, "),
    ],
)
def test_the_place_of_the_lab_stands_in_the_sentence(where: dict[str, Any], words: str) -> None:
    certificate = issuing.issue(attended(lab=f.LabFactory(**where)))
    text = " ".join(PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text().split())
    assert words in text
