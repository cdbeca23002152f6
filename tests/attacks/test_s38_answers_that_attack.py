"""S38 (S11, S16, S18, S19 and S36 for the lab's own questions): what people answer and upload is somebody else's page.

Texts are answered with scripts, templates, links and letters of all kinds; choices are named that belong to
another question or another lab; files are both one thing and another; bodies are huge.
"""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from registrations.models import Answer, Registration
from tests import factories as f
from tests.pages import client_of, text_of
from tests.registrations.form_posts import answers, link, post, send
from tests.walks.questions import answer

pytestmark = pytest.mark.django_db

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "{{ settings.SECRET_KEY }}{% load i18n %}",
    "%(name)s {0.__class__} ${7*7}",
    "javascript:alert(1)",
    "ქართული Ελληνικά עברית العربية 漢字 ไทย",
    "👩\u200d🚀 a\u0301",
    "../../etc/passwd",
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_was_answered_is_text_on_every_page(client: Client, typed: str) -> None:
    session = f.SessionFactory()
    own = f.QuestionSetFactory(lab=session.lab, slug="own")
    f.QuestionFactory(
        question_set=own, slug="why", kind="long", label={"en": f"Why {typed}?"}, help={"en": typed}
    )
    user = f.StaffFactory(lab=session.lab).user
    send(client, session.lab, answers(session, **{"q-why": typed}))
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    assert Answer.objects.count() == 1
    organiser = client_of(user)
    pages = [
        client.get(f"/labs/{session.lab.slug}/register/"),
        client.get(link(person, "manage")),
        client.get(link(person, "manage", "registration_answers", "own")),
        organiser.get(f"/organise/labs/{session.lab.slug}/registrations/{person.public_id}/"),
        organiser.get(f"/organise/labs/{session.lab.slug}/form/"),
        organiser.get(f"/organise/labs/{session.lab.slug}/form/preview/"),
    ]
    for page in pages:
        assert page.status_code == 200
        body = text_of(page)
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "<svg/onload" not in body
        assert 'href="javascript' not in body


@pytest.mark.parametrize("kind", ["one", "several"])
def test_choices_belong_to_their_question(client: Client, kind: str) -> None:
    session = f.SessionFactory()
    own = f.QuestionSetFactory(lab=session.lab)
    asked = f.QuestionFactory(question_set=own, slug="menu", kind=kind)
    f.ChoiceFactory(question=asked, slug="fish")
    f.ChoiceFactory(question=f.QuestionFactory(question_set=own, kind=kind), slug="of-another-question")
    f.ChoiceFactory(slug="of-another-lab")
    for slug in ("of-another-question", "of-another-lab", str(asked.pk), "fish\0", "FISH"):
        refused = send(client, session.lab, answers(session, **{"q-menu": slug}))
        assert (refused.status_code, Registration.objects.count()) == (422, 0)


def test_a_question_of_another_lab_is_no_question_here(client: Client) -> None:
    session = f.SessionFactory()
    f.QuestionFactory(slug="elsewhere")
    assert send(client, session.lab, answers(session, **{"q-elsewhere": "x"})).status_code == 200
    assert not Answer.objects.exists()


@pytest.mark.parametrize("size", [3_000_000, 11_000_000])
def test_huge_answers_are_refused_before_they_are_looked_at(client: Client, size: int) -> None:
    session = f.SessionFactory()
    f.QuestionFactory(question_set__lab=session.lab, slug="why", kind="long")
    response = send(client, session.lab, answers(session, **{"q-why": "x" * size}))
    assert response.status_code in (400, 413)
    assert not Registration.objects.exists()


def seated(session: Any) -> Registration:
    person = f.RegistrationFactory(lab=session.lab)
    f.SeatFactory(registration=person, session=session)
    return person


def bomb() -> bytes:
    written = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ\x90\0" + b"\0" * 500,
        b"PK\x03\x04" + b"\0" * 500,
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
        b"\xff\xd8\xff<script>alert(1)</script>",
        b" %PDF-1.7 startxref 9 %%EOF",
        bomb(),
    ],
    ids=["svg", "program", "archive", "script as PNG", "script as JPEG", "PDF after a blank", "bomb"],
)
def test_files_that_are_no_pdf_png_or_jpeg_are_not_stored(client: Client, content: bytes) -> None:
    session = f.SessionFactory()
    f.QuestionFactory(question_set__lab=session.lab, question_set__slug="own", slug="cv", kind="file")
    person = seated(session)
    upload = SimpleUploadedFile("photo.png", content, content_type="image/png")
    response = post(client, link(person, "manage", "registration_answers", "own"), {"q-cv": upload})
    assert response.status_code == 422
    assert not Answer.objects.exists()


def test_what_stands_behind_a_picture_is_not_kept(client: Client, tmp_path: Any, settings: Any) -> None:
    """A picture that is also a page or an archive is encoded anew: the rest of it is gone."""
    settings.MEDIA_ROOT = tmp_path
    session = f.SessionFactory()
    f.QuestionFactory(question_set__lab=session.lab, question_set__slug="own", slug="cv", kind="file")
    person = seated(session)
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    upload = SimpleUploadedFile("a.html", written.getvalue() + b"<script>alert(1)</script>PK\x03\x04")
    post(client, link(person, "manage", "registration_answers", "own"), {"q-cv": upload})
    sent = client.get(link(person, "manage", "registration_answer_file", "cv"))
    assert b"script" not in sent.content
    assert sent.headers["Content-Type"] == "image/png"
    assert sent.headers["Content-Disposition"] == 'attachment; filename="a.png"'


def test_answers_of_somebody_else_are_not_reached_by_naming_them(client: Client) -> None:
    session = f.SessionFactory()
    question = f.QuestionFactory(question_set__lab=session.lab, question_set__slug="own", slug="why")
    mine, other = seated(session), seated(session)
    answer(other, question, "Theirs")
    address = link(mine, "manage", "registration_answers", "own")
    assert "Theirs" not in text_of(client.get(address))
    data = {"q-why": "Mine", "registration": str(other.pk), "question": str(question.pk), "answer": "1"}
    post(client, address, data)
    assert list(Answer.objects.order_by("pk").values_list("registration_id", "value")) == [
        (other.pk, "Theirs"),
        (mine.pk, "Mine"),
    ]
    assert Answer.objects.latest("pk").answered_at <= timezone.now()


@pytest.mark.parametrize(
    "typed",
    [
        "1e-30000000",
        "1e-999999999999999999",
        "1e999999999999999999",
        "-1E5",
        "1_000",
        "Infinity",
        "NaN",
        "0x10",
    ],
)
def test_a_short_number_never_becomes_a_long_text(client: Client, typed: str) -> None:
    session = f.SessionFactory()
    question = f.QuestionFactory(question_set__lab=session.lab, kind="number")
    refused = send(client, session.lab, answers(session, **{f"q-{question.slug}": typed}))
    assert (refused.status_code, Registration.objects.count()) == (422, 0)
    assert f'value="{typed}"' in refused.content.decode()
