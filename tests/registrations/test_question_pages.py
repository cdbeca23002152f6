"""Questions on the pages of participants: the form, the private page, files, and what is asked after acceptance."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from core.jobs.worker import Worker
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import answers as stored_answers
from registrations import erasure, managing, questions, registering, seats
from registrations.models import Answer, QuestionSet, Registration
from registrations.question_plans import QuestionPlan, SetPlan
from sessions.models import Session
from tests import factories as f
from tests.pages import forms_of, text_of
from tests.registrations.form_posts import FROM_HERE, answers, link, mails, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_in(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path


def picture(form: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(written, form, **options)
    return written.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"


def asked(lab: Lab, **of_set: Any) -> QuestionSet:
    """A yes-or-no question, one that depends on it, and a file."""
    one = f.QuestionSetFactory(lab=lab, slug="own", **of_set)
    comes = f.QuestionFactory(question_set=one, slug="comes", kind="yes_no", required=True)
    f.QuestionFactory(question_set=one, slug="why", shown_if=comes, shown_if_value="no", required=True)
    f.QuestionFactory(question_set=one, slug="cv", kind="file")
    return one


def registered(session: Session) -> Registration:
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: ""})
    return person


def said(person: Registration) -> dict[str, Any]:
    rows = Answer.objects.filter(registration=person).select_related("question")
    return {row.question.slug: stored_answers.value_of(row) for row in rows}


def test_answers_of_the_form_are_stored_and_hidden_ones_are_not(client: Client):
    session = f.SessionFactory()
    asked(session.lab)
    page = text_of(client.get(reverse("register", args=[session.lab.slug])))
    assert "Answer only if you answered “No” to “Question" in page
    assert "You can add the file on your registration page, after you confirm your email." in page
    assert 'type="file"' not in page
    response = send(
        client, session.lab, answers(session, **{"q-comes": "yes", "q-why": "hidden", "q-cv": "x"})
    )
    assert response.status_code == 200
    assert said(Registration.objects.get()) == {"comes": "yes"}


def test_what_is_wrong_stands_beside_its_question_and_what_was_typed_is_kept(client: Client):
    session = f.SessionFactory()
    asked(session.lab)
    f.QuestionFactory(question_set__lab=session.lab, slug="phone", kind="phone")
    filled = answers(session, **{"q-comes": "no", "q-phone": "12<script>"})
    response = send(client, session.lab, filled)
    page = text_of(response)
    assert response.status_code == 422
    assert page.count("Fill in this field.") == 2
    assert page.count("Enter a telephone number with its country code") == 2
    assert 'value="12&lt;script&gt;"' in page
    assert "<script>12" not in page
    assert not Registration.objects.exists()
    # Another language shows the same answers, unchecked.
    again = post(client, reverse("register", args=[session.lab.slug]) + "?lang=bg", {**filled, "lang": "bg"})
    assert again.status_code == 200
    assert 'value="12&lt;script&gt;"' in text_of(again)
    assert next(form for form in forms_of(again) if "q-comes" in form.names).values["q-comes"] == ["no"]
    assert "Въпрос" in text_of(again)


def test_no_question_about_a_session_that_the_reader_cannot_see(client: Client):
    session = f.SessionFactory()
    hidden = f.SessionFactory(lab=session.lab, visibility="internal")
    f.QuestionFactory(question_set__lab=session.lab, session=hidden, label={"en": "Marmots?"}, required=True)
    assert "Marmots" not in text_of(client.get(reverse("register", args=[session.lab.slug])))
    assert "Marmots" not in text_of(send(client, session.lab, answers(session, consent=None)))
    assert send(client, session.lab, answers(session)).status_code == 200
    assert Registration.objects.count() == 1


def test_a_choice_that_became_full_is_told_on_the_private_page(client: Client):
    session = f.SessionFactory()
    one = f.QuestionSetFactory(lab=session.lab, slug="own")
    choice = f.ChoiceFactory(
        question__question_set=one, question__slug="dinner", slug="gala", label={"en": "Gala"}, places=1
    )
    send(client, session.lab, answers(session, **{"q-dinner": "gala"}))
    other = f.RegistrationFactory(lab=session.lab)
    person = Registration.objects.exclude(pk=other.pk).get()
    type(choice).objects.filter(pk=choice.pk).update(taken=1)
    assert "Gala (full)" in text_of(client.get(reverse("register", args=[session.lab.slug])))
    post(client, link(person, "confirm", "registration_confirm"))
    page = text_of(client.get(link(person, "manage")))
    assert "“Gala” had no place left when you confirmed your email." in page
    assert "Not answered" in page


def test_answers_and_files_are_changed_on_the_private_page_and_go_with_the_person(client: Client):
    session = f.SessionFactory()
    asked(session.lab, protection="named")
    person = registered(session)
    address = link(person, "manage", "registration_answers", "own")
    page = text_of(client.get(link(person, "manage")))
    assert "The organisers have questions for you" in page

    missing = post(client, address, {"q-cv": SimpleUploadedFile("cv.pdf", PDF)})
    assert missing.status_code == 422
    assert "Choose an option." in text_of(missing)
    upload = SimpleUploadedFile("../../me & <b>.PDF.exe", PDF)
    assert post(client, address, {"q-comes": "yes", "q-cv": upload}).status_code == 302
    assert said(person) == {
        "comes": "yes",
        "cv": {"name": "me__bPDF.pdf", "type": "application/pdf", "size": len(PDF)},
    }
    row = Answer.objects.get(question__slug="cv")
    assert (row.value, b"%PDF" in row.file.read()) == (None, False)

    file = client.get(link(person, "manage", "registration_answer_file", "cv"))
    assert file.content == PDF
    assert {
        name: file.headers[name] for name in ("Content-Disposition", "Content-Type", "Cache-Control")
    } == {
        "Content-Disposition": 'attachment; filename="me__bPDF.pdf"',
        "Content-Type": "application/pdf",
        "Cache-Control": "private, no-store",
    }
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    other = registered(session)
    assert client.get(link(other, "manage", "registration_answer_file", "cv")).status_code == 404

    # A file stays when other answers are changed, and goes when it is ticked or the person is erased.
    post(client, address, {"q-comes": "no", "q-why": "Ill"})
    assert sorted(said(person)) == ["comes", "cv", "why"]
    stored = row.file.name
    with_commit(lambda: post(client, address, {"q-comes": "yes", "remove-cv": "on"}))
    assert said(person) == {"comes": "yes"}
    assert not default_storage.exists(stored)
    post(client, address, {"q-comes": "yes", "q-cv": SimpleUploadedFile("a.png", picture())})
    stored = Answer.objects.get(question__slug="cv").file.name
    with_commit(lambda: erasure.erase(person))
    assert not Answer.objects.exists()
    assert not default_storage.exists(stored)


def with_commit(action: Any) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        action()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("page.pdf", b"<html><script>alert(1)</script></html>", "The file is not a PDF, PNG or JPEG."),
        ("page.png", b"GIF89a" + b"\0" * 99, "The file is not a PDF, PNG or JPEG."),
        ("cut.pdf", b"%PDF-1.7 and nothing more", "The file cannot be read."),
        ("cut.png", picture()[:60], "The file cannot be read."),
        ("cut.jpg", picture("JPEG")[:200], "The file cannot be read."),
        ("large.pdf", b"%PDF-" + b"\0" * (5 * 1024 * 1024), "The file is larger than 5 MB."),
        ("empty.pdf", b"", "The file is not a PDF, PNG or JPEG."),
    ],
)
def test_files_of_the_wrong_kind_are_refused_by_their_content(
    client: Client, name: str, content: bytes, message: str
):
    session = f.SessionFactory()
    asked(session.lab)
    person = registered(session)
    upload = SimpleUploadedFile(name, content)
    response = post(
        client, link(person, "manage", "registration_answers", "own"), {"q-comes": "yes", "q-cv": upload}
    )
    assert response.status_code == 422
    assert message in text_of(response)
    assert said(person) == {}
    assert not default_storage.exists("answers") or default_storage.listdir("answers")[1] == []


def test_pictures_lose_what_the_camera_wrote_into_them(client: Client):
    exif = Image.Exif()
    exif[0x010F] = "CanaryCamera"
    session = f.SessionFactory()
    asked(session.lab)
    person = registered(session)
    address = link(person, "manage", "registration_answers", "own")
    photo = picture("JPEG", exif=exif, comment=b"CanaryComment")
    assert b"Canary" in photo
    post(client, address, {"q-comes": "yes", "q-cv": SimpleUploadedFile("me.jpg", photo)})
    file = client.get(link(person, "manage", "registration_answer_file", "cv")).content
    assert b"Canary" not in file
    assert Image.open(io.BytesIO(file)).size == (40, 30)


def test_what_is_asked_after_acceptance_is_told_once_to_whoever_has_a_seat(client: Client):
    session = f.SessionFactory(capacity=1)
    later = questions.create_set(
        session.lab,
        SetPlan({"en": "Travel and dinner", "bg": "Пътуване и вечеря"}, stage="accepted"),
    )
    questions.create_question(later, QuestionPlan("date", {"en": "Arrival"}, required=True))
    people = []
    for number in (1, 2):
        send(client, session.lab, answers(session, name=f"Demo {number}", email=f"p{number}@example.org"))
        people.append(registering.confirm(Registration.objects.latest("pk")))
    first, waiting = people
    page = text_of(client.get(link(first, "manage")))
    assert "Travel and dinner" not in page
    assert client.get(link(first, "manage", "registration_answers", later.slug)).status_code == 404

    assert questions.open_set(later)
    assert not questions.open_set(later)
    Worker().drain()
    assert [one.to_email for one in mails("further_questions")] == ["p1@example.org"]
    told = mails("further_questions")[0]
    assert told.subject == f"Answer a few questions: {session.lab.title['en']}"
    assert "Travel and dinner" in told.text
    assert "The organisers have questions for you" in text_of(client.get(link(first, "manage")))
    assert "Travel and dinner" not in text_of(client.get(link(waiting, "manage")))

    managing.cancel(first)
    assert [one.to_email for one in mails("further_questions")] == ["p1@example.org", "p2@example.org"]
    Session.objects.filter(pk=session.pk).update(online_capacity=9)
    send(client, session.lab, answers(session, name="Demo 3", email="p3@example.org"))
    third = registering.confirm(Registration.objects.latest("pk"))
    assert [one.to_email for one in mails("further_questions")][2:] == ["p3@example.org"]
    address = link(third, "manage", "registration_answers", later.slug)
    assert post(client, address, {"q-arrival": "2027-04-05"}).status_code == 302
    assert said(third) == {"arrival": "2027-04-05"}
    assert "5 April 2027" in text_of(client.get(link(third, "manage")))
    with time_machine.travel(timezone.now() + timedelta(days=90)):
        assert client.get(address).status_code == 404


def test_the_private_page_asks_two_queries_for_any_number_of_questions(client: Client):
    session = f.SessionFactory()
    person = registered(session)
    address = link(person, "manage")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    statements()
    without = statements()
    counts = []
    for number in (1, 5):
        for _each in range(number):
            one = f.QuestionFactory(question_set__lab=session.lab)
            Answer.objects.create(registration=person, question=one, value="a", answered_at=timezone.now())
        counts.append(statements())
    assert counts == [without + 1, without + 1]


def test_a_seat_that_an_organiser_gives_asks_too(client: Client):
    session = f.SessionFactory()
    one = asked(session.lab, stage="accepted")
    person = f.RegistrationFactory(lab=session.lab)
    assert client.get(link(person, "manage", "registration_answers", one.slug)).status_code == 404
    managing.change_sessions(person, VISITOR, {session.pk: ""})
    assert [told.to_email for told in mails("further_questions")] == [person.email]
    assert client.get(link(person, "manage", "registration_answers", one.slug)).status_code == 200
    nothing = client.post(link(person, "manage", "registration_answers", one.slug), {}, headers=FROM_HERE)
    assert nothing.status_code in (403, 422)


def test_needs_are_withdrawn_with_one_button(client: Client):
    session = f.SessionFactory()
    needs = f.QuestionSetFactory(lab=session.lab, slug="needs", protection="needs")
    f.QuestionFactory(question_set=needs, slug="diet")
    person = registered(session)
    address = link(person, "manage", "registration_answers", "needs")
    refused = post(client, address, {"q-diet": "Coeliac"})
    assert "Tick the box so that we may keep these answers" in text_of(refused)
    post(client, address, {"q-diet": "Coeliac", "consent-needs": "on"})
    assert said(person) == {"diet": "Coeliac"}
    assert "Coeliac" in text_of(client.get(link(person, "manage")))
    page = text_of(client.get(address))
    assert "Withdraw consent and delete these answers" in page
    assert post(client, address, {"q-diet": "Coeliac", "withdraw": "1"}).status_code == 302
    assert (said(person), person.needs_consents.count()) == ({}, 0)
