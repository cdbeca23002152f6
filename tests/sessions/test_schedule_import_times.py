"""Times of files: whatever the zone, a time that is written as a cell is the same instant when it is read."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.timezones.wall_clock import instant, wall
from core.timezones.zones import canonical_zones
from sessions import table_columns
from sessions.schedule_import import times

# Around both clock changes of 2027 in either hemisphere, and in between.
MINUTES = st.one_of(
    st.integers(0, 366 * 24 * 60),
    st.integers((86 - 3) * 24 * 60, (86 + 3) * 24 * 60),
    st.integers((303 - 3) * 24 * 60, (303 + 3) * 24 * 60),
)


@given(zone=st.sampled_from(canonical_zones()), minute=MINUTES)
def test_a_written_time_is_read_as_the_same_instant(zone: str, minute: int) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    local = wall(at, zone)
    cell = table_columns.written_time(local.date(), local.time().replace(fold=0), zone, local.fold)
    found = times.read_moment(cell)
    assert isinstance(found, datetime)
    read = found if found.tzinfo else instant(found.date(), found.time(), zone)
    assert read == at


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("2027-03-01 09:30", datetime(2027, 3, 1, 9, 30)),
        ("2027-03-01T09:30:00Z", datetime(2027, 3, 1, 9, 30, tzinfo=UTC)),
        ("2027-03-01 24:00", datetime(2027, 3, 2)),
        ("1.3.2027 г. 9.30", datetime(2027, 3, 1, 9, 30)),
        ("01/03/2027, 9:30", datetime(2027, 3, 1, 9, 30)),
        ("9:30 pm", time(21, 30)),
        ("12:05 a.m.", time(0, 5)),
        (46447.395833333336, datetime(2027, 3, 1, 9, 30)),
        (0.5, time(12)),
        ("46447,5", datetime(2027, 3, 1, 12)),
        (timedelta(hours=9), time(9)),
        ("  ", None),
    ],
)
def test_times_as_people_and_spreadsheets_write_them(cell: object, read: object) -> None:
    assert times.read_moment(cell) == read


@pytest.mark.parametrize("cell", ["13:00 pm", "25:00", "31.2.2027", "1e9", "2027-03-01 09:30 CET", "-1", "²"])
def test_what_is_no_time_is_refused(cell: str) -> None:
    with pytest.raises(times.UnreadableTime):
        times.read_moment(cell)


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [("90", 90), ("1:30", 90), ("01:30:00", 90), ("1:02:30", 62.5), ("45 min", 45), (0.0625, 90)],
)
def test_durations(cell: object, minutes: float) -> None:
    assert times.read_minutes(cell) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Kiev", "Europe/Kyiv"),
        ("FLE Standard Time", "Europe/Kyiv"),
        ("GMT", "UTC"),
        ("Mars/Olympus", ""),
    ],
)
def test_names_of_zones(name: str, zone: str) -> None:
    assert times.zone_called(name) == zone
