"""Answers that an organiser enters or corrects for a person, on the console's pages."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core.accounts.models import User
from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.models import Lab
from registrations import erasure, managing, own_answers, personal_export, seats
from registrations.models import Answer, Choice, QuestionSet, Registration
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, forms_of, send, text_of
from tests.registrations.form_posts import link

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"


@pytest.fixture(autouse=True)
def files_in(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(lab__slug="lab")


@pytest.fixture
def lab(session: Session) -> Lab:
    return session.lab


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab, user__name="Demo organiser").user


@pytest.fixture
def client(organiser: User) -> Client:
    return client_of(organiser)


@pytest.fixture
def person(session: Session) -> Registration:
    return registered(session)


@pytest.fixture
def own(lab: Lab) -> QuestionSet:
    """A yes-or-no question that must be answered, one that depends on it, and a file."""
    one = f.QuestionSetFactory(lab=lab, slug="own", title={"en": "Practical"})
    comes = f.QuestionFactory(
        question_set=one, slug="comes", kind="yes_no", required=True, label={"en": "Dinner?"}
    )
    f.QuestionFactory(
        question_set=one, slug="why", shown_if=comes, shown_if_value="no", label={"en": "Why not?"}
    )
    f.QuestionFactory(question_set=one, slug="cv", kind="file", label={"en": "CV"})
    return one


def registered(session: Session) -> Registration:
    person = f.RegistrationFactory(lab=session.lab, name="Demo participant")
    seats.take(person, {session.pk: "online"})
    return person


def page(person: Registration, rest: str = "") -> str:
    return f"/organise/labs/{person.lab.slug}/registrations/{person.public_id}/{rest}"


def change(person: Registration, one: str = "own") -> str:
    return page(person, f"answers/{one}/change/")


def said(person: Registration) -> dict[str, Any]:
    rows = Answer.objects.filter(registration=person).select_related("question")
    return {row.question.slug: row.value for row in rows}


def test_answers_of_a_call_are_entered_and_the_histories_say_by_whom(
    client: Client, person: Registration, own: QuestionSet, organiser: User
) -> None:
    before = client.get(page(person))
    assert f'href="{change(person)}"' in text_of(before)
    assert (text_of(before).count("Not answered"), before.context["changes"]) == (2, [])
    upload = SimpleUploadedFile("cv.pdf", PDF)
    done = send(client, change(person), **{"q-comes": "no", "q-why": "Ill <b>", "q-cv": upload})
    assert (done.status_code, done.headers["Location"]) == (302, page(person))
    file = {"name": "cv.pdf", "type": "application/pdf", "size": len(PDF)}
    assert said(person) == {"comes": "no", "why": "Ill <b>", "cv": file}

    after = client.get(page(person))
    assert "Ill &lt;b&gt;" in text_of(after)
    [entry] = after.context["changes"]
    assert (entry.by, entry.words, entry.differences) == (organiser, "Answers changed: Practical", ())
    # The person sees it, without the name of the organiser, and is not emailed.
    private = text_of(Client().get(link(person, "manage")))
    assert "An organiser changed your answers: Practical" in private
    assert ("Ill &lt;b&gt;" in private, "Demo organiser" in private) == (True, False)
    assert not Message.objects.exists()
    changes = personal_export.own_export(person, "en").data["changes"]
    assert [row["field"] for row in changes] == ["Answers changed: Practical"]

    # What is not asked any longer goes; the file stays until its box is ticked.
    send(client, change(person), **{"q-comes": "yes", "q-why": "left over"})
    assert said(person) == {"comes": "yes", "cv": file}
    assert "File: cv.pdf" in text_of(client.get(change(person)))
    send(client, change(person), **{"remove-cv": "on"})
    assert said(person) == {"comes": "yes"}
    assert len(client.get(page(person)).context["changes"]) == 3
    send(client, change(person))
    assert len(client.get(page(person)).context["changes"]) == 3
    own.delete()
    assert client.get(page(person)).context["changes"][0].words == "Answers changed"
    assert "An organiser changed your answers" in text_of(client.get(link(person, "manage")))


def test_what_is_wrong_stands_beside_its_question_and_what_was_typed_is_kept(
    client: Client, person: Registration, own: QuestionSet
) -> None:
    f.QuestionFactory(question_set=own, slug="phone", kind="phone")
    refused = send(
        client,
        change(person),
        **{"q-phone": "12<script>", "q-cv": SimpleUploadedFile("cv.pdf", b"<html>")},
    )
    words = text_of(refused)
    assert refused.status_code == 422
    for message in ("Choose an option.", "Enter a telephone number with its country code"):
        assert words.count(message) == 2  # in the summary, too
    assert form_of(refused).values["q-phone"] == ["12<script>"]
    wrong_file = send(client, change(person), **{"q-comes": "yes", "q-cv": SimpleUploadedFile("a.pdf", b"x")})
    assert "The file is not a PDF, PNG or JPEG." in text_of(wrong_file)
    assert (said(person), client.get(page(person)).context["changes"]) == ({}, [])


def test_a_full_choice_is_no_choice_for_an_organiser_either(
    client: Client, session: Session, person: Registration, own: QuestionSet
) -> None:
    gala = f.ChoiceFactory(
        question__question_set=own, question__slug="dinner", slug="gala", label={"en": "Gala"}, places=1
    )
    answers = {"q-comes": "yes", "q-dinner": "gala"}
    assert send(client, change(person), **answers).status_code == 302
    other = registered(session)
    refused = send(client, change(other), **answers)
    assert refused.status_code == 422
    assert "“Gala” is full. Choose another option." in text_of(refused)
    assert "Gala (full)" in text_of(refused)
    assert said(other) == {}
    # Who has the place keeps it, and gives it back.
    assert send(client, change(person)).status_code == 302
    assert Choice.objects.get(pk=gala.pk).taken == 1
    send(client, change(person), **{"q-dinner": ""})
    assert Choice.objects.get(pk=gala.pk).taken == 0
    assert send(client, change(other), **answers).status_code == 302


def test_what_another_organiser_saved_meanwhile_is_not_overwritten_unseen(
    client: Client, lab: Lab, person: Registration, own: QuestionSet
) -> None:
    send(client, change(person), **{"q-comes": "no", "q-why": "Ill"})
    opened = form_of(client.get(change(person)))
    colleague = client_of(f.StaffFactory(lab=lab).user)
    send(colleague, change(person), **{"q-why": "Away"})
    conflict = client.post(change(person), opened.filled(**{"q-why": "Tired"}))
    assert conflict.status_code == 409
    assert [(one.label, one.before, one.after) for one in conflict.context["conflict"]] == [
        ("Why not?", "Away", "Tired")
    ]
    assert said(person)["why"] == "Away"
    again = form_of(conflict)
    assert again.values["q-why"] == ["Tired"]
    assert client.post(change(person), again.filled()).status_code == 302
    assert said(person)["why"] == "Tired"
    # Nothing would be overwritten: the same answer, and one that was changed back.
    assert client.post(change(person), opened.filled(**{"q-why": "Tired"})).status_code == 302
    # A file that came meanwhile.
    stale = form_of(client.get(change(person)))
    send(colleague, change(person), **{"q-cv": SimpleUploadedFile("theirs.pdf", PDF)})
    mine = client.post(change(person), stale.filled(**{"q-cv": SimpleUploadedFile("mine.pdf", PDF)}))
    assert [(one.before, one.after) for one in mine.context["conflict"]] == [("theirs.pdf", "mine.pdf")]
    assert said(person)["cv"]["name"] == "theirs.pdf"


@pytest.mark.parametrize("protection", ["named", "needs"])
def test_answers_that_only_named_people_read_are_not_changed_by_organisers(
    client: Client, person: Registration, organiser: User, own: QuestionSet, protection: str
) -> None:
    address = change(person)
    opened = form_of(client.get(address))
    QuestionSet.objects.filter(pk=own.pk).update(protection=protection)
    own.readers.add(organiser)
    assert address not in text_of(client.get(page(person)))
    assert client.get(address).status_code == 404
    assert client.post(address, {"q-comes": "yes"}).status_code == 404
    refused = client.post(address, opened.filled(**{"q-comes": "yes", "consent-own": "on"}), follow=True)
    assert "Only the person can change answers that only named people read." in text_of(refused)
    assert said(person) == {}
    # The verb refuses it by itself.
    [one] = own_answers.own_sets(person, managing.seats_of(person), timezone.now(), "en")
    given = one.questions.check(one.session_ids, {"comes": "yes"}, {"own"})
    with pytest.raises(RuleViolation) as refusal:
        own_answers.change(person, one, given, {}, (), organiser)
    assert (refusal.value.code, said(person)) == ("protected", {})


def test_only_organisers_of_the_lab_change_answers_of_its_people(
    client: Client, lab: Lab, session: Session, person: Registration, own: QuestionSet
) -> None:
    filled = form_of(client.get(change(person))).filled(**{"q-comes": "yes"})
    door = client_of(f.StaffFactory(lab=lab, role="door").user)
    elsewhere_organiser = client_of((elsewhere := f.StaffFactory()).user)
    nobody = Client()
    for stranger, status in ((door, 404), (elsewhere_organiser, 404), (nobody, 302)):
        assert stranger.get(change(person)).status_code == status
        assert stranger.post(change(person), filled).status_code == status
    # By the address of one's own lab, and with a set of another lab.
    theirs = page(person).replace("/labs/lab/", f"/labs/{elsewhere.lab.slug}/")
    assert elsewhere_organiser.post(f"{theirs}answers/own/change/", filled).status_code == 404
    other_set = f.QuestionSetFactory(slug="theirs")
    f.QuestionFactory(question_set=other_set, slug="secret")
    assert client.post(change(person, "theirs"), {"q-secret": "x"}).status_code == 404
    assert not Answer.objects.exists()


def test_answers_of_people_who_are_not_registered_are_read_but_not_changed(
    client: Client, person: Registration, own: QuestionSet
) -> None:
    send(client, change(person), **{"q-comes": "no", "q-why": "Ill"})
    opened = form_of(client.get(change(person)))
    managing.cancel(person)
    shown = text_of(client.get(page(person)))
    assert ("Ill" in shown, change(person) in shown) == (True, False)
    assert client.get(change(person)).status_code == 404
    late = client.post(change(person), opened.filled(**{"q-why": "Later"}), follow=True)
    assert "This registration is not confirmed or is cancelled." in text_of(late)
    assert said(person) == {"comes": "no", "why": "Ill"}
    unconfirmed = f.RegistrationFactory(lab=person.lab, state="unconfirmed", confirmed_at=None)
    assert client.get(change(unconfirmed)).status_code == 404
    erasure.erase(person)
    assert client.post(change(person), opened.filled()).status_code == 404
    assert not Answer.objects.exists()


def test_what_is_asked_after_acceptance_is_answered_for_who_has_a_seat_also_after_the_lab(
    client: Client, lab: Lab, organiser: User, person: Registration
) -> None:
    later = f.QuestionSetFactory(lab=lab, slug="later", stage="accepted", opened_at=None)
    f.QuestionFactory(question_set=later, slug="arrival", kind="date", retention_days=60)
    assert client.get(change(person, "later")).status_code == 404
    QuestionSet.objects.filter(pk=later.pk).update(opened_at=timezone.now())
    without_seat = f.RegistrationFactory(lab=lab)
    assert client.get(change(without_seat, "later")).status_code == 404
    assert send(client, change(person, "later"), **{"q-arrival": "2027-04-05"}).status_code == 302
    ends = timezone.now() + (lab.ends_on - timezone.now().date())
    with time_machine.travel(ends + timedelta(days=30)):
        assert client.get(link(person, "manage", "registration_answers", "later")).status_code == 404
        again = client_of(organiser)
        assert send(again, change(person, "later"), **{"q-arrival": "2027-04-06"}).status_code == 302
    assert said(person) == {"arrival": "2027-04-06"}
    # Answers whose end date has passed are not asked again.
    with time_machine.travel(ends + timedelta(days=62)):
        assert client_of(organiser).get(change(person, "later")).status_code == 404


def test_questions_of_sessions_are_those_of_the_persons_seats(
    client: Client, lab: Lab, session: Session, person: Registration, own: QuestionSet
) -> None:
    hidden = f.SessionFactory(lab=lab, visibility="internal")
    for at, slug in ((session, "here"), (hidden, "elsewhere")):
        f.QuestionFactory(question_set=own, slug=slug, session=at)
    assert {"q-here", "q-elsewhere"} & form_of(client.get(change(person))).names == {"q-here"}
    send(client, change(person), **{"q-comes": "yes", "q-here": "a", "q-elsewhere": "b"})
    assert said(person) == {"comes": "yes", "here": "a"}
    # An organiser sees a seat in an internal session, and what is asked about it.
    seats.take(person, {hidden.pk: "online"})
    assert "q-elsewhere" in form_of(client.get(change(person))).names


def test_a_lab_without_questions_shows_none(client: Client, person: Registration) -> None:
    shown = client.get(page(person))
    assert (shown.context["answer_sets"], "answers-h" in text_of(shown)) == ([], False)
    assert [form for form in forms_of(shown) if "answers" in form.action] == []
    assert client.get(change(person, "own")).status_code == 404
