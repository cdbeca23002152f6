"""Making and changing sessions: instants from the wall clock, errors beside their fields, nothing half done."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from django.utils.translation import override

from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from core.web.localized_fields import languages_of
from sessions.models import AgendaItem, Appearance, Session
from sessions.place_changes import apply_room_change
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.publishing import Change
from sessions.scheduling import (
    change_session,
    create_session,
    plan_of,
)
from tests.factories import (
    LabFactory,
    RoomFactory,
    SessionFactory,
    SpeakerFactory,
    TrackFactory,
    UserFactory,
)
from tests.sessions.session_plans import lab_over_both_switches, plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return lab_over_both_switches()


def errors_of(lab, **different):
    with pytest.raises(InvalidFields) as caught:
        create_session(lab, plan(**different))
    assert not Session.objects.exists()
    return caught.value.errors


def test_a_new_session_is_a_draft_whose_instants_follow_the_wall_clock(lab, news):
    organiser = UserFactory()
    before = lab.revised_at
    session = create_session(lab, plan(), by=organiser)
    session.refresh_from_db()
    assert (session.visibility, session.sequence) == ("draft", 0)
    assert session.starts_at == datetime(2027, 4, 6, 8, 30, tzinfo=UTC)
    assert session.ends_at == datetime(2027, 4, 6, 10, 0, tzinfo=UTC)
    assert languages_of(session.title) == {"en": "Opening", "bg": "Откриване"}
    lab.refresh_from_db()
    assert lab.revised_at > before
    assert news == [(Change.CREATED, False)]
    assert [entry.history_user for entry in session.history.all()] == [organiser]


def test_an_hour_that_the_clocks_skip_is_refused_beside_its_field(lab):
    on = date(2027, 3, 28)
    errors = errors_of(lab, start_date=on, end_date=on, start_time=time(3, 30), end_time=time(5, 0))
    assert errors == {
        "start_time": [
            "28 March 2027, 03:30 does not exist in Sofia: clocks go from 03:00 to 04:00. "
            "Choose a time before or after."
        ]
    }


def test_an_hour_that_comes_twice_is_asked_about_and_then_taken_as_said(lab):
    on = date(2027, 10, 31)
    hours = {"start_date": on, "end_date": on, "start_time": time(3, 30), "end_time": time(4, 30)}
    assert set(errors_of(lab, **hours)) == {"start_time"}
    first = create_session(lab, plan(**hours, start_fold=0))
    second = create_session(lab, plan(**hours, slug="second", start_fold=1))
    assert first.starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert second.starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert (first.duration.total_seconds(), second.duration.total_seconds()) == (7200, 3600)


def test_everything_that_is_wrong_is_said_at_once(lab):
    foreign = SpeakerFactory()
    errors = errors_of(
        lab,
        slug="not a slug",
        title={},
        time_zone="Europe/Nowhere",
        join_link="javascript:alert(1)",
        track=TrackFactory(),
        room=RoomFactory(),
        online_capacity=-1,
        appearances=(AppearancePlan(foreign), AppearancePlan(foreign)),
    )
    assert set(errors) == {
        "slug",
        "title",
        "time_zone",
        "join_link",
        "track",
        "room",
        "online_capacity",
        "appearances",
    }
    assert errors["track"] == ["Choose a track of this lab."]


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"end_time": time(11, 30)}, "end_time"),
        ({"end_time": time(9, 0)}, "end_time"),
        ({"start_date": date(2027, 2, 28), "end_date": date(2027, 3, 1)}, "start_date"),
        ({"end_date": date(2027, 12, 1)}, "end_date"),
        ({"title": {"en": "x" * 301}}, "title"),
        ({"title": {"en": "a\nb"}}, "title"),
        ({"title": {"en": "a\u202eb"}}, "title"),
        ({"title": {"xx": "Words"}}, "title"),
        ({"abstract": {"en": "x" * 10_001}}, "abstract"),
        ({"abstract": {"en": "a\x00b"}}, "abstract"),
        ({"slug": ""}, "slug"),
        ({"slug": "x" * 81}, "slug"),
    ],
)
def test_a_wrong_value_is_named_by_its_field_and_nothing_is_saved(lab, different, field):
    assert list(errors_of(lab, **different)) == [field]


def test_days_of_the_lab_are_days_in_the_labs_own_zone(lab):
    lab.ends_on = date(2027, 4, 6)
    lab.save()
    late = {"time_zone": "America/New_York", "start_time": time(16, 0), "end_time": time(17, 0)}
    assert create_session(lab, plan(**late)).starts_at == datetime(2027, 4, 6, 20, 0, tzinfo=UTC)
    late |= {"start_time": time(17, 0), "end_time": time(18, 0), "slug": "later"}
    with pytest.raises(InvalidFields) as caught:
        create_session(lab, plan(**late))
    assert set(caught.value.errors) == {"start_date", "end_date"}


def test_a_session_may_last_until_midnight_of_the_last_day(lab):
    lab.ends_on = date(2027, 4, 6)
    lab.save()
    session = create_session(lab, plan(end_date=date(2027, 4, 7), end_time=time(0, 0)))
    assert session.ends_at == datetime(2027, 4, 6, 21, 0, tzinfo=UTC)


def test_an_absurd_end_is_refused_at_once_even_with_a_long_agenda(lab):
    agenda = tuple(AgendaPlan({"en": "Item"}, start_time=time(5), end_time=time(4)) for _number in range(100))
    errors = errors_of(lab, end_date=date(9999, 12, 31), agenda=agenda)
    assert set(errors) == {"end_date"}
    assert set(errors_of(lab, agenda=agenda + agenda)) == {"agenda"}


def test_two_sessions_of_a_lab_do_not_share_an_address_but_two_labs_may(lab):
    create_session(lab, plan())
    with pytest.raises(InvalidFields) as caught:
        create_session(lab, plan())
    assert caught.value.errors == {"slug": ["Another session of this lab has the address “opening”."]}
    other = LabFactory(starts_on=date(2027, 4, 1), ends_on=date(2027, 4, 30), registration_opens_at=None)
    assert create_session(other, plan()).slug == "opening"


def test_errors_are_in_the_language_of_the_reader(lab):
    with override("bg"):
        errors = errors_of(lab, end_date=date(2028, 1, 1))
    assert "2027 г." in errors["end_date"][0]


def test_the_agenda_gets_instants_also_after_midnight_and_in_the_hour_that_comes_twice(lab):
    agenda = (
        AgendaPlan({"en": "Late"}, start_time=time(23, 0), end_time=time(0, 30)),
        AgendaPlan({"en": "Later"}, start_time=time(0, 30), end_time=time(3, 30)),
        AgendaPlan({"en": "Still later"}, start_time=time(3, 30), end_time=time(3, 30)),
        AgendaPlan({"en": "Some time"}),
    )
    session = create_session(
        lab,
        plan(
            start_date=date(2027, 10, 30),
            start_time=time(23, 0),
            end_date=date(2027, 10, 31),
            end_time=time(5, 0),
            agenda=agenda,
        ),
    )
    instants = [(item.starts_at, item.ends_at) for item in session.agenda.all()]
    assert instants == [
        (datetime(2027, 10, 30, 20, 0, tzinfo=UTC), datetime(2027, 10, 30, 21, 30, tzinfo=UTC)),
        (datetime(2027, 10, 30, 21, 30, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"start_time": time(11, 0), "end_time": time(12, 0)}, "agenda.0.start_time"),
        ({"start_time": time(12, 0), "end_time": time(13, 30)}, "agenda.0.end_time"),
        ({"start_time": time(12, 30), "end_time": time(12, 0)}, "agenda.0.end_time"),
        ({"start_time": time(12, 0)}, "agenda.0.end_time"),
        ({"end_time": time(12, 0)}, "agenda.0.start_time"),
        ({"title": {}}, "agenda.0.title"),
        ({"abstract": {"en": "\x07"}}, "agenda.0.abstract"),
    ],
)
def test_an_agenda_item_stays_inside_its_session(lab, item, field):
    assert list(errors_of(lab, agenda=(AgendaPlan(**({"title": {"en": "Panel"}} | item)),))) == [field]


def test_a_plan_that_is_followed_already_changes_nothing(lab, news):
    speaker = SpeakerFactory(programme=lab.programme)
    whole = plan(
        agenda=(
            AgendaPlan(
                {"en": "Panel"},
                start_time=time(11, 30),
                end_time=time(12, 0),
                appearances=(AppearancePlan(speaker, "moderator"),),
            ),
        ),
        appearances=(AppearancePlan(speaker),),
    )
    session = create_session(lab, whole)
    lab.refresh_from_db()
    facts = (lab.revised_at, session.revised_at, session.history.count(), list(AgendaItem.objects.values()))
    news.clear()
    change_session(session, whole)
    change_session(session, plan_of(session))
    lab.refresh_from_db()
    assert (
        lab.revised_at,
        session.revised_at,
        session.history.count(),
        list(AgendaItem.objects.values()),
    ) == facts
    assert news == []


@pytest.mark.parametrize(
    ("different", "sequence", "told"),
    [
        ({"title": {"en": "Other words"}}, 0, [(Change.EDITED, False)]),
        ({"end_time": time(14, 0)}, 1, [(Change.MOVED, False)]),
        ({"time_zone": "Europe/Athens"}, 1, [(Change.MOVED, False)]),
        ({"join_link": "https://meet.example.org/a"}, 0, [(Change.MOVED, False)]),
        ({"online_capacity": 10}, 0, [(Change.CAPACITY, False)]),
        (
            {"online_capacity": 10, "end_time": time(14, 0)},
            1,
            [(Change.MOVED, False), (Change.CAPACITY, False)],
        ),
    ],
)
def test_sequence_rises_when_date_time_or_place_change(lab, news, different, sequence, told):
    session = create_session(lab, plan())
    Session.objects.filter(pk=session.pk).update(online_taken=1)
    was = session.revised_at
    news.clear()
    change_session(session, plan(**different))
    session.refresh_from_db()
    assert session.sequence == sequence
    assert session.revised_at > was
    assert news == told


def test_moving_a_session_takes_its_agenda_along_and_keeps_the_items(lab):
    item = AgendaPlan({"en": "Panel"}, start_time=time(11, 30), end_time=time(12, 0))
    session = create_session(lab, plan(agenda=(item,)))
    kept = session.agenda.get().pk
    moved = replace(plan_of(session), start_date=date(2027, 4, 7), end_date=date(2027, 4, 7))
    change_session(session, moved)
    row = session.agenda.get()
    assert (row.pk, row.starts_at) == (kept, datetime(2027, 4, 7, 8, 30, tzinfo=UTC))


def test_the_agenda_is_replaced_as_a_whole(lab):
    speaker = SpeakerFactory(programme=lab.programme)
    items = tuple(
        AgendaPlan({"en": f"Panel {n}"}, appearances=(AppearancePlan(speaker, "panellist"),))
        for n in range(3)
    )
    session = create_session(lab, plan(agenda=items))
    first, second, third = session.agenda.values_list("pk", flat=True)
    now = plan_of(session).agenda
    agenda = (now[2], now[0], AgendaPlan({"en": "New"}))
    change_session(session, replace(plan_of(session), agenda=agenda))
    assert [(row.pk, languages_of(row.title)["en"]) for row in session.agenda.all()][:2] == [
        (third, "Panel 2"),
        (first, "Panel 0"),
    ]
    assert not AgendaItem.objects.filter(pk=second).exists()
    assert set(Appearance.objects.values_list("agenda_item", "role")) == {
        (third, "panellist"),
        (first, "panellist"),
    }


def test_an_item_of_another_session_is_not_taken_over(lab):
    other = create_session(lab, plan(slug="other", agenda=(AgendaPlan({"en": "Theirs"}),)))
    theirs = other.agenda.get()
    session = create_session(lab, plan(agenda=(AgendaPlan({"en": "Mine"}, item=theirs.pk),)))
    theirs.refresh_from_db()
    assert languages_of(theirs.title) == {"en": "Theirs"}
    assert [languages_of(item.title) for item in session.agenda.all()] == [{"en": "Mine"}]


def test_a_refused_plan_leaves_the_session_in_hand_as_it_was(lab):
    session = create_session(lab, plan())
    with pytest.raises(InvalidFields):
        change_session(session, plan(title={"en": "New"}, end_time=time(1, 0)))
    assert languages_of(session.title) == {"en": "Opening", "bg": "Откриване"}


def test_capacity_does_not_fall_below_the_seats_taken(lab):
    session = create_session(lab, plan(online_capacity=20))
    Session.objects.filter(pk=session.pk).update(online_taken=12)
    with pytest.raises(InvalidFields) as caught:
        change_session(session, plan(online_capacity=11))
    assert caught.value.errors == {
        "online_capacity": ["12 seats are already taken. Enter at least 12, or cancel registrations first."]
    }
    change_session(session, plan(online_capacity=12))
    session.refresh_from_db()
    assert (session.capacity, session.seats_taken) == (12, 12)


def test_seats_taken_while_a_form_was_open_are_not_lost(lab):
    session = create_session(lab, plan())
    Session.objects.filter(pk=session.pk).update(online_taken=7, online_waiting=2, last_queue_position=9)
    change_session(session, plan(title={"en": "Other words"}))
    session.refresh_from_db()
    assert (session.seats_taken, session.seats_waiting, session.last_queue_position) == (7, 2, 9)


def test_the_second_of_two_editors_is_told(lab):
    session = create_session(lab, plan())
    seen = session.version
    change_session(session, plan(title={"en": "First"}), expected_version=seen)
    with pytest.raises(EditConflict):
        change_session(session, plan(title={"en": "Second"}), expected_version=seen)
    session.refresh_from_db()
    assert languages_of(session.title) == {"en": "First"}


def test_a_room_that_moves_takes_its_sessions_along(lab, news):
    room = RoomFactory(lab=lab)
    inside, outside = SessionFactory(lab=lab, room=room), SessionFactory(lab=lab)
    apply_room_change(room, before=room, moved=False, seen=True)
    apply_room_change(room, before=room, moved=True, seen=True)
    inside.refresh_from_db()
    outside.refresh_from_db()
    assert (inside.sequence, outside.sequence) == (1, 0)
    assert news == [(Change.EDITED, False), (Change.MOVED, False)]


def test_languages_are_kept_and_the_order_of_interpreters_moves_nothing_that_others_read(lab, news):
    session = create_session(lab, plan(spoken_languages=("en",), interpreted_languages=("bg", "el")))
    assert session.spoken_languages == ["en"]
    assert plan_of(session).interpreted_languages == ("bg", "el")
    before = (session.revised_at, session.content_revised_at, session.sequence, session.version)
    news.clear()
    ordered = replace(plan_of(session), interpretation_order_by=date(2027, 3, 1))
    change_session(session, ordered)
    assert (session.revised_at, session.content_revised_at, session.sequence) == before[:3]
    assert session.version == before[3] + 1
    assert news == []
    assert session.history.first().interpretation_order_by == date(2027, 3, 1)
    change_session(session, replace(ordered, sign_languages=("bqn",)))
    assert session.content_revised_at > before[1]
    assert session.sequence == before[2]


@pytest.mark.parametrize(
    "different",
    [
        {"spoken_languages": ("xx",)},
        {"spoken_languages": ("bqn",)},
        {"sign_languages": ("bg",)},
        {"captioned_languages": ("bg", "bg")},
    ],
)
def test_only_languages_of_the_list_are_taken_once(lab, different):
    with pytest.raises(InvalidFields) as refused:
        create_session(lab, plan(**different))
    assert [*refused.value.errors] == [*different]
