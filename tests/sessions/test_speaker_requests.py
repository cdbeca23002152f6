"""What is missing of speakers, and the emails that ask them for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.models import Lab
from sessions import appearance_replies, speaker_requests
from sessions.models import Session, Slides, Speaker
from sessions.speaker_gaps import speakers_of
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import client_of, forms_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    lab: Lab = f.LabFactory(slug="lab", languages=["en", "bg"])
    return lab


def appearing(lab: Lab, name: str, **more: Any) -> tuple[Speaker, Session]:
    """A speaker with an address, in a session of the same name."""
    since = {"contact_since": timezone.now()} if more.get("email", "x") else {}
    values = {"email": f"{name}@example.org", **since} | more
    speaker: Speaker = f.SpeakerFactory(
        programme=lab.programme, slug=name, name={"en": name.title()}, **values
    )
    session: Session = f.SessionFactory(lab=lab, slug=name, title={"en": f"{name.title()}’s session"})
    f.AppearanceFactory(session=session, speaker=speaker)
    return speaker, session


def missing(lab: Lab, language: str = "en") -> dict[str, list[str]]:
    with translation.override(language):
        return {
            one.speaker.slug: [each.in_words(language) for each in one.missing]
            for one in speakers_of(lab, timezone.now())
        }


def complete(speaker: Speaker, session: Session) -> None:
    now = timezone.now()
    appearance_replies.reply(speaker, session, True, now)
    Slides.objects.create(
        speaker=speaker, session=session, file="slides/x", name="x.pdf", size=1, sent_at=now
    )
    Speaker.objects.filter(pk=speaker.pk).update(
        photo="speakers/x.jpg", biography='{"en": "Mine", "bg": "Моя"}'
    )


class TestGaps:
    def test_everything_that_is_missing_is_named(self, lab: Lab) -> None:
        speaker, session = appearing(lab, "eleni", email="", biography={"en": "Mine"})
        assert missing(lab) == {
            "eleni": [
                "Not confirmed: Eleni’s session",
                "No email address",
                "No photo",
                "No biography: Bulgarian",
                "No slides: Eleni’s session",
            ]
        }
        assert missing(lab, "bg")["eleni"][3] == "Без биография: български"
        complete(speaker, session)
        Speaker.objects.update(email="eleni@example.org", contact_since=timezone.now())
        assert missing(lab) == {"eleni": []}

    def test_a_session_that_moved_has_to_be_confirmed_again(self, lab: Lab) -> None:
        speaker, session = appearing(lab, "eleni")
        complete(speaker, session)
        Session.objects.update(starts_at=session.starts_at - timedelta(hours=1))
        assert missing(lab)["eleni"] == ["Not confirmed: Eleni’s session"]

    def test_who_declined_is_asked_for_no_slides(self, lab: Lab) -> None:
        speaker, session = appearing(lab, "eleni")
        complete(speaker, session)
        Slides.objects.all().delete()
        appearance_replies.reply(speaker, session, False, timezone.now())
        assert missing(lab)["eleni"] == ["Declined: Eleni’s session"]

    @pytest.mark.parametrize("state", ["cancelled", "over", "moderator"])
    def test_what_is_not_expected_is_not_missing(self, lab: Lab, state: str) -> None:
        speaker, session = appearing(lab, "eleni")
        complete(speaker, session)
        Slides.objects.all().delete()
        if state == "cancelled":
            Session.objects.update(status="cancelled", cancelled_at=timezone.now())
        elif state == "over":
            now = timezone.now()
            Session.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
        else:
            speaker.appearances.update(role="moderator")
        assert missing(lab)["eleni"] == []

    def test_the_list_costs_the_same_queries_at_any_size_and_is_narrowed(self, lab: Lab) -> None:
        organiser, address = (
            client_of(f.StaffFactory(lab=lab).user),
            reverse("console_speakers", args=["lab"]),
        )

        def cost() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert organiser.get(address).status_code == 200
            return len(captured)

        complete(*appearing(lab, "complete"))
        appearing(lab, "eleni", email="")
        cost()  # what is read once for all
        few = cost()
        for number in range(12):
            appearing(lab, f"more-{number}")
        assert cost() == few
        page = text_of(organiser.get(address, {"missing": "no-email"}))
        assert ('speakers/eleni/"' in page, 'speakers/more-1/"' in page) == (True, False)
        assert 'speakers/eleni/"' in text_of(organiser.get(address, {"missing": "<b>"}))


class TestAsking:
    def test_an_address_is_needed_and_three_times_a_day_are_enough(self, lab: Lab) -> None:
        speaker, _session = appearing(lab, "eleni")
        for _time in range(3):
            speaker_requests.ask(speaker, lab, timezone.now())
        with pytest.raises(RuleViolation, match="three times"):
            speaker_requests.ask(speaker, lab, timezone.now())
        nobody, _session = appearing(lab, "ivan", email="")
        with pytest.raises(RuleViolation, match="email address first"):
            speaker_requests.ask(nobody, lab, timezone.now())
        assert Message.objects.count() == 3

    def test_the_page_sends_once_however_often_it_is_sent(self, lab: Lab) -> None:
        appearing(lab, "eleni")
        organiser = client_of(f.StaffFactory(lab=lab).user)
        address = reverse("console_speaker_link", args=["lab", "eleni"])
        form = forms_of(organiser.get(address))[0].filled(action="send")
        for _time in range(2):
            assert organiser.post(address, form).status_code == 302
        assert Message.objects.count() == 1
        assert "30 days" not in text_of(organiser.get(address))
        for action in ("revoke", "forget"):
            organiser.post(address, {"action": action})
        assert Speaker.objects.get().link_version == 2
        assert Message.objects.count() == 0

    def test_organisers_of_other_labs_find_nothing(self, lab: Lab, client: Client) -> None:
        appearing(lab, "eleni")
        stranger = client_of(f.StaffFactory().user)
        for name, *more in (
            ("console_speaker_link", "eleni"), ("console_speaker_availability", "eleni"),
            ("console_speaker_reminders",),
        ):  # fmt: skip
            address = reverse(name, args=["lab", *more])
            assert (stranger.get(address).status_code, stranger.post(address).status_code) == (404, 404)
        other = f.SpeakerFactory(slug="other")
        organiser = client_of(f.StaffFactory(lab=lab).user)
        assert organiser.get(reverse("console_speaker_link", args=["lab", other.slug])).status_code == 404


class TestReminding:
    def test_the_preview_says_who_gets_what_and_who_does_not(self, lab: Lab) -> None:
        long_ago = timezone.now() - timedelta(days=8)
        appearing(lab, "eleni", language="bg", asked_at=long_ago)
        appearing(lab, "ivan", email="")
        appearing(lab, "new")
        appearing(lab, "maria", asked_at=timezone.now() - timedelta(days=2))
        complete(*appearing(lab, "done"))
        with translation.override("en"):
            found = {
                one.speaker.slug: (one.language, one.why_not)
                for one in speaker_requests.reminders(lab, timezone.now())
            }
        assert found["eleni"] == ("bg", "")
        assert found["ivan"] == ("en", "No email address")
        assert found["maria"][1].startswith("Last email on ")
        assert found["new"][1] == "Not asked yet"
        assert "done" not in found
        page = text_of(
            client_of(f.StaffFactory(lab=lab).user).get(reverse("console_speaker_reminders", args=["lab"]))
        )
        assert '<td lang="bg"><ul class="plainlist"><li>Непотвърдено участие: Eleni’s session</li>' in page

    def test_one_speaker_is_reminded_once_in_seven_days(self, lab: Lab) -> None:
        now = timezone.now()
        appearing(lab, "eleni", language="bg", asked_at=now - timedelta(days=8))
        assert speaker_requests.remind(lab, ["eleni", "nobody"], now) == 1
        for later, count in ((timedelta(0), 0), (timedelta(days=6), 0), (timedelta(days=7), 1)):
            assert speaker_requests.remind(lab, ["eleni"], now + later) == count
        first = with_bodies(Message.objects.order_by("pk")[0])
        assert first.occasion == "speaker_reminded"
        assert "- Без снимка\n" in first.text

    def test_the_button_writes_to_the_ticked_ones_once(self, lab: Lab) -> None:
        appearing(lab, "eleni")
        appearing(lab, "ivan", asked_at=timezone.now() - timedelta(days=8))
        organiser = client_of(f.StaffFactory(lab=lab).user)
        address = reverse("console_speaker_reminders", args=["lab"])
        [ask, remind] = forms_of(organiser.get(address))
        sent = remind.filled(speaker=["ivan"], action="remind")
        for _time in range(2):
            assert organiser.post(address, sent).status_code == 302
        assert [message.to_email for message in Message.objects.all()] == ["ivan@example.org"]
        assert organiser.post(address, ask.filled(action="ask")).status_code == 302
        assert [one.to_email for one in Message.objects.filter(occasion="speaker_asked")] == [
            "eleni@example.org"
        ]

    def test_hours_of_a_line_are_those_of_the_session(self, lab: Lab) -> None:
        _speaker, session = appearing(lab, "eleni")
        assert isinstance(session.starts_at, datetime)
        [one] = speakers_of(lab, timezone.now())
        [line] = speaker_requests.appearance_lines(one, "en")
        assert line.startswith("Eleni’s session, ")
        assert "11:30–12:30, Sofia (" in line
        assert line.endswith(": Speaker")
