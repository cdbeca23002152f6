"""Where clocks change within a day of a session, the page and the form say so."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client

from sessions.timezone_hints import clock_change_sentences
from tests import factories as f
from tests.registrations.test_hours_over_a_change import words_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "places", "said"),
    [
        (
            datetime(2027, 3, 28, 9, tzinfo=UTC),
            [("Sofia", "Europe/Sofia"), ("Rome", "Europe/Rome"), ("Tokyo", "Asia/Tokyo")],
            [
                "In Rome clocks go forward by 1 hour on 28 March 2027 at 02:00.",
                "In Sofia clocks go forward by 1 hour on 28 March 2027 at 03:00.",
            ],
        ),
        (
            datetime(2027, 10, 30, 9, tzinfo=UTC),
            [("Rome", "Europe/Rome"), ("Madrid", "Europe/Madrid")],
            ["In Madrid and Rome clocks go back by 1 hour on 31 October 2027 at 03:00."],
        ),
        (
            datetime(2026, 9, 19, 9, tzinfo=UTC),
            [("Casablanca", "Africa/Casablanca"), ("Rome", "Europe/Rome")],
            ["In Casablanca clocks go back by 1 hour on 20 September 2026 at 02:00."],
        ),
        (
            datetime(2027, 3, 14, 9, tzinfo=UTC),
            [("New York", "America/New_York"), ("Rome", "Europe/Rome")],
            ["In New York clocks go forward by 1 hour on 14 March 2027 at 02:00."],
        ),
        (
            datetime(2027, 10, 2, 9, tzinfo=UTC),
            [("Lord Howe", "Australia/Lord_Howe")],
            ["In Lord Howe clocks go forward by 30 minutes on 3 October 2027 at 02:00."],
        ),
        (datetime(2027, 7, 1, 9, tzinfo=UTC), [("Rome", "Europe/Rome")], []),
    ],
)
def test_changes_are_told_in_the_hours_before_them(
    at: datetime, places: list[tuple[str, str]], said: list[str]
) -> None:
    assert clock_change_sentences(at, at + HOUR, places, "en") == said


@pytest.mark.django_db
def test_page_and_form_of_a_session_say_so(client: Client) -> None:
    lab = f.LabFactory(slug="lab", starts_on=date(2027, 3, 27), ends_on=date(2027, 3, 29))
    f.SessionFactory(lab=lab, slug="talk", start_date=date(2027, 3, 27), start_time=time(15))
    sentence = "In Sofia clocks go forward by 1 hour on 28 March 2027 at 03:00."
    assert sentence in words_of(client.get("/labs/lab/sessions/talk/"))
    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    assert sentence in words_of(client.get("/organise/labs/lab/sessions/talk/"))
