"""Writing emails: what is stored, in which language, and what leaves the house."""

import re
import uuid
from email.message import Message as EmailMessage
from typing import cast

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.utils import translation

from core.jobs.worker import Worker
from core.mail.delivery import outgoing
from core.mail.folder_backend import FolderBackend, delivered_copy
from core.mail.links import Link, link_maker
from core.mail.message_list import OCCASIONS
from core.mail.models import Message
from core.mail.queue import queue
from core.mail.rendering import rendered
from core.web import signed_links
from core.web.palette import DEFAULT_COLOURS
from labs.models import Lab
from tests.emails import reset_email, with_bodies
from tests.factories import LabFactory
from tests.test_every_email import Words

pytestmark = pytest.mark.django_db

SUBJECT = uuid.UUID(int=7)


def reset_mail(**changes) -> Message:
    links = {"reset": Link("test.purpose", SUBJECT, 1, "/somewhere/{token}/")}
    return reset_email(**({"to_name": "Demo participant 17", "links": links} | changes))


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "core.mail.folder_backend.FolderBackend"
    settings.MAIL_FOLDER = tmp_path / "mail"
    return settings.MAIL_FOLDER


def test_it_writes_one_queued_message_per_key():
    first = reset_mail()
    second = reset_mail(to_name="Somebody else")

    assert second == first
    assert Message.objects.get().to_name == "Demo participant 17"
    assert first.state == Message.State.QUEUED


def test_a_transaction_that_fails_leaves_no_mail():
    with transaction.atomic():
        reset_mail()
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_the_database_holds_no_token(settings):
    message = reset_mail()
    token = signed_links.make_token("test.purpose", SUBJECT, 1)

    assert token not in str(message.context) + str(message.links)
    with_bodies(message)
    assert token not in message.text + message.html
    revealed = rendered(message, reveal=True)
    assert f"{settings.BASE_URL}/somewhere/{token}/" in revealed.text
    assert f'href="{settings.BASE_URL}/somewhere/{token}/"' in revealed.html
    assert "[[" not in revealed.text + revealed.html


def test_shown_to_organisers_the_links_are_masked():
    message = reset_mail()

    masked = rendered(message, reveal=False)

    assert "\n[private link]\n" in masked.text
    assert 'href="#"' in masked.html
    assert "somewhere" not in masked.text + masked.html
    assert "[[" not in masked.text + masked.html


def test_a_purpose_may_have_a_maker_of_its_own(settings):
    link_maker("test.own")(lambda subject: f"token-for-{subject}")
    message = reset_mail(links={"reset": Link("test.own", "17", 0, "/own/{token}/")})

    assert f"{settings.BASE_URL}/own/token-for-17/" in rendered(message, reveal=True).text


def test_the_mail_is_in_the_persons_language_whoever_causes_it():
    with translation.override("el"):
        english = reset_mail()
    with translation.override("en"):
        bulgarian = reset_mail(
            key="reset:2", language="bg", lab=LabFactory(title={"en": "Lab", "bg": "Лаборатория"})
        )

    assert english.subject == "Choose a new password for City Labs"
    with_bodies(bulgarian)
    assert '<html lang="bg" dir="ltr">' in bulgarian.html
    assert "Лаборатория" in bulgarian.text
    assert translation.get_language() == "en"


def test_the_subject_is_one_line_and_not_endless():
    lab = LabFactory(title={"en": "A\r\nBcc: victim@example.org\u2028B" + "x" * 5000})
    message = reset_mail(to_name="Demo\r\nBcc: victim@example.org\x00\u202e17", lab=lab)

    assert message.to_name == "Demo Bcc: victim@example.org 17"
    sent = outgoing(message).message()
    assert sent["Bcc"] is None
    assert "\n" not in message.subject
    assert len(message.subject) <= 200


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "a b@example.org"],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValidationError):
        reset_mail(to_email=address)
    assert not Message.objects.exists()


def test_an_occasion_without_templates_is_refused():
    with pytest.raises(TemplateDoesNotExist):
        queue("no_such_occasion", key="x", language="en", to_name="", to_email="a@example.org", context={})


def test_text_and_html_say_the_same():
    message = with_bodies(reset_mail())
    said = str(Words(message.html))

    for paragraph in message.text.split("\n\n"):
        words = " ".join(paragraph.removeprefix("-- \n").split())
        if "[[" not in words and "Choose one here" not in words and "http" not in words:
            assert words in said
    assert (
        "Someone, probably you, asked for a new password for the account participant17@example.org." in said
    )


def test_the_html_loads_nothing_from_elsewhere():
    html = rendered(reset_mail(), reveal=True).html

    assert not re.search(r"<(?:img|script|link|iframe|object|embed|base|form)\b|url\(|@import", html, re.I)


def test_the_band_takes_the_labs_colour_and_nothing_that_is_no_colour():
    lab = LabFactory(
        theme_values={"lab": "#004488", "lab_dark": "#002244", "on_lab_2": "red;background:url(//x)"}
    )

    html = with_bodies(reset_mail(lab=lab)).html

    assert "background:#004488;padding" in html
    assert ".band { background: #002244 !important; }" in html
    assert "url(" not in html


def parts_of(mail: EmailMessage) -> list[EmailMessage]:
    return cast(list[EmailMessage], mail.get_payload())


def test_a_calendar_is_frozen_with_the_mail_and_keeps_its_full_type():
    calendar = "BEGIN:VCALENDAR\r\nX-NAME:Лаборатория\r\nEND:VCALENDAR\r\n".encode()
    message = reset_mail(calendar=calendar)
    assert Message.objects.get(pk=message.pk).calendar.encode() == calendar

    sent = outgoing(message).message()

    assert sent.get_content_type() == "multipart/mixed"
    body, attached = parts_of(sent)
    assert [part.get_content_type() for part in parts_of(body)] == ["text/plain", "text/html"]
    assert attached["Content-Type"].replace('"', "") == "text/calendar; charset=utf-8"
    assert attached.get_filename() == "sessions.ics"
    assert attached.get_payload(decode=True) == calendar


def test_the_folder_keeps_each_mail_once_and_gives_it_back_with_its_links(folder, settings):
    message = reset_mail(to_name="Мария", language="bg")
    assert delivered_copy(message) is None

    Worker().drain()
    FolderBackend().send_messages([outgoing(message)])

    assert [path.name for path in folder.iterdir()] == [f"{message.public_id}.eml"]
    copy = delivered_copy(message)
    token = signed_links.make_token("test.purpose", SUBJECT, 1)
    assert copy.subject == message.subject
    assert f"{settings.BASE_URL}/somewhere/{token}/" in copy.text
    assert f'href="{settings.BASE_URL}/somewhere/{token}/"' in copy.html
    assert copy.text.strip() == rendered(message, reveal=True).text.strip()


def test_with_a_real_server_there_is_no_copy_to_show(folder, settings):
    message = reset_mail()
    FolderBackend().send_messages([outgoing(message)])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    assert delivered_copy(message) is None


def test_a_foreign_message_id_cannot_lead_out_of_the_folder(folder):
    mail = outgoing(reset_mail())
    mail.extra_headers["Message-ID"] = "<../../../etc/passwd@x>"

    FolderBackend().send_messages([mail])

    [path] = folder.iterdir()
    assert re.fullmatch(r"[0-9a-f]{32}\.eml", path.name)


def test_words_follow_every_change_and_links_are_each_persons_own() -> None:
    lab = LabFactory(title={"en": "First title"})

    def texts(language: str = "en", days: int = 3) -> Message:
        message = queue(
            "confirm_address",
            key=uuid.uuid4().hex,
            language=language,
            to_name="",
            to_email="participant17@example.org",
            lab=lab,
            context={"days": days, "lab_title": str(lab.title), "form_sent_on": "3 May 2027"},
            links={"confirm": Link("registration.confirm", uuid.uuid4(), 1, "/confirm/{token}/")},
            is_first=True,
        )
        return with_bodies(message)

    one, other = texts(), texts()

    marks = [message.links["confirm"]["mark"] for message in (one, other)]
    assert marks[0] != marks[1]
    assert one.text.replace(marks[0], "") == other.text.replace(marks[1], "")
    assert [message.text.count(mark) for message, mark in zip((one, other), marks, strict=True)] == [1, 1]
    assert rendered(one, reveal=True).text != rendered(other, reveal=True).text
    assert texts("bg").text != one.text.replace(marks[0], "")
    assert "4 days" in texts(days=4).text
    lab.title = {"en": "Second title"}
    lab.save()
    lab.refresh_from_db()
    assert "Second title" in texts().html
    lab.programme.name = {"en": "Renamed programme"}
    lab.programme.save()
    lab.refresh_from_db()
    assert "Renamed programme" in texts().html
    Lab.objects.filter(pk=lab.pk).update(theme_values={**DEFAULT_COLOURS, "lab": "#123456"})
    lab.refresh_from_db()
    assert "#123456" in texts().html


def test_the_console_has_a_name_for_every_occasion():
    folder = settings.BASE_DIR / "templates/emails"

    assert {path.name.removesuffix(".subject.txt") for path in folder.glob("*.subject.txt")} == set(OCCASIONS)
    for occasion in OCCASIONS:
        assert (folder / f"{occasion}.txt").exists()
        assert (folder / f"{occasion}.html").exists()
