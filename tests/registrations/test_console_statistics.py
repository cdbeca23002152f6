"""Where people come from, what they chose, how far they got; and how often the form was opened."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs import tallies
from core.web.idempotency import FIELD, new_form_key
from labs.models import Lab
from registrations import adding, breakdowns, erasure, managing, registering, trap
from registrations.breakdowns import FORM_SEEN
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer, form_for, organiser_of, post
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

FROM_HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


def figures(parts: Any) -> list[tuple[str, int]]:
    return [(part.name, part.count) for part in parts]


def seen(lab: Lab) -> int:
    return tallies.counts(FORM_SEEN, labs=[lab.pk]).get((lab.pk, FORM_SEEN, ""), 0)


def tell(client: Client, lab: Lab, **more: Any) -> int:
    """Say what the script of the page says when the form was opened."""
    data = {FIELD: new_form_key(), **more}
    return client.post(f"/labs/{lab.slug}/register/seen/", data, headers=FROM_HERE).status_code


def test_people_are_counted_by_city_the_largest_first_and_the_rest_by_what_they_said(lab: Lab) -> None:
    sofia, plovdiv = (f.CityFactory(name={"en": name}) for name in ("Sofia", "Plovdiv"))
    for city, count in ((sofia, 1), (plovdiv, 3)):
        f.RegistrationFactory.create_batch(count, lab=lab, city=city)
    f.RegistrationFactory(lab=lab, city_text="Elsewhere")
    f.RegistrationFactory.create_batch(2, lab=lab)
    f.RegistrationFactory(lab=lab, city=sofia, state="unconfirmed", confirmed_at=None)
    f.RegistrationFactory(city=sofia)
    assert figures(breakdowns.by_city(lab, "en")) == [
        ("Plovdiv", 3), ("Sofia", 1), ("Other cities", 1), ("Not specified", 2),
    ]  # fmt: skip


def test_people_are_counted_by_type_of_organisation(lab: Lab) -> None:
    group = f.StakeholderGroupFactory(programme=lab.programme, name={"en": "Business", "bg": "Бизнес"})
    f.RegistrationFactory.create_batch(2, lab=lab, stakeholder_group=group)
    f.RegistrationFactory(lab=lab)
    assert figures(breakdowns.by_group(lab, "bg")) == [("Бизнес", 2), ("Not specified", 1)]


def test_sessions_and_modes_are_counted_by_their_seats(lab: Lab) -> None:
    room = f.SessionFactory(lab=lab, format="in-person", room_taken=3)
    online = f.SessionFactory(lab=lab, format="online", online_taken=5, online_waiting=1)
    f.SessionFactory(lab=lab, visibility="draft", online_taken=9)
    f.AttendanceFactory(registration__lab=lab, session=room)
    sessions = breakdowns.by_session(lab)
    found = {one.session: (one.taken, one.waiting, one.attended, one.bar) for one in sessions}
    assert found == {room: (3, 0, 1, 0.6), online: (5, 1, 0, 1.0)}
    assert figures(breakdowns.by_mode(sessions)) == [("In person", 3), ("Online", 5)]


def test_who_did_not_come_is_counted_where_attendance_was_taken(lab: Lab) -> None:
    over, not_taken = f.SessionFactory.create_batch(2, lab=lab)
    later = f.SessionFactory(lab=lab, start_date=lab.starts_on + timedelta(days=1))
    called_off = f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now())
    for session in (over, not_taken, later, called_off):
        for number in range(4):
            person = f.RegistrationFactory(lab=lab)
            f.SeatFactory(registration=person, session=session)
            if number == 0 and session != not_taken:
                f.AttendanceFactory(registration=person, session=session)
    f.AttendanceFactory(registration__lab=lab, session=over)
    [row] = breakdowns.absences(lab, over.ends_at)
    assert (row.session, row.seats, row.attended, row.absent, row.share) == (over, 4, 1, 3, 0.75)
    assert breakdowns.absences(lab, over.ends_at - timedelta(seconds=1)) == []


def test_who_did_not_come_has_a_table_and_costs_the_same_queries(lab: Lab) -> None:
    client = client_of(f.StaffFactory(lab=lab).user)
    client.get("/organise/labs/lab/statistics/")
    past = timezone.now().date() - timedelta(days=9)
    counts = []
    for number in (2, 9):
        for session in f.SessionFactory.create_batch(number, lab=lab, start_date=past):
            f.AttendanceFactory(registration=f.SeatFactory(session=session).registration, session=session)
            f.SeatFactory(registration=f.RegistrationFactory(lab=lab), session=session)
        with CaptureQueriesContext(connection) as asked:
            found = text_of(client.get("/organise/labs/lab/statistics/"))
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert "Who did not come" in found
    assert found.count("50%") >= 11


def test_the_funnel_counts_each_step_and_keeps_who_was_deleted(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    for number in range(4):
        form = form_for(session, name=f"Demo {number}x", email=f"demo{number}@example.org")
        assert post(lab, form, key=f"key-number-{number}").status_code == 202
    first, second, third, _fourth = Registration.objects.order_by("pk")
    for each in (first, second):
        registering.confirm(each)
    managing.cancel(second)
    f.AttendanceFactory(registration=first, session=session)
    erasure.erase(first)
    Registration.objects.filter(pk=third.pk).update(created_at=timezone.now() - timedelta(days=8))
    registering.expire_unconfirmed(timezone.now())
    client = Client()
    for _each in range(7):
        tell(client, lab)
    nominated = {"lab": lab, "nominated_until": timezone.now() - timedelta(days=9)}
    f.AttendanceFactory(registration=f.RegistrationFactory(**nominated), session=session)
    silent = f.RegistrationFactory(**nominated, state="unconfirmed", confirmed_at=None)
    erasure.delete_unconfirmed(Registration.objects.filter(pk=silent.pk))
    assert figures(breakdowns.funnel(breakdowns.steps(lab))) == [
        ("Form opened", 7), ("Form submitted", 4), ("Email confirmed", 2), ("Attended a session", 1),
    ]  # fmt: skip


def test_forms_of_programs_are_told_in_plain_words_and_counted_in_no_step(lab: Lab) -> None:
    client = client_of(f.StaffFactory(lab=lab).user)
    page = "/organise/labs/lab/statistics/"
    assert "sent 0 forms. They were not kept" in text_of(client.get(page))
    trap.pretend(lab, lambda: None)
    assert "sent 1 form. It was not kept and is not counted in the table." in text_of(client.get(page))
    found = breakdowns.steps(lab)
    assert (found.by_programs, found.submitted) == (1, 0)


def test_programs_get_the_same_figures(lab: Lab) -> None:
    past = timezone.now().date() - timedelta(days=9)
    session = f.SessionFactory(lab=lab, slug="opening", start_date=past)
    f.SessionFactory(lab=lab, slug="not-taken", start_date=past)
    people = f.RegistrationFactory.create_batch(4, lab=lab)
    for person in people:
        f.SeatFactory(registration=person, session=session)
    f.AttendanceFactory(registration=people[0], session=session)
    f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    trap.pretend(lab, lambda: None)
    tell(Client(), lab)
    headers = bearer(organiser_of(lab))
    found = Client().get("/api/v1/labs/lab/statistics", headers=headers).json()
    assert found["no_shows"] == [
        {"session": "opening", "seats": 4, "attended": 1, "absent": 3, "share": 0.75}
    ]
    assert found["form"] == {
        "opened": 1, "submitted": 5, "confirmed": 4, "attended": 1, "by_programs": 1,
    }  # fmt: skip
    assert {name: found[name] for name in ("registered", "unconfirmed", "attended")} == {
        "registered": 4, "unconfirmed": 1, "attended": 1,
    }  # fmt: skip
    stranger = bearer(f.StaffFactory().user)
    assert Client().get("/api/v1/labs/lab/statistics", headers=stranger).status_code == 404


def test_the_figures_for_programs_cost_the_same_queries(lab: Lab) -> None:
    headers = bearer(organiser_of(lab))
    past = timezone.now().date() - timedelta(days=9)
    counts = []
    for number in (2, 9):
        for session in f.SessionFactory.create_batch(number, lab=lab, start_date=past):
            f.AttendanceFactory(registration=f.SeatFactory(session=session).registration, session=session)
        with CaptureQueriesContext(connection) as asked:
            found = Client().get("/api/v1/labs/lab/statistics", headers=headers).json()
        counts.append(len(asked))
    assert (counts[0], len(found["no_shows"])) == (counts[1], 11)


def test_who_was_entered_by_an_organiser_is_in_no_step(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    user = f.StaffFactory(lab=lab).user
    from labs.current_viewer import viewer_for
    from registrations.availability import available_sessions

    choice = available_sessions(lab, viewer_for(user), timezone.now()).choose([session.slug])
    details = registering.Details("Demo", "en", "Europe/Sofia")
    plan = registering.RegistrationPlan(details, "demo@example.org", choice, True, "en")
    adding.add(lab, plan, user, at_once=True)
    assert [part.count for part in breakdowns.funnel(breakdowns.steps(lab))] == [0, 0, 0, 0]


def test_opening_the_form_is_told_by_its_page_and_sets_nothing(lab: Lab) -> None:
    f.SessionFactory(lab=lab)
    client = Client()
    page = client.get("/labs/lab/register/")
    assert 'data-seen="/labs/lab/register/seen/"' in page.content.decode()
    assert tell(client, lab) == 204
    assert (seen(lab), dict(client.cookies)) == (1, {})


def test_what_comes_from_elsewhere_or_from_the_labs_organisers_is_not_counted(
    lab: Lab, settings: Any
) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/labs/lab/register/seen/", {FIELD: new_form_key()}).status_code == 403
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert (
        client.post("/labs/lab/register/seen/", {FIELD: new_form_key()}, headers=elsewhere).status_code == 403
    )
    assert client.get("/labs/lab/register/seen/").status_code == 405
    tell(client_of(f.StaffFactory(lab=lab).user), lab)
    hidden = f.LabFactory(visibility="draft")
    assert tell(Client(), hidden) == 404
    closed = f.LabFactory(registration_closes_at=timezone.now() - timedelta(days=1))
    assert tell(Client(), closed) == 204
    assert (seen(lab), seen(hidden), seen(closed)) == (0, 0, 0)
    settings.REGISTRATIONS_PER_HOUR = 3
    for _each in range(5):
        assert tell(Client(), lab) == 204
    assert seen(lab) == 3


def test_the_page_has_a_table_for_every_chart_and_costs_the_same_queries(lab: Lab) -> None:
    client = client_of(f.StaffFactory(lab=lab).user)
    page = "/organise/labs/lab/statistics/"
    assert "Nobody has registered yet." in text_of(client.get(page))
    counts = []
    for number in (2, 10):
        for person in f.RegistrationFactory.create_batch(number, lab=lab, city=f.CityFactory()):
            f.SeatFactory(registration=person, session=f.SessionFactory(lab=lab))
        with CaptureQueriesContext(connection) as asked:
            found = client.get(page).content.decode()
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert found.count("<table") == 6
