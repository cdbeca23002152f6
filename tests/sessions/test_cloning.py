"""Cloning labs and sessions: what goes along, on which days, and that nothing of people does."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core.mail.models import EmailTemplate, Message
from core.timezones.zones import canonical_zones
from core.web.errors import InvalidFields, RuleViolation
from core.web.idempotency import FIELD, new_form_key
from core.web.localized_fields import languages_of
from labs.models import Lab, Staff
from registrations.models import Answer, Choice, Question, QuestionSet, Registration, Seat
from sessions.cloning import (
    Answers,
    CloneRequest,
    GapAnswer,
    Part,
    _on_days,
    _planned,
    clone_lab,
    clone_session,
    days_to_move,
    plan_clone,
    session_plan_for,
)
from sessions.models import AgendaItem, Session
from sessions.scheduling import _plan_from
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of
from tests.sessions.exported import full_lab

pytestmark = pytest.mark.django_db

# Sofia's clocks go forward on 28 March 2027, 03:00 to 04:00, and back on 31 October, 04:00 to 03:00.
FORWARD, BACK = date(2027, 3, 28), date(2027, 10, 31)


def request(first_day: date, **more: Any) -> CloneRequest:
    return CloneRequest(title={"en": "Next lab"}, first_day=first_day, **more)


def night_lab(on: date, at: time, minutes: int = 60, **more: Any) -> Lab:
    """A lab of one day with one session at this hour, in Sofia."""
    lab = f.LabFactory(starts_on=on, ends_on=on + timedelta(days=1), registration_opens_at=None)
    end = datetime.combine(on, at) + timedelta(minutes=minutes)
    f.SessionFactory(
        lab=lab, slug="night", start_date=on, start_time=at, end_date=end.date(), end_time=end.time(), **more
    )
    return lab


def hours(session: Session) -> tuple[str, str]:
    return f"{session.start_date} {session.start_time:%H:%M}", f"{session.end_date} {session.end_time:%H:%M}"


@pytest.mark.parametrize(
    ("first_day", "weekdays", "days"),
    [
        (date(2027, 3, 25), True, 0),
        (date(2027, 3, 28), True, 0),
        (date(2027, 3, 29), True, 7),
        (date(2028, 3, 24), True, 364),
        (date(2028, 3, 24), False, 365),
        (date(2026, 3, 24), True, -364),
    ],
)
def test_a_lab_moves_by_the_nearest_whole_weeks_or_exactly(
    first_day: date, weekdays: bool, days: int
) -> None:
    lab = Lab(starts_on=date(2027, 3, 25))
    assert days_to_move(lab, first_day, keep_weekdays=weekdays) == days


def test_everything_of_a_lab_goes_along_as_drafts_of_their_own() -> None:
    lab = full_lab()
    by = f.UserFactory()
    made = clone_lab(lab, request(date(2028, 3, 23)), by)
    assert (made.slug, made.visibility, made.starts_on, made.ends_on) == (
        "next-lab",
        "draft",
        date(2028, 3, 23),
        date(2028, 3, 29),
    )
    assert languages_of(made.title) == {"en": "Next lab"}
    assert languages_of(made.description) == languages_of(lab.description)
    assert {day.on: str(day.title) for day in made.days.all()} == {
        date(2028, 3, 23): "Opening day",
        date(2028, 3, 29): "Only for organisers day",
    }
    assert [track.slug for track in made.tracks.all()] == ["skills", "hidden-track"]
    assert [(str(room.name), room.join_link, room.capacity) for room in made.rooms.all()] == [
        ("Hall <1>", "", 400),
        ("Only for organisers room", "", None),
    ]
    # The cancelled one stays behind.
    assert sorted(made.sessions.values_list("slug", "visibility", "status")) == [
        (slug, "draft", "scheduled") for slug in ("draft", "internal", "night", "plenary")
    ]
    plenary = made.sessions.get(slug="plenary")
    old = lab.sessions.get(slug="plenary")
    assert hours(plenary) == ("2028-03-23 09:30", "2028-03-23 11:00")
    assert plenary.start_date.weekday() == old.start_date.weekday()
    assert (plenary.join_link, plenary.room_capacity, plenary.sequence) == ("", 300, 0)
    assert (plenary.interpretation_order_by, plenary.spoken_languages) == (None, ["en"])
    assert plenary.track == made.tracks.get(slug="skills")
    assert plenary.room
    assert plenary.room.lab == made
    assert [(str(item.title), item.start_time) for item in plenary.agenda.all()] == [
        ("Panel", time(9, 30)),
        ("Questions", None),
    ]
    people = [(one.speaker.slug, one.role, one.agenda_item_id is None) for one in plenary.all_appearances]
    assert people == [("ivan", "moderator", True), ("maria", "panellist", False)]
    uids = list(Session.objects.values_list("uid", flat=True))
    assert len(set(uids)) == len(uids)
    assert made.history.first().history_user == by
    assert plenary.history.count() == 1
    assert Message.objects.count() == 0
    # The original is as it was.
    assert AgendaItem.objects.filter(session=old).count() == 2
    lab.refresh_from_db()
    assert lab.sessions.count() == 5


def test_nothing_of_people_goes_along() -> None:
    lab = full_lab()
    session = lab.sessions.get(slug="plenary")
    person = f.RegistrationFactory(lab=lab)
    f.SeatFactory(registration=person, session=session)
    f.StaffFactory(lab=lab)
    made = clone_lab(lab, request(date(2028, 3, 23)))
    clone = made.sessions.get(slug="plenary")
    assert (clone.room_taken, clone.room_held, clone.room_waiting) == (0, 0, 0)
    assert (
        Registration.objects.filter(lab=made).count() == Seat.objects.filter(session__lab=made).count() == 0
    )
    assert Staff.objects.filter(lab=made).count() == 0


@pytest.mark.parametrize("without", [*Part])
def test_each_part_can_be_left_out(without: Part) -> None:
    lab = full_lab()
    EmailTemplate.objects.create(lab=lab, occasion="confirmation", language="en", subject="Welcome")
    QuestionSet.objects.create(lab=lab, slug="travel", title={"en": "Travel"})
    made = clone_lab(lab, request(date(2028, 3, 23), parts=frozenset(Part) - {without}))
    counts = {
        Part.DAYS: made.days.count(),
        Part.TRACKS: made.tracks.count(),
        Part.ROOMS: made.rooms.count(),
        Part.SESSIONS: made.sessions.count(),
        Part.SPEAKERS: made.sessions.filter(appearances__isnull=False).count(),
        Part.QUESTIONS: made.question_sets.count(),
        Part.EMAILS: EmailTemplate.objects.filter(lab=made).count(),
    }
    empty = {without} | ({Part.SPEAKERS} if without == Part.SESSIONS else set())
    assert {part for part, count in counts.items() if count == 0} == empty


def test_questions_go_along_without_answers() -> None:
    lab = full_lab()
    plenary, called_off = lab.sessions.get(slug="plenary"), lab.sessions.get(slug="called-off")
    reader = f.UserFactory()
    later = QuestionSet.objects.create(
        lab=lab,
        slug="later",
        title={"en": "Later"},
        stage="accepted",
        opened_at=timezone.now(),
        protection="named",
    )
    later.readers.add(reader)
    first = QuestionSet.objects.create(lab=lab, slug="first", title={"en": "First"})
    common = {"lab": lab, "question_set": first}
    dinner = Question.objects.create(**common, slug="dinner", kind="one", label={"en": "Dinner"}, position=0)
    Choice.objects.create(question=dinner, slug="fish", label={"en": "Fish"}, places=3, taken=2)
    Question.objects.create(
        **common,
        slug="bones",
        kind="short",
        label={"en": "Bones?"},
        shown_if=dinner,
        shown_if_value="fish",
        position=1,
    )
    Question.objects.create(
        **common, slug="seat", kind="short", label={"en": "Seat"}, session=plenary, position=2
    )
    gone = Question.objects.create(
        **common, slug="ill", kind="yes_no", label={"en": "Ill"}, session=called_off, position=3
    )
    Question.objects.create(
        **common,
        slug="since",
        kind="short",
        label={"en": "Since"},
        shown_if=gone,
        shown_if_value="yes",
        position=4,
    )
    Answer.objects.create(
        registration=f.RegistrationFactory(lab=lab), question=dinner, value="fish", answered_at=timezone.now()
    )
    made = clone_lab(lab, request(date(2028, 3, 23)))
    new = made.sessions.get(slug="plenary")
    found = {
        one.slug: (one.kind, one.question_set.slug, one.session_id, one.shown_if and one.shown_if.slug)
        for one in made.questions.all()
    }
    assert found == {
        "dinner": ("one", "first", None, None),
        "bones": ("short", "first", None, "dinner"),
        "seat": ("short", "first", new.pk, None),
    }
    copied = made.questions.get(slug="dinner")
    assert [(choice.slug, choice.places, choice.taken) for choice in copied.choices.all()] == [("fish", 3, 0)]
    assert Answer.objects.filter(question__lab=made).count() == 0
    protected = made.question_sets.get(slug="later")
    assert (protected.protection, protected.opened_at, protected.readers.count()) == ("named", None, 0)


@pytest.mark.parametrize(("opens_in", "is_kept"), [(10, True), (-400, False)])
def test_registration_moves_along_unless_it_would_be_open_at_once(opens_in: int, is_kept: bool) -> None:
    lab = f.LabFactory()
    Lab.objects.filter(pk=lab.pk).update(
        registration_opens_at=timezone.now() + timedelta(days=opens_in), registration_closes_at=None
    )
    lab = Lab.objects.get(pk=lab.pk)
    made = clone_lab(lab, request(lab.starts_on + timedelta(days=364)))
    assert (made.registration_opens_at is not None) == is_kept
    if is_kept:
        assert made.registration_opens_at
        assert lab.registration_opens_at
        assert (made.registration_opens_at - lab.registration_opens_at).days in (363, 364)


def test_an_hour_that_does_not_exist_is_asked_about() -> None:
    lab = night_lab(FORWARD - timedelta(days=7), time(3, 15), 90)
    session = lab.sessions.get()
    f.AgendaItemFactory(
        session=session,
        start_time=time(3, 15),
        end_time=time(4),
        starts_at=session.starts_at,
        ends_at=session.starts_at + timedelta(minutes=45),
    )
    wanted = request(FORWARD)
    clone = plan_clone(lab, wanted)
    assert [step.session.slug for step in clone.undecided] == ["night"]
    assert "clocks go from 03:00 to 04:00" in clone.steps[0].gap
    before = Lab.objects.count()
    with pytest.raises(RuleViolation, match="Answer the questions"):
        clone_lab(lab, wanted)
    assert Lab.objects.count() == before
    later = clone_lab(lab, wanted, answers=Answers(gaps={session.pk: GapAnswer.LATER}))
    night = later.sessions.get()
    assert hours(night) == (f"{FORWARD} 04:15", f"{FORWARD} 05:45")
    assert night.duration == session.duration
    [item] = night.agenda.all()
    assert (item.start_time, item.end_time) == (time(4, 15), time(5))
    out = clone_lab(lab, wanted, answers=Answers(gaps={session.pk: GapAnswer.LEAVE_OUT}))
    assert out.sessions.count() == 0


def test_an_hour_that_comes_twice_is_asked_about() -> None:
    lab = night_lab(BACK - timedelta(days=7), time(3, 15), 30)
    wanted = request(BACK)
    clone = plan_clone(lab, wanted)
    assert [(step.twice, step.obstacle) for step in clone.undecided] == [(("start", "end"), "")]
    with pytest.raises(RuleViolation):
        clone_lab(lab, wanted)
    pk = lab.sessions.get().pk
    made = clone_lab(lab, wanted, answers=Answers({(pk, "start"): 0, (pk, "end"): 1}))
    assert made.sessions.get().duration == timedelta(minutes=90)


def test_dates_beyond_the_calendar_are_refused() -> None:
    lab = f.LabFactory()
    for on in (date(1999, 1, 1), date(9999, 12, 31)):
        with pytest.raises(InvalidFields) as refused:
            plan_clone(lab, request(on, keep_weekdays=False))
        assert list(refused.value.errors) == ["first_day"]


ZONES = st.sampled_from(canonical_zones())


@settings(max_examples=60, deadline=None)
@given(
    zone=ZONES,
    on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    days=st.integers(-800, 800),
    at=st.times(),
    minutes=st.integers(1, 20 * 60),
    weekdays=st.booleans(),
    answer=st.sampled_from(GapAnswer),
    fold=st.integers(0, 1),
)
def test_whatever_the_zone_and_the_days_a_clone_keeps_hours_or_asks(
    zone: str, on: date, days: int, at: time, minutes: int, weekdays: bool, answer: GapAnswer, fold: int
) -> None:
    """Without a question the clock shows the same hours; answered, every question is closed or named an obstacle."""
    at = at.replace(second=0, microsecond=0, fold=0)
    ends = datetime.combine(on, at) + timedelta(minutes=minutes)
    lab = Lab(
        pk=1, programme_id=1, time_zone=zone, starts_on=on, ends_on=on + timedelta(days=2), format="online"
    )
    session = Session(
        pk=1,
        lab=lab,
        slug="x",
        title={"en": "x"},
        start_date=on,
        start_time=at,
        end_date=ends.date(),
        end_time=ends.time(),
        time_zone=zone,
        format="online",
    )
    moved_by = days_to_move(lab, on + timedelta(days=days), keep_weekdays=weekdays)
    assert not weekdays or (moved_by % 7 == 0 and abs(moved_by - days) <= 3)
    moved = Lab(pk=1, programme_id=1, time_zone=zone, format="online")
    moved.starts_on, moved.ends_on = (day + timedelta(days=moved_by) for day in (lab.starts_on, lab.ends_on))
    plan = _on_days(_plan_from(session, (), ()), moved_by)
    asked = _planned(session, plan, moved, Answers())
    assert asked.plan.start_time == at
    if not asked.gap and not asked.obstacle:
        assert (asked.plan.start_date - on).days == moved_by
        assert asked.plan.end_time == ends.time()
    folds = {(1, "start"): fold, (1, "end"): 1 - fold}
    told = _planned(session, plan, moved, Answers(folds, {1: answer}))
    assert told.gap == "" or told.is_left_out
    assert (
        told.is_left_out
        or told.obstacle
        or all(getattr(told.plan, f"{which}_fold") is not None for which in told.twice)
    )


def test_a_session_is_cloned_within_its_lab_and_into_another() -> None:
    lab = full_lab()
    other = f.LabFactory(programme=lab.programme, starts_on=date(2027, 6, 1), ends_on=date(2027, 6, 3))
    track = f.TrackFactory(lab=other, slug="skills")
    room = f.RoomFactory(lab=other, name={"en": "Big", "bg": "Зала 1"}, online=False)
    plenary = Session.objects.select_related("lab", "track", "room").get(slug="plenary")
    here = clone_session(plenary, lab, session_plan_for(plenary, lab, date(2027, 3, 26)))
    assert (here.slug, here.visibility, hours(here)) == (
        "plenary-debate",
        "draft",
        ("2027-03-26 09:30", "2027-03-26 11:00"),
    )
    assert here.uid != plenary.uid
    assert (here.track, here.room, here.join_link) == (plenary.track, plenary.room, "")
    there = clone_session(plenary, other, session_plan_for(plenary, other, date(2027, 6, 2), "plenary"))
    assert (there.track, there.room, there.agenda.count()) == (track, room, 2)
    elsewhere = f.LabFactory()
    with pytest.raises(InvalidFields):
        clone_session(plenary, elsewhere, session_plan_for(plenary, elsewhere, elsewhere.starts_on))


def owner_of(lab: Lab) -> Client:
    return client_of(f.OwnerFactory(programme=lab.programme).user)


def test_the_page_shows_all_days_before_anything_is_written() -> None:
    lab = night_lab(FORWARD - timedelta(days=7), time(3, 15))
    client = owner_of(lab)
    page = reverse("console_lab_clone", args=[lab.slug])
    assert client.get(page).status_code == 200
    form = {
        FIELD: new_form_key(),
        "title_0": "Next",
        "slug": "",
        "first_day": FORWARD.isoformat(),
        "weekdays": "keep",
        "parts": [part.value for part in Part],
    }
    at_once = client.post(page, {**form, "create": "1"})
    assert at_once.status_code == 409
    shown = client.post(page, {**form, "preview": "1"})
    assert shown.status_code == 200
    assert "27–29" not in shown.content.decode()
    pk = lab.sessions.get().pk
    assert f'name="gap-{pk}"' in shown.content.decode()
    seen = shown.context["seen"]
    assert Lab.objects.count() == 1
    unanswered = client.post(page, {**form, "create": "1", "seen": seen})
    assert unanswered.status_code == 422
    assert Lab.objects.count() == 1
    whole = {**form, "create": "1", "seen": seen, f"gap-{pk}": "later"}
    for _again in range(2):
        done = client.post(page, whole)
        assert done.status_code == 302, done.context["form"].errors
    assert Lab.objects.count() == 2
    made = Lab.objects.exclude(pk=lab.pk).get()
    assert hours(made.sessions.get())[0] == f"{FORWARD} 04:15"
    Session.objects.filter(pk=pk).update(version=99)
    stale = client.post(page, {**whole, FIELD: new_form_key()})
    assert stale.status_code == 409


def test_only_owners_clone_labs_and_organisers_sessions_where_they_organise() -> None:
    lab = full_lab()
    organiser = client_of(f.StaffFactory(lab=lab).user)
    assert organiser.get(reverse("console_lab_clone", args=[lab.slug])).status_code == 404
    assert owner_of(lab).get(reverse("console_lab_clone", args=[lab.slug])).status_code == 200
    other = f.LabFactory(programme=lab.programme)
    page = reverse("console_session_clone", args=[lab.slug, "plenary"])
    assert other.slug not in organiser.get(page).content.decode()
    refused = organiser.post(
        page, {FIELD: new_form_key(), "lab": other.slug, "on": other.starts_on.isoformat()}
    )
    assert refused.status_code == 422
    outside = organiser.post(page, {FIELD: new_form_key(), "lab": lab.slug, "on": "2030-01-01"})
    assert outside.status_code == 422
    assert "The lab lasts" in outside.content.decode()
    key = new_form_key()
    for _again in range(2):
        done = organiser.post(page, {FIELD: key, "lab": lab.slug, "on": "2027-03-26", "slug": "again"})
        assert done.status_code == 302
    assert lab.sessions.filter(slug="again").count() == 1


def test_the_api_clones_after_a_preview() -> None:
    lab = night_lab(FORWARD - timedelta(days=7), time(3, 15))
    owner = f.OwnerFactory(programme=lab.programme).user
    client = Client()
    base = f"/api/v1/labs/{lab.slug}"
    body: dict[str, Any] = {"first_day": FORWARD.isoformat()}

    def post(path: str, sent: dict[str, Any], key: str = "", scopes: list[str] | None = None) -> Any:
        headers = bearer(owner, scopes or ["schedule"]) | ({"Idempotency-Key": key} if key else {})
        return client.post(base + path, sent, content_type="application/json", headers=headers)

    shown = post("/clone-preview", body)
    assert shown.status_code == 200, shown.content
    assert (shown.json()["days"], shown.json()["starts_on"]) == (7, FORWARD.isoformat())
    [step] = shown.json()["sessions"]
    assert (step["session"], step["starts"], bool(step["gap"])) == ("night", f"{FORWARD}T03:15", True)
    assert Lab.objects.count() == 1
    titled = {**body, "title": {"en": "Next"}}
    assert post("/clone", titled, "key-number-1").status_code == 409
    whole = {**titled, "gaps": [{"session": "night", "answer": "later"}]}
    made = [post("/clone", whole, "key-number-2") for _again in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert Lab.objects.count() == 2
    assert (
        post(
            "/clone", {**titled, "gaps": [{"session": "none", "answer": "later"}]}, "key-number-3"
        ).status_code
        == 422
    )
    assert post("/clone-preview", body, scopes=["read"]).status_code == 403
    one = post("/sessions/night/clone", {"on": lab.starts_on.isoformat(), "slug": "again"}, "key-number-4")
    assert (one.status_code, one.json()["session"]) == (201, "again")
    owner = f.StaffFactory(lab=lab).user
    assert post("/clone-preview", body).status_code == 404
    assert post("/sessions/night/clone", {"on": lab.starts_on.isoformat()}, "key-number-5").status_code == 201
