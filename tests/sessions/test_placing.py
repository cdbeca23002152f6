"""Placing one session: start, length, room and track; the agenda, both clock changes, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.timezones.wall_clock import is_ambiguous, is_nonexistent, wall
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from labs.viewer import VISITOR, Viewer
from sessions import publishing
from sessions.conflicts import conflicts_of
from sessions.models import Session, UnannouncedChange
from sessions.placing import Placement, move_session, placement_of, take_out
from sessions.plans import AgendaPlan
from sessions.scheduling import NewSession, change_session, create_session, create_sessions, plan_of
from tests import factories as f
from tests.sessions.session_plans import lab_over_both_switches, plan

pytestmark = pytest.mark.django_db


PANEL = plan(
    slug="panel",
    start_time=time(11),
    end_time=time(12, 30),
    agenda=(
        AgendaPlan({"en": "First"}, start_time=time(11), end_time=time(11, 30)),
        AgendaPlan({"en": "Last"}, start_time=time(12), end_time=time(12, 30)),
        AgendaPlan({"en": "Some time"}),
    ),
)


@pytest.fixture
def lab() -> Lab:
    return lab_over_both_switches()


@pytest.fixture
def session(lab: Lab) -> Session:
    made = create_session(lab, PANEL)
    publishing.publish(made)
    return made


def to(on: date, at: time, minutes: int = 90, zone: str = "Europe/Sofia", **more: object) -> Placement:
    return Placement(start_date=on, start_time=at, time_zone=zone, minutes=minutes, **more)  # type: ignore[arg-type]


def agenda_of(session: Session) -> list[tuple[time | None, time | None]]:
    return list(session.agenda.order_by("position", "pk").values_list("start_time", "end_time"))


def said(error: pytest.ExceptionInfo[InvalidFields]) -> dict[str, list[str]]:
    return error.value.errors


def test_a_move_takes_agenda_room_and_track_along(session: Session, lab: Lab) -> None:
    room, track = f.RoomFactory(lab=lab), f.TrackFactory(lab=lab)
    move_session(session, to(date(2027, 4, 7), time(14, 5), room=room, track=track))
    session.refresh_from_db()
    assert (session.start_date, session.start_time, session.end_time) == (
        date(2027, 4, 7),
        time(14, 5),
        time(15, 35),
    )
    assert (session.room, session.track) == (room, track)
    assert agenda_of(session) == [(time(14, 5), time(14, 35)), (time(15, 5), time(15, 35)), (None, None)]


def test_a_move_to_where_the_session_is_changes_nothing(session: Session) -> None:
    version, revised = session.version, session.revised_at
    move_session(session, placement_of(session))
    session.refresh_from_db()
    assert (session.version, session.revised_at) == (version, revised)


def test_a_longer_session_keeps_its_agenda_and_a_shorter_one_names_what_is_left_out(session: Session) -> None:
    move_session(session, to(date(2027, 4, 6), time(11), 120))
    assert session.end_time == time(13)
    assert agenda_of(session)[1] == (time(12), time(12, 30))
    with pytest.raises(InvalidFields) as error:
        move_session(session, to(date(2027, 4, 6), time(11), 45))
    assert list(said(error)) == [""]
    assert "“Last” (12:00)" in said(error)[""][0]
    session.refresh_from_db()
    assert session.end_time == time(13)


def test_a_start_that_clocks_skip_is_refused(session: Session) -> None:
    with pytest.raises(InvalidFields) as error:
        move_session(session, to(date(2027, 3, 28), time(3, 30)))
    assert "does not exist in Sofia" in said(error)["start_time"][0]


def test_a_start_that_comes_twice_is_asked_about(session: Session) -> None:
    with pytest.raises(InvalidFields) as error:
        move_session(session, to(date(2027, 10, 31), time(3, 30)))
    assert list(said(error)) == ["start_fold"]
    move_session(session, to(date(2027, 10, 31), time(3, 30), start_fold=1))
    assert session.starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_session_keeps_its_length_over_a_clock_change(session: Session) -> None:
    move_session(session, to(date(2027, 3, 28), time(2, 30)))
    assert (session.end_time, session.duration) == (time(5), timedelta(minutes=90))
    assert agenda_of(session)[:2] == [(time(2, 30), time(4)), (time(4, 30), time(5))]


def test_the_start_may_be_told_by_the_clocks_of_another_zone(session: Session) -> None:
    move_session(session, to(date(2027, 4, 6), time(11), zone="Europe/Rome"))
    assert (session.start_time, session.time_zone) == (time(12), "Europe/Sofia")
    assert placement_of(session, "Europe/Rome").start_time == time(11)


@pytest.mark.parametrize("minutes", [0, -5, 14 * 24 * 60 + 1, 10**12])
def test_a_length_has_limits(session: Session, minutes: int) -> None:
    with pytest.raises(InvalidFields) as error:
        move_session(session, to(date(2027, 4, 6), time(11), minutes))
    assert list(said(error)) == ["minutes"]


def test_what_is_outside_the_lab_or_of_another_lab_is_refused(session: Session) -> None:
    with pytest.raises(InvalidFields) as error:
        move_session(session, to(date(2028, 4, 6), time(11), room=f.RoomFactory()))
    assert sorted(said(error)) == ["room", "start_date"]


def test_of_two_organisers_the_second_is_told(session: Session) -> None:
    seen = session.version
    move_session(Session.objects.get(pk=session.pk), to(date(2027, 4, 6), time(12)), expected_version=seen)
    with pytest.raises(EditConflict):
        move_session(session, to(date(2027, 4, 6), time(13)), expected_version=seen)
    session.refresh_from_db()
    assert session.start_time == time(12)


def test_people_are_told_of_a_move_later() -> None:
    session = f.SessionFactory(seats_taken=1)
    move_session(session, replace(placement_of(session), start_time=time(9)))
    assert UnannouncedChange.objects.filter(session=session).exists()


def test_a_draft_leaves_the_schedule_and_comes_back(lab: Lab, session: Session) -> None:
    with pytest.raises(InvalidFields):
        take_out(session)
    publishing.unpublish(session)
    take_out(session)
    session.refresh_from_db()
    assert (session.is_placed, session.duration) == (False, timedelta(minutes=90))
    owner = Viewer(owned_programmes=frozenset([lab.programme_id]))
    organiser = Viewer(organised_labs=frozenset([lab.pk]))
    for viewer in (VISITOR, owner, organiser, Viewer(is_superuser=True)):
        assert not Session.objects.visible_to(viewer).filter(pk=session.pk).exists()
    assert [one for one in conflicts_of(lab) if session in one.sessions] == []
    with pytest.raises(RuleViolation):
        publishing.publish(session)
    with pytest.raises(RuleViolation):
        publishing.make_internal(session)
    move_session(session, to(date(2027, 4, 8), time(9)))
    session.refresh_from_db()
    assert (session.is_placed, session.start_date) == (True, date(2027, 4, 8))
    assert agenda_of(session)[0] == (time(9), time(9, 30))
    publishing.publish(session)


def test_a_session_made_without_a_place_need_not_lie_within_the_lab(lab: Lab) -> None:
    outside = plan(start_date=date(2020, 1, 1), end_date=date(2020, 1, 1), is_placed=False)
    made = create_session(lab, outside)
    assert (made.is_placed, plan_of(made).is_placed) == (False, False)
    with pytest.raises(InvalidFields):
        create_sessions(lab, [NewSession(plan(slug="other", is_placed=False), visibility="public")])


ZONES = ["Europe/Sofia", "Europe/Lisbon", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    own=st.sampled_from(ZONES),
    on=st.dates(date(2027, 3, 3), date(2027, 11, 27))
    | st.sampled_from([date(2027, 3, 28), date(2027, 10, 31), date(2027, 4, 4), date(2027, 10, 3)]),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(90, 600),
    fold=st.sampled_from([None, 0, 1]),
)
def test_wherever_a_session_goes_its_length_and_its_agenda_stay(
    lab: Lab, session: Session, zone: str, own: str, on: date, at: time, minutes: int, fold: int | None
) -> None:
    moved = change_session(Session.objects.get(pk=session.pk), replace(PANEL, time_zone=own))
    before = {
        pk: starts - moved.starts_at
        for pk, starts in moved.agenda.exclude(starts_at=None).values_list("pk", "starts_at")
    }
    wanted = to(on, at, minutes, zone, start_fold=fold)
    gap, twice = is_nonexistent(on, at, zone), is_ambiguous(on, at, zone) and fold is None
    if gap or twice:
        with pytest.raises(InvalidFields) as error:
            move_session(moved, wanted)
        assert list(said(error)) == ["start_time" if gap else "start_fold"]
        return
    move_session(moved, wanted)
    moved.refresh_from_db()
    start = moved.starts_at.astimezone(ZoneInfo(zone))
    assert (start.date(), start.time()) == (on, at)
    assert moved.duration == timedelta(minutes=minutes)
    assert wall(moved.ends_at, own).time() == moved.end_time
    if (
        moved.starts_at.astimezone(ZoneInfo(own)).utcoffset()
        == moved.ends_at.astimezone(ZoneInfo(own)).utcoffset()
    ):
        after = moved.agenda.exclude(starts_at=None).values_list("pk", "starts_at")
        assert {pk: starts - moved.starts_at for pk, starts in after} == before
