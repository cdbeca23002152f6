"""Issuing: who has earned a certificate, once each, and what becomes of it."""

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
from certificates.candidates import Standing, candidates
from certificates.codes import new_code, tidy
from certificates.fonts import normalise_name
from certificates.holders import hash_of, is_holder
from certificates.issuing import NotIssuable
from certificates.models import Certificate
from core.jobs.leases import Lease, claim, run_task
from core.jobs.models import Task, WorkerBeat
from core.mail.models import Message
from registrations import links
from registrations.erasure import erase
from registrations.models import Registration
from tests import factories as f

pytestmark = pytest.mark.django_db


def attended(sessions: int = 1, **person: object) -> Registration:
    registration = f.RegistrationFactory(**person)
    for _number in range(sessions):
        f.AttendanceFactory(registration=registration)
    return registration


def test_a_code_is_read_whatever_way_it_is_typed() -> None:
    assert tidy("7k3m q9tx 2w8h") == "7K3M-Q9TX-2W8H"
    assert tidy("7K3M–Q9TX–2W8H") == "7K3M-Q9TX-2W8H"
    assert tidy("OIL0-0000-0000") == "0110-0000-0000"
    assert [tidy(wrong) for wrong in ("", "7K3M", "7K3M-Q9TX-2W8U", "x" * 5000, "7K3M-Q9TX-2W8H-1")] == [
        None
    ] * 5
    assert tidy(new_code()) is not None


def test_the_address_on_a_certificate_leads_to_its_page_too() -> None:
    for typed in (
        "https://labs.example.org/certificates/7K3M-Q9TX-2W8H/",
        " labs.example.org/certificates/7k3m-q9tx-2w8h",
    ):
        response = Client().get("/certificates/", {"code": typed})
        assert response.headers.get("Location") == "/certificates/7K3M-Q9TX-2W8H/", typed


def test_a_name_is_compared_without_regard_to_case_and_spaces_and_never_stored() -> None:
    stored = hash_of("Demo  Participant 1")
    assert is_holder("demo participant 1", stored)
    assert not is_holder("demo participant 2", stored)
    assert "participant" not in stored.casefold()
    assert hash_of("Demo") != hash_of("Demo")


def test_attendance_of_one_session_makes_a_certificate_with_its_file_and_one_mail() -> None:
    registration = attended(2, name="Участник едно", language="bg")
    certificate = issuing.issue(registration)
    text = PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text()
    assert "Участник едно" in text
    assert certificate.code in text
    assert certificate.minutes == 60  # both sessions are at the same hour
    [message] = Message.objects.filter(occasion="certificate")
    assert message.language == "bg"
    assert f"/certificates/{certificate.code}/" in message.text


def test_issuing_twice_gives_the_same_certificate_and_no_second_mail() -> None:
    registration = attended()
    assert issuing.issue(registration) == issuing.issue(registration)
    assert Certificate.objects.count() == 1
    assert Message.objects.filter(occasion="certificate").count() == 1


def test_who_attended_less_than_the_lab_asks_gets_none() -> None:
    registration = attended(1, lab=f.LabFactory(certificate_min_sessions=2))
    with pytest.raises(NotIssuable):
        issuing.issue(registration)
    [candidate] = candidates(registration.lab)
    assert candidate.standing == Standing.NOT_YET


def test_a_name_that_the_fonts_lack_is_refused_and_says_which_characters() -> None:
    registration = attended(name="王小明")
    with pytest.raises(NotIssuable) as refused:
        issuing.issue(registration)
    assert "王" in refused.value.message
    [candidate] = candidates(registration.lab)
    assert candidate.standing == Standing.BLOCKED
    assert Certificate.objects.count() == 0
    assert Message.objects.count() == 0


def test_the_work_of_issuing_goes_on_past_a_name_that_cannot_be_printed() -> None:
    lab = f.LabFactory()
    names = ["Demo participant 1", "王小明", "Demo participant 3"]
    for name in names:
        attended(name=name, lab=lab)
    first, second = issuing.start_issuing(lab), issuing.start_issuing(lab)
    assert first == second
    [(_task, lease)] = claim(Task, 5, timedelta(seconds=30))
    assert isinstance(lease, Lease)
    assert issuing.issue_all(lab, None, lease) == 2
    assert set(Certificate.objects.values_list("holder_name", flat=True)) == {names[0], names[2]}


def test_a_revoked_certificate_says_so_and_can_be_made_valid_again() -> None:
    certificate = issuing.issue(attended())
    issuing.revoke(certificate, "Attendance of another person")
    page = Client().get(f"/certificates/{certificate.code}/")
    assert page.status_code == 200
    assert "This certificate was revoked" in page.content.decode()
    assert "Attendance of another person" in page.content.decode()
    assert certificate.holder_name not in page.content.decode()
    assert Client().get(f"/certificates/{certificate.code}.pdf").status_code == 404
    issuing.restore(certificate)
    assert "This certificate is valid" in Client().get(f"/certificates/{certificate.code}/").content.decode()
    assert Client().get(f"/certificates/{certificate.code}.pdf")["Content-Type"] == "application/pdf"


def test_a_corrected_name_replaces_the_certificate() -> None:
    registration = attended(name="Demo particpant")
    old = issuing.issue(registration)
    Registration.objects.filter(pk=registration.pk).update(name="Demo participant")
    old.refresh_from_db()
    new = issuing.reissue(Certificate.objects.get(pk=old.pk))
    old.refresh_from_db()
    assert (old.state, old.replaced_by, new.state) == ("replaced", new, "valid")
    assert new.holder_name == "Demo participant"
    page = Client().get(f"/certificates/{old.code}/").content.decode()
    assert "Replaced by a newer one" in page
    assert new.code not in page


def test_a_restored_certificate_never_stands_beside_a_newer_one() -> None:
    registration = attended()
    old = issuing.issue(registration)
    issuing.revoke(old, "Wrong person")
    issuing.issue(registration)
    with pytest.raises(NotIssuable):
        issuing.restore(old)


def test_a_replaced_certificate_is_not_said_to_be_restored() -> None:
    registration = attended()
    old = issuing.issue(registration)
    issuing.reissue(old)
    with pytest.raises(NotIssuable):
        issuing.restore(old)


def test_the_holder_is_told_what_became_of_a_certificate() -> None:
    registration = attended(name="Demo participant 7", language="bg")
    first = issuing.issue(registration)
    issuing.revoke(first, "Чуждо присъствие")
    issuing.revoke(first, "Второ натискане")
    issuing.restore(first)
    second = issuing.reissue(Certificate.objects.get(pk=first.pk))

    told = list(Message.objects.filter(about=f"registration:{registration.public_id}").order_by("pk"))

    assert [each.occasion for each in told] == [
        "certificate", "certificate_revoked", "certificate_restored", "certificate",
    ]  # fmt: skip
    assert {(each.language, each.to_email) for each in told} == {("bg", registration.email)}
    _issued, revoked, restored, replacing = (f"{each.text}{each.html}" for each in told)
    assert revoked.count("Чуждо присъствие") == 2
    assert "отново е валидно" in restored
    assert all(first.code in body for body in (revoked, restored, replacing))
    assert second.code in replacing
    assert all(each.text.startswith("Регистрация на Demo participant 7") for each in told)


def test_nobody_is_written_to_about_the_certificate_of_an_erased_person() -> None:
    registration = attended()
    certificate = issuing.issue(registration)
    erase(registration)
    issuing.revoke(Certificate.objects.get(pk=certificate.pk), "Wrong person")
    assert not Message.objects.exists()


def test_erasing_the_person_leaves_a_page_that_attests_and_compares() -> None:
    registration = attended(name="Demo participant 7")
    certificate = issuing.issue(registration)
    stored = certificate.pdf.name
    erase(registration)
    certificate.refresh_from_db()
    assert (certificate.holder_name, certificate.pdf.name, certificate.registration) == ("", "", None)
    assert certificate.history.filter(holder_name__gt="").count() == 0
    page = Client().get(f"/certificates/{certificate.code}/")
    assert "This certificate is valid" in page.content.decode()
    assert "Demo participant 7" not in page.content.decode()
    for name, words in (
        ("demo participant 7", "This is the name"),
        ("Demo participant 8", "This is not the name"),
    ):
        answer = Client().post(f"/certificates/{certificate.code}/", {"name": name})
        assert words in answer.content.decode()
    assert stored


@pytest.mark.parametrize("code", ["0000-0000-0000", "7K3M-Q9TX-2W8U", "x", "<script>", "%00"])
def test_an_unknown_code_is_told_as_unknown(code: str) -> None:
    assert Client().get(f"/certificates/{code}/").status_code == 404


def test_the_check_page_costs_the_same_queries_for_one_session_and_for_thirty(
    django_assert_num_queries,
) -> None:  # type: ignore[no-untyped-def]
    for sessions in (1, 30):
        certificate = issuing.issue(attended(sessions))
        with django_assert_num_queries(1):
            Client().get(f"/certificates/{certificate.code}/")


def test_the_list_costs_the_same_queries_for_two_people_and_for_twenty(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    lab = f.LabFactory()
    for people in (2, 20):
        for _number in range(people):
            attended(2, lab=lab)
        with django_assert_num_queries(5):
            candidates(lab)


def test_guesses_are_slowed_down() -> None:
    client = Client(REMOTE_ADDR="192.0.2.77")
    answers = [client.get("/certificates/0000-0000-0000/").status_code for _number in range(61)]
    assert answers == [404] * 60 + [429]


def test_a_certificate_says_what_was_true_when_it_was_issued() -> None:
    registration = attended()
    certificate = issuing.issue(registration)
    lab = registration.lab
    lab.title = {"en": "Another title"}
    lab.ends_on = lab.ends_on + timedelta(days=1)
    lab.save()
    page = Client().get(f"/certificates/{certificate.code}/").content.decode()
    assert "Another title" not in page
    assert certificate.issued_at <= timezone.now()


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
    organiser = Client()
    organiser.force_login(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert "1 certificate could not be issued" in page
    assert "a text of the lab is empty or too long for the paper" in page
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
        ({"attempts": 1, "later": 5}, 0, "They will be tried again on"),
        ({"state": "failed", "attempts": 7}, 0, "has given up trying"),
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
    organiser = Client()
    organiser.force_login(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert words in page
    assert ("Certificates are being issued" in page) == (words == "Certificates are being issued")
    # While it goes on, the button that would start it is not there.
    assert ("Issue 1 certificate" in page) == ("issued" not in words)


def test_the_page_says_which_sessions_are_not_over_yet_and_attests_none_of_them() -> None:
    past = f.AttendanceFactory(session__title={"en": "Long over"})
    lab, person = past.session.lab, past.registration
    coming = f.SessionFactory(lab=lab, title={"en": "Still to come"})
    organiser = Client()
    organiser.force_login(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/certificates/"
    assert "not over yet" not in organiser.get(address).content.decode()
    f.AttendanceFactory(registration=person, session=coming)
    f.AttendanceFactory(registration=f.RegistrationFactory(lab=lab), session=coming)
    page = organiser.get(address).content.decode()
    assert "1 session is not over yet, and people are marked as present" in page
    assert "1 more person is marked as present" in page
    assert f"/organise/labs/{lab.slug}/attendance/{coming.slug}/" in page
    assert f"/organise/labs/{lab.slug}/attendance/{past.session.slug}/" not in page
    organiser.post(f"{address}issue/{person.public_id}/")
    attested = Client().get(f"/certificates/{person.certificates.get().code}/").content.decode()
    assert ("Long over" in attested, "Still to come" in attested) == (True, False)
    # That it leaves the coming session out is no further attendance yet.
    assert "Attended since" not in organiser.get(address).content.decode()


def test_nobody_is_ready_in_a_lab_whose_sessions_are_not_over_yet() -> None:
    session = f.SessionFactory()
    person = f.AttendanceFactory(session=session, registration__lab=session.lab).registration
    organiser = Client()
    organiser.force_login(f.StaffFactory(lab=session.lab).user)
    address = f"/organise/labs/{session.lab.slug}/certificates/"
    page = organiser.get(address).content.decode()
    assert "1 session is not over yet, and people are marked as present" in page
    assert "Nobody has attended yet." in page
    private = links.path_of(person, links.MANAGE)
    assert "You attended 0 of the 1 session you need." in Client().get(private).content.decode()

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
    organiser = Client()
    organiser.force_login(f.StaffFactory(lab=lab).user)
    page = organiser.get(f"/organise/labs/{lab.slug}/certificates/").content.decode()
    assert "1 text loses signs on certificates" in page
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


def test_the_zone_is_named_as_on_pages_with_each_offset_over_a_change_of_clocks() -> None:
    lab = f.LabFactory(starts_on=date(2027, 3, 26), time_zone="Europe/Sofia")
    registration = f.RegistrationFactory(lab=lab, language="bg")
    for on in (date(2027, 3, 26), date(2027, 3, 29)):
        f.AttendanceFactory(registration=registration, session__start_date=on)
    with time_machine.travel(datetime(2027, 3, 30, 12, tzinfo=UTC)):
        certificate = issuing.issue(registration)
    text = " ".join(PdfReader(default_storage.open(certificate.pdf.name)).pages[0].extract_text().split())
    assert "times in Sofia (EET, UTC+2; from 29 March EEST, UTC+3)" in text
    assert "часова зона София (EET, UTC+2; от 29 март EEST, UTC+3)" in text
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
