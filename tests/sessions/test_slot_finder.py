"""The slot finder: hours by the clocks of each city, who is free, the ranking, near misses; page and API."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from core.timezones.wall_clock import instant, wall
from core.timezones.zones import known_zones
from core.web.errors import InvalidFields
from labs.models import City, Lab
from sessions.availability import Hours, set_availability
from sessions.models import Session
from sessions.slot_finder import Busy, Party, Reason, SlotQuery, find_slots
from sessions.slot_search import Wanted, slots_of
from sessions.slot_words import in_words, local_hours
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, forms_of, text_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(sorted(known_zones()))
# The days around which clocks go forward or back, somewhere.
SWITCHES = [date(2027, 3, 13), date(2027, 3, 27), date(2027, 4, 3), date(2027, 10, 2), date(2027, 10, 30)]


def city(slug: str, zone: str, *busy: Busy) -> Party:
    return Party(slug, {"en": slug.title()}, zone, busy)


def query(
    *cities: Party, minutes: int = 60, first: date = date(2027, 4, 6), days: int = 1, **more: object
) -> SlotQuery:
    """A search in the lab's days in Sofia."""
    earliest = instant(first, time(0), "Europe/Sofia", 0)
    latest = instant(first + timedelta(days=days), time(0), "Europe/Sofia", 0)
    return SlotQuery(cities, minutes, earliest, latest, "Europe/Sofia", **more)  # type: ignore[arg-type]


def at(hour: int, minute: int = 0) -> datetime:
    return instant(date(2027, 4, 6), time(hour, minute), "Europe/Sofia")


def busy(start: datetime, minutes: int = 60, title: str | None = "Panel") -> Busy:
    return Busy(start, start + timedelta(minutes=minutes), {"en": title} if title else None)


SOFIA, ROME, LAS_ROZAS = (
    city("sofia", "Europe/Sofia"),
    city("rome", "Europe/Rome"),
    city("las-rozas", "Europe/Madrid"),
)


@given(
    st.lists(ZONES, min_size=1, max_size=4),
    st.sampled_from(SWITCHES) | st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(5, 240),
    st.integers(0, 12),
    st.integers(1, 12),
)
@example(["Europe/Sofia", "America/New_York"], date(2027, 3, 27), 60, 0, 12)
@example(["Australia/Lord_Howe"], date(2027, 10, 2), 90, 1, 3)
def test_every_slot_is_in_the_hours_of_every_city_by_its_own_clocks(
    zones: list[str], first: date, minutes: int, begins: int, length: int
) -> None:
    day_begins, day_ends = time(begins), time(min(begins + length, 23), 45)
    cities = tuple(city(f"city-{place}", zone) for place, zone in enumerate(zones))
    asked = query(*cities, minutes=minutes, first=first, days=2, day_begins=day_begins, day_ends=day_ends)
    found = find_slots(asked)
    for slot in found.slots:
        assert asked.earliest <= slot.starts_at < slot.ends_at <= asked.latest
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert wall(slot.starts_at, "Europe/Sofia").minute % 15 == 0
        for one in cities:
            starts, ends = wall(slot.starts_at, one.time_zone), wall(slot.ends_at, one.time_zone)
            assert starts.time() >= day_begins
            assert wall(slot.ends_at - timedelta(microseconds=1), one.time_zone).time() < day_ends
            # What the page says of a city is what its clocks show at these instants.
            for local in local_hours(slot.starts_at, slot.ends_at, [one], Lab(time_zone="Europe/Sofia")):
                assert f"{starts:%H:%M}" in local.hours
                assert f"{ends:%H:%M}" in local.hours
    assert bool(found.slots) != bool(found.misses) or not found.misses
    for miss in found.misses:
        assert [one.reason for one in miss.obstacles] == [Reason.OUTSIDE_HOURS]


def test_sofia_rome_and_las_rozas_meet_when_all_three_work() -> None:
    found = find_slots(query(SOFIA, ROME, LAS_ROZAS, minutes=90))
    starts = sorted(wall(slot.starts_at, "Europe/Sofia").strftime("%H:%M") for slot in found.slots)
    # From 9:00 in Rome and Las Rozas until 17:00 in Sofia.
    assert (starts[0], starts[-1], len(starts)) == ("10:00", "15:30", 23)
    best = found.slots[0]
    hours = local_hours(best.starts_at, best.ends_at, [SOFIA, ROME, LAS_ROZAS], Lab(time_zone="Europe/Sofia"))
    assert [(one.cities, one.hours, one.offset, one.day) for one in hours] == [
        (("Las-Rozas", "Rome"), "11:15–12:45", "UTC+2", ""),
        (("Sofia",), "12:15–13:45", "UTC+3", ""),
    ]
    assert [one.reason for one in best.remarks] == [Reason.COMFORTABLE]


def test_the_day_is_told_where_it_is_another_one() -> None:
    honolulu = city("honolulu", "Pacific/Honolulu")
    [local] = local_hours(at(4), at(5), [honolulu], Lab(time_zone="Europe/Sofia"))
    assert (local.day, local.hours, local.offset) == ("Mon 5 Apr", "15:00–16:00", "UTC−10")


def test_who_is_taken_has_no_slot_at_that_time() -> None:
    taken = city("rome", "Europe/Rome", busy(at(10), 120))
    guest = Party("guest", {"en": "Guest"}, "", (busy(at(13), 60, title=None),))
    found = find_slots(query(SOFIA, taken, speakers=(guest,)))
    starts = sorted(slot.starts_at for slot in found.slots)
    later = [at(14) + timedelta(minutes=15 * quarter) for quarter in range(9)]
    assert starts == [at(12), *later]
    rushed = next(slot for slot in found.slots if slot.starts_at == at(12))
    assert {one.reason: [who.slug for who in one.parties] for one in rushed.remarks}[Reason.NO_BREAK] == [
        "rome",
        "guest",
    ]


def test_a_room_that_is_needed_has_to_be_free() -> None:
    hall = Party("1", {"en": "Hall"}, busy=(busy(at(9), 420),))
    plenary = Party("2", {"en": "Plenary"}, busy=(busy(at(10), 420),))
    only = find_slots(query(SOFIA, rooms=(hall, plenary), rooms_needed=True))
    assert {(slot.starts_at, tuple(room.slug for room in slot.rooms)) for slot in only.slots} == {
        (at(9), ("2",)),
        (at(16), ("1",)),
    }
    assert len(find_slots(query(SOFIA, rooms=(hall, plenary))).slots) == 29


def test_a_slot_at_the_edge_of_the_day_or_at_the_weekend_is_worth_less() -> None:
    found = find_slots(query(SOFIA, ROME, days=5))  # Tuesday to Saturday
    best, worst = found.slots[0], found.slots[-1]
    assert best.score > worst.score
    assert wall(worst.starts_at, "Europe/Sofia").weekday() == 5
    assert [one.reason for one in worst.remarks] == [Reason.EARLY_OR_LATE, Reason.WEEKEND]
    assert len(found.best_of_days("Europe/Sofia", 1, timedelta(hours=1))) == 5


def test_what_all_may_attend_costs_points_and_forbids_nothing() -> None:
    opening = busy(at(12), 120, "Opening")
    beside = [
        slot for slot in find_slots(query(SOFIA, open_sessions=(opening,))).slots if slot.starts_at == at(12)
    ]
    [remark] = [one for one in beside[0].remarks if one.reason == Reason.BESIDE_OPEN_SESSION]
    with translation.override("en"):
        assert in_words(remark, Lab()) == "At the same time as “Opening”, which all may attend."


def test_the_nearest_misses_say_what_is_in_the_way() -> None:
    lisbon = city("lisbon", "Europe/Lisbon", busy(at(11), 240))
    guest = Party("guest", {"en": "Guest"}, "", (busy(at(0), 24 * 60, title=None),))
    found = find_slots(query(SOFIA, lisbon, minutes=480, speakers=(guest,)))
    assert found.slots == ()
    nearest = found.misses[0]
    said = {one.reason: [who.slug for who in one.parties] for one in nearest.obstacles}
    assert said[Reason.SPEAKER_UNAVAILABLE] == ["guest"]
    assert said[Reason.CITY_BUSY] == ["lisbon"]
    with translation.override("en"):
        assert "Invited to “Panel” at this time: Lisbon." in [
            in_words(one, Lab()) for one in nearest.obstacles
        ]
    assert all(
        one.ends_at <= other.starts_at or other.ends_at <= one.starts_at
        for place, one in enumerate(found.misses)
        for other in found.misses[place + 1 :]
    )


# What is stored


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 7))


@pytest.fixture
def cities(lab: Lab) -> list[City]:
    made = [
        f.CityFactory(slug=slug, name={"en": slug.title()}, time_zone=zone, country=country)
        for slug, zone, country in (
            ("sofia", "Europe/Sofia", "BG"),
            ("rome", "Europe/Rome", "IT"),
            ("las-rozas", "Europe/Madrid", "ES"),
        )
    ]
    lab.programme.cities.set(made)
    return made


@pytest.mark.django_db
def test_sessions_that_cities_are_invited_to_take_their_time_drafts_included(
    lab: Lab, cities: list[City]
) -> None:
    for visibility, hour in (("internal", 11), ("draft", 13), ("public", 15)):
        f.SessionFactory(lab=lab, start_time=time(hour), visibility=visibility).audience.set(cities[:1])
    f.SessionFactory(
        lab=lab, start_time=time(12), visibility="internal", status="cancelled", cancelled_at=NOW
    ).audience.set(cities[:1])
    wanted = Wanted(cities[:1], 60, last_day=date(2027, 4, 6))
    starts = {slot.starts_at for slot in slots_of(lab, wanted, NOW).slots}
    assert {hour: at(hour) in starts for hour in (10, 11, 12, 13, 14, 15)} == {
        10: True, 11: False, 12: True, 13: False, 14: True, 15: True,
    }  # fmt: skip
    moved = Session.objects.get(visibility="internal", status="scheduled")
    there = {slot.starts_at for slot in slots_of(lab, Wanted(cities[:1], 60, moved=moved), NOW).slots}
    assert at(11) in there


@pytest.mark.django_db
def test_speakers_are_taken_in_the_hours_of_their_part(lab: Lab, cities: list[City]) -> None:
    long = f.SessionFactory(lab=lab, start_time=time(10), end_time=time(15))
    item = f.AgendaItemFactory(session=long, starts_at=at(10), ends_at=at(11))
    guest = f.AppearanceFactory(session=long, agenda_item=item).speaker
    starts = {slot.starts_at for slot in slots_of(lab, Wanted(cities[:1], 60, [guest]), NOW).slots}
    assert (at(10) in starts, at(11) in starts) == (False, True)


@pytest.mark.django_db
def test_times_that_are_over_are_not_found(lab: Lab, cities: list[City]) -> None:
    first = min(slot.starts_at for slot in slots_of(lab, Wanted(cities[:1], 60), at(14, 20)).slots)
    assert first == at(14, 30)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(lab: Lab, cities: list[City]) -> None:
    room = f.RoomFactory(lab=lab)

    def queries() -> int:
        speakers = list(lab.programme.speakers.select_related("city"))
        with CaptureQueriesContext(
            connection,
        ) as counted:
            slots_of(lab, Wanted(cities, 60, speakers, [room]), NOW)
        return len(counted)

    f.AppearanceFactory(session=f.SessionFactory(lab=lab, room=room))
    few = queries()
    for hour in range(8, 18):
        made = f.SessionFactory(lab=lab, room=room, start_time=time(hour), visibility="internal")
        made.audience.set(cities)
        f.AppearanceFactory(session=made)
    assert queries() == few <= 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"minutes": 4}, "minutes"),
        ({"minutes": 721}, "minutes"),
        ({"minutes": 500}, "day_ends"),
        ({"first_day": date(2027, 4, 5)}, "first_day"),
        ({"last_day": date(2027, 4, 8)}, "last_day"),
        ({"first_day": date(2027, 4, 7), "last_day": date(2027, 4, 6)}, "last_day"),
        ({"day_begins": time(17)}, "day_ends"),
        ({"cities": []}, "cities"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    lab: Lab, cities: list[City], wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidFields) as raised:
        slots_of(lab, Wanted(**{"cities": cities, "minutes": 60, **wrong}))  # type: ignore[arg-type]
    assert list(raised.value.errors) == [field]


# Page and API


def asked(cities: list[City], **more: object) -> dict[str, object]:
    return {
        "cities": [one.pk for one in cities],
        "minutes": 90,
        "first_day": "2027-04-06",
        "last_day": "2027-04-07",
        "day_begins": "09:00",
        "day_ends": "17:00",
        **more,
    }


@pytest.mark.django_db
def test_from_the_page_to_a_session_at_that_time(lab: Lab, cities: list[City]) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    address = reverse("console_slots", args=["lab"])
    assert "Choose cities and a length" in text_of(organiser.get(address))
    page = organiser.get(address, asked(cities))
    assert "46 times fit" in text_of(page)
    assert "12:15–13:45" in text_of(page)
    found = page.context["slots"][0]["address"]
    said = parse_qs(urlsplit(found).query)
    assert said["start_date"] == ["2027-04-06"]
    form = next(form for form in forms_of(organiser.get(found)) if "start_time" in form.values)
    assert {name: form.values[name] for name in ("start_date", "start_time", "end_time", "time_zone")} == {
        "start_date": ["2027-04-06"],
        "start_time": ["12:15"],
        "end_time": ["13:45"],
        "time_zone": ["Europe/Sofia"],
    }
    assert form.values["visibility"] == ["internal"]
    assert sorted(form.values["audience"]) == sorted(str(one.pk) for one in cities)
    sent = organiser.post(form.action, form.filled(title_0="Working group"))
    made = Session.objects.get()
    assert made.starts_at == at(12, 15)
    assert sent.url == reverse("console_session_internal", args=["lab", made.slug]) + "?" + "&".join(
        f"city={one.pk}" for one in sorted(cities, key=lambda one: one.pk)
    )


@pytest.mark.django_db
def test_a_session_is_moved_to_a_time_that_was_found(lab: Lab, cities: list[City]) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    session = f.SessionFactory(lab=lab, slug="group", visibility="internal", start_time=time(8))
    session.audience.set(cities[:2])
    address = reverse("console_slots", args=["lab"])
    opened = organiser.get(address, {"session": "group"})
    assert opened.context["form"]["minutes"].value() == 60
    assert sorted(opened.context["form"]["cities"].value()) == sorted(one.pk for one in cities[:2])
    page = organiser.get(address, asked(cities[:2], minutes=60, session="group"))
    found = page.context["slots"][0]
    form = next(form for form in forms_of(organiser.get(found["address"])) if "start_time" in form.values)
    before = session.starts_at
    session.refresh_from_db()
    assert session.starts_at == before  # opening the address saved nothing
    organiser.post(form.action, form.values)
    session.refresh_from_db()
    assert (session.starts_at, session.ends_at) == (found["slot"].starts_at, found["slot"].ends_at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        "start_date=x&start_time=99:99&time_zone=Nowhere&room=abc&city=x",
        "city=" + "9" * 40,
        "start_fold=7&room=" + "9" * 30,
    ],
)
def test_an_address_that_says_nonsense_opens_the_form_as_usual(lab: Lab, said: str) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    answer = organiser.get(reverse("console_session_new", args=["lab"]) + "?" + said)
    assert answer.status_code == 200
    form = next(form for form in forms_of(answer) if "start_time" in form.values)
    assert form.values["time_zone"] == ["Europe/Sofia"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"cities": ["x"]}, {"minutes": "many"}, {"day_begins": "25:00"}, {"cities": ["9" * 40]}]
)
def test_a_wrong_answer_is_told_and_kept(lab: Lab, cities: list[City], wrong: dict[str, object]) -> None:
    organiser = client_of(f.StaffFactory(lab=lab).user)
    page = organiser.get(reverse("console_slots", args=["lab"]), asked(cities) | wrong)
    assert page.status_code == 422
    assert "There is a problem" in text_of(page)
    unknown = organiser.get(reverse("console_slots", args=["lab"]), asked(cities, session="nothing"))
    assert unknown.status_code == 404


@pytest.mark.django_db
def test_programs_find_the_same_slots(client: Client, lab: Lab, cities: list[City]) -> None:
    headers = bearer(f.StaffFactory(lab=lab).user, ["read"])
    room = f.RoomFactory(lab=lab)
    address = "/api/v1/labs/lab/slots"
    said = {"cities": [one.slug for one in cities], "minutes": 90, "limit": 1, "rooms": [room.pk]}
    body = client.get(address, said, headers=headers).json()
    assert body["count"] == 46
    [best] = body["items"]
    assert (best["fits"], best["starts_at"], best["rooms"]) == (
        True,
        "2027-04-06T09:15:00Z",
        [{"id": room.pk, "name": {"en": "Plenary", "bg": "Пленарна зала"}}],
    )
    assert best["hours"][1] == {
        "city": "rome",
        "time_zone": "Europe/Rome",
        "starts": "2027-04-06T11:15+02:00",
        "ends": "2027-04-06T12:45+02:00",
    }
    misses = client.get(address, said | {"minutes": 480}, headers=headers).json()
    assert [one["fits"] for one in misses["items"]] == [False]
    wrong = client.get(address, said | {"cities": ["atlantis"], "rooms": [0]}, headers=headers)
    assert wrong.status_code == 422
    assert "Not found: atlantis." in wrong.content.decode()
    other = client.get(address, said, headers=bearer(f.StaffFactory().user, ["read"]))
    assert other.status_code == 404


@pytest.mark.django_db
def test_speakers_are_asked_only_when_they_said_they_can(lab: Lab, cities: list[City]) -> None:
    guest = f.SpeakerFactory(programme=lab.programme, name={"en": "Eleni"})
    set_availability(guest, [Hours(at(10), at(12)), Hours(at(12), at(13))])
    found = slots_of(lab, Wanted(cities[:1], 60, [guest]), NOW)
    assert (min(one.starts_at for one in found.slots), max(one.ends_at for one in found.slots)) == (
        at(10),
        at(13),
    )
    misses = slots_of(lab, Wanted(cities[:1], 240, [guest]), NOW).misses
    assert [one.reason for one in misses[0].obstacles] == [Reason.SPEAKER_UNAVAILABLE]
    with translation.override("en"):
        assert in_words(misses[0].obstacles[0], lab) == "Not available at this time: Eleni."
