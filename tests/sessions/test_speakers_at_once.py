"""What happens to one speaker at the very same moment: one email, one reply, one file, hours that do not overlap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.models import Lab
from sessions import appearance_replies, slides, speaker_requests
from sessions.availability import Hours, availability_of, set_availability
from sessions.models import AppearanceReply, Session, Slides, Speaker
from tests import factories as f
from tests.registrations.concurrency import all_at_once
from tests.sessions.speaker_files import PDF

pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.xdist_group("crowds"),
]  # fmt: skip


@pytest.fixture
def session(settings: Any, tmp_path: Path) -> Session:
    settings.MEDIA_ROOT = tmp_path
    session: Session = f.SessionFactory(lab=f.LabFactory(languages=["en"]))
    return session


@pytest.fixture
def speaker(session: Session) -> Speaker:
    now = timezone.now()
    speaker: Speaker = f.SpeakerFactory(
        programme=session.lab.programme,
        slug="eleni",
        email="eleni@example.org",
        contact_since=now,
        asked_at=now - timedelta(days=8),
    )
    f.AppearanceFactory(session=session, speaker=speaker)
    return speaker


def test_two_organisers_remind_once(session: Session, speaker: Speaker) -> None:
    def remind() -> None:
        speaker_requests.remind(Lab.objects.get(pk=session.lab_id), ["eleni"], timezone.now())

    assert all_at_once([remind] * 4) == []
    assert Message.objects.count() == 1


def test_replies_and_slides_leave_one_of_each(session: Session, speaker: Speaker) -> None:
    def reply(is_confirmed: bool) -> Callable[[], None]:
        def replied() -> None:
            appearance_replies.reply(speaker, Session.objects.get(), is_confirmed, timezone.now())

        return replied

    def hand_in() -> None:
        checked = slides.check(SimpleUploadedFile("a.pdf", PDF))
        slides.hand_in(speaker, Session.objects.select_related("lab").get(), checked)

    assert all_at_once([reply(True), reply(False), hand_in, hand_in]) == []
    assert (AppearanceReply.objects.count(), Slides.objects.count()) == (1, 1)


def test_hours_of_two_forms_never_overlap(session: Session, speaker: Speaker) -> None:
    def enter(start: int) -> Callable[[], None]:
        begins = session.starts_at + timedelta(minutes=start)

        def entered() -> None:
            try:
                set_availability(speaker, [Hours(begins, begins + timedelta(hours=1))])
            except RuleViolation:
                pass

        return entered

    assert all_at_once([enter(start) for start in (0, 10, 20, 30)]) == []
    [_one] = availability_of([speaker.pk])[speaker.pk]
