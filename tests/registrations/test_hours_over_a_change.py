"""Hours on both sides of a change of clocks: each has its own offset, wherever somebody reads them."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core.mail.rendering import rendered
from labs.models import Lab
from registrations import seats
from registrations.models import Registration
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db

BOTH = "EET, UTC+2; from 28 March, 05:00 EEST, UTC+3"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab in Sofia around 28 March 2027, when clocks there go from 03:00 to 04:00."""
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False):
        lab = f.LabFactory(starts_on=date(2027, 3, 25))
        before = f.SessionFactory(lab=lab, title={"en": "Before"}, start_date=date(2027, 3, 27))
        f.SessionFactory(
            lab=lab,
            title={"en": "Across"},
            start_date=date(2027, 3, 28),
            start_time=time(2, 30),
            end_time=time(5),
        )
        f.SessionFactory(lab=lab, title={"en": "After"}, start_date=date(2027, 3, 29))
        assert before.starts_at.hour == 9
        yield lab


def sessions() -> list[Session]:
    return list(Session.objects.order_by("starts_at"))


def words_of(response: Any) -> str:
    """The visible words of a page, on one line."""
    body = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", response.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split()).replace(" ,", ",")


def confirmed(client: Client, lab: Lab, **changes: Any) -> Registration:
    """Register for all sessions as a person does: the form, then the link in the email."""
    send(client, lab, answers(*sessions(), **changes))
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    return person


def test_the_emails_name_each_offset(client: Client, lab: Lab) -> None:
    confirmed(client, lab)

    [mail] = mails("confirmation")
    for body in (mail.text, html.unescape(mail.html)):
        assert f"All times: Sofia ({BOTH})" in body
        for hours in ("11:30–12:30, UTC+2", "02:30, UTC+2 – 05:00, UTC+3", "11:30–12:30, UTC+3"):
            assert hours in body


def test_the_form_names_each_offset(client: Client, lab: Lab) -> None:
    words = words_of(client.get(reverse("register", args=[lab.slug])))

    assert f"Times: Sofia time ({BOTH})" in words
    assert "Sat 27 Mar, 11:30–12:30, UTC+2" in words
    assert "Sun 28 Mar, 02:30, UTC+2 – 05:00, UTC+3" in words
    assert "Mon 29 Mar, 11:30–12:30, UTC+3" in words


def test_the_private_pages_name_each_offset(client: Client, lab: Lab) -> None:
    person = confirmed(client, lab)

    own = words_of(client.get(link(person, "manage")))
    assert f"Times: Sofia time ({BOTH})" in own
    for day in (
        "Saturday 27 March 2027, UTC+2",
        "Sunday 28 March 2027, UTC+2 – UTC+3",
        "Monday 29 March 2027, UTC+3",
    ):
        assert day in own

    for route in ("registration_cancel", "registration_sessions"):
        words = words_of(client.get(link(person, "manage", route)))
        assert f"Times: Sofia time ({BOTH})" in words
        assert "Sat 27 Mar, 11:30–12:30, UTC+2" in words

    across = sessions()[1]
    words = words_of(client.get(link(person, "manage", "registration_give_up", across.slug)))
    assert "28 March 2027, 02:30, UTC+2 – 05:00, UTC+3" in words


def test_the_page_that_confirms_names_each_offset(client: Client, lab: Lab) -> None:
    send(client, lab, answers(*sessions()))
    words = words_of(client.get(link(Registration.objects.get(), "confirm", "registration_confirm")))

    assert "29 March 2027, 11:30–12:30 Sofia time (EEST, UTC+3)" in words
    assert "28 March 2027, 02:30, UTC+2 – 05:00, UTC+3" in words


def test_pages_for_everybody_and_for_organisers_name_each_offset(client: Client, lab: Lab) -> None:
    assert f"All times are Sofia time ({BOTH})." in words_of(client.get(reverse("lab", args=[lab.slug])))
    assert f"Times: Sofia time ({BOTH})" in words_of(client.get(reverse("home")))
    offered = words_of(Client().get(reverse("lab", args=[lab.slug]), {"tz": "Europe/Rome"}))
    assert "Sofia, lab time (UTC+2/UTC+3)" in offered
    assert "Rome (UTC+1/UTC+2)" in offered
    across = words_of(client.get(reverse("session", args=[lab.slug, sessions()[1].slug])))
    assert "Sofia time (EET, UTC+2; from 28 March, 05:00 EEST, UTC+3)" in across

    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    console = words_of(client.get(reverse("console_sessions", args=[lab.slug])))
    assert f"Times are Sofia time ({BOTH})." in console
    assert "02:30, UTC+2 – 05:00, UTC+3" in console


def test_in_greek_the_offsets_are_not_parted_by_a_question_mark(client: Client, lab: Lab) -> None:
    confirmed(client, lab, language="el")

    [mail] = mails("confirmation")
    assert "Σόφια (EET, UTC+2· από 28 Μαρτίου, 05:00 EEST, UTC+3)" in mail.text


def test_a_session_in_a_zone_of_its_own_also_shows_the_labs_hours(client: Client) -> None:
    lab = f.LabFactory(starts_on=date(2027, 4, 6))
    session = f.SessionFactory(
        lab=lab, time_zone="Europe/Rome", start_time=time(23, 30), end_time=time(23, 45)
    )
    person = f.RegistrationFactory(lab=lab, time_zone="Europe/London")
    seats.take(person, {session.pk: "online"})
    both = [
        "Wed 7 Apr, 00:30–00:45, Sofia time (EEST, UTC+3)",
        "23:30–23:45, Rome time (CEST, UTC+2)",
    ]

    own = words_of(client.get(link(person, "manage")))
    public = words_of(client.get(reverse("session", args=[lab.slug, session.slug]), {"tz": "Europe/London"}))
    post(client, link(person, "manage", "registration_sessions"), {"session": [session.slug]})
    seats.give_up(person, [session.pk])
    post(client, link(person, "manage", "registration_sessions"), {"session": [session.slug]})

    [mail] = mails("registration_changed")
    for said in (own, public, rendered(mail, reveal=True).text, html.unescape(mail.html)):
        for hours in both:
            assert hours in said
    assert "22:30–22:45" in mail.text
