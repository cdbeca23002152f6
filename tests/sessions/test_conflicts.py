"""Conflicts of a schedule: each kind through the page, the API and the command, and what is none."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from labs.models import Lab
from sessions import appearance_replies
from sessions.availability import Hours, set_availability
from sessions.conflict_words import in_words
from sessions.conflicts import Span, at_once, conflicts_of
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


def session(lab: Lab, hour: int, *, quiet: bool = True, minutes: int = 60, **more: object) -> Session:
    """A session from this hour on; a `quiet` one has a place and a speaker of its own."""
    start = time(hour)
    end = (datetime(2000, 1, 1, hour) + timedelta(minutes=minutes)).time()
    given = {"join_link": "https://meet.example.org/own"} | more if quiet else more
    made = f.SessionFactory(lab=lab, start_time=start, end_time=end, **given)
    if quiet:
        f.AppearanceFactory(session=made)
    return made


def found(lab: Lab) -> list[tuple[str, bool, list[str]]]:
    return [(one.kind.value, one.is_error, [each.slug for each in one.sessions]) for one in conflicts_of(lab)]


def said(lab: Lab, language: str = "en") -> list[str]:
    with translation.override(language):
        return [in_words(one) for one in conflicts_of(lab)]


def test_a_speaker_cannot_be_in_two_sessions_at_once(lab: Lab) -> None:
    titles = {9: "Nine", 10: "Ten", 11: "Eleven"}
    made = [
        session(lab, hour, slug=f"at-{hour}", minutes=90, title={"en": title})
        for hour, title in titles.items()
    ]
    busy = f.SpeakerFactory(programme=lab.programme, name={"en": "Eleni"}, slug="eleni")
    for one in made:
        f.AppearanceFactory(session=one, speaker=busy)
    assert found(lab) == [
        ("speaker-twice", True, ["at-9", "at-10"]),
        ("speaker-twice", True, ["at-10", "at-11"]),
    ]
    assert said(lab)[0] == "Eleni appears in “Nine” and “Ten” at the same time."


def test_a_speaker_of_an_agenda_item_is_needed_in_its_hours_alone(lab: Lab) -> None:
    long, short = session(lab, 9, minutes=180), session(lab, 11, slug="short")
    item = f.AgendaItemFactory(
        session=long, starts_at=long.starts_at, ends_at=long.starts_at + timedelta(hours=1)
    )
    guest = f.SpeakerFactory(programme=lab.programme)
    f.AppearanceFactory(session=long, agenda_item=item, speaker=guest)
    f.AppearanceFactory(session=short, speaker=guest)
    assert found(lab) == []
    item.ends_at = long.ends_at
    item.save()
    assert found(lab) == [("speaker-twice", True, [long.slug, "short"])]


def test_a_moderator_who_also_speaks_in_the_same_session_is_no_conflict(lab: Lab) -> None:
    one = session(lab, 9)
    item = f.AgendaItemFactory(session=one, starts_at=one.starts_at, ends_at=one.ends_at)
    host = f.SpeakerFactory(programme=lab.programme)
    f.AppearanceFactory(session=one, speaker=host, role="moderator")
    f.AppearanceFactory(session=one, agenda_item=item, speaker=host)
    assert found(lab) == []


def test_a_room_is_for_one_session_at_a_time(lab: Lab) -> None:
    room = f.RoomFactory(lab=lab, name={"en": "Hall"}, online=False)
    session(lab, 9, slug="one", room=room)
    session(lab, 10, slug="next", room=room)  # begins when the first ends
    session(lab, 10, slug="beside", room=room)
    assert found(lab) == [("room-twice", True, ["next", "beside"])]


@pytest.mark.parametrize(
    ("seats", "taken", "expected"), [(30, 0, []), (31, 0, [False]), (40, 31, [True]), (None, 0, [False])]
)
def test_a_room_holds_the_seats_that_are_offered(
    lab: Lab, seats: int | None, taken: int, expected: list[bool]
) -> None:
    room = f.RoomFactory(lab=lab, name={"en": "Hall"}, online=False, capacity=30)
    session(lab, 9, slug="one", room=room, capacity=seats, seats_taken=taken)
    assert found(lab) == [("room-too-small", is_error, ["one"]) for is_error in expected]


def test_cities_invited_to_two_internal_sessions_at_once_are_named_together(lab: Lab) -> None:
    both, rome = [f.CityFactory(name={"en": name}) for name in ("Sofia", "Las Rozas")], f.CityFactory()
    for slug, cities in (("one", [*both, rome]), ("other", both)):
        session(lab, 9, slug=slug, visibility="internal").audience.set(cities)
    session(lab, 9, slug="public").audience.set(both)
    assert found(lab) == [("city-twice", False, ["one", "other"])]
    [words] = said(lab)
    assert words.endswith("invited to both: Sofia, Las Rozas.")


def test_items_of_an_agenda_at_the_same_time(lab: Lab) -> None:
    one = session(lab, 9, minutes=120, slug="one")
    for start, end in ((0, 60), (60, 120)):
        f.AgendaItemFactory(
            session=one,
            starts_at=one.starts_at + timedelta(minutes=start),
            ends_at=one.starts_at + timedelta(minutes=end),
        )
    f.AgendaItemFactory(session=one)  # without hours
    assert found(lab) == []
    f.AgendaItemFactory(
        session=one,
        starts_at=one.starts_at + timedelta(minutes=90),
        ends_at=one.starts_at + timedelta(minutes=100),
    )
    assert found(lab) == [("agenda-overlap", False, ["one"])]


@pytest.mark.parametrize(
    ("zone", "hour", "is_told"),
    [
        ("Europe/Sofia", 9, False),
        ("Atlantic/Azores", 9, True),  # 06:00 there
        ("Atlantic/Azores", 10, False),  # 07:00
        ("Asia/Tokyo", 14, False),  # 21:00–22:00
        ("Asia/Tokyo", 15, True),  # 22:00–23:00
    ],
)
def test_a_speaker_is_asked_online_by_day_where_he_or_she_is(
    lab: Lab, zone: str, hour: int, *, is_told: bool
) -> None:
    one = session(lab, hour, slug="one")
    city = f.CityFactory(time_zone=zone, name={"en": "There"})
    f.AppearanceFactory(session=one, speaker=f.SpeakerFactory(programme=lab.programme, city=city))
    assert found(lab) == ([("speaker-hours", False, ["one"])] if is_told else [])
    Session.objects.update(
        format=Lab.Format.IN_PERSON, join_link="", room=f.RoomFactory(lab=lab, online=False)
    )
    assert found(lab) == []


def test_a_speaker_has_said_when_he_or_she_can_come(lab: Lab) -> None:
    one, other = (
        session(lab, hour, slug=slug, title={"en": slug}) for hour, slug in ((9, "one"), (14, "other"))
    )
    speaker = f.SpeakerFactory(programme=lab.programme, name={"en": "Eleni"})
    for each in (one, other):
        f.AppearanceFactory(session=each, speaker=speaker)
    assert found(lab) == []
    set_availability(speaker, [Hours(one.starts_at, one.ends_at), Hours(one.ends_at, one.ends_at + HOUR)])
    assert found(lab) == [("speaker-away", True, ["other"])]
    assert said(lab) == ["Eleni is not available for “other”, which is at 14:00–15:00."]


def test_a_speaker_who_declined_is_a_conflict_until_the_session_moves(lab: Lab) -> None:
    one = session(lab, 9, slug="one", title={"en": "One"})
    speaker = f.SpeakerFactory(programme=lab.programme, name={"en": "Eleni"})
    f.AppearanceFactory(session=one, speaker=speaker)
    appearance_replies.reply(speaker, one, False, timezone.now())
    assert found(lab) == [("speaker-declined", True, ["one"])]
    assert said(lab) == ["Eleni has declined to appear in “One”."]
    Session.objects.update(ends_at=one.ends_at + HOUR)
    assert found(lab) == []


@pytest.mark.parametrize(
    ("days_before", "due_in", "is_told"),
    [
        (60, 8, None),
        (60, 7, False),
        (60, 0, False),
        (60, -1, True),
        (22, None, None),
        (20, None, False),
    ],
)
def test_interpreters_have_to_be_ordered_in_time(
    lab: Lab, days_before: int, due_in: int | None, is_told: bool | None
) -> None:
    one = session(lab, 9, slug="one", title={"en": "One"}, interpreted_languages=["bg"])
    now = one.starts_at - timedelta(days=days_before)
    due = None if due_in is None else now.date() + timedelta(days=due_in)
    Session.objects.update(interpretation_order_by=due)

    def told() -> list[tuple[str, bool]]:
        return [(one.kind.value, one.is_error) for one in conflicts_of(lab, now)]

    assert told() == ([] if is_told is None else [("interpretation", is_told)])
    Session.objects.update(interpretation_ordered_on=now.date())
    assert told() == []
    Session.objects.update(interpretation_ordered_on=None, interpreted_languages=[])
    assert told() == []  # nobody interprets


def test_people_with_seats_in_two_sessions_at_once_are_counted(lab: Lab) -> None:
    one, other, later = (
        session(lab, 9, slug="one"),
        session(lab, 9, slug="other"),
        session(lab, 10, slug="later"),
    )
    for number in range(3):
        person = f.RegistrationFactory(lab=lab)
        for place in (one, later, other)[: 3 if number else 2]:
            f.SeatFactory(registration=person, session=place)
    waiting = f.RegistrationFactory(lab=lab)
    f.SeatFactory(registration=waiting, session=one)
    f.SeatFactory(registration=waiting, session=other, state="waiting")
    [conflict] = conflicts_of(lab)
    assert (conflict.kind.value, conflict.count, [each.slug for each in conflict.sessions]) == (
        "seats-twice", 2, ["one", "other"],
    )  # fmt: skip


def test_a_session_without_place_or_speaker(lab: Lab) -> None:
    session(lab, 9, quiet=False, slug="bare")
    session(lab, 10, quiet=False, slug="draft", visibility="draft")
    assert found(lab) == [
        ("no-place", True, ["bare"]),
        ("no-speaker", False, ["bare"]),
        ("no-place", False, ["draft"]),
    ]


def test_what_is_cancelled_over_or_of_another_lab_has_no_conflicts(lab: Lab) -> None:
    room = f.RoomFactory(lab=lab, online=False)
    session(lab, 9, room=room)
    session(lab, 9, room=room, status="cancelled", cancelled_at=timezone.now())
    elsewhere = f.LabFactory(programme=lab.programme)
    session(elsewhere, 9, room=f.RoomFactory(lab=elsewhere, online=False))
    assert found(lab) == []
    session(lab, 9, room=room)
    assert len(found(lab)) == 1
    assert conflicts_of(lab, lab.sessions.latest("ends_at").ends_at) == []


def clash(lab: Lab) -> tuple[Session, Session]:
    """An error between two sessions, whose titles are not in English alone."""
    room = f.RoomFactory(lab=lab, name={"en": "Hall", "el": "Αίθουσα"}, online=False)
    one = session(lab, 9, slug="one", room=room, title={"en": "<b>One</b>", "el": "Ένα"})
    other = session(lab, 9, slug="other", room=room, title={"en": "Other", "el": "Άλλο"})
    return one, other


def test_the_page_lists_conflicts_and_leads_to_the_sessions(lab: Lab) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    address = reverse("console_conflicts", args=[lab.slug])
    assert "No conflicts:" in text_of(organiser.get(address))
    one, _other = clash(lab)
    page = text_of(organiser.get(address))
    sentence = "Hall is in use for “&lt;b&gt;One&lt;/b&gt;” and “Other” at the same time."
    assert (sentence in page, "1 error" in page) == (True, True)
    edit = reverse("console_session_edit", args=[lab.slug, one.slug])
    assert page.count(f'href="{edit}"') == 1
    assert sentence in text_of(organiser.get(edit))
    assert "1 conflict in the schedule" in text_of(
        organiser.get(reverse("console_sessions", args=[lab.slug]))
    )
    assert "1 conflict in the schedule" in text_of(organiser.get(reverse("console_lab", args=[lab.slug])))
    greek = text_of(organiser.get(address, headers={"Accept-Language": "el"}))
    assert "Αίθουσα" in greek


@pytest.mark.parametrize("who", ["visitor", "door", "elsewhere"])
def test_only_organisers_of_the_lab_see_them(lab: Lab, who: str) -> None:
    clash(lab)
    users = {
        "door": lambda: f.StaffFactory(lab=lab, role="door").user,
        "elsewhere": lambda: f.StaffFactory(lab=f.LabFactory()).user,
    }
    client = client_of(users[who]()) if who in users else Client()
    answer = client.get(reverse("console_conflicts", args=[lab.slug]))
    assert answer.status_code in ((302,) if who == "visitor" else (403, 404))
    assert b"Hall" not in answer.content
    assert client.get(f"/api/v1/labs/{lab.slug}/conflicts").status_code in (401, 403, 404)


def test_programs_get_the_same_list(lab: Lab, client: Client) -> None:
    one, other = clash(lab)
    answer = client.get(f"/api/v1/labs/{lab.slug}/conflicts", headers=bearer(f.StaffFactory(lab=lab).user))
    address = f"http://testserver{reverse('console_session_edit', args=[lab.slug, one.slug])}"
    assert answer.json()["items"] == [
        {
            "kind": "room-twice",
            "severity": "error",
            "message": "Hall is in use for “<b>One</b>” and “Other” at the same time.",
            "sessions": [one.slug, other.slug],
            "address": address,
            "names": [{"en": "Hall", "el": "Αίθουσα"}],
            "slugs": [],
            "count": None,
            "hours": None,
            "due": None,
        }
    ]


def test_the_command_ends_with_an_error_only_for_errors(lab: Lab) -> None:
    out = StringIO()
    session(lab, 9, quiet=False, join_link="https://meet.example.org/own", slug="quiet")
    call_command("conflicts", stdout=out)
    assert out.getvalue().split("\t")[:3] == ["lab", "warning", "no-speaker"]
    clash(lab)
    with pytest.raises(CommandError, match="1 errors"):
        call_command("conflicts", lab.slug, stdout=out)
    with pytest.raises(CommandError, match="no such lab: nowhere"):
        call_command("conflicts", lab.slug, "nowhere", stdout=out)


def test_conflicts_cost_the_same_queries_at_any_size(lab: Lab) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            conflicts_of(lab)
        return len(captured)

    clash(lab)
    few = cost()
    city = f.CityFactory(time_zone="Asia/Tokyo")
    for number in range(20):
        one = session(lab, 16, slug=f"more-{number}", visibility="internal")
        one.audience.add(city)
        f.AgendaItemFactory(session=one, starts_at=one.starts_at, ends_at=one.ends_at)
        f.AppearanceFactory(session=one, speaker=f.SpeakerFactory(programme=lab.programme, city=city))
    assert (few, cost()) == (9, 9)


HOURS = st.integers(0, 40)


@given(spans=st.lists(st.tuples(HOURS, st.integers(1, 12)), max_size=12))
def test_each_session_that_overlaps_another_is_told_and_no_other(spans: list[tuple[int, int]]) -> None:
    begin = datetime(2027, 4, 6, tzinfo=timezone.get_default_timezone())
    of = [
        Span(begin + timedelta(hours=start), begin + timedelta(hours=start + length), Session(pk=number))
        for number, (start, length) in enumerate(spans, 1)
    ]

    def overlapping(one: Span) -> Iterator[int]:
        for other in of:
            if other is not one and one.starts_at < other.ends_at and other.starts_at < one.ends_at:
                yield other.session.pk

    pairs = [(one.pk, other.pk) for one, other in at_once(of)]
    assert {pk for pair in pairs for pk in pair} == {one.session.pk for one in of if any(overlapping(one))}
    assert all(other in set(overlapping(of[one - 1])) for one, other in pairs)
    assert len(pairs) < max(len(of), 1)
