"""Another time zone: what stays is asked, shown before, and done; by pages for one session and for a lab."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.timezones.wall_clock import WallClockError, instant, wall
from core.timezones.zones import canonical_zones
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs.models import Lab
from sessions import zone_changes
from sessions.models import Session
from sessions.scheduling import plan_of
from sessions.zone_changes import Keep, change_lab_zone, change_session_zone, keep_of, plan_session
from tests import factories as f
from tests.pages import forms_of
from tests.registrations.test_hours_over_a_change import words_of

ROME = "Europe/Rome"
FORM, STEP = "/organise/labs/lab/sessions/opening/", "/organise/labs/lab/sessions/opening/time-zone/"
LAB_FORM, LAB_STEP = "/organise/labs/lab/settings/", "/organise/labs/lab/time-zone/"


@pytest.fixture
def lab(db: None, client: Client) -> Lab:
    lab: Lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8))
    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    return lab


@pytest.fixture
def session(lab: Lab) -> Session:
    found: Session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"}, end_time=time(13, 30))
    f.AgendaItemFactory(
        session=found,
        title={"en": "Welcome"},
        start_time=time(12),
        end_time=time(12, 30),
        starts_at=found.starts_at + timedelta(minutes=30),
        ends_at=found.starts_at + timedelta(hours=1),
    )
    return found


def when(session: Session) -> tuple[date, time, time, str, datetime]:
    session.refresh_from_db()
    return (
        session.start_date,
        session.start_time,
        session.end_time,
        session.time_zone,
        session.starts_at.astimezone(UTC),
    )


def form_with(page: Any, name: str) -> Any:
    return next(form for form in forms_of(page) if name in form.names)


def test_the_clock_or_the_instant_stays_with_the_agenda(session: Session) -> None:
    starts_at = session.starts_at
    change_session_zone(session, ROME, Keep.INSTANT)
    assert when(session) == (date(2027, 4, 6), time(10, 30), time(12, 30), ROME, starts_at)
    item = session.agenda.get()
    assert (item.start_time, item.starts_at) == (time(11), starts_at + timedelta(minutes=30))

    change_session_zone(session, "Europe/Sofia", Keep.CLOCK)
    assert when(session)[1:] == (time(10, 30), time(12, 30), "Europe/Sofia", starts_at - timedelta(hours=1))
    item.refresh_from_db()
    assert (item.start_time, item.starts_at) == (time(11), starts_at - timedelta(minutes=30))


def test_what_is_not_said_is_an_error(session: Session) -> None:
    for said in (None, "", "both"):
        with pytest.raises(InvalidFields) as error:
            keep_of(said)
        assert list(error.value.errors) == ["keep"]
    for zone in ("Europe/Sofja", "Europe/Sofia"):
        with pytest.raises(InvalidFields) as error:
            plan_session(session, zone, Keep.CLOCK)
        assert list(error.value.errors) == ["time_zone"]
    with pytest.raises(EditConflict):
        change_session_zone(session, ROME, Keep.CLOCK, expected_version=99)


def test_gaps_are_refused_and_hours_that_come_twice_are_asked_about(lab: Lab) -> None:
    spring = f.LabFactory(starts_on=date(2027, 3, 27), ends_on=date(2027, 3, 29))
    night = f.SessionFactory(
        lab=spring, start_date=date(2027, 3, 28), start_time=time(2, 30), end_time=time(10)
    )
    [step] = plan_session(night, ROME, Keep.CLOCK).steps
    assert "02:30 does not exist in Rome" in step.obstacle
    with pytest.raises(RuleViolation, match="does not exist"):
        change_session_zone(night, ROME, Keep.CLOCK)
    change_session_zone(night, ROME, Keep.INSTANT)
    assert when(night)[1] == time(1, 30)

    autumn = f.LabFactory(starts_on=date(2027, 10, 30), ends_on=date(2027, 11, 1))
    night = f.SessionFactory(
        lab=autumn, start_date=date(2027, 10, 31), start_time=time(2, 30), end_time=time(10)
    )
    with pytest.raises(RuleViolation, match="twice"):
        change_session_zone(night, ROME, Keep.CLOCK)
    change_session_zone(night, ROME, Keep.CLOCK, folds={(night.pk, "start"): 1})
    assert when(night)[4] == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_the_page_shows_both_answers_before_it_asks(client: Client, session: Session) -> None:
    sofia, rome = (f.CityFactory(name={"en": name}, time_zone=f"Europe/{name}") for name in ("Sofia", "Rome"))
    session.visibility = "internal"
    session.save(update_fields=["visibility"])
    session.audience.set([sofia, rome])
    page = client.get(f"{STEP}?zone={ROME}")
    words = words_of(page)
    assert "Tue 6 Apr, 11:30–13:30, Sofia time" in words
    # The clock stays, and the moment stays.
    assert "Tue 6 Apr, 11:30–13:30, Rome time Tue 6 Apr, 12:30–14:30, Sofia time 12:00–12:30 Welcome" in words
    assert "Tue 6 Apr, 10:30–12:30, Rome time Tue 6 Apr, 11:30–13:30, Sofia time 11:00–11:30 Welcome" in words
    assert "12:30–14:30: Sofia" in words

    form = form_with(page, "keep")
    refused = client.post(STEP, form.filled())
    assert refused.status_code == 422
    assert when(session)[3] == "Europe/Sofia"
    assert client.post(STEP, form.filled(keep="instant"))["Location"] == FORM
    assert when(session)[1:4] == (time(10, 30), time(12, 30), ROME)
    [undo] = [form for form in forms_of(client.get(FORM)) if "/undo/" in form.action]
    # Sent again, or after somebody else changed it, it changes nothing.
    assert client.post(STEP, form.filled(keep="clock")).status_code in (409, 422)
    assert when(session)[1] == time(10, 30)
    client.post(undo.action, undo.filled())
    assert when(session)[1:4] == (time(11, 30), time(13, 30), "Europe/Sofia")


def test_the_form_saves_the_rest_and_leads_to_the_question(client: Client, session: Session) -> None:
    form = form_with(client.get(FORM), "title_0")
    saved = client.post(FORM, form.filled(title_0="New words", start_time="12:00", time_zone=ROME))
    assert saved["Location"] == f"{STEP}?zone=Europe%2FRome"
    assert when(session)[1:4] == (time(12), time(13, 30), "Europe/Sofia")
    assert str(session.title) == "New words"

    form = form_with(client.get(FORM), "title_0")
    saved = client.post(FORM, form.filled(time_zone=ROME, visibility="internal"))
    assert saved["Location"] == f"{STEP}?zone=Europe%2FRome&then=internal"
    form = form_with(client.get(saved["Location"]), "keep")
    assert client.post(STEP, form.filled(keep="clock"))["Location"] == f"{FORM}internal/"


def test_a_lab_takes_along_the_sessions_that_are_chosen(client: Client, lab: Lab, session: Session) -> None:
    Lab.objects.filter(pk=lab.pk).update(
        registration_opens_at=datetime(2027, 3, 1, 7, tzinfo=UTC), registration_closes_at=None
    )
    left = f.SessionFactory(lab=lab, slug="left", title={"en": "Left"})
    other = f.SessionFactory(lab=lab, slug="other", time_zone="Europe/Athens")
    before = {one.pk: when(one) for one in (left, other)}
    form = form_with(client.get(LAB_FORM), "time_zone")
    saved = client.post(LAB_FORM, form.filled(time_zone=ROME, contact_email="new@example.org"))
    assert saved["Location"] == f"{LAB_STEP}?zone=Europe%2FRome"
    lab.refresh_from_db()
    assert (lab.time_zone, lab.contact_email) == ("Europe/Sofia", "new@example.org")

    page = client.get(saved["Location"])
    assert "Registration opens" in words_of(page)
    form = form_with(page, "keep")
    assert sorted(form.values["along"]) == sorted([str(session.pk), str(left.pk)])
    client.post(LAB_STEP, form.filled(keep="clock", along=[str(session.pk)]))
    lab.refresh_from_db()
    assert (lab.time_zone, lab.registration_opens_at) == (ROME, datetime(2027, 3, 1, 8, tzinfo=UTC))
    assert when(session)[1:4] == (time(11, 30), time(13, 30), ROME)
    assert {one.pk: when(one) for one in (left, other)} == before

    [undo] = [form for form in forms_of(client.get(LAB_FORM)) if "/undo/" in form.action]
    client.post(undo.action, undo.filled())
    lab.refresh_from_db()
    assert (lab.time_zone, lab.registration_opens_at) == ("Europe/Sofia", datetime(2027, 3, 1, 7, tzinfo=UTC))
    assert when(session)[3] == "Europe/Sofia"


def test_sessions_that_would_leave_the_labs_days_stand_in_the_way(lab: Lab) -> None:
    early: Session = f.SessionFactory(lab=lab, title={"en": "Early"}, start_time=time(0, 30))
    # In Rome it is still the day before.
    with pytest.raises(RuleViolation, match="The lab lasts"):
        change_lab_zone(lab, ROME, Keep.INSTANT)
    with pytest.raises(RuleViolation, match="Early would be outside"):
        change_lab_zone(lab, ROME, Keep.CLOCK, along=[])
    change_lab_zone(lab, ROME, Keep.CLOCK)
    assert when(early)[1:4] == (time(0, 30), early.end_time, ROME)


def test_a_lab_without_sessions_or_dates_of_registration_just_changes(client: Client, lab: Lab) -> None:
    Lab.objects.filter(pk=lab.pk).update(registration_opens_at=None, registration_closes_at=None)
    form = form_with(client.get(LAB_FORM), "time_zone")
    client.post(LAB_FORM, form.filled(time_zone=ROME))
    lab.refresh_from_db()
    assert lab.time_zone == ROME


def test_only_organisers_are_asked(session: Session) -> None:
    client = Client()
    client.force_login(f.StaffFactory(lab=session.lab, role="door").user)
    for address in (STEP, LAB_STEP):
        assert client.get(address).status_code == 404
        assert client.post(address, {"zone": ROME, "keep": "clock"}).status_code == 404


zones = st.sampled_from([zone for zone in canonical_zones() if zone != "UTC"])
# Days around both changes of clocks in Europe, America and Australia, and Morocco's in Ramadan.
starts = [(2, 6), (3, 13), (3, 27), (4, 3), (10, 2), (10, 30), (11, 6)]
days = st.sampled_from(
    [date(2027, month, day) + timedelta(days=more) for month, day in starts for more in range(3)]
)
hours = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))


@given(zones, zones, days, hours, st.sampled_from((0, 1)), st.integers(1, 40))
def test_in_all_zones_and_around_all_changes_what_stays_stays(
    old: str, new: str, on: date, at: time, fold: int, quarters: int
) -> None:
    try:
        starts_at = instant(on, at, old, fold)
    except WallClockError:
        return
    ends_at = starts_at + timedelta(minutes=15 * quarters)
    end = wall(ends_at, old)
    lab = Lab(time_zone="UTC", starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), format="online")
    session = Session(
        lab=lab, slug="s", title={"en": "S"}, start_date=on, start_time=at, end_date=end.date(),
        end_time=end.time(), time_zone=old, starts_at=starts_at, ends_at=ends_at, format="online",
        start_fold=fold, end_fold=end.fold,
    )  # fmt: skip
    if old == new:
        return
    plan = zone_changes._same_instant(session, plan_without_rows(session), {}, new)
    assert instant(plan.start_date, plan.start_time, new, plan.start_fold) == starts_at
    assert instant(plan.end_date, plan.end_time, new, plan.end_fold) == ends_at
    try:
        plan, twice = zone_changes._same_clock(session, plan_without_rows(session), new, {})
    except WallClockError:
        return
    assert (plan.start_date, plan.start_time, plan.end_time) == (on, at, end.time())
    for which in ("start", "end"):
        local = (getattr(plan, f"{which}_date"), getattr(plan, f"{which}_time"))
        first, second = (instant(*local, new, reading) for reading in (0, 1))
        assert (which in twice) == (first != second)


def plan_without_rows(session: Session) -> Any:
    from sessions.scheduling import _plan_from

    return replace(_plan_from(session, (), ()), start_fold=session.start_fold, end_fold=session.end_fold)


def test_the_plan_of_a_form_keeps_its_zone_for_the_question(session: Session) -> None:
    plan = replace(plan_of(session), time_zone=ROME, start_time=time(9))
    kept = zone_changes.without_zone(session, plan)
    assert (kept.time_zone, kept.start_time) == ("Europe/Sofia", time(9))
