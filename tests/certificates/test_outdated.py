"""Nothing attests what is no longer so: what was issued is marked, the organiser is told, and the next step is near."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pypdf import PdfReader

from certificates import issuing
from certificates.candidates import Standing, candidates
from certificates.models import Certificate
from certificates.outdated import differences
from core.jobs.leases import claim, run_task
from core.jobs.models import Task
from core.pdf.renderer import render_document
from core.timezones.formatting import short_span
from core.timezones.wall_clock import wall
from core.web import signed_links
from labs.models import ApiToken, Lab
from registrations import attendance
from registrations.erasure import erase
from registrations.models import Registration
from sessions.models import Session
from sessions.publishing import cancel, restore
from tests import factories as f
from tests.pages import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_press")]

NOT_CONFIRMED = "This certificate is not currently confirmed"


def organiser_of(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


def issued(sessions: int = 2, **person: object) -> tuple[Certificate, Registration, list[Session]]:
    registration = f.RegistrationFactory(**person)
    attended = [
        f.AttendanceFactory(registration=registration, session__title={"en": f"Workshop {number}"}).session
        for number in range(1, sessions + 1)
    ]
    return issuing.issue(registration), registration, attended


def check_page(certificate: Certificate) -> str:
    return Client().get(f"/certificates/{certificate.code}/?lang=en").content.decode()


def take_back(registration: Registration, session: Session) -> None:
    attendance.remove(registration, session)


def cancelled(registration: Registration, session: Session) -> None:
    cancel(session)


def drafted(registration: Registration, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(visibility="draft")


def deleted(registration: Registration, session: Session) -> None:
    session.delete()


def moved(registration: Registration, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(ends_at=session.ends_at + timedelta(minutes=15))


def put_off(registration: Registration, session: Session) -> None:
    later = timedelta(days=21)
    Session.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + later, ends_at=session.ends_at + later
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (take_back, "Attendance removed: Workshop 2"),
        (cancelled, "Cancelled: Workshop 2"),
        (drafted, "Draft again: Workshop 2"),
        (deleted, "Session deleted: Workshop 2"),
        (moved, "Time changed: Workshop 2 (was "),
        (put_off, "Time changed: Workshop 2 (was "),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_session_that_is_no_longer_so_marks_the_certificate_everywhere(
    change: Callable[[Registration, Session], None], words: str
) -> None:
    certificate, registration, [_first, second] = issued()
    organiser = organiser_of(registration.lab)
    page = reverse("console_certificates", args=[registration.lab.slug])
    overview = reverse("console_lab", args=[registration.lab.slug])
    assert "No longer correct" not in organiser.get(page).content.decode()

    change(registration, second)

    shown = check_page(certificate)
    assert NOT_CONFIRMED in shown
    assert "This certificate is valid" not in shown
    assert ("Workshop 1" in shown, "Workshop 2" in shown) == (True, False)
    assert Client().get(f"/certificates/{certificate.code}.pdf").status_code == 404
    told = Client().get(f"/api/v1/certificates/{certificate.code}").json()
    assert (told["state"], told["minutes"], len(told["sessions"])) == ("outdated", 60, 1)

    listed = organiser.get(page).content.decode()
    assert words in listed
    assert "1 certificate is no longer correct" in listed
    assert reverse("console_certificate_replace", args=[registration.lab.slug, certificate.code]) in listed
    assert "1 certificate is no longer correct" in organiser.get(overview).content.decode()
    person = reverse("console_registration", args=[registration.lab.slug, registration.public_id])
    assert words in organiser.get(person).content.decode()


def test_replacing_is_one_step_and_the_new_one_leaves_the_cancelled_session_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("certificates.pdf.render_document", render_document)
    certificate, registration, [_first, second] = issued()
    cancel(second)
    organiser = organiser_of(registration.lab)
    address = reverse("console_certificate_replace", args=[registration.lab.slug, certificate.code])
    assert "Cancelled: Workshop 2" in organiser.get(address).content.decode()
    organiser.post(address)
    new = Certificate.objects.get(registration=registration, state="valid")
    text = PdfReader(default_storage.open(new.pdf.name)).pages[0].extract_text()
    assert ("Workshop 1" in text, "Workshop 2" in text) == (True, False)
    assert "This certificate is valid" in check_page(new)
    assert "This certificate was replaced" in check_page(certificate)


def test_all_of_them_are_replaced_after_one_question() -> None:
    session = f.AttendanceFactory().session
    lab = session.lab
    people = [f.RegistrationFactory(lab=lab) for _number in range(2)]
    attendance.record_all(people, session)
    people = list(lab.registrations.all())
    for person in people:
        issuing.issue(person)
    moved(people[0], session)
    organiser = organiser_of(lab)
    address = reverse("console_certificates_replace", args=[lab.slug])
    asked = organiser.get(address).content.decode()
    assert "Replace 3 certificates" in asked
    assert Task.objects.count() == 0
    organiser.post(address)
    [(work, lease)] = claim(Task, 5, timedelta(minutes=5))
    run_task(work, lease)
    assert {one.state for one in Certificate.objects.all()} == {"valid", "replaced"}
    assert {one.standing for one in candidates(lab)} == {Standing.ISSUED}
    organiser.post(address)
    assert Task.objects.filter(state=Task.State.QUEUED).count() == 0


def test_a_corrected_name_is_not_attested_in_its_earlier_spelling() -> None:
    certificate, registration, _sessions = issued(name="Demo particpant")
    Registration.objects.filter(pk=registration.pk).update(name="Demo participant")
    shown = check_page(certificate)
    assert NOT_CONFIRMED in shown
    assert "Demo particpant" not in shown
    assert "Demo participant" not in shown
    assert Client().get(f"/api/v1/certificates/{certificate.code}").json()["holder_name"] is None
    page = organiser_of(registration.lab).get(reverse("console_certificates", args=[registration.lab.slug]))
    assert "The name is now Demo participant" in page.content.decode()


def test_a_person_whose_every_attendance_was_taken_back_stays_on_the_page_with_what_to_do() -> None:
    certificate, registration, [session] = issued(1)
    attendance.remove(registration, session)
    page = organiser_of(registration.lab).get(reverse("console_certificates", args=[registration.lab.slug]))
    shown = page.content.decode()
    assert registration.name in shown
    assert reverse("console_certificate_revoke", args=[registration.lab.slug, certificate.code]) in shown
    assert reverse("console_certificate_replace", args=[registration.lab.slug, certificate.code]) not in shown
    assert "None of the sessions that it lists" in check_page(certificate)


def test_what_is_put_right_again_is_confirmed_again() -> None:
    certificate, _registration, [session] = issued(1)
    cancel(session)
    assert NOT_CONFIRMED in check_page(certificate)
    restore(session)
    assert "This certificate is valid" in check_page(certificate)


def test_a_further_session_makes_nothing_wrong_and_is_offered() -> None:
    certificate, registration, _sessions = issued(1)
    f.AttendanceFactory(registration=registration, session__title={"en": "Workshop 9"})
    assert "This certificate is valid" in check_page(certificate)
    page = organiser_of(registration.lab).get(reverse("console_certificates", args=[registration.lab.slug]))
    assert "Attended since: Workshop 9" in page.content.decode()
    assert "no longer correct" not in page.content.decode()


def test_the_certificate_of_an_erased_person_is_marked_too_and_can_be_revoked() -> None:
    certificate, registration, [session] = issued(1)
    erase(registration)
    assert "This certificate is valid" in check_page(certificate)
    cancel(session)
    assert NOT_CONFIRMED in check_page(certificate)
    page = organiser_of(registration.lab).get(reverse("console_certificates", args=[registration.lab.slug]))
    assert reverse("console_certificate_revoke", args=[registration.lab.slug, certificate.code]) in (
        page.content.decode()
    )


def test_a_cancelled_session_earns_nothing_on_page_in_bulk_and_for_one() -> None:
    registration = f.RegistrationFactory()
    session = f.AttendanceFactory(registration=registration).session
    cancel(session)
    assert candidates(registration.lab) == []
    with pytest.raises(issuing.NotIssuable):
        issuing.issue(registration)
    organiser_of(registration.lab).post(
        reverse("console_certificates_issue", args=[registration.lab.slug]), follow=True
    )
    assert (Certificate.objects.count(), Task.objects.filter(name="certificates.issue").count()) == (0, 0)


def test_the_api_names_what_is_no_longer_so_and_replaces() -> None:
    certificate, registration, [_first, second] = issued()
    lab = registration.lab
    cancel(second)
    token, token_hash = signed_links.new_api_token()
    organiser = f.StaffFactory(lab=lab).user
    ApiToken.objects.create(
        user=organiser, name="test", token_hash=token_hash, scopes=[ApiToken.Scope.CERTIFICATES], lab=lab
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})
    [row] = client.get(f"/api/v1/labs/{lab.slug}/certificates").json()["items"]
    assert (row["state"], row["no_longer_so"]) == ("outdated", ["Cancelled: Workshop 2"])
    counts = client.post(f"/api/v1/labs/{lab.slug}/certificates").json()
    assert counts == {"ready": 0, "blocked": 0, "failed": 0, "outdated": 1}
    new = client.post(f"/api/v1/labs/{lab.slug}/certificates/{certificate.code}/replace").json()
    assert (new["state"], new["minutes"], new["no_longer_so"]) == ("valid", 60, [])


def test_a_run_of_replacing_says_for_whom_it_failed_and_why() -> None:
    _certificate, registration, _sessions = issued(1)
    Registration.objects.filter(pk=registration.pk).update(name="王小明")
    lab = registration.lab
    issuing.start_issuing(lab, replacing=True)
    [(work, lease)] = claim(Task, 5, timedelta(minutes=5))
    run_task(work, lease)
    client = organiser_of(lab)
    page = client.get(reverse("console_certificates", args=[lab.slug])).content.decode()
    assert "Could not be replaced: Certificates cannot show: 王 (U+738B)" in page
    overview = client.get(reverse("console_lab", args=[lab.slug])).content.decode()
    assert "could not be issued" not in overview
    assert Certificate.objects.get().state == Certificate.State.VALID


def test_the_reader_learns_of_other_hours_in_the_own_language() -> None:
    _certificate, registration, [session] = issued(1)
    moved(registration, session)
    said = set()
    for language in ("en", "bg", "el"):
        with override(language):
            [[sentence]] = differences(Certificate.objects.compared(), registration.lab).values()
        starts, ends = (wall(at, registration.lab.time_zone) for at in (session.starts_at, session.ends_at))
        said.add(span := short_span(starts, ends, language))
        assert span in sentence
    assert len(said) == 3


def told_in_list(lab: Lab) -> str:
    page = reverse("console_certificates", args=[lab.slug])
    return organiser_of(lab).get(page).content.decode()


def test_each_certificate_is_compared_with_its_own_persons_attendance_alone() -> None:
    certificate, registration, [first, second] = issued()
    other, _registration, _sessions = issued(1, lab=registration.lab)
    for session in (first, second):
        f.AttendanceFactory(registration=other.registration, session=session)
    assert "Attended since: Workshop 1" in told_in_list(registration.lab)
    take_back(registration, second)
    listed = told_in_list(registration.lab)
    assert ("Attendance removed: Workshop 2" in listed, "Workshop 1, " in listed) == (True, False)
    told = Client().get(f"/api/v1/certificates/{certificate.code}").json()
    assert [session["titles"]["en"] for session in told["sessions"]] == ["Workshop 1"]
    issuing.revoke(certificate, "Wrong person")
    told = Client().get(f"/api/v1/certificates/{certificate.code}").json()
    assert (told["state"], told["minutes"], told["sessions"]) == ("revoked", 0, [])


def test_what_is_left_of_an_erased_persons_certificate_are_the_sessions_that_were_held() -> None:
    certificate, registration, [_first, second] = issued()
    erase(registration)
    cancel(second)
    told = Client().get(f"/api/v1/certificates/{certificate.code}").json()
    assert [session["titles"]["en"] for session in told["sessions"]] == ["Workshop 1"]
    listed = told_in_list(registration.lab)
    assert ("Cancelled: Workshop 2" in listed, "Attendance removed" in listed) == (True, False)


def test_what_was_attended_since_is_said_in_order_of_time_once_it_is_over() -> None:
    certificate, registration, [_first, second] = issued()
    take_back(registration, second)
    new = issuing.reissue(Certificate.objects.get(pk=certificate.pk))
    assert told_in_list(registration.lab).count("Attended since") == 0
    # An earlier certificate lists it; the one that is valid does not.
    attendance.record(registration, second)
    other, _registration, [theirs] = issued(1, lab=registration.lab)
    f.AttendanceFactory(registration=registration, session=theirs)
    for person, days, title in (
        (registration, 2, "Earlier"),
        (registration, 4, "Earliest"),
        (other.registration, 3, "Theirs"),
    ):
        f.AttendanceFactory(
            registration=person,
            session__lab=registration.lab,
            session__title={"en": title},
            session__start_date=timezone.now().date() - timedelta(days=days),
        )
    coming = f.SessionFactory(lab=registration.lab, title={"en": "To come"})
    f.AttendanceFactory(registration=registration, session=coming)
    lab = registration.lab
    compared = Certificate.objects.compared().filter(state="valid")
    assert differences(compared, lab) == {
        new.pk: [f"Attended since: {title}" for title in ("Earliest", "Earlier", "Workshop 2", "Workshop 1")],
        other.pk: ["Attended since: Theirs"],
    }
    assert differences(compared.filter(pk=0), lab) == {}
