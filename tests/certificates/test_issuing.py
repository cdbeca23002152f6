"""Issuing certificates, revoking and restoring them, and what becomes of an erased person's."""

from datetime import timedelta

import pytest
from django.test import Client

from certificates import issuing
from certificates.candidates import Standing, candidates
from certificates.codes import new_code, tidy
from certificates.holders import hash_of, is_holder
from certificates.issuing import NotIssuable
from certificates.models import Certificate
from core.jobs.leases import Lease, claim
from core.jobs.models import Task
from core.mail.models import Message
from registrations.erasure import erase
from registrations.models import Registration
from tests import factories as f
from tests.certificates.attending import attended
from tests.emails import with_bodies

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_press")]


def test_a_code_is_read_whatever_way_it_is_typed() -> None:
    assert tidy("7k3m q9tx 2w8h") == "7K3M-Q9TX-2W8H"
    assert tidy("7K3M–Q9TX–2W8H") == "7K3M-Q9TX-2W8H"
    assert tidy("OIL0-0000-0000") == "0110-0000-0000"
    assert [tidy(wrong) for wrong in ("", "7K3M", "7K3M-Q9TX-2W8U", "x" * 5000, "7K3M-Q9TX-2W8H-1")] == [
        None
    ] * 5
    assert tidy(new_code()) is not None


def test_a_name_is_compared_without_regard_to_case_and_spaces_and_never_stored() -> None:
    stored = hash_of("Demo  Participant 1")
    assert is_holder("demo participant 1", stored)
    assert not is_holder("demo participant 2", stored)
    assert "participant" not in stored.casefold()
    assert hash_of("Demo") != hash_of("Demo")


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
    assert "This certificate was replaced" in page
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

    messages = Message.objects.filter(registration=registration).order_by("pk")
    told = [with_bodies(message) for message in messages]

    assert [each.occasion for each in told] == [
        "certificate", "certificate_revoked", "certificate_restored", "certificate",
    ]  # fmt: skip
    assert {(each.language, each.to_email) for each in told} == {("bg", registration.email)}
    _issued, revoked, restored, replacing = (f"{each.text}{each.html}" for each in told)
    assert revoked.count("Чуждо присъствие") == 2
    assert "отново е валидно" in restored
    assert all(first.code in body for body in (revoked, restored, replacing))
    assert second.code in replacing
    assert all(each.text.startswith("Здравейте, Demo participant 7!") for each in told)


def test_nobody_is_written_to_about_the_certificate_of_an_erased_person() -> None:
    registration = attended()
    certificate = issuing.issue(registration)
    erase(registration)
    issuing.revoke(Certificate.objects.get(pk=certificate.pk), "Wrong person")
    assert not Message.objects.exists()


def test_the_list_costs_the_same_queries_for_two_people_and_for_twenty(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    lab = f.LabFactory()
    for people in (2, 20):
        for _number in range(people):
            attended(2, lab=lab)
        with django_assert_num_queries(5):
            candidates(lab)
