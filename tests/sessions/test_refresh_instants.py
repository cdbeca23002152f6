"""New rules of time zones: sessions keep the clock on the wall, and people hear what that means for them."""

import shutil
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from core.mail.models import Message
from registrations import seats
from sessions import refreshing, zone_rules
from sessions.models import Session, UnannouncedChange, ZoneRules
from sessions.refreshing import refresh, report
from sessions.scheduling import plan_of
from sessions.unannounced_changes import decide, pending_changes
from tests import factories as f
from tests.registrations.form_posts import mails
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db

Adopt = Callable[..., None]


@pytest.fixture
def now() -> Iterator[None]:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def adopt(now: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Adopt]:
    """Give zones the rules of others, in a new version of the database: `adopt(**{"Europe/Sofia": "Etc/GMT-2"})`."""
    ZoneRules.objects.all().delete()
    zone_rules.store_current()

    def adopt(version: str = "2099.1", **rules: str) -> None:
        for zone, other in rules.items():
            target = tmp_path / zone
            target.parent.mkdir(parents=True, exist_ok=True)
            with resources.as_file(resources.files("tzdata") / "zoneinfo" / other) as source:
                shutil.copy(source, target)
        zoneinfo.reset_tzpath([str(tmp_path)])
        zoneinfo.ZoneInfo.clear_cache()
        for module in (zone_rules, refreshing):
            monkeypatch.setattr(module, "rules_version", lambda: version)

    yield adopt
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    zone_rules._current_offsets.cache_clear()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("refresh_instants", *arguments, stdout=out)
    return out.getvalue()


def summer(**more: Any) -> Session:
    """A session of a summer's day in Sofia at 10:00, with an agenda item at 10:30."""
    lab = more.pop("lab", None) or f.LabFactory(starts_on=date(2027, 7, 1), ends_on=date(2027, 7, 3))
    session: Session = f.SessionFactory(
        lab=lab,
        start_date=date(2027, 7, 1),
        start_time=time(10),
        end_time=time(12),
        time_zone="Europe/Sofia",
        **more,
    )
    f.AgendaItemFactory(
        session=session,
        start_time=time(10, 30),
        end_time=time(11),
        starts_at=session.starts_at + timedelta(minutes=30),
        ends_at=session.starts_at + timedelta(hours=1),
    )
    return session


def test_without_new_rules_nothing_moves(adopt: Adopt) -> None:
    session = summer()
    assert report().changes_nothing
    assert "Nothing moves." in run("--apply")
    before = session.revised_at
    session.refresh_from_db()
    assert session.revised_at == before


def test_the_clock_stays_and_the_instant_moves_with_agenda_sequence_and_calendar(adopt: Adopt) -> None:
    session = summer()
    f.AgendaItemFactory(session=session, start_time=None, end_time=None, title={"en": "Open"})
    assert session.starts_at == datetime(2027, 7, 1, 7, tzinfo=UTC)
    past = f.SessionFactory(
        lab=f.LabFactory(starts_on=date(2026, 7, 1), registration_opens_at=None, registration_closes_at=None),
        start_date=date(2026, 7, 1),
        start_time=time(10),
    )
    adopt(**{"Europe/Sofia": "Etc/GMT-2"})  # no summer time any longer
    said = run()
    assert "2027-07-01 07:00–09:00 UTC → 2027-07-01 08:00–10:00 UTC" in said
    assert "Sofia: 10:00–12:00 → 10:00–12:00, UTC+2" in said
    assert "Run it again with --apply." in said
    session.refresh_from_db()
    assert session.starts_at == datetime(2027, 7, 1, 7, tzinfo=UTC)

    run("--apply")
    session.refresh_from_db()
    assert (session.start_time, session.starts_at) == (time(10), datetime(2027, 7, 1, 8, tzinfo=UTC))
    assert session.sequence == 1
    item = session.agenda.get(start_time=time(10, 30))
    assert item.starts_at == datetime(2027, 7, 1, 8, 30, tzinfo=UTC)
    assert session.history.first().history_change_reason == "tzdata 2099.1"
    assert "SEQUENCE:1" in session.calendar_texts.get(language="en").text
    past_start = past.starts_at
    past.refresh_from_db()
    assert past.starts_at == past_start
    assert zone_rules.stored_version() == "2099.1"
    assert "Nothing moves." in run("--apply")


def test_each_reads_what_was_told_and_what_is_now_by_his_or_her_own_clock(adopt: Adopt) -> None:
    session = summer(title={"en": "Opening"})
    for zone in ("Europe/Sofia", "Europe/Rome", "Europe/Athens"):
        person = f.RegistrationFactory(
            lab=session.lab, time_zone=zone, email=f"{zone[7:].lower()}@example.org"
        )
        seats.take(person, {session.pk: "online"})
    Message.objects.all().delete()
    # Sofia and Athens give up summer time, Rome keeps it.
    adopt(**{"Europe/Sofia": "Etc/GMT-2", "Europe/Athens": "Etc/GMT-2"})
    f.CityFactory(slug="rome", name={"en": "Rome"}, time_zone="Europe/Rome")
    assert "Rome: 09:00–11:00 → 10:00–12:00, UTC+2" in run("--city", "rome")
    run("--apply")
    work("registrations.tell_moves")
    assert mails() == []
    [pending] = pending_changes(session.lab, "en")
    assert [one.before for one in pending.differences] == ["07:00–09:00"]

    decide([session], tell=True)
    work("registrations.tell_moves")
    # In Sofia and Athens the clock shows what it showed before.
    [message] = mails("session_moved")
    assert message.to_email == "rome@example.org"
    assert "Was: 09:00–11:00\nNow: 10:00–12:00" in message.text


def test_telling_goes_with_applying(adopt: Adopt) -> None:
    session = summer()
    seats.take(f.RegistrationFactory(lab=session.lab, time_zone="Europe/Rome"), {session.pk: "online"})
    Message.objects.all().delete()
    adopt(**{"Europe/Sofia": "Etc/GMT-2"})
    with pytest.raises(CommandError, match="--apply"):
        run("--tell")
    run("--apply", "--tell")
    work("registrations.tell_moves")
    assert len(mails("session_moved")) == 1
    assert not UnannouncedChange.objects.exists()


def test_hours_that_are_skipped_now_are_reported_and_left_alone(adopt: Adopt) -> None:
    lab = f.LabFactory(starts_on=date(2027, 3, 27), ends_on=date(2027, 3, 29), time_zone="Asia/Tokyo")
    night = f.SessionFactory(
        lab=lab,
        start_date=date(2027, 3, 28),
        start_time=time(3, 30),
        end_time=time(9),
        time_zone="Asia/Tokyo",
    )
    day = f.SessionFactory(lab=lab, start_date=date(2027, 3, 28), start_time=time(14), time_zone="Asia/Tokyo")
    adopt(**{"Asia/Tokyo": "Europe/Sofia"})
    before = night.starts_at
    with pytest.raises(CommandError, match="1 session or lab cannot follow"):
        run("--apply")
    night.refresh_from_db()
    day.refresh_from_db()
    assert night.starts_at == before
    assert day.starts_at == datetime(2027, 3, 28, 11, tzinfo=UTC)


def test_hours_that_come_twice_now_are_the_first(adopt: Adopt) -> None:
    lab = f.LabFactory(starts_on=date(2027, 10, 31), ends_on=date(2027, 10, 31), time_zone="Asia/Tokyo")
    session = f.SessionFactory(
        lab=lab,
        start_date=date(2027, 10, 31),
        start_time=time(3, 30),
        end_time=time(9),
        time_zone="Asia/Tokyo",
    )
    adopt(**{"Asia/Tokyo": "Europe/Sofia"})
    refresh()
    session.refresh_from_db()
    assert (session.start_fold, session.starts_at) == (0, datetime(2027, 10, 31, 0, 30, tzinfo=UTC))
    assert plan_of(session).start_fold == 0


def test_openings_of_registration_keep_the_labs_clock(adopt: Adopt) -> None:
    opens, closes = datetime(2027, 5, 3, 6, tzinfo=UTC), datetime(2027, 11, 3, 7, tzinfo=UTC)
    lab = f.LabFactory(
        starts_on=date(2027, 12, 1),
        time_zone="Europe/Sofia",
        registration_opens_at=opens,
        registration_closes_at=closes,
    )
    adopt(**{"Europe/Sofia": "Etc/GMT-2"})
    assert "registration_opens_at" in run("--apply")
    lab.refresh_from_db()
    assert lab.registration_opens_at == opens + timedelta(hours=1)  # 09:00 in May
    assert lab.registration_closes_at == closes


def test_it_is_said_that_stored_instants_follow_other_rules(adopt: Adopt, client: Any) -> None:
    assert not zone_rules.is_outdated()
    adopt()
    assert zone_rules.is_outdated()
    ZoneRules.objects.all().delete()
    assert not zone_rules.is_outdated()
    zone_rules.store_first()
    assert zone_rules.stored_version() == "2099.1"


def test_the_offsets_kept_are_those_of_the_rules(now: None) -> None:
    rules = zone_rules.current_rules()
    for zone in (
        "Europe/Sofia",
        "Africa/Casablanca",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
    ):
        at = datetime(2026, 2, 1, tzinfo=UTC)
        while at < datetime(2030, 1, 1, tzinfo=UTC):
            expected = at.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
            assert expected is not None
            assert rules.offset_at(at, zone) == expected.total_seconds()
            at += timedelta(hours=37)
    assert rules.offset_at(datetime(2099, 1, 1, tzinfo=UTC), "Europe/Sofia") is None
