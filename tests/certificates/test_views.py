"""The check page of certificates, which is for everybody; the organisers' pages are in test_issuing_pages.py."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from certificates import issuing
from registrations.erasure import erase
from tests.certificates.attending import attended

pytestmark = pytest.mark.django_db


def test_the_address_on_a_certificate_leads_to_its_page_too() -> None:
    for typed in (
        "https://labs.example.org/certificates/7K3M-Q9TX-2W8H/",
        " labs.example.org/certificates/7k3m-q9tx-2w8h",
    ):
        response = Client().get("/certificates/", {"code": typed})
        assert response.headers.get("Location") == "/certificates/7K3M-Q9TX-2W8H/", typed


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
