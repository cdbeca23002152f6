"""Documents to accept at registration: shown, accepted in versions, changed, withdrawn, ordered, erased."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.web.errors import InvalidFields, RuleViolation
from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations import documents, erasure, personal_export, processing
from registrations.documents import DocumentPlan
from registrations.models import Document, DocumentAcceptance, DocumentVersion, Registration
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of, form_of, text_of
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db

RULES = DocumentPlan({"en": "House rules", "bg": "Правила"}, {"en": "Be *kind*."})


def fresh(lab: Lab) -> Lab:
    return Lab.objects.get(pk=lab.pk)


def accepted(person: Registration) -> list[tuple[str, int, str]]:
    rows = documents.accepted_by(person)
    return [(row.version.document.slug, row.version.number, row.language) for row in rows]


def test_whoever_ticks_a_document_accepts_the_version_that_was_shown(client: Client) -> None:
    session = f.SessionFactory()
    documents.add(session.lab, RULES)
    documents.add(session.lab, DocumentPlan({"en": "Photo notice"}, {}, "https://example.org/n", False))
    html = client.get(f"/labs/{session.lab.slug}/register/").content.decode()
    assert "I accept: House rules" in html
    assert "<p>Be <em>kind</em>.</p>" in html
    assert 'href="https://example.org/n" rel="noopener noreferrer"' in html

    answer = send(client, fresh(session.lab), answers(session, **{"document-house-rules": "1"}))

    assert answer.status_code == 200
    assert accepted(Registration.objects.get()) == [("house-rules", 1, "en")]


def test_without_a_required_one_nothing_is_sent_and_the_rest_stays_typed(client: Client) -> None:
    session = f.SessionFactory()
    documents.add(session.lab, RULES)
    documents.add(session.lab, DocumentPlan({"en": "Other"}, {"en": "Text"}, "", False))

    answer = send(client, session.lab, answers(session, **{"document-other": "1"}))

    assert (answer.status_code, Registration.objects.count()) == (422, 0)
    assert "You need to accept this to register." in text_of(answer)
    assert 'href="#id_document-house-rules"' in answer.content.decode()
    filled = form_of(answer).filled()
    assert (filled["document-other"], filled["name"]) == (["1"], ["Demo participant 17"])
    assert "document-house-rules" not in filled


def test_another_language_keeps_what_was_ticked(client: Client) -> None:
    session = f.SessionFactory()
    documents.add(session.lab, RULES)
    typed = answers(session, lang="bg", **{"document-house-rules": "1"})
    assert form_of(send(client, session.lab, typed)).filled()["document-house-rules"] == ["1"]


def test_a_form_that_showed_an_earlier_version_is_refused(client: Client) -> None:
    session = f.SessionFactory()
    found = documents.add(session.lab, RULES)
    documents.change(found, DocumentPlan({"en": "House rules"}, {"en": "Be kinder."}))

    answer = send(client, session.lab, answers(session, **{"document-house-rules": "1"}))

    assert (answer.status_code, Registration.objects.count()) == (422, 0)
    assert "This document has changed since you opened the form." in text_of(answer)
    assert "document-house-rules" not in form_of(answer).filled()


def test_what_is_changed_is_a_new_version_and_only_then() -> None:
    lab = f.LabFactory()
    found, writer = documents.add(lab, RULES), f.UserFactory()
    documents.change(found, DocumentPlan(RULES.title, RULES.text, "", False))
    assert Document.objects.get().is_required is False
    documents.change(found, DocumentPlan(RULES.title, {}, "https://example.org/rules"), writer)
    rows = [(one.number, str(one.text), one.address) for one in documents.versions_of(lab)]
    assert rows == [(2, "", "https://example.org/rules"), (1, "Be *kind*.", "")]
    assert DocumentVersion.objects.get(number=2).created_by == writer


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (DocumentPlan({"en": "A"}), "text"),
        (DocumentPlan({"en": "A"}, {"en": "B"}, "https://example.org"), "text"),
        (DocumentPlan({"en": "A"}, {}, "javascript:alert(1)"), "address"),
        (DocumentPlan({"en": "A"}, {}, "https://example.org/" + "a" * 500), "address"),
        (DocumentPlan({"en": "A"}, {"en": "a" * 1_000_000}), "text"),
        (DocumentPlan({"en": "A\x00"}, {"en": "B"}), "title"),
        (DocumentPlan({}, {"en": "B"}), "title"),
    ],
)
def test_a_document_that_is_none_is_refused(plan: DocumentPlan, field: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        documents.add(f.LabFactory(), plan)
    assert list(refused.value.errors) == [field]
    assert not Document.objects.exists()


def test_a_text_cannot_carry_scripts(client: Client) -> None:
    session = f.SessionFactory()
    documents.add(session.lab, DocumentPlan({"en": "<b>T"}, {"en": "<script>alert(1)</script>"}))
    html = client.get(f"/labs/{session.lab.slug}/register/").content.decode()
    assert ("<script>alert" in html, "<b>T" in html) == (False, False)


def test_a_withdrawn_one_is_no_longer_asked_and_what_was_accepted_stays(client: Client) -> None:
    session = f.SessionFactory()
    found = documents.add(session.lab, RULES)
    person = f.RegistrationFactory(lab=session.lab)
    documents.store(person, documents.shown(fresh(session.lab)), "en")
    documents.withdraw(found)
    documents.withdraw(found)

    assert documents.shown(fresh(session.lab)) == []
    assert send(client, session.lab, answers(session)).status_code == 200
    html = text_of(client.get(link(person, "manage")))
    assert ("House rules" in html, "Accepted, version 1:" in html) == (True, True)
    with pytest.raises(RuleViolation) as refused:
        documents.change(found, RULES)
    assert refused.value.code == "withdrawn"


def test_documents_of_another_lab_are_not_asked_or_known() -> None:
    lab = f.LabFactory()
    documents.add(f.LabFactory(), RULES)
    assert documents.shown(fresh(lab)) == []
    with pytest.raises(RuleViolation) as refused:
        documents.check_for_submit(fresh(lab), {"house-rules": 1})
    assert refused.value.code == "document_unknown"


def test_the_order_is_changed_by_number() -> None:
    lab = f.LabFactory()
    first, second, third = (documents.add(lab, DocumentPlan({"en": name}, {"en": "T"})) for name in "abc")
    documents.move(third, 1)
    documents.move(first, 99)
    assert [row.slug for row in documents.documents_of(lab)] == ["c", "b", "a"]
    assert second.slug == "b"


def test_accepting_twice_is_kept_once() -> None:
    lab = f.LabFactory()
    documents.add(lab, RULES)
    person = f.RegistrationFactory(lab=lab)
    for _time in range(2):
        documents.store(person, documents.shown(fresh(lab)), "bg")
    assert accepted(person) == [("house-rules", 1, "bg")]


def test_it_goes_with_the_person_and_is_in_the_export_and_in_the_notice() -> None:
    lab = f.LabFactory()
    documents.add(lab, RULES)
    people = f.RegistrationFactory.create_batch(2, lab=lab)
    for person in people:
        documents.store(person, documents.shown(fresh(lab)), "en")
    people[0].lab = fresh(lab)
    [row] = personal_export.own_export(people[0], "en").data["documents"]
    assert (row["document"], row["version"], row["text"]) == ("House rules", "1", "Be *kind*.")
    assert "accepted documents" in processing.holdings(fresh(lab), "en")[0].what

    erasure.erase(people[0])

    assert [one.registration_id for one in DocumentAcceptance.objects.all()] == [people[1].pk]


@pytest.mark.parametrize("count", [1, 12])
def test_a_lab_without_documents_costs_nothing_and_any_number_two(
    count: int, django_assert_num_queries: Any
) -> None:
    without = f.LabFactory()
    lab = f.LabFactory()
    for number in range(count):
        documents.add(lab, DocumentPlan({"en": f"Document {number}"}, {"en": "T"}))
    person, lab, without = f.RegistrationFactory(lab=lab), fresh(lab), fresh(without)
    for each in (lab, without):
        getattr(each, "registration_rules", None)
    with django_assert_num_queries(0):
        assert documents.check_for_submit(without, {}) == []
    ticked = {one.document.slug: 1 for one in documents.shown(lab)}
    with django_assert_num_queries(2):
        documents.store(person, documents.check_for_submit(lab, ticked), "en")
    assert len(accepted(person)) == count


def test_organisers_add_change_and_withdraw_on_pages() -> None:
    lab = f.LabFactory()
    client = client_of(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/documents/"
    assert "No documents." in text_of(client.get(address))
    typed = {"form_key": new_form_key(), "title_0": "House rules", "text_0": "Be kind.", "is_required": "on"}
    for _time in range(2):
        assert post(client, address, typed).status_code == 302
    found = Document.objects.get()
    person = f.RegistrationFactory(lab=lab)
    for page_of in (address, f"{address}{found.slug}/"):
        shown = text_of(client.get(page_of))
        assert "1 person is registered already, and is asked to accept it at the next visit" in shown
        assert f'href="/organise/labs/{lab.slug}/mail/announcements/new/"' in shown
    documents.store(person, documents.shown(fresh(lab)), "en")
    one = f"{address}{found.slug}/"
    page = form_of(client.get(one))
    assert client.post(one, page.filled(text_0="", address="")).status_code == 422
    assert client.post(one, page.filled(text_0="Be kinder.")).status_code == 302
    assert [(row.number, row.accepted) for row in documents.versions_of(lab)] == [(2, 0), (1, 1)]
    assert "Be kinder." in text_of(client.get(address))
    assert post(client, f"{one}withdraw/").status_code == 302
    assert "withdrawn" in text_of(client.get(address))
    assert client.get(one).status_code == 404
    other = f.LabFactory(visibility="draft")
    assert client.get(f"/organise/labs/{other.slug}/documents/").status_code == 404


def test_of_two_who_edit_at_once_the_second_is_shown_both(client: Client) -> None:
    lab = f.LabFactory()
    first, second = (client_of(f.StaffFactory(lab=lab).user) for _each in range(2))
    document = documents.add(lab, RULES)
    other = documents.add(lab, DocumentPlan({"en": "Other"}, {"en": "T"}))
    one = f"/organise/labs/{lab.slug}/documents/{document.slug}/"
    pages = [form_of(each.get(one)) for each in (first, second)]
    assert first.post(one, pages[0].filled(text_0="Be kinder.")).status_code == 302
    told = second.post(one, pages[1].filled(text_0="Be quiet."))
    assert (told.status_code, "Be kinder." in text_of(told), "Replace with my version" in text_of(told)) == (
        409,
        True,
        True,
    )
    assert documents.shown(fresh(lab))[0].text.data == {"en": "Be kinder."}
    assert second.post(one, form_of(told).filled()).status_code == 302
    assert [row.text.data["en"] for row in documents.versions_of(lab)][:2] == ["Be quiet.", "Be kinder."]
    # Another one that took its place meanwhile is a change of it, too.
    page = form_of(second.get(one))
    documents.move(other, 1)
    assert second.post(one, page.filled()).status_code == 409
    # One that was withdrawn meanwhile leaves what was typed on the page.
    page = form_of(second.get(f"/organise/labs/{lab.slug}/documents/{other.slug}/"))
    documents.withdraw(other)
    told = second.post(page.action, page.filled(text_0="Typed"))
    assert (told.status_code, "Typed" in text_of(told), "withdrawn" in text_of(told)) == (422, True, True)
    assert second.get(page.action).status_code == 404


@pytest.mark.parametrize("count", [1, 15])
def test_the_list_costs_the_same_at_any_size(count: int) -> None:
    lab = f.LabFactory()
    client = client_of(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/documents/"
    documents.add(lab, RULES)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(count):
        documents.add(lab, DocumentPlan({"en": f"Document {number}"}, {"en": "T"}))
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(few) == len(many)


def test_programs_do_the_same_and_register_with_them() -> None:
    session = f.SessionFactory()
    lab = session.lab
    client, headers = Client(), bearer(organiser_of(lab))
    address = f"/api/v1/labs/{lab.slug}"

    def ask(method: str, path: str, body: dict[str, Any], key: str, **more: str) -> Any:
        sent = {**more, "Idempotency-Key": key}
        return client.generic(
            method, f"{address}/{path}", json.dumps(body), content_type="application/json", headers=sent
        )

    body = {"title": {"en": "House rules"}, "text": {"en": "Be kind."}}
    made = ask("POST", "documents", body, "a key of the first", **headers)
    assert (made.status_code, made.json()["slug"], made.json()["is_shown"]) == (201, "house-rules", True)
    wrong = ask("PUT", "documents/house-rules", {"title": {"en": "A"}}, "", **headers)
    assert wrong.status_code == 422
    body = {"title": {"en": "House rules"}, "address": "https://example.org/rules", "place": 1}
    assert ask("PUT", "documents/house-rules", body, "", **headers).json()["number"] == 2
    [shown] = client.get(f"{address}/registration-form").json()["documents"]
    assert (shown["slug"], shown["number"], shown["address"]) == ("house-rules", 2, body["address"])
    form = {
        "name": "Demo participant 17",
        "email": "participant17@example.org",
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
    }
    for number, given in enumerate(({}, {"house-rules": 1}, {"house-rules": 2, "other": 1})):
        answer = ask("POST", "registrations", form | {"documents": given}, f"a key of a form {number}")
        assert (answer.status_code, list(answer.json()["errors"][0])[:1] != []) == (422, True)
    answer = ask("POST", "registrations", form | {"documents": {"house-rules": 2}}, "a key of the last")
    assert answer.status_code == 202
    assert accepted(Registration.objects.get()) == [("house-rules", 2, "en")]
    rows = client.get(f"{address}/documents", headers=headers).json()["items"]
    assert [(row["number"], row["accepted"], row["is_shown"]) for row in rows] == [
        (2, 0, True),
        (1, 0, False),
    ]
    assert ask("DELETE", "documents/house-rules", {}, "", **headers).status_code == 204
    other = f.LabFactory()
    assert client.get(f"/api/v1/labs/{other.slug}/documents", headers=headers).status_code in (403, 404)


def test_who_was_not_shown_them_accepts_them_on_the_private_page(client: Client) -> None:
    person = f.RegistrationFactory()
    page, own = link(person, "manage", "registration_documents"), link(person, "manage")
    assert "You have accepted all documents" in text_of(client.get(page))
    documents.add(person.lab, RULES)
    documents.add(person.lab, DocumentPlan({"en": "Other"}, {"en": "Text"}, "", False))
    assert "Read and accept 2 documents" in text_of(client.get(own))

    without = post(client, page, {"document-other": "1"})
    assert (without.status_code, accepted(person)) == (422, [])
    documents.change(
        Document.objects.get(slug="house-rules"), DocumentPlan({"en": "House rules"}, {"en": "New"})
    )
    earlier = post(client, page, {"document-house-rules": "1"})
    assert (earlier.status_code, accepted(person)) == (422, [])

    assert post(client, page, {"document-house-rules": "2"})["Location"].endswith("?done=documents")
    assert accepted(person) == [("house-rules", 2, "en")]
    assert "Read and accept 1 document" in text_of(client.get(own))
    post(client, page, {"document-other": "1"})
    post(client, page, {"document-other": "1"})
    assert accepted(person) == [("house-rules", 2, "en"), ("other", 1, "en")]
