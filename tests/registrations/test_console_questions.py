"""Building the registration form in the console, and reading answers there: ordinary and protected ones."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations.answers import written
from registrations.models import Answer, AnswersView, Question, QuestionSet, Registration
from tests import factories as f
from tests.pages import client_of, forms_of, text_of
from tests.registrations.form_posts import link, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory()


@pytest.fixture
def organiser(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab, user__name="Demo organiser").user)


def at(lab: Lab, name: str, *parts: object) -> str:
    return reverse(name, args=[lab.slug, *parts])


def sends(client: Client, address: str, /, **changes: Any) -> Any:
    """Send the page's form of this address, with some answers changed."""
    page = client.get(address)
    form = next(
        one for one in forms_of(page) if "form_key" in one.names and one.names & {"title_0", "label_0"}
    )
    return client.post(address, form.filled(**changes))


def answer(person: Registration, question: Question, value: Any) -> Answer:
    return Answer.objects.create(
        registration=person,
        question=question,
        answered_at=timezone.now(),
        **written(question.question_set, value),
    )


def test_a_form_is_built_page_by_page(lab: Lab, organiser: Client):
    made = sends(organiser, at(lab, "console_question_set_new"), title_0="Your work", retention_days="30")
    assert made.headers["Location"] == at(lab, "console_questions")
    one = QuestionSet.objects.get()
    assert (one.slug, one.stage, one.protection, one.retention_days) == (
        "your-work",
        "registering",
        "ordinary",
        30,
    )

    new = at(lab, "console_question_new", one.slug)
    page = organiser.get(f"{new}?kind=several")
    form = next(each for each in forms_of(page) if "label_0" in each.names)
    filled = form.filled(
        label_0="Which topics?",
        choices__0__label_0="Skills",
        choices__1__label_0="Funding",
        choices__1__places="3",
    )
    assert organiser.post(f"{new}?kind=several", filled).status_code == 302
    question = Question.objects.get()
    assert [(each.slug, each.places) for each in question.choices.all()] == [("skills", None), ("funding", 3)]

    menu = sends(organiser, new, label_0="Why?", condition=f"{question.pk}=skills", kind="long")
    assert menu.status_code == 302
    why = Question.objects.get(slug="why")
    assert (why.shown_if, why.shown_if_value, why.position) == (question, "skills", 1)
    listed = text_of(organiser.get(at(lab, "console_questions")))
    assert "depends on “Which topics?”" in listed
    preview = text_of(organiser.get(at(lab, "console_questions_preview"), {"in": "bg"}))
    assert "Which topics?" in preview
    assert "Funding (остават 3 места)" in preview


def test_what_cannot_be_is_said_and_kept(lab: Lab, organiser: Client):
    one = f.QuestionSetFactory(lab=lab, slug="own")
    new = at(lab, "console_question_new", one.slug)
    wrong = sends(organiser, new, kind="one", label_0="Which?", maximum="x", retention_days="400")
    page = text_of(wrong)
    assert wrong.status_code == 422
    assert "Enter a number." in page
    assert 'value="Which?"' in page
    none = sends(organiser, new, kind="one", label_0="Which?")
    assert (none.status_code, "Add at least one choice." in text_of(none)) == (422, True)
    late = sends(organiser, new, label_0="Which?", retention_days="400")
    assert "The lab keeps answers for 365 days. Enter at most this." in text_of(late)
    assert not Question.objects.exists()


def test_more_rows_are_added_without_judging(lab: Lab, organiser: Client):
    one = f.QuestionSetFactory(lab=lab, slug="own")
    new = f"{at(lab, 'console_question_new', one.slug)}?kind=one"
    form = next(each for each in forms_of(organiser.get(new)) if "label_0" in each.names)
    more = organiser.post(new, {**form.filled(), "more": "1"})
    assert more.status_code == 200
    assert "choices-5-label_0" in next(each for each in forms_of(more) if "label_0" in each.names).names


def test_a_form_sent_twice_adds_one_question(lab: Lab, organiser: Client):
    one = f.QuestionSetFactory(lab=lab, slug="own")
    new = at(lab, "console_question_new", one.slug)
    form = next(each for each in forms_of(organiser.get(new)) if "label_0" in each.names)
    for _twice in range(2):
        assert organiser.post(new, form.filled(label_0="Why?")).status_code == 302
    assert Question.objects.count() == 1


def test_a_change_that_touches_answers_is_shown_first_and_then_done(lab: Lab, organiser: Client):
    question = f.QuestionFactory(question_set__lab=lab, slug="why", label={"en": "Why?"})
    person = f.RegistrationFactory(lab=lab)
    answer(person, question, "To learn")
    address = at(lab, "console_question", "why")
    asked = sends(organiser, address, kind="number")
    assert "The kind of answer changes: 1 answer will be deleted." in text_of(asked)
    assert Answer.objects.count() == 1
    form = next(each for each in forms_of(asked) if "label_0" in each.names)
    assert organiser.post(address, form.filled()).status_code == 302
    question.refresh_from_db()
    assert (question.kind, Answer.objects.count()) == ("number", 0)


def test_whoever_opened_a_question_before_somebody_else_saved_it_is_told(lab: Lab, organiser: Client):
    choice = f.ChoiceFactory(question__question_set__lab=lab, question__slug="menu", label={"en": "Fish"})
    address = at(lab, "console_question", "menu")
    form = next(each for each in forms_of(organiser.get(address)) if "label_0" in each.names)
    other = sends(organiser, address, choices__0__label_0="Soup")
    assert other.status_code == 302
    mine = organiser.post(address, form.filled(choices__0__label_0="Meat"))
    assert mine.status_code == 409
    choice.refresh_from_db()
    assert choice.label.data == {"en": "Soup"}


def test_order_and_deletion(lab: Lab, organiser: Client):
    one = f.QuestionSetFactory(lab=lab, slug="own")
    for slug in ("a", "b"):
        f.QuestionFactory(question_set=one, slug=slug)
    key = {"form_key": new_form_key()}
    organiser.post(at(lab, "console_questions_move"), {**key, "move": "question:b:up"})
    assert list(one.questions.order_by("position").values_list("slug", flat=True)) == ["b", "a"]
    assert (
        organiser.post(at(lab, "console_questions_move"), {**key, "move": "question:b:across"}).status_code
        == 404
    )
    answer(f.RegistrationFactory(lab=lab), one.questions.get(slug="a"), "x")
    ask = text_of(organiser.get(at(lab, "console_question_delete", "a")))
    assert "1 answer will be deleted. You cannot undo this." in ask
    organiser.post(at(lab, "console_question_delete", "a"), key)
    assert (one.questions.count(), Answer.objects.count()) == (1, 0)
    organiser.post(at(lab, "console_question_set_delete", "own"), key)
    assert not QuestionSet.objects.exists()


def test_ready_made_blocks_stand_in_all_languages_of_the_lab_and_are_sent_after_a_page(
    lab: Lab, organiser: Client
):
    for name in ("dietary", "accessibility", "interpretation", "travel", "identity"):
        organiser.post(at(lab, "console_questions_block"), {"form_key": new_form_key(), "block": name})
    sets = {one.slug: one for one in lab.question_sets.all()}
    assert {slug: (one.stage, one.protection, one.questions.count()) for slug, one in sets.items()} == {
        "your-needs": ("registering", "needs", 6),
        "travel-and-dinner": ("accepted", "ordinary", 4),
        "entry-to-the-building": ("accepted", "named", 3),
    }
    assert sets["your-needs"].title.data == {"en": "Your needs", "bg": "Вашите потребности"}
    ask = text_of(organiser.get(at(lab, "console_question_set_open", "travel-and-dinner")))
    assert "0 people have a seat and will get an email." in ask
    organiser.post(at(lab, "console_question_set_open", "travel-and-dinner"), {"form_key": new_form_key()})
    assert "Nobody can read" not in ask
    sets["travel-and-dinner"].refresh_from_db()
    assert sets["travel-and-dinner"].opened_at is not None
    unknown = organiser.post(at(lab, "console_questions_block"), {"form_key": new_form_key(), "block": "no"})
    assert unknown.status_code == 302
    assert lab.questions.count() == 13


def test_before_questions_are_sent_that_nobody_reads_a_warning_says_so_and_who_is_only_online(
    lab: Lab, organiser: Client
):
    organiser.post(at(lab, "console_questions_block"), {"form_key": new_form_key(), "block": "identity"})
    here, both, online = f.RegistrationFactory.create_batch(3, lab=lab)
    one, other = f.SessionFactory.create_batch(2, lab=lab, format="hybrid")
    for person, session, mode in (
        (here, one, "room"),
        (both, one, "room"),
        (both, other, "online"),
        (online, one, "online"),
    ):
        f.SeatFactory(registration=person, session=session, mode=mode)
    page = at(lab, "console_question_set_open", "entry-to-the-building")
    asked = text_of(organiser.get(page))
    assert "Nobody can read the answers yet." in asked
    assert "3 people have a seat and will get an email." in asked
    assert "1 of them only attends online, and is asked too." in asked
    lab.question_sets.get().readers.add(f.UserFactory())
    assert "Nobody can read" not in text_of(organiser.get(page))


def needs_of(lab: Lab, *readers: Any) -> tuple[Registration, QuestionSet]:
    needs = f.QuestionSetFactory(lab=lab, slug="needs", protection="needs")
    needs.readers.set(readers)
    diet = f.QuestionFactory(question_set=needs, slug="diet", label={"en": "Diet"})
    person = f.RegistrationFactory(lab=lab, name="Demo =1+1")
    answer(person, diet, "=cmd|Coeliac")
    return person, needs


def test_needs_are_opened_by_named_people_alone_and_each_time_is_recorded(lab: Lab, organiser: Client):
    reader = f.StaffFactory(lab=lab, role="door", user__name="Demo reader").user
    person, needs = needs_of(lab, reader)
    key = {"form_key": new_form_key()}
    every, table = at(lab, "console_answers", "needs"), at(lab, "console_answers_csv", "needs")
    one = at(lab, "console_person_answers", person.public_id, "needs")
    # An organiser who is not named sees that there are answers, and who may read them.
    assert "Coeliac" not in text_of(organiser.get(every))
    assert "Demo reader" in text_of(organiser.get(every))
    assert [organiser.post(address, key).status_code for address in (every, table, one)] == [404, 404, 404]
    page = text_of(organiser.get(at(lab, "console_registration", person.public_id)))
    assert "Coeliac" not in page
    assert "Open the answers" not in page
    assert not AnswersView.objects.exists()

    door = client_of(reader)
    assert every in text_of(door.get(at(lab, "console_attendance")))
    assert "Coeliac" not in text_of(door.get(every))
    assert "Coeliac" in text_of(door.post(every, key))
    said = door.post(table, key)
    rows = list(csv.reader(io.StringIO(said.content.decode("utf-8-sig"))))
    assert rows == [["Name", "Email", "Diet"], ["Demo =1+1", person.email, "'=cmd|Coeliac"]]
    assert "no-store" in said.headers["Cache-Control"]
    assert list(AnswersView.objects.values_list("what", "by__name")) == [
        ("export", "Demo reader"),
        ("list", "Demo reader"),
    ]
    assert text_of(organiser.get(every)).count("Demo reader") == 3

    needs.readers.add(organiser_user := lab.staff.get(role="organiser").user)
    assert "Coeliac" in text_of(organiser.post(one, key))
    assert AnswersView.objects.latest("pk").registration == person
    # Whoever no longer works on the lab reads nothing, though still named.
    lab.staff.filter(user=organiser_user).delete()
    assert organiser.post(one, key).status_code == 404


def test_only_people_of_the_lab_are_named_and_only_for_protected_answers(lab: Lab, organiser: Client):
    reader = f.StaffFactory(lab=lab, role="door").user
    outsider = f.UserFactory()
    one = f.QuestionSetFactory(lab=lab, slug="own")
    address = at(lab, "console_question_set", "own")
    refused = sends(organiser, address, readers=[str(reader.pk)])
    assert "All organisers can read these answers." in text_of(refused)
    assert sends(organiser, address, protection="named", readers=[str(outsider.pk)]).status_code == 422
    assert sends(organiser, address, protection="named", readers=[str(reader.pk)]).status_code == 302
    assert list(one.readers.all()) == [reader]
    assert one.history.count() >= 1


def test_ordinary_answers_are_on_the_page_of_the_person_and_in_the_export(lab: Lab, organiser: Client):
    one = f.QuestionSetFactory(lab=lab, slug="own")
    why = f.QuestionFactory(question_set=one, slug="why", label={"en": "Why?"})
    menu = f.ChoiceFactory(
        question__question_set=one, question__label={"en": "Menu"}, slug="fish", label={"en": "Fish"}
    )
    person, _needs = needs_of(lab)
    answer(person, why, "=1+1 <b>")
    answer(person, menu.question, ["fish"])
    page = text_of(organiser.get(at(lab, "console_registration", person.public_id)))
    assert "=1+1 &lt;b&gt;" in page
    assert "Fish" in page
    exported = b"".join(organiser.get(at(lab, "console_registrations_csv")).streaming_content)
    heading, line = list(csv.reader(io.StringIO(exported.decode("utf-8-sig"))))
    assert (heading[-2:], line[-2:]) == (["Why?", "Menu"], ["'=1+1 <b>", "Fish"])
    assert b"Coeliac" not in exported
    assert b"Diet" not in exported
    found = text_of(organiser.get(at(lab, "console_registrations"), {"q": "Coeliac"}))
    assert "No results" in found or person.name not in found


def test_files_go_to_whom_they_are_for(lab: Lab, organiser: Client, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    session = f.SessionFactory(lab=lab)
    person, needs = needs_of(lab)
    f.SeatFactory(registration=person, session=session)
    own = f.QuestionSetFactory(lab=lab, slug="own")
    for of_set, slug in ((own, "cv"), (needs, "note")):
        f.QuestionFactory(question_set=of_set, slug=slug, kind="file")
        paper = SimpleUploadedFile("a.pdf", f"%PDF-1.7 {slug} startxref 9 %%EOF".encode())
        data = {f"q-{slug}": paper, "consent-needs": "on", "q-diet": "x"}
        visitor = Client()
        assert (
            post(visitor, link(person, "manage", "registration_answers", of_set.slug), data).status_code
            == 302
        )
    key = {"form_key": new_form_key()}
    plain, protected = (
        at(lab, name, person.public_id, slug)
        for name, slug in (("console_person_file", "cv"), ("console_protected_file", "note"))
    )
    assert organiser.get(plain).content.startswith(b"%PDF-1.7 cv")
    assert organiser.get(at(lab, "console_person_file", person.public_id, "note")).status_code == 404
    assert organiser.post(protected, key).status_code == 404
    needs.readers.add(lab.staff.get().user)
    opened = organiser.post(protected, key)
    assert opened.content.startswith(b"%PDF-1.7 note")
    assert opened.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert AnswersView.objects.get().what == "file"
    door = client_of(f.StaffFactory(lab=lab, role="door").user)
    elsewhere = client_of(f.StaffFactory().user)
    for stranger in (door, elsewhere, Client()):
        assert stranger.get(plain).status_code in (302, 404)
        assert stranger.post(protected, key, headers={"Sec-Fetch-Site": "same-origin"}).status_code in (
            302,
            404,
        )


def test_the_list_of_questions_costs_the_same_at_any_size(lab: Lab, organiser: Client):
    counts = []
    for number in (1, 6):
        for _each in range(number):
            one = f.QuestionSetFactory(lab=lab, protection="needs")
            f.QuestionFactory.create_batch(number, question_set=one)
        organiser.get(at(lab, "console_questions"))
        with CaptureQueriesContext(connection) as queries:
            organiser.get(at(lab, "console_questions"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_session_is_deleted_and_brought_back_with_the_questions_about_it(lab: Lab, organiser: Client):
    session = f.SessionFactory(lab=lab, slug="dinner", visibility="draft")
    own = f.QuestionSetFactory(lab=lab, slug="own")
    comes = f.QuestionFactory(question_set=own, session=session, slug="comes", kind="yes_no")
    f.QuestionFactory(question_set=own, session=session, shown_if=comes, shown_if_value="yes")
    f.ChoiceFactory(question=f.QuestionFactory(question_set=own, session=session, kind="one"))
    deleted = organiser.post(
        at(lab, "console_session_delete", "dinner"), {"form_key": new_form_key()}, follow=True
    )
    assert (deleted.status_code, Question.objects.count()) == (200, 0)
    undo = next(form for form in forms_of(deleted) if "/undo/" in form.action)
    organiser.post(undo.action, undo.filled())
    assert Question.objects.filter(session__slug="dinner").count() == 3
    assert Question.objects.filter(shown_if__slug="comes").count() == 1


def test_a_lab_with_questions_is_deleted_whole():
    lab = f.LabFactory(visibility="draft")
    own = f.QuestionSetFactory(lab=lab)
    comes = f.QuestionFactory(question_set=own, kind="yes_no")
    f.QuestionFactory(question_set=own, shown_if=comes, shown_if_value="yes")
    lab.delete()
    assert not QuestionSet.objects.exists()
