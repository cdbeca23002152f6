"""The private link of a speaker: what it opens, for how long, and what the speaker does there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.mail.models import Message
from core.web.localized_fields import languages_of
from labs.models import Lab
from sessions import speaker_contacts, speaker_links, speaker_requests
from sessions.appearance_replies import Reply, reply_of
from sessions.availability import availability_of
from sessions.models import AppearanceReply, Session, Slides, Speaker
from sessions.plans import AgendaPlan
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import client_of, form_of, forms_of
from tests.sessions.speaker_files import PDF, photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(settings: Any, tmp_path: Path) -> Lab:
    settings.MEDIA_ROOT = tmp_path
    lab: Lab = f.LabFactory(slug="lab", title={"en": "City Lab"}, languages=["en", "bg"])
    return lab


@pytest.fixture
def speaker(lab: Lab) -> Speaker:
    rome = f.CityFactory(time_zone="Europe/Rome", name={"en": "Rome"})
    lab.programme.cities.add(rome)
    speaker: Speaker = f.SpeakerFactory(
        programme=lab.programme,
        slug="eleni",
        name={"en": "Eleni Demo"},
        email="eleni@example.org",
        language="bg",
        contact_since=timezone.now(),
        city=rome,
    )
    return speaker


@pytest.fixture
def session(lab: Lab, speaker: Speaker) -> Session:
    session: Session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"}, visibility="draft")
    f.AppearanceFactory(session=session, speaker=speaker, role="moderator")
    return session


def home(speaker: Speaker) -> str:
    return reverse("speaking", args=[speaker_links.token_of(speaker)])


class TestTheLink:
    def test_it_comes_by_email_in_the_speakers_language(
        self, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        message = with_bodies(speaker_requests.ask(speaker, lab, timezone.now()))
        assert (message.language, message.to_email) == ("bg", "eleni@example.org")
        assert "Opening" in message.text
        assert speaker_links.token_of(speaker) not in message.text  # a mark, until it is sent
        assert "Към вашата страница като лектор" in message.text

    def test_it_opens_nothing_when_forged_revoked_or_ended(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        address = home(speaker)
        assert client.get(address).status_code == 200
        assert client.get(address)["Cache-Control"] == "private, no-store"
        for token in ("x", "x" * 48, "я" * 48, speaker_links.token_of(speaker)[:-2] + "AA"):
            assert client.get(reverse("speaking", args=[token])).status_code == 404
        now = timezone.now()
        Session.objects.update(starts_at=now - timedelta(days=31), ends_at=now - timedelta(days=30))
        assert client.get(address).status_code == 404
        Session.objects.update(ends_at=now - timedelta(days=29))
        assert client.get(address).status_code == 200
        speaker_contacts.revoke_link(speaker)
        assert client.get(address).status_code == 404
        assert client.get(home(speaker)).status_code == 200

    def test_another_address_ends_it_and_deletes_the_emails(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        speaker_requests.ask(speaker, lab, timezone.now())
        address = home(speaker)
        organiser = client_of(f.StaffFactory(lab=lab).user)
        page = reverse("console_speaker", args=["lab", "eleni"])
        revision = Lab.objects.get().revised_at
        assert (
            organiser.post(page, form_of(organiser.get(page)).filled(email="New@Example.org")).status_code
            == 302
        )
        speaker.refresh_from_db()
        assert (speaker.email, speaker.asked_at) == ("New@example.org", None)
        assert client.get(address).status_code == 404
        assert not Message.objects.exists()
        assert Lab.objects.get().revised_at == revision  # nobody else reads it

    def test_the_address_is_nowhere_but_in_the_console(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        Session.objects.update(visibility="public")
        for address in ("/labs/lab/speakers/eleni/", "/api/v1/labs/lab/speakers", "/labs/lab/calendar.ics"):
            assert b"eleni@example.org" not in client.get(address).content


class TestReplying:
    def test_confirm_then_decline_then_move(self, client: Client, speaker: Speaker, session: Session) -> None:
        page = client.get(home(speaker))
        assert "Not published yet" in page.content.decode()
        [form] = [one for one in forms_of(page) if "/reply/" in one.action]
        assert client.post(form.action, form.filled(reply="confirm")).status_code == 302
        row = AppearanceReply.objects.get()
        assert reply_of(row) == Reply.CONFIRMED
        change_session(session, plan_of(session))  # nothing
        assert client.post(form.action, form.filled(reply="decline")).status_code == 302
        assert reply_of(AppearanceReply.objects.get()) == Reply.DECLINED
        client.post(form.action, form.filled(reply="confirm"))
        Session.objects.update(starts_at=session.starts_at - timedelta(hours=1))
        assert reply_of(AppearanceReply.objects.get()) == Reply.OTHER_HOURS
        assert "Moved since you confirmed" in client.get(home(speaker)).content.decode()

    def test_a_reply_survives_a_change_of_the_agenda(
        self, client: Client, speaker: Speaker, session: Session
    ) -> None:
        [form] = [one for one in forms_of(client.get(home(speaker))) if "/reply/" in one.action]
        client.post(form.action, form.filled(reply="confirm"))
        change_session(session, replace(plan_of(session), agenda=(AgendaPlan({"en": "Panel"}),)))
        assert reply_of(AppearanceReply.objects.get()) == Reply.CONFIRMED

    def test_get_changes_nothing_and_other_sessions_are_not_found(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        token = speaker_links.token_of(speaker)
        other = f.SessionFactory(lab=lab)
        assert client.get(reverse("speaking_reply", args=[token, session.pk])).status_code == 405
        for pk in (other.pk, 2**80):
            assert (
                client.post(reverse("speaking_reply", args=[token, pk]), {"reply": "confirm"}).status_code
                == 404
            )
            assert client.get(reverse("speaking_slides", args=[token, pk])).status_code == 404
        assert not AppearanceReply.objects.exists()

    @pytest.mark.parametrize("state", ["cancelled", "over"])
    def test_what_is_cancelled_or_over_takes_no_reply(
        self, client: Client, speaker: Speaker, session: Session, state: str
    ) -> None:
        address = reverse("speaking_reply", args=[speaker_links.token_of(speaker), session.pk])
        now = timezone.now()
        if state == "cancelled":
            Session.objects.update(status="cancelled", cancelled_at=now)
        else:
            Session.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
        assert client.post(address, {"reply": "confirm"}).status_code == 409
        assert not AppearanceReply.objects.exists()


class TestTheProfile:
    def test_texts_photo_and_consent_are_kept(
        self, client: Client, speaker: Speaker, session: Session
    ) -> None:
        address = reverse("speaking_profile", args=[speaker_links.token_of(speaker)])
        form = form_of(client.get(address))
        assert client.post(address, form.filled(biography_0="Mine")).status_code == 422  # without consent
        upload = SimpleUploadedFile("me.jpg", photo(), "image/jpeg")
        changes = {
            "biography_0": "Mine",
            "biography_1": "Моя",
            "languages": ["el", "en"],
            "photo": upload,
            "consent": "on",
        }
        answer = client.post(address, form.filled(**changes))
        assert answer.status_code == 302, answer.content.decode()[3000:9000]
        speaker.refresh_from_db()
        assert languages_of(speaker.biography) == {"en": "Mine", "bg": "Моя"}
        assert (sorted(speaker.languages), bool(speaker.photo), str(speaker)) == (
            ["el", "en"],
            True,
            "Eleni Demo",
        )
        assert speaker.consent.startswith("My name, affiliation, photo")
        assert (speaker.consent_language, speaker.email) == ("en", "eleni@example.org")
        assert (
            client.get(reverse("speaking_photo", args=[speaker_links.token_of(speaker)])).status_code == 200
        )
        assert "consent" not in form_of(client.get(address)).names

    def test_what_an_organiser_wrote_meanwhile_is_not_overwritten_unseen(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        address = reverse("speaking_profile", args=[speaker_links.token_of(speaker)])
        form = form_of(client.get(address))
        organiser, page = (
            client_of(f.StaffFactory(lab=lab).user),
            reverse("console_speaker", args=["lab", "eleni"]),
        )
        organiser.post(page, form_of(organiser.get(page)).filled(biography_0="Theirs"))
        answer = client.post(address, form.filled(biography_0="Mine", consent="on"))
        assert answer.status_code == 409
        assert "Theirs" in answer.content.decode()
        assert client.post(address, form_of(answer).filled()).status_code == 302
        speaker.refresh_from_db()
        assert languages_of(speaker.biography) == {"en": "Mine"}


class TestAvailability:
    def test_hours_are_entered_in_the_zone_that_is_named(
        self, client: Client, speaker: Speaker, session: Session
    ) -> None:
        address = reverse("speaking_availability", args=[speaker_links.token_of(speaker)])
        form = form_of(client.get(address))
        assert form.values["time_zone"] == ["Europe/Rome"]
        said = {
            "hours-0-start_date": "2027-04-06",
            "hours-0-start_time": "09:00",
            "hours-0-end_time": "12:00",
        }
        assert client.post(address, form.filled(**said)).status_code == 302
        [hours] = availability_of([speaker.pk])[speaker.pk]
        assert hours.starts_at.isoformat() == "2027-04-06T07:00:00+00:00"
        again = form_of(client.get(address))
        assert again.values["hours-0-start_time"] == ["09:00"]
        assert client.post(address, again.filled()).status_code == 302
        assert availability_of([speaker.pk])[speaker.pk] == [hours]
        removed = again.filled(**{"hours-0-DELETE": "on"})
        assert client.post(address, removed).status_code == 302
        assert availability_of([speaker.pk]) == {}

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            (("2027-04-06", "", ""), "Choose a time"),
            (("2027-04-06", "12:00", "09:00"), "not after the start"),
            (("2027-03-28", "02:30", "09:00"), "does not exist"),
            (("2027-10-31", "02:30", "09:00"), "Which start"),
            (("", "02:30", "09:00"), "Choose a date"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_beside_the_field(
        self, client: Client, speaker: Speaker, session: Session, said: tuple[str, str, str], words: str
    ) -> None:
        address = reverse("speaking_availability", args=[speaker_links.token_of(speaker)])
        names = ("hours-0-start_date", "hours-0-start_time", "hours-0-end_time")
        row = dict(zip(names, said, strict=True))
        answer = client.post(address, form_of(client.get(address)).filled(**row))
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert availability_of([speaker.pk]) == {}

    def test_overlaps_are_said_at_the_second_and_changes_of_others_first(
        self, client: Client, speaker: Speaker, session: Session
    ) -> None:
        address = reverse("speaking_availability", args=[speaker_links.token_of(speaker)])
        form = form_of(client.get(address))
        both = {
            f"hours-{row}-{name}": value
            for row, (starts, ends) in enumerate((("09:00", "12:00"), ("11:00", "13:00")))
            for name, value in (("start_date", "2027-04-06"), ("start_time", starts), ("end_time", ends))
        }
        answer = client.post(address, form.filled(**both))
        assert answer.status_code == 422
        assert "overlaps with another" in answer.content.decode()
        both["hours-1-start_time"] = "12:00"
        assert client.post(address, form.filled(**both)).status_code == 302
        outdated = client.post(address, form.filled(**both | {"hours-1-end_time": "14:00"}))
        assert outdated.status_code == 409
        assert client.post(address, form_of(outdated).filled()).status_code == 302
        assert availability_of([speaker.pk])[speaker.pk][1].ends_at.hour == 12


class TestSlidesAndErasure:
    def test_slides_come_and_go(self, client: Client, speaker: Speaker, session: Session) -> None:
        token = speaker_links.token_of(speaker)
        address = reverse("speaking_slides", args=[token, session.pk])
        wrong = SimpleUploadedFile("a.pdf", b"<html>", "application/pdf")
        form = form_of(client.get(address))
        answer = client.post(address, form.filled(slides=wrong))
        assert (answer.status_code, "no PDF" in answer.content.decode()) == (422, True)
        assert client.post(address, form.filled()).status_code == 422
        assert client.post(address, form.filled(slides=SimpleUploadedFile("a.pdf", PDF))).status_code == 302
        assert client.get(reverse("speaking_slides_file", args=[token, session.pk])).content == PDF
        assert client.post(address, form.filled(action="remove")).status_code == 302
        assert not Slides.objects.exists()

    def test_the_speaker_deletes_the_address_with_what_came_by_it(
        self, client: Client, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        speaker_requests.ask(speaker, lab, timezone.now())
        address = reverse("speaking_forget", args=[speaker_links.token_of(speaker)])
        assert "eleni@example.org" in client.get(home(speaker)).content.decode()
        assert client.post(address, form_of(client.get(address)).filled()).status_code == 200
        assert client.get(address).status_code == 404
        speaker.refresh_from_db()
        assert (speaker.email, speaker.contact_since, str(speaker)) == ("", None, "Eleni Demo")
        assert not Message.objects.exists()

    def test_everything_goes_after_the_last_lab_and_its_retention(
        self, lab: Lab, speaker: Speaker, session: Session
    ) -> None:
        later = f.SessionFactory(
            lab=f.LabFactory(
                programme=lab.programme, starts_on=lab.ends_on + timedelta(days=100), retention_days=10
            )
        )
        f.AppearanceFactory(session=later, speaker=speaker)
        lab.retention_days = 1
        lab.save()
        kept = later.lab.ends_on + timedelta(days=10)
        assert speaker_contacts.kept_until(speaker) == kept
        end = later.ends_at.replace(year=kept.year, month=kept.month, day=kept.day, hour=12)
        assert list(speaker_contacts.due(end)) == []
        assert list(speaker_contacts.due(end + timedelta(days=1))) == [speaker]

    def test_an_address_without_any_session_goes_after_a_year(self, lab: Lab, speaker: Speaker) -> None:
        now = timezone.now()
        assert list(speaker_contacts.due(now + timedelta(days=364))) == []
        assert list(speaker_contacts.due(now + timedelta(days=366))) == [speaker]
