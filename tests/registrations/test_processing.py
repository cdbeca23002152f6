"""The report of what is held until when, the record and the notice: made from what a lab asks, and telling no more."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labs.models import Lab
from registrations import processing, proof
from registrations.models import RegistrationRules
from registrations.proof import ProofPlan
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of, text_of
from tests.walks.nominations import named_by_city

pytestmark = pytest.mark.django_db


def test_it_counts_what_there_is_and_says_until_when_and_what_is_deleted_next() -> None:
    lab = f.LabFactory(retention_days=100)
    people = f.RegistrationFactory.create_batch(2, lab=lab)
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    f.RegistrationFactory()
    needs = f.QuestionSetFactory(lab=lab, slug="needs", protection="needs", retention_days=10)
    question = f.QuestionFactory(question_set=needs)
    people[0].answers.create(question=question, secret=b"x", answered_at=people[0].created_at)
    rows = {row.key: row for row in processing.holdings(lab, "en")}
    counted = {
        key: rows[key].count for key in ("registrations", "unconfirmed", "answers.needs", "attendance")
    }
    assert counted == {"registrations": 2, "unconfirmed": 1, "answers.needs": 1, "attendance": 0}
    assert rows["registrations"].until == lab.answers_kept_until
    assert (rows["registrations"].until - rows["answers.needs"].until).days == 90
    assert "9(2)(a)" in rows["answers.needs"].basis
    upcoming = processing.next_deletion(list(rows.values()))
    assert upcoming is not None
    assert upcoming.key == "answers.needs"


def test_it_tells_of_city_contacts_and_of_whom_they_named() -> None:
    lab = f.LabFactory()
    assert not {"city_contacts", "nominees"} & {row.key for row in processing.holdings(lab, "en")}
    named_by_city(lab, f.CityFactory())
    rows = {row.key: row for row in processing.holdings(lab, "en")}
    for key in ("city_contacts", "nominees"):
        assert (rows[key].count, rows[key].until) == (1, lab.answers_kept_until)
    assert "when they accept" in rows["nominees"].basis


def test_console_and_api_tell_the_same() -> None:
    lab = f.LabFactory()
    f.RegistrationFactory(lab=lab)
    organiser = organiser_of(lab)
    answer = Client().get(f"/api/v1/labs/{lab.slug}/retention", headers=bearer(organiser)).json()
    html = text_of(client_of(organiser).get(f"/organise/labs/{lab.slug}/personal-data/"))
    assert [row["what"] for row in answer["holdings"] if row["what"] not in html] == []
    assert answer["deleted_next"] == "registrations"
    assert (
        client_of(f.StaffFactory().user).get(f"/organise/labs/{lab.slug}/personal-data/").status_code == 404
    )


def test_the_notice_says_what_is_really_asked(client: Client) -> None:
    lab = f.LabFactory()
    page = f"/labs/{lab.slug}/privacy/"
    before = text_of(client.get(page))
    asked = f.QuestionSetFactory(lab=lab, title={"en": "Your dinner"})
    f.QuestionFactory(question_set=asked)
    RegistrationRules.objects.create(lab=lab, asks_photos=True)
    proof.change_proof_rules(lab, ProofPlan(True, {"en": "Grant agreement 20"}, date(2099, 12, 31)))
    after = text_of(client.get(page))
    for words in (
        "Your dinner",
        "choice about photos and recordings",
        "Grant agreement 20",
        "31 December 2099",
    ):
        assert (words in before, words in after) == (False, True), words
    for language in ("bg", "el"):
        assert f'<html lang="{language}"' in text_of(client.get(page, {"lang": language}))


def test_the_notice_hides_questions_of_sessions_that_the_reader_does_not_see(client: Client) -> None:
    lab = f.LabFactory()
    internal = f.SessionFactory(lab=lab, visibility="internal")
    hidden = f.QuestionSetFactory(lab=lab, title={"en": "Secret visit"})
    f.QuestionFactory(question_set=hidden, session=internal)
    assert "Secret visit" not in text_of(client.get(f"/labs/{lab.slug}/privacy/"))
    later = f.QuestionSetFactory(lab=lab, title={"en": "Not sent yet"}, stage="accepted", opened_at=None)
    f.QuestionFactory(question_set=later)
    assert "Not sent yet" not in text_of(client.get(f"/labs/{lab.slug}/privacy/"))
    assert client.get(f"/labs/{f.LabFactory(visibility='draft').slug}/privacy/").status_code == 404


def test_the_form_leads_to_it(client: Client) -> None:
    session = f.SessionFactory()
    assert f'"/labs/{session.lab.slug}/privacy/"' in text_of(
        client.get(f"/labs/{session.lab.slug}/register/")
    )


def test_it_costs_the_same_queries_at_any_size() -> None:
    lab = f.LabFactory()
    costs = []
    for _time in range(2):
        f.QuestionFactory(question_set__lab=lab)
        f.RegistrationFactory.create_batch(len(costs) * 9 + 1, lab=lab)
        with CaptureQueriesContext(connection) as asked:
            processing.holdings(Lab.objects.get(pk=lab.pk), "en")
        costs.append(len(asked))
        f.QuestionFactory.create_batch(8, question_set__lab=lab)
    assert costs[0] == costs[1]
