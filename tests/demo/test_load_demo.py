"""The demonstration: complete, artificial, in order, made once."""

import json
import stat
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import Count, F, Q
from django.test import RequestFactory

from certificates.models import Certificate
from core.accounts.models import User
from core.mail.models import Message
from core.webhooks.event_types import EventType
from core.webhooks.models import Delivery, Endpoint
from demo import coming_lab
from demo.loader import COMING, PAST, document, load_demo
from demo.participants import COMING_PEOPLE, PAST_PEOPLE
from demo.sign_in import ACCOUNTS
from labs.current_viewer import viewer_for
from labs.models import City, Lab, Programme
from labs.viewer import VISITOR
from registrations import recounting
from registrations.models import Attendance, CityContact, Registration, Seat, SeatMovement
from registrations.nominations_board import board
from sessions.models import Session
from sessions.programme_import import read

NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
WEDNESDAYS = [date(2026, 1, 7) + timedelta(days=9 * n) for n in range(80)]


@pytest.fixture
def place(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def demo(db, place):
    return load_demo(NOW)


def say() -> str:
    out = StringIO()
    call_command("load_demo", stdout=out, no_color=True)
    return out.getvalue()


def test_both_programmes_all_cities_and_three_labs_stand(demo):
    assert City.objects.count() == 18
    assert list(Programme.objects.values_list("slug", flat=True)) == ["dcc", "icc"]
    assert {lab.slug: lab.sessions.count() for lab in Lab.objects.all()} == {
        "academy-seminar-1": 4,
        PAST: 7,
        COMING: 9,
    }
    assert {lab.slug: lab.theme_values["lab"] for lab in Lab.objects.all()} == {
        "academy-seminar-1": "#23408e",
        PAST: "#8f3219",
        COMING: "#00564e",
    }


def test_the_coming_lab_is_the_past_one_at_the_same_hours_of_the_same_weekdays(demo):
    past, coming = Lab.objects.get(slug=PAST), Lab.objects.get(slug=COMING)
    by = coming.starts_on - past.starts_on
    assert by.days % 7 == 0
    assert timedelta(weeks=3) <= coming.starts_on - NOW.date() <= timedelta(weeks=8)
    assert coming.takes_registrations(NOW)
    assert not past.takes_registrations(NOW)
    for session in past.sessions.all():
        twin = coming.sessions.get(slug=session.slug)
        assert (twin.start_date, twin.start_time) == (session.start_date + by, session.start_time)
        assert (twin.end_date, twin.end_time) == (session.end_date + by, session.end_time)
        assert twin.visibility == session.visibility
        assert {c.slug for c in twin.audience.all()} == {c.slug for c in session.audience.all()}
    assert coming.description.localize("en").endswith("the programme of the 4th lab, moved to spring 2027.")


def test_seats_are_counted_as_the_rules_of_registration_would_have(demo):
    assert recounting.recount() == []
    for session in Session.objects.exclude(room_waiting=0, online_waiting=0):
        assert session.seats_taken == session.capacity
        first_waiting = session.seats.filter(state="waiting").order_by("queue_position").first()
        last_seated = session.seats.filter(state="confirmed").order_by("queue_position").last()
        assert first_waiting.queue_position > last_seated.queue_position
    for seat in Seat.objects.annotate(moves=Count("movements")).select_related("registration"):
        if seat.state == "requested":
            assert seat.registration.state == "unconfirmed"
            assert seat.moves == 0
        else:
            last = seat.movements.latest("at", "id")
            assert last.after == seat.state
    kept = SeatMovement.objects.values("reason").annotate(n=Count("pk")).values_list("reason", "n")
    assert {"chosen", "full", "closed", "promoted", "registration-cancelled"} == {
        reason for reason, _n in kept
    }


def test_one_session_is_full_with_a_line_one_has_few_seats_left_and_some_have_no_limit(demo):
    sessions = {s.slug: s for s in Session.objects.filter(lab__slug=COMING)}
    assert sessions["dialogue-breton-mayors"].seats_left == 0
    assert sessions["dialogue-breton-mayors"].seats_waiting >= 5
    assert 1 <= sessions["reskilling-funding"].seats_left < 10
    assert sessions["upskilling-workforce"].seats_left > 50
    assert sessions["opening"].capacity is None
    market = sessions["tech4good-marketplace"]
    assert (market.seats_left, market.waiting_list) == (0, False)


def test_people_are_plainly_artificial_and_nobody_is_written_to(demo):
    registrations = Registration.objects.filter(lab__slug=COMING)
    assert demo.registrations == registrations.count() == COMING_PEOPLE
    for registration in registrations:
        number = registration.email.removeprefix("demo").removesuffix("@example.org")
        assert registration.name in (
            f"Demo participant {number}",
            f"Примерен участник {number}",
            f"Δοκιμαστικός συμμετέχων {number}",
        )
    assert not registrations.exclude(email__regex=r"^demo\d+@example\.org$").exists()
    assert set(registrations.values_list("language", flat=True)) == {"en", "bg", "el"}
    assert set(registrations.values_list("state", flat=True)) == {"confirmed", "unconfirmed", "cancelled"}
    assert Message.objects.count() == 0


def test_registrations_were_made_over_the_last_weeks_and_never_in_the_future(demo):
    lab = Lab.objects.get(slug=COMING)
    made = Registration.objects.filter(lab=lab)
    assert not made.filter(Q(created_at__lt=lab.registration_opens_at) | Q(created_at__gt=NOW)).exists()
    assert not made.filter(Q(confirmed_at__gt=NOW) | Q(cancelled_at__gt=NOW)).exists()
    assert not made.filter(
        Q(confirmed_at__lt=F("created_at")) | Q(cancelled_at__lt=F("confirmed_at"))
    ).exists()
    assert made.filter(created_at__lt=NOW - timedelta(days=14)).count() > 50
    assert Registration.history.filter(lab=lab).count() == made.count()


def test_only_delegates_cities_sit_in_internal_sessions(demo):
    for session in Session.objects.filter(visibility="internal", lab__programme__slug="icc"):
        assert session.seats.exists()
        assert not session.seats.exclude(registration__city__in=session.audience.all()).exists()


def test_the_past_lab_has_attendance_of_people_with_seats_and_no_certificate_yet(demo):
    attended = Attendance.objects.filter(registration__lab__slug=PAST)
    assert Registration.objects.filter(lab__slug=PAST, state="confirmed").count() == PAST_PEOPLE
    assert attended.values("registration").distinct().count() >= 40
    assert not attended.exclude(session__seats__registration=F("registration")).exists()
    assert not [lab for lab in Lab.objects.exclude(registrations=None) if lab.answers_kept_until < NOW.date()]
    assert Certificate.objects.count() == 0


def test_a_city_has_named_people_and_the_webhook_sends_nothing(demo):
    lab = Lab.objects.get(slug=COMING)
    [row] = [row for row in board(lab) if row.named]
    assert (row.invited, row.places, row.named, row.accepted) == (1, 4, 2, 1)
    [contact] = CityContact.objects.all()
    assert contact.deadline > NOW
    hook = Endpoint.objects.get()
    assert (hook.lab, hook.is_active, set(hook.events) <= set(EventType.values)) == (lab, False, True)
    assert (Delivery.objects.count(), Message.objects.count()) == (0, 0)


def test_loading_it_again_changes_nothing_and_prints_the_same_sign_ins(demo, place):
    signed = (place / "demo-signin.txt").read_text()
    Lab.objects.filter(slug=PAST).update(title='{"en": "Tried out"}')
    before = [Registration.history.count(), Session.history.count(), Seat.objects.count()]

    first, second = say(), say()

    assert first == second
    for sign_in in demo.sign_ins:
        assert f"{sign_in.email} " in first
        assert sign_in.password in first
    assert f"{project.BASE_URL}/labs/{COMING}/" in first
    assert (place / "demo-signin.txt").read_text() == signed
    assert str(Lab.objects.get(slug=PAST).title) == "Tried out"
    assert [Registration.history.count(), Session.history.count(), Seat.objects.count()] == before


def test_every_account_signs_in_with_its_own_password_and_none_is_a_superuser(demo):
    request = RequestFactory().post("/accounts/login/")
    for sign_in in demo.sign_ins:
        user = authenticate(request, email=sign_in.email, password=sign_in.password)
        assert isinstance(user, User)
        assert (user.is_superuser, user.is_staff) == (False, False)
    assert {sign_in.email for sign_in in demo.sign_ins} == set(ACCOUNTS)
    assert len({sign_in.password for sign_in in demo.sign_ins}) == len(ACCOUNTS)


def test_the_file_of_sign_ins_is_for_its_owner_alone(demo, place):
    assert stat.S_IMODE((place / "demo-signin.txt").stat().st_mode) == 0o600


def test_a_lost_file_of_sign_ins_gives_new_passwords(demo, place):
    (place / "demo-signin.txt").unlink()

    again = load_demo(NOW)

    user = User.objects.get(email="organiser@example.org")
    assert user.check_password(next(s.password for s in again.sign_ins if s.email == user.email))
    assert {s.password for s in again.sign_ins}.isdisjoint({s.password for s in demo.sign_ins})


def test_accounts_see_what_their_roles_let_them_see(demo):
    def seen_by(email: str) -> set[str]:
        viewer = viewer_for(User.objects.get(email=email))
        return set(
            Session.objects.filter(lab__slug=COMING, visibility="internal")
            .visible_to(viewer)
            .values_list("slug", flat=True)
        )

    assert seen_by("delegate-sofia@example.org") == {"peer-group-1", "peer-group-2"}
    assert seen_by("delegate-trikala@example.org") == {"peer-group-1"}
    assert seen_by("organiser@example.org") == {"peer-group-1", "peer-group-2"}
    assert not Session.objects.filter(visibility="internal").visible_to(VISITOR).exists()
    owner = viewer_for(User.objects.get(email="organiser@example.org"))
    assert all(owner.owns(programme.pk) for programme in Programme.objects.all())
    door = viewer_for(User.objects.get(email="door@example.org"))
    assert not door.organises(Lab.objects.get(slug=COMING))
    assert door.is_door_staff_of(Lab.objects.get(slug=COMING))


def test_on_whatever_day_it_is_loaded_the_file_is_in_order():
    for today in WEDNESDAYS:
        now = datetime.combine(today, datetime.min.time(), UTC)
        facts = read(document(now))
        coming = facts.programmes[0].labs[-1]
        assert timedelta(weeks=3) <= coming.starts_on - today <= timedelta(weeks=8)
        assert coming.starts_on.weekday() == 1
        assert not any(
            (day.month, day.day) >= (12, 19) or (day.month, day.day) <= (1, 6)
            for day in (coming.starts_on, coming.ends_on)
        )


def test_an_hour_that_clocks_skip_moves_to_the_next_that_exists_and_one_that_comes_twice_is_the_first():
    lab: dict[str, Any] = {
        "starts_on": "2027-03-21",
        "sessions": [
            {"slug": "night", "title": "Night", "starts": "2027-03-21T03:30", "ends": "2027-03-21T05:00"}
        ],
    }

    coming_lab.move(lab, timedelta(weeks=1), "Europe/Sofia")
    assert lab["sessions"][0]["starts"] == "2027-03-28T04:00"
    assert lab["sessions"][0]["ends"] == "2027-03-28T05:00"
    assert lab["starts_on"] == "2027-03-28"

    lab["sessions"][0].update(starts="2027-10-24T03:30", ends="2027-10-24T05:00")
    coming_lab.move(lab, timedelta(weeks=1), "Europe/Sofia")
    assert (lab["sessions"][0]["starts"], lab["sessions"][0]["starts_fold"]) == ("2027-10-31T03:30", 0)


def test_the_demos_document_is_such_a_file_as_load_programme_takes():
    content = json.loads(document(NOW))

    assert [lab["slug"] for lab in content["programmes"][0]["labs"]] == [PAST, COMING]
