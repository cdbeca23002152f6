"""What a lab's overview says needs attention: each kind alone, and nothing where all is well."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db.models import Count
from django.utils import timezone

from core.jobs.models import WorkerBeat
from core.mail.delivery import Summary, summary
from core.mail.models import Message
from labs.models import Lab
from registrations.alerts import Alert, Kind, alerts_of
from sessions.models import Session
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    """A lab in which all is well."""
    now = timezone.now()
    WorkerBeat.objects.create(worker="one", started_at=now, beat_at=now)
    lab = f.LabFactory(languages=["en", "bg"])
    session = f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab), slug="one")
    f.AppearanceFactory(session=session)
    return lab


def found(lab: Lab, mail: Summary | None = None) -> list[Alert]:
    lab = Lab.objects.get(pk=lab.pk)
    sessions = list(
        lab.sessions.select_related("room").annotate(people=Count("appearances")).order_by("starts_at", "pk")
    )
    return alerts_of(lab, sessions, mail or summary(lab.pk), timezone.now())


def kinds(lab: Lab) -> list[Kind]:
    return [one.kind for one in found(lab)]


def mail(lab: Lab, state: str) -> Message:
    return f.MessageFactory(lab=lab, state=state)


def test_nothing_is_said_where_all_is_well(lab: Lab) -> None:
    assert found(lab) == []


def test_failed_and_bounced_mails(lab: Lab) -> None:
    for state in ("failed", "bounced", "bounced", "sent"):
        mail(lab, state)
    [one] = found(lab)
    assert (one.kind, one.what, one.is_urgent) == (Kind.MAIL_FAILED, "2 emails bounced, 1 email failed", True)
    assert one.address == f"/organise/labs/{lab.slug}/mail/"


def test_a_worker_that_is_late_counts_only_when_mail_waits(lab: Lab) -> None:
    WorkerBeat.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    assert kinds(lab) == []
    mail(lab, "queued")
    [one] = found(lab)
    assert (one.kind, one.meaning) == (
        Kind.WORKER_LATE,
        "1 email is waiting to be sent. Tell the people who run this service.",
    )


def test_a_lab_without_sessions(lab: Lab) -> None:
    Session.objects.all().delete()
    assert kinds(lab) == [Kind.NO_SESSIONS]


def test_a_draft_lab_shortly_before_its_first_day(lab: Lab) -> None:
    Lab.objects.update(visibility="draft")
    assert kinds(lab) == []
    today = timezone.now().date()
    Lab.objects.update(starts_on=today + timedelta(days=5), ends_on=today + timedelta(days=30))
    [one] = found(lab)
    assert one.kind == Kind.LAB_DRAFT
    assert "begins in" in one.what
    Lab.objects.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=5))
    assert kinds(lab) == []


def test_a_lab_without_a_time_for_registration(lab: Lab) -> None:
    Lab.objects.update(registration_opens_at=None, registration_closes_at=None)
    assert kinds(lab) == [Kind.NO_WINDOW]


@pytest.mark.parametrize(
    ("room", "link", "missing"),
    [
        (None, "", True),
        (None, "https://meet.example.org/x", False),
        ({"online": True, "join_link": ""}, "", True),
        ({"online": True, "join_link": "", "address": "Main street"}, "", False),
        ({"online": False, "join_link": ""}, "", False),
    ],
)
def test_a_session_that_nobody_could_find(
    lab: Lab, room: dict[str, Any] | None, link: str, missing: bool
) -> None:
    place = f.RoomFactory(lab=lab, **room) if room else None
    Session.objects.update(room=place, join_link=link)
    assert kinds(lab) == ([Kind.NO_PLACE] if missing else [])


def test_a_full_session_with_people_waiting_says_what_its_room_holds(lab: Lab) -> None:
    Session.objects.update(online_capacity=3, online_taken=3, online_waiting=2)
    lab.rooms.update(capacity=5)
    [one] = found(lab)
    assert (one.kind, one.meaning) == (Kind.WAITING, "All 3 seats are taken. Room capacity: 5.")
    assert one.what.startswith("2 people are waiting for Session")
    Session.objects.update(online_capacity=4)
    assert kinds(lab) == []


def test_people_wait_for_the_room_whatever_is_free_online(lab: Lab) -> None:
    full = {"room_capacity": 3, "room_taken": 3, "room_waiting": 1}
    for online_capacity in (None, 9):
        Session.objects.update(format="hybrid", online_capacity=online_capacity, **full)
        [one] = found(lab)
        assert (one.kind, one.meaning) == (Kind.WAITING, "All 3 seats are taken.")
        assert (one.what[:24], one.what[-12:]) == ("1 person is waiting for ", " (In person)")


def test_drafts_close_to_their_day(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, visibility="draft", title={"en": "Closing", "bg": "Закриване"})
    assert kinds(lab) == []
    soon = timezone.now() + timedelta(days=3)
    Session.objects.filter(pk=session.pk).update(starts_at=soon, ends_at=soon + timedelta(hours=1))
    [one] = found(lab)
    assert (one.kind, one.what) == (Kind.DRAFTS, "Closing is still a draft")


def test_public_sessions_without_speakers_are_one_line(lab: Lab) -> None:
    for hour, title in enumerate(("A", "B", "C"), 8):
        f.SessionFactory(
            lab=lab, room=lab.rooms.get(), start_time=time(hour), title={"en": title, "bg": title}
        )
    f.SessionFactory(lab=lab, room=lab.rooms.get(), start_time=time(14), visibility="internal")
    [one] = found(lab)
    assert (one.kind, one.what) == (Kind.NO_SPEAKER, "3 public sessions have no speaker: A, B…")


def test_a_title_that_is_missing_in_a_language_of_the_lab(lab: Lab) -> None:
    Session.objects.update(title={"en": "Only English"})
    [one] = found(lab)
    assert (one.kind, one.meaning) == (
        Kind.NO_TITLE,
        "Missing in Bulgarian: readers see the title in another language.",
    )


def test_what_is_over_or_cancelled_needs_nothing(lab: Lab) -> None:
    Session.objects.update(room=None, status="cancelled", cancelled_at=timezone.now())
    assert kinds(lab) == []
    past = f.LabFactory(starts_on=date(2021, 11, 30), registration_opens_at=None)
    f.SessionFactory(lab=past, start_time=time(9))
    assert kinds(past) == []


def test_urgent_lines_come_first(lab: Lab) -> None:
    Session.objects.update(online_capacity=1, online_taken=1, online_waiting=1)
    mail(lab, "failed")
    assert kinds(lab) == [Kind.MAIL_FAILED, Kind.WAITING]
