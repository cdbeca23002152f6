"""Answers: what may be said, what is asked of whom, where it is stored, and when it goes."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from core.mail.models import Message
from core.web import encryption
from core.web.errors import InvalidFields, RuleViolation
from labs.viewer import VISITOR
from registrations import answer_files, answer_values, answers, erasure, managing, questions, registering
from registrations.availability import available_sessions
from registrations.models import Answer, Choice, NeedsConsent, Question, Registration, TakenPlace
from registrations.question_changes import effects
from registrations.question_plans import ChoicePlan, QuestionPlan, SetPlan
from registrations.questionnaire import questionnaire_of
from registrations.registering import Details, RegistrationPlan
from sessions.models import Session
from tests import factories as f

UNREADABLE = "The text has a character that cannot be shown (U+%s). Delete it and enter the text again."

pytestmark = pytest.mark.django_db


def submit(
    *sessions: Session, raw: dict[str, Any], consents: tuple[str, ...] = (), name: str = "A"
) -> Registration:
    lab = sessions[0].lab
    choice = available_sessions(lab, VISITOR, timezone.now()).choose([one.slug for one in sessions])
    given = questionnaire_of(lab, "registering").check([one.pk for one in sessions], raw, consents)
    plan = RegistrationPlan(
        details=Details(name=f"Demo {name}", language="en", time_zone="Europe/Sofia"),
        email=f"{name}@example.org",
        choice=choice,
        consent=True,
        consent_language="en",
        answers=given,
    )
    registration = registering.submit(lab, VISITOR, plan)
    assert registration is not None
    return registration


def said(registration: Registration) -> dict[str, object]:
    return {
        one.question.slug: answers.value_of(one)
        for one in Answer.objects.filter(registration=registration).select_related("question")
    }


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        ("short", "  two   words ", "two words"),
        ("short", "Ελλάδα გამარჯობა שלום", "Ελλάδα გამარჯობა שלום"),
        ("short", "e\u0301", "é"),
        ("long", "one\r\ntwo", "one\ntwo"),
        ("number", "1 234,50", "1234.5"),
        ("number", "-0", "0"),
        ("number", "٣", "3"),
        ("date", "2027-04-06", "2027-04-06"),
        ("date", "6.4.2027", "2027-04-06"),
        ("yes_no", "yes", "yes"),
        ("yes_no", False, "no"),
        ("email", "Me@Example.ORG", "Me@example.org"),
        ("phone", "+359 2 987 65 43", "+35929876543"),
        ("phone", "0030 21 0338 0000", "+302103380000"),
        ("url", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("country", "BG", "BG"),
        ("city", "Пловдив", "Пловдив"),
        ("short", "", None),
        ("number", None, None),
        ("short", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("short", "{{ settings.SECRET_KEY }}", "{{ settings.SECRET_KEY }}"),
    ],
)
def test_each_kind_of_answer_is_stored_in_one_form(kind: str, raw: object, stored: object):
    assert answer_values.clean(Question(kind=kind), (), raw) == stored


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        ("short", "two\nlines", "Enter this on one line."),
        ("short", "x" * 201, "Enter at most 200 characters; you entered 201."),
        ("long", "x" * 10_000_000, "Enter at most 5000 characters; you entered 10000000."),
        ("short", "nul\x00", UNREADABLE % "0000"),
        ("short", "\u202etxt", UNREADABLE % "202E"),
        ("short", {"a": 1}, "This could not be read. Enter it again."),
        ("short", ["a"], "This could not be read. Enter it again."),
        ("number", "many", "Enter a number."),
        ("number", "NaN", "Enter a number."),
        ("number", "1e999999", "Enter a number."),
        ("date", "2027-02-30", "Enter a date like 2027-04-06."),
        ("date", "0001-01-01", "Enter a date like 2027-04-06."),
        ("date", "06/04/27", "Enter a date like 2027-04-06."),
        ("yes_no", "maybe", "Choose an option from the list."),
        ("email", "nobody@", "Enter an email address like name@example.org."),
        ("phone", "02 987 65 43", "Enter a telephone number with its country code, like +359 2 987 6543."),
        ("phone", "+999999", "Enter a telephone number with its country code, like +359 2 987 6543."),
        ("url", "javascript:alert(1)", "Enter a web address like https://example.org/page."),
        ("url", "https://example.org@evil.example", "Enter a web address like https://example.org/page."),
        ("country", "ZZ", "Choose a country from the list."),
        ("country", "Bulgaria", "Choose a country from the list."),
        ("city", "!!!", "Use letters."),
        ("one", "unknown", "Choose an option from the list."),
        ("one", ["a", "b"], "Choose at most 1 option."),
        ("several", {"a": "b"}, "Choose an option from the list."),
        ("several", [1, 2], "Choose an option from the list."),
    ],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_said_in_plain_words(kind: str, raw: object, message: str):
    choices = [Choice(slug="a"), Choice(slug="b")]
    with pytest.raises(answer_values.ValidationError) as error:
        answer_values.clean(Question(kind=kind), choices, raw)
    assert answer_values.messages_of(error.value) == [message]


def test_limits_of_a_question():
    number = Question(kind="number", minimum=Decimal(1), maximum=Decimal("2.500"))
    several = Question(kind="several", maximum=Decimal(1))
    choices = [Choice(slug="a"), Choice(slug="b")]
    for question, raw, message in (
        (number, "0.9", "Enter 1 or more."),
        (number, "2.501", "Enter 2.5 or less."),
        (several, ["a", "b"], "Choose at most 1 option."),
        (Question(kind="short", maximum=Decimal(3)), "four", "Enter at most 3 characters; you entered 4."),
    ):
        with pytest.raises(answer_values.ValidationError) as error:
            answer_values.clean(question, choices, raw)
        assert answer_values.messages_of(error.value) == [message]
    assert answer_values.clean(several, choices, ["b"]) == ["b"]


def test_words_are_in_the_readers_language():
    with translation.override("bg"):
        assert [
            answer_values.words(Question(kind=kind), (), value, "bg", "en")
            for kind, value in (
                ("yes_no", "yes"),
                ("country", "GR"),
                ("date", "2027-04-06"),
                ("phone", "+35929876543"),
            )
        ] == ["Да", "Гърция", "6 април 2027 г.", "+359 2 987 6543"]


def test_a_question_is_asked_only_where_its_session_is_chosen_and_its_condition_holds():
    lab = f.LabFactory()
    dinner, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    of_set = f.QuestionSetFactory(lab=lab)
    comes = f.QuestionFactory(question_set=of_set, kind="yes_no", slug="comes", required=True)
    f.QuestionFactory(question_set=of_set, slug="menu", shown_if=comes, shown_if_value="yes", required=True)
    f.QuestionFactory(question_set=of_set, slug="of-dinner", session=dinner, required=True)
    asked = questionnaire_of(lab)

    given = asked.check([other.pk], {"comes": "no", "menu": "hidden", "of-dinner": "hidden"}, ())
    assert {given.questions[pk].slug: value for pk, value in given.values.items()} == {"comes": "no"}
    with pytest.raises(InvalidFields) as error:
        asked.check([dinner.pk], {"comes": "yes"}, ())
    assert error.value.errors == {
        "answers.menu": ["Fill in this field."],
        "answers.of-dinner": ["Fill in this field."],
    }
    with pytest.raises(InvalidFields) as error:
        asked.check([other.pk], {"comes": "no", "menu": "hidden"}, (), is_strict=True)
    assert error.value.errors == {
        "answers.menu": ["This question is not asked with these sessions and answers."]
    }


def test_registering_costs_one_statement_without_questions_and_three_with_many():
    session = f.SessionFactory()
    _statements(session, {}, ())  # the rules of the lab are read once
    plain = _statements(session, {}, ())
    of_set = f.QuestionSetFactory(lab=session.lab)
    needs = f.QuestionSetFactory(lab=session.lab, protection="needs", slug="needs")
    for number in range(6):
        choice = f.ChoiceFactory(question__question_set=of_set, question__slug=f"q{number}", slug="a")
        f.ChoiceFactory(question=choice.question)
    f.QuestionFactory(question_set=needs, slug="diet")
    raw: dict[str, Any] = {f"q{number}": "a" for number in range(6)} | {"diet": "Vegan"}
    assert _statements(session, raw, ("needs",)) - plain == 2
    with CaptureQueriesContext(
        connection,
    ) as queries:
        questionnaire_of(session.lab)
    assert len(queries) == 1


def _statements(session: Session, raw: dict[str, Any], consents: tuple[str, ...]) -> int:
    name = f"P{Registration.objects.count()}"
    with CaptureQueriesContext(connection) as queries:
        submit(session, raw=raw, consents=consents, name=name)
    return len(queries)


def test_needs_are_encrypted_and_kept_with_consent_alone():
    session = f.SessionFactory()
    needs = f.QuestionSetFactory(lab=session.lab, protection="needs", slug="needs", retention_days=10)
    f.QuestionFactory(question_set=needs, slug="diet")
    with pytest.raises(InvalidFields) as error:
        submit(session, raw={"diet": "Coeliac"})
    assert error.value.errors == {
        "consents.needs": ["Tick the box so that we may keep these answers, or leave them empty."]
    }
    assert not Registration.objects.exists()
    silent = submit(session, raw={"diet": ""}, consents=("needs",), name="B")
    assert (said(silent), NeedsConsent.objects.count()) == ({}, 0)

    person = submit(session, raw={"diet": "Coeliac"}, consents=("needs",))
    answer = Answer.objects.get()
    assert answer.value is None
    assert b"Coeliac" not in bytes(answer.secret)
    assert said(person) == {"diet": "Coeliac"}
    consent = NeedsConsent.objects.get()
    until = session.lab.ends_on + timedelta(days=10)
    assert consent.text.endswith(f"deleted after {until.day} {until:%B %Y}.")


def test_a_key_that_was_changed_still_decrypts_while_it_is_kept(settings):
    settings.DATA_KEY = "first"
    token = encryption.encrypt(b"Coeliac")
    settings.DATA_KEY, settings.DATA_KEY_FALLBACKS = "second", ["first"]
    assert encryption.decrypt(token) == b"Coeliac"
    settings.DATA_KEY_FALLBACKS = []
    with pytest.raises(encryption.Undecipherable):
        encryption.decrypt(token)


def limited(session: Session, places: int) -> Choice:
    of_set = f.QuestionSetFactory(lab=session.lab)
    return f.ChoiceFactory(question__question_set=of_set, question__slug="dinner", slug="gala", places=places)


def taken(choice: Choice) -> tuple[int, int]:
    choice.refresh_from_db()
    return choice.taken, TakenPlace.objects.filter(choice=choice).count()


def test_a_place_is_taken_when_the_address_is_confirmed_and_given_back_when_the_person_goes():
    session = f.SessionFactory()
    choice = limited(session, 1)
    first, second = (submit(session, raw={"dinner": "gala"}, name=name) for name in "ab")
    assert taken(choice) == (0, 0)

    registering.confirm(second)
    registering.confirm(first)
    assert taken(choice) == (1, 1)
    assert said(second) == {"dinner": ["gala"]}
    late = Answer.objects.get(registration=first)
    assert (late.value, late.full) == (None, ["gala"])
    told = [
        one.context["full_choices"] for one in Message.objects.filter(occasion="confirmation").order_by("pk")
    ]
    assert told == [[], [[str(choice.label), str(choice.question.label)]]]
    with pytest.raises(InvalidFields) as error:
        submit(session, raw={"dinner": "gala"}, name="c")
    assert list(error.value.errors) == ["answers.dinner"]

    managing.cancel(second)
    assert taken(choice) == (0, 0)
    third = submit(session, raw={"dinner": "gala"}, name="c")
    registering.confirm(third)
    erasure.erase(third)
    assert taken(choice) == (0, 0)
    assert not Answer.objects.filter(registration=third).exists()


def test_what_only_a_full_choice_asks_is_no_longer_answered_and_its_place_is_free():
    session = f.SessionFactory()
    gala = limited(session, 1)
    table = f.QuestionFactory(
        question_set=gala.question.question_set,
        slug="table",
        kind="one",
        shown_if=gala.question,
        shown_if_value="gala",
    )
    window = f.ChoiceFactory(question=table, slug="window", places=5)
    first, late = (submit(session, raw={"dinner": "gala", "table": "window"}, name=name) for name in "ab")
    registering.confirm(first)
    registering.confirm(late)
    assert (said(first), said(late)) == ({"dinner": ["gala"], "table": ["window"]}, {"dinner": None})
    assert (taken(gala), taken(window)) == ((1, 1), (1, 1))


def test_changing_answers_moves_places_and_changes_nothing_where_a_choice_is_full():
    session = f.SessionFactory()
    gala = limited(session, 1)
    walk = f.ChoiceFactory(question=gala.question, slug="walk", places=5)
    first, second = (submit(session, raw={"dinner": slug}, name=slug) for slug in ("gala", "walk"))
    registering.confirm(first)
    registering.confirm(second)
    first.refresh_from_db()
    second.refresh_from_db()
    asked = questionnaire_of(session.lab)
    to_gala = asked.check([session.pk], {"dinner": "gala"}, (), held=[gala.pk])

    with pytest.raises(RuleViolation) as error:
        answers.change(second, asked, to_gala)
    assert (error.value.code, error.value.field) == ("full", "answers.dinner")
    assert (taken(gala), taken(walk), said(second)) == ((1, 1), (1, 1), {"dinner": ["walk"]})

    answers.change(first, asked, asked.check([session.pk], {"dinner": "walk"}, ()))
    answers.change(second, asked, to_gala)
    assert (taken(gala), taken(walk)) == ((1, 1), (1, 1))
    assert (said(first), said(second)) == ({"dinner": ["walk"]}, {"dinner": ["gala"]})


def test_giving_up_a_session_deletes_the_answers_about_it():
    lab = f.LabFactory()
    dinner, other = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    of_set = f.QuestionSetFactory(lab=lab)
    choice = f.ChoiceFactory(
        question__question_set=of_set, question__session=dinner, question__slug="menu", slug="fish", places=3
    )
    person = submit(dinner, other, raw={"menu": "fish"})
    registering.confirm(person)
    assert taken(choice) == (1, 1)
    managing.change_sessions(person, VISITOR, {other.pk: ""})
    assert (taken(choice), said(person)) == ((0, 0), {})


def test_answers_with_an_end_date_of_their_own_go_before_the_person():
    lab = f.LabFactory(retention_days=365)
    session = f.SessionFactory(lab=lab)
    short = f.QuestionSetFactory(lab=lab, retention_days=10)
    needs = f.QuestionSetFactory(lab=lab, protection="needs", slug="needs")
    f.QuestionFactory(question_set=short, slug="soon")
    f.QuestionFactory(question_set=f.QuestionSetFactory(lab=lab), slug="later")
    f.QuestionFactory(question_set=needs, slug="diet", retention_days=0)
    person = submit(session, raw={"soon": "a", "later": "b", "diet": "c"}, consents=("needs",))
    registering.confirm(person)

    def after(days: int) -> tuple[dict[str, object], int]:
        with time_machine.travel(lab.registration_closes_at + timedelta(days=days)):
            while answers.delete_due(timezone.now()):
                pass
        return said(person), NeedsConsent.objects.count()

    length = (lab.ends_on - lab.starts_on).days
    assert after(length) == ({"soon": "a", "later": "b", "diet": "c"}, 1)
    assert after(length + 1) == ({"soon": "a", "later": "b"}, 0)
    assert after(length + 10) == ({"soon": "a", "later": "b"}, 0)
    assert after(length + 11) == ({"later": "b"}, 0)


def question_plan(**changes: Any) -> QuestionPlan:
    return QuestionPlan(**{"kind": "short", "label": {"en": "Why do you come?"}, **changes})


def test_questions_are_built_and_refused_in_plain_words():
    lab = f.LabFactory()
    elsewhere = f.SessionFactory()
    ordinary = questions.create_set(lab, SetPlan({"en": "Your questions"}))
    needs = questions.create_set(lab, SetPlan({"en": "Needs"}, protection="needs"))
    first = questions.create_question(ordinary, question_plan())
    assert (ordinary.slug, first.slug) == ("your-questions", "why-do-you-come")
    assert questions.create_question(ordinary, question_plan()).slug == "why-do-you-come-2"
    for of_set, changes, field in (
        (needs, {"required": True}, "required"),
        (ordinary, {"session": elsewhere}, "session"),
        (ordinary, {"kind": "one"}, "choices"),
        (ordinary, {"choices": (ChoicePlan({"en": "A"}),)}, "choices"),
        (ordinary, {"label": {"en": "x" * 301}}, "label"),
        (ordinary, {"label": {}}, "label"),
        (ordinary, {"kind": "poem"}, "kind"),
        (ordinary, {"retention_days": 366}, "retention_days"),
        (ordinary, {"minimum": Decimal(1)}, "minimum"),
        (ordinary, {"kind": "number", "minimum": Decimal(2), "maximum": Decimal(1)}, "maximum"),
        (ordinary, {"shown_if": first, "shown_if_value": "yes"}, "shown_if"),
        (ordinary, {"shown_if_value": "yes"}, "shown_if_value"),
        (needs, {"kind": "one", "choices": (ChoicePlan({"en": "A"}, places=3),)}, "0.places"),
    ):
        with pytest.raises(RuleViolation) as error:
            questions.create_question(of_set, question_plan(**changes))
        assert field in error.value.errors, changes
    assert Question.objects.count() == 2


def test_a_question_stays_below_the_one_that_decides_on_it_and_that_one_stays():
    of_set = questions.create_set(f.LabFactory(), SetPlan({"en": "Your questions"}))
    comes = questions.create_question(of_set, question_plan(kind="yes_no", label={"en": "Do you come?"}))
    menu = questions.create_question(of_set, question_plan(shown_if=comes, shown_if_value="yes"))
    for change in (lambda: questions.move(menu, -1), lambda: questions.delete_question(comes)):
        with pytest.raises(RuleViolation):
            change()
    last = questions.create_question(of_set, question_plan())
    assert questions.move(last, -1)
    assert [one.pk for one in of_set.questions.all()] == [comes.pk, last.pk, menu.pk]
    assert not questions.move(menu, 1)
    questions.delete_set(of_set)
    assert not Question.objects.exists()


def test_what_a_change_does_to_answers_is_said_and_done():
    lab = f.LabFactory()
    of_set = questions.create_set(lab, SetPlan({"en": "Your questions"}))
    several = question_plan(kind="several", choices=(ChoicePlan({"en": "Fish"}), ChoicePlan({"en": "Vegan"})))
    menu = questions.create_question(of_set, several)
    fish, vegan = menu.choices.all()
    person = f.RegistrationFactory(lab=lab)
    Answer.objects.create(
        registration=person, question=menu, value=["fish", "vegan"], answered_at=timezone.now()
    )
    changed = Question.objects.get(pk=menu.pk)
    changed.label = {"en": "What do you eat?"}
    assert effects(menu, changed, [fish]) == [
        "1 person answered the question as it was worded. The answer stays.",
        "1 person chose “Fish”. It will be removed from the answer.",
    ]
    kept = (ChoicePlan({"en": "Vegan"}, places=2, row=vegan.pk),)
    questions.change_question(menu, question_plan(kind="several", choices=kept))
    assert said(person) == {menu.slug: ["vegan"]}
    assert taken(vegan) == (1, 1)
    with pytest.raises(RuleViolation) as error:
        questions.change_question(
            menu,
            question_plan(kind="several", choices=(ChoicePlan({"en": "Vegan"}, places=0, row=vegan.pk),)),
        )
    assert error.value.errors == {"0.places": ["1 person has chosen this."]}
    menu.refresh_from_db()
    text = Question.objects.get(pk=menu.pk)
    text.kind = "short"
    assert effects(menu, text) == ["The kind of answer changes: 1 answer will be deleted."]
    questions.change_question(menu, question_plan())
    assert said(person) == {}


def test_a_set_with_answers_keeps_its_promises_and_may_be_read_by_fewer():
    lab = f.LabFactory()
    of_set = questions.create_set(lab, SetPlan({"en": "Travel"}))
    question = questions.create_question(of_set, question_plan())
    person = f.RegistrationFactory(lab=lab)
    Answer.objects.create(
        registration=person, question=question, value="By train", answered_at=timezone.now()
    )
    for plan in (SetPlan({"en": "Travel"}, stage="accepted"), SetPlan({"en": "Travel"}, protection="needs")):
        with pytest.raises(RuleViolation, match="answered"):
            questions.change_set(of_set, plan)
        of_set.refresh_from_db()
    questions.change_set(of_set, SetPlan({"en": "Travel"}, protection="named"))
    answer = Answer.objects.get()
    assert (answer.value, said(person)) == (None, {question.slug: "By train"})
    with pytest.raises(RuleViolation, match="answered"):
        questions.change_set(of_set, SetPlan({"en": "Travel"}))


def test_answers_and_files_are_encrypted_anew_after_the_key_has_changed(settings, tmp_path):
    settings.MEDIA_ROOT, settings.DATA_KEY = tmp_path, "first"
    person = f.RegistrationFactory()
    needs = f.QuestionSetFactory(lab=person.lab, protection="needs")
    diet = f.QuestionFactory(question_set=needs, slug="diet")
    content = b"%PDF-1.7 startxref 9 %%EOF"
    facts = {"name": "a.pdf", "type": "application/pdf", "size": len(content)}
    for question, value in ((diet, "Coeliac"), (f.QuestionFactory(question_set=needs, kind="file"), facts)):
        row = Answer(registration=person, question=question, answered_at=timezone.now())
        row.secret = answers.written(needs, value)["secret"]
        if value is facts:
            answer_files.store(row, answer_files.CheckedFile(content, facts))
        row.save()
    earlier = row.file.name
    settings.DATA_KEY, settings.DATA_KEY_FALLBACKS = "second", ["first"]
    said_by = StringIO()
    with TestCase.captureOnCommitCallbacks(execute=True):
        call_command("encrypt_answers", stdout=said_by)
    assert said_by.getvalue() == "2 answers encrypted.\n"
    settings.DATA_KEY_FALLBACKS = []
    assert said(person)["diet"] == "Coeliac"
    row.refresh_from_db()
    assert answer_files.response(row, facts).content == content
    assert row.file.name != earlier
    assert not default_storage.exists(earlier)
    settings.DATA_KEY = "third"
    call_command("encrypt_answers", stdout=said_by)
    settings.DATA_KEY = "second"
    assert said(person)["diet"] == "Coeliac"
