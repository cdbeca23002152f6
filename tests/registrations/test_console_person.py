"""What an organiser sees of one person, and may do: each act once, with its reason, told to the person."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.accounts.models import User
from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.models import Lab
from registrations import emails, links, managing, organiser_actions, registering, seats
from registrations.models import Registration, Seat, SeatMovement
from sessions.models import Session
from tests import factories as f
from tests.emails import with_bodies
from tests.pages import client_of, form_of, forms_of
from tests.registrations.form_posts import took_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def organiser(lab: Lab) -> User:
    return f.StaffFactory(lab=lab, user__name="Demo organiser").user


@pytest.fixture
def client(organiser: User) -> Client:
    return client_of(organiser)


@pytest.fixture
def person(lab: Lab) -> Registration:
    return f.RegistrationFactory(lab=lab, name="Demo participant", email="first@example.org")


def page(person: Registration, rest: str = "") -> str:
    return f"/organise/labs/lab/registrations/{person.public_id}/{rest}"


def occasions() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("occasion", flat=True))


def test_all_that_is_known_stands_on_one_page(client: Client, person: Registration, organiser: User) -> None:
    session = f.SessionFactory(lab=person.lab, capacity=1)
    walked_in = f.SessionFactory(lab=person.lab)
    took_place(walked_in)
    seats.take(f.RegistrationFactory(lab=person.lab), {session.pk: "online"})
    seats.take(person, {session.pk: "online"})
    f.AttendanceFactory(registration=person, session=walked_in, taken_by=organiser)
    emails.confirmation(person, managing.seats_of(person))
    response = client.get(page(person))
    body = response.content.decode()
    assert [(row.seat and row.seat.state, row.position) for row in response.context["rows"]] == [
        (None, None),
        ("waiting", 1),
    ]
    assert response.context["attended"] == 1
    for words in (
        "first@example.org",
        "The session was full",
        "recorded by Demo organiser",
        "Came without a seat",
    ):
        assert words in body
    assert [row.occasion for row in response.context["mails"]] == ["Confirmation"]


def test_the_page_costs_the_same_queries_for_one_session_and_for_twelve(
    client: Client, person: Registration, organiser: User
) -> None:
    client.get(page(person))  # the first answer of a session writes its token
    costs = []
    for sessions in (1, 11):
        taken = f.SessionFactory.create_batch(sessions, lab=person.lab)
        seats.take(person, {session.pk: "online" for session in taken})
        for session in taken:
            f.AttendanceFactory(registration=person, session=session, taken_by=organiser)
            emails.changed(person, managing.seats_of(person))
        managing.change_details(
            person, registering.Details(name=f"Demo {sessions}", language="en", time_zone="UTC"), organiser
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(page(person))
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_details_are_corrected_and_the_history_says_by_whom(
    client: Client, person: Registration, organiser: User
) -> None:
    form = form_of(client.get(page(person, "edit/")))
    answer = client.post(page(person, "edit/"), form.filled(name="Demo participant Ω", organisation="Demo"))
    assert answer.status_code == 302
    [change] = client.get(page(person)).context["changes"]
    assert change.by == organiser
    assert [(one.label, one.before, one.after) for one in change.differences] == [
        ("Name", "Demo participant", "Demo participant Ω"),
        ("Organisation", "", "Demo"),
    ]
    assert occasions() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 5000),
        ("name", "two\nlines"),
        ("name", "\u202egnissim"),
        ("name", "…"),
        ("city", "atlantis"),
        ("language", "xx"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", ""),
    ],
)
def test_wrong_details_are_said_beside_their_field_and_nothing_is_saved(
    client: Client, person: Registration, field: str, value: str
) -> None:
    city = f.CityFactory()
    person.lab.programme.cities.add(city)
    before = Registration.objects.values().get(pk=person.pk)
    form = form_of(client.get(page(person, "edit/")))
    answer = client.post(page(person, "edit/"), form.filled(**{field: value, "organisation": "typed before"}))
    assert answer.status_code == 422
    body = answer.content.decode()
    assert list(answer.context["form"].errors) == [field]
    assert "typed before" in body
    assert "<title>Error:" in " ".join(body.split())
    assert Registration.objects.values().get(pk=person.pk) == before


def test_a_form_that_comes_back_offers_all_that_it_offered(client: Client, person: Registration) -> None:
    programme = person.lab.programme
    programme.cities.add(f.CityFactory(slug="one"), f.CityFactory(slug="two"))
    f.StakeholderGroupFactory(programme=programme, slug="three")
    form = form_of(client.get(page(person, "edit/")))
    for city in ("one", "atlantis"):
        answer = client.post(page(person, "edit/"), form.filled(name="", city=city)).content.decode()
        for offered in ("one", "two", "three"):
            assert f'<option value="{offered}"' in answer
        assert 'id="id_city"' in answer
        assert "Not specified" in answer


def test_markup_in_a_name_is_shown_as_typed(client: Client, person: Registration) -> None:
    form = form_of(client.get(page(person, "edit/")))
    client.post(page(person, "edit/"), form.filled(name="<b>Demo</b> {{ lab }} {% now 'Y' %}"))
    body = client.get(page(person)).content.decode()
    assert "&lt;b&gt;Demo&lt;/b&gt; {{ lab }} {% now &#x27;Y&#x27; %}" in body
    assert "<b>Demo</b>" not in body


def test_a_seat_is_given_though_registration_is_closed(
    client: Client, person: Registration, organiser: User
) -> None:
    session = f.SessionFactory(lab=person.lab, visibility="internal")
    Lab.objects.update(registration_opens_at=None, registration_closes_at=None)
    form = next(form for form in forms_of(client.get(page(person))) if "session" in form.values)
    for _twice in range(2):
        client.post(page(person, "seats/"), form.filled(session=session.slug))
    [seat] = Seat.objects.filter(registration=person)
    assert seat.state == Seat.State.CONFIRMED
    [movement] = seat.movements.all()
    assert (movement.reason, movement.by) == (SeatMovement.Reason.BY_ORGANISER, organiser)
    assert occasions() == ["registration_changed"]
    assert "An organiser has changed your sessions." in with_bodies(Message.objects.get()).text
    session.refresh_from_db()
    assert session.seats_taken == 1


def test_a_full_session_gives_the_next_place_in_its_list_or_says_that_it_keeps_none(
    client: Client, person: Registration
) -> None:
    listed = f.SessionFactory(lab=person.lab, capacity=0)
    closed = f.SessionFactory(lab=person.lab, capacity=0, waiting_list=False, slug="closed")
    client.post(page(person, "seats/"), {"session": listed.slug})
    assert Seat.objects.get(registration=person).state == Seat.State.WAITING
    answer = client.post(page(person, "seats/"), {"session": closed.slug})
    assert answer.status_code == 422
    assert "has no waiting list" in answer.content.decode()
    assert not Seat.objects.filter(session__slug="closed").exists()
    assert occasions() == ["registration_changed"]


def test_no_seat_is_given_in_sessions_of_others_drafts_and_what_is_over(
    client: Client, person: Registration
) -> None:
    long_ago = timezone.now().date() - timedelta(days=40)
    sessions = [
        f.SessionFactory(),
        f.SessionFactory(lab=person.lab, visibility="draft"),
        f.SessionFactory(lab=person.lab, start_date=long_ago),
        f.SessionFactory(lab=person.lab, status="cancelled", cancelled_at=timezone.now()),
    ]
    for slug in [session.slug for session in sessions] + ["", "no-such-session"]:
        assert client.post(page(person, "seats/"), {"session": slug}).status_code == 422
    assert not Seat.objects.exists()


def test_a_seat_taken_back_goes_to_the_next_and_both_are_told(
    client: Client, person: Registration, organiser: User
) -> None:
    session = f.SessionFactory(lab=person.lab, capacity=1)
    following = f.RegistrationFactory(lab=person.lab)
    seats.take(person, {session.pk: "online"})
    seats.take(following, {session.pk: "online"})
    address = page(person, f"seats/{session.slug}/")
    assert "gets the seat immediately" in client.get(address).content.decode()
    assert Seat.objects.get(registration=person).state == Seat.State.CONFIRMED  # looking changes nothing
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404
    assert dict(Seat.objects.values_list("registration", "state")) == {
        person.pk: Seat.State.CANCELLED,
        following.pk: Seat.State.CONFIRMED,
    }
    last = SeatMovement.objects.filter(seat__registration=person).last()
    assert last is not None
    assert (last.reason, last.by) == (SeatMovement.Reason.BY_ORGANISER, organiser)
    assert sorted(occasions()) == ["registration_changed", "seat_is_yours"]


def test_the_seats_of_a_session_that_is_over_stay(person: Registration, organiser: User) -> None:
    session = f.SessionFactory(lab=person.lab, start_date=timezone.now().date() - timedelta(days=3))
    f.SeatFactory(registration=person, session=session)
    with pytest.raises(RuleViolation):
        organiser_actions.take_back(person, session, organiser)
    assert Seat.objects.get().state == Seat.State.CONFIRMED


def test_cancelling_asks_first_and_frees_the_seats(client: Client, person: Registration) -> None:
    session = f.SessionFactory(lab=person.lab, capacity=1)
    seats.take(person, {session.pk: "online"})
    assert "These seats are given up" in client.get(page(person, "cancel/")).content.decode()
    person.refresh_from_db()
    assert person.state == Registration.State.CONFIRMED
    client.post(page(person, "cancel/"))
    person.refresh_from_db()
    assert person.state == Registration.State.CANCELLED
    assert Session.objects.get().seats_taken == 0
    assert occasions() == ["registration_cancelled"]
    assert client.post(page(person, "cancel/")).status_code == 404
    # What needs a registration that stands is gone with it.
    assert [client.get(page(person, rest)).status_code for rest in ("edit/", "address/")] == [404, 404]
    assert client.post(page(person, "link/")).status_code == 302
    assert occasions() == ["registration_cancelled"]


def test_the_link_is_sent_again_but_not_twice_in_a_row(client: Client, person: Registration) -> None:
    first = client.post(page(person, "link/"), follow=True)
    second = client.post(page(person, "link/"), follow=True)
    assert occasions() == ["registration_link"]
    assert "An email with the link will be sent." in first.content.decode()
    assert "less than 20 minutes ago" in second.content.decode()


def test_whoever_has_not_confirmed_is_asked_again(client: Client, lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    client.post(page(person, "link/"))
    assert occasions() == ["confirm_address"]


def test_a_corrected_address_gets_the_link_and_the_old_links_die(
    client: Client, person: Registration, organiser: User
) -> None:
    client.post(page(person, "link/"))
    old = [links.path_of(person, purpose) for purpose in (links.MANAGE, links.FEED)]
    assert [client.get(address).status_code for address in old] == [200, 200]
    form = form_of(client.get(page(person, "address/")))
    client.post(page(person, "address/"), form.filled(email="Second@Example.org"))
    person.refresh_from_db()
    assert (person.email, person.email_key, person.state) == (
        "Second@example.org",
        "second@example.org",
        Registration.State.CONFIRMED,
    )
    assert [client.get(address).status_code for address in old] == [404, 404]
    assert list(Message.objects.order_by("pk").values_list("to_email", "occasion")) == [
        ("first@example.org", "registration_link"),
        ("Second@example.org", "registration_link"),
    ]
    assert person.history.first().history_user == organiser


def test_an_address_that_somebody_else_has_is_refused_in_words(client: Client, person: Registration) -> None:
    f.RegistrationFactory(lab=person.lab, email="taken@example.org", name=person.name.upper())
    f.RegistrationFactory(email="elsewhere@example.org")
    form = form_of(client.get(page(person, "address/")))
    answer = client.post(page(person, "address/"), form.filled(email="TAKEN@example.org"))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "email": ["Another registration for this lab has the same email and name."]
    }
    assert (
        client.post(page(person, "address/"), form.filled(email="elsewhere@example.org")).status_code == 302
    )


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b\r\nBcc: c@example.org", "x" * 300 + "@example.org", "<a@example.org>"]
)
def test_what_is_no_address_is_refused(client: Client, person: Registration, email: str) -> None:
    answer = client.post(page(person, "address/"), {"email": email})
    assert answer.status_code == 422
    person.refresh_from_db()
    assert person.email == "first@example.org"
    assert occasions() == []


def test_the_same_address_again_changes_nothing(client: Client, person: Registration) -> None:
    client.post(page(person, "address/"), {"email": "first@example.org"})
    person.refresh_from_db()
    assert (person.link_version, occasions()) == (1, [])


def test_erasing_says_what_goes_and_what_stays_before_it_does(client: Client, person: Registration) -> None:
    session, past = f.SessionFactory.create_batch(2, lab=person.lab)
    seats.take(person, {session.pk: "online"})
    f.AttendanceFactory(registration=person, session=past)
    emails.confirmation(person, managing.seats_of(person))
    address = page(person, "erase/")
    body = " ".join(client.get(address).content.decode().split())
    assert "1 email with all its content" in body
    assert "Attendance of 1 session, without a name" in body
    assert Registration.objects.get(pk=person.pk).name == "Demo participant"
    answer = client.post(address)
    assert answer.headers["Location"] == "/organise/labs/lab/registrations/"
    assert Registration.objects.get(pk=person.pk).name == ""
    assert occasions() == []
    assert client.get(page(person)).status_code == 404


def test_everything_about_another_labs_person_is_404(client: Client, lab: Lab) -> None:
    stranger = f.RegistrationFactory()
    seat = f.SeatFactory(registration=stranger)
    for rest in ("", "edit/", "address/", "cancel/", "erase/", f"seats/{seat.session.slug}/"):
        assert client.get(page(stranger, rest)).status_code == 404
    for rest in ("edit/", "address/", "cancel/", "erase/", "link/", "seats/", f"seats/{seat.session.slug}/"):
        assert client.post(page(stranger, rest), {"email": "a@example.org"}).status_code == 404
    assert Registration.objects.filter(pk=stranger.pk, name=stranger.name, state="confirmed").exists()


def test_a_post_without_the_sessions_token_is_refused(person: Registration, organiser: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(organiser)
    for rest in ("edit/", "address/", "cancel/", "erase/", "link/", "seats/"):
        assert client.post(page(person, rest), {"email": "a@example.org"}).status_code == 403
    form: Any = form_of(client.get(page(person, "cancel/")))
    assert client.post(page(person, "cancel/"), form.filled()).status_code == 302
