"""The pages behind private links."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.web import signed_links
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import managing, registering, seats
from registrations.models import Registration, Seat
from sessions.calendar_links import delegate_calendar_url
from sessions.models import Session
from tests import factories as f
from tests.pages import text_of
from tests.registrations.form_posts import link, mails, post, took_place
from tests.registrations.test_registering import plan, registered

pytestmark = pytest.mark.django_db

JOIN = "https://meet.example.org/secret"


def unconfirmed(*sessions: Session) -> Registration:
    found = registering.submit(sessions[0].lab, VISITOR, plan(*sessions))
    assert found is not None
    return found


def test_confirming_is_a_button_and_leads_to_the_persons_own_page(client: Client):
    session = f.SessionFactory(capacity=5)
    found = unconfirmed(session)
    address = link(found, "confirm", "registration_confirm")

    page = client.get(address)
    assert "Confirm and register" in text_of(page)
    pressed = post(client, address)

    assert pressed.status_code == 302
    assert pressed["Location"] == link(found, "manage") + "?done=confirmed"
    own = client.get(pressed["Location"])
    assert "Your seat is confirmed" in text_of(own)
    assert "You are registered" in text_of(client.get(address))
    assert post(client, address).status_code == 302
    assert len(mails("confirmation")) == 1


def test_before_confirming_a_full_session_names_the_place_in_its_waiting_list(client: Client):
    lab = f.LabFactory()
    full = f.SessionFactory(lab=lab, capacity=1, seats_taken=1, seats_waiting=3, waiting_list=True)
    found = unconfirmed(full, f.SessionFactory(lab=lab, capacity=5))

    html = text_of(client.get(link(found, "confirm", "registration_confirm")))

    assert html.count("Waiting list: you would be number 4") == 1
    assert html.count("Waiting list:") == 1


def test_private_pages_are_not_cached_not_indexed_and_tell_no_other_site(client: Client):
    found = registered(f.SessionFactory())

    page = client.get(link(found, "manage"))

    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "strict-origin"
    assert page["X-Robots-Tag"] == "noindex"
    assert page.cookies == {}


def test_the_own_page_shows_seats_line_join_links_and_history(client: Client):
    lab = f.LabFactory()
    mine = f.SessionFactory(lab=lab, capacity=5, join_link=JOIN)
    full = f.SessionFactory(lab=lab, capacity=0, join_link="https://meet.example.org/not-yet")
    somebody = f.RegistrationFactory(lab=lab)
    seats.take(somebody, {full.pk: "online"})
    found = registered(mine, full)

    html = text_of(client.get(link(found, "manage")))

    assert JOIN in html
    assert "not-yet" not in html
    assert "you are number 2 of 2" in html
    assert f"You have a seat: {mine.title['en']}" in html
    assert f"You joined the waiting list: {full.title['en']}" in html
    assert "webcal://" in html


def test_a_cancelled_session_says_so_and_gives_no_join_link(client: Client):
    session = f.SessionFactory(join_link=JOIN)
    found = registered(session)
    Session.objects.filter(pk=session.pk).update(
        status="cancelled", cancelled_at=timezone.now(), cancel_reason={"en": "The speaker is ill"}
    )

    html = text_of(client.get(link(found, "manage")))

    assert "This session is cancelled" in html
    assert "The speaker is ill" in html
    assert JOIN not in html


def test_giving_up_says_that_a_seat_goes_on_only_if_somebody_waits_for_it(client: Client):
    lab = f.LabFactory()
    wanted = f.SessionFactory(lab=lab, capacity=1)
    unlimited = f.SessionFactory(lab=lab, capacity=None)
    found = registered(wanted, unlimited)
    goes_on = "It goes to the next person on the waiting list."
    seats_go_on = "Your seats go to the next people on the waiting list."

    def giving_up(session: Session) -> str:
        return text_of(client.get(link(found, "manage", "registration_give_up", session.slug)))

    assert goes_on not in giving_up(wanted)
    assert seats_go_on not in text_of(client.get(link(found, "manage", "registration_cancel")))
    seats.take(f.RegistrationFactory(lab=lab), {wanted.pk: "online"})

    assert goes_on in giving_up(wanted)
    assert "Keep seat" in giving_up(wanted)
    assert goes_on not in giving_up(unlimited)
    assert "You can select this session again" in giving_up(unlimited)
    assert seats_go_on in text_of(client.get(link(found, "manage", "registration_cancel")))


def test_changing_answers(client: Client):
    found = registered(f.SessionFactory())
    address = link(found, "manage", "registration_edit")
    data = {"name": "Demo participant 18", "language": "bg", "time_zone": "Europe/Rome"}

    assert 'value="Demo participant 17"' in text_of(client.get(address))
    assert post(client, address, {**data, "name": ""}).status_code == 422
    assert post(client, address, data).status_code == 302

    found.refresh_from_db()
    assert (found.name, found.language, found.time_zone) == ("Demo participant 18", "bg", "Europe/Rome")


def test_changing_sessions_on_the_page(client: Client):
    lab = f.LabFactory()
    first, second = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    found = registered(first)
    address = link(found, "manage", "registration_sessions")

    page = text_of(client.get(address))
    assert "You have this session" in page
    assert f'value="{second.slug}"' in page
    assert post(client, address, {"session": [second.slug]}).status_code == 302

    assert [seat.session for seat in managing.seats_of(found)] == [second]


def test_changing_to_overlapping_sessions_is_pointed_out_once(client: Client):
    lab = f.LabFactory()
    first, second = f.SessionFactory(lab=lab), f.SessionFactory(lab=lab)
    found = registered(first)
    address = link(found, "manage", "registration_sessions")
    both = {"session": [first.slug, second.slug]}

    assert "Some of your sessions overlap" in text_of(post(client, address, both))
    key = f"{first.pk}-{second.pk}"
    assert post(client, address, {**both, "overlaps_seen": key}).status_code == 302
    assert len(managing.seats_of(found)) == 2


def test_giving_up_one_seat_asks_first(client: Client):
    session = f.SessionFactory()
    found = registered(session)
    address = link(found, "manage", "registration_give_up", session.slug)

    assert "Give up seat?" in text_of(client.get(address))
    assert managing.seats_of(found) != []
    assert post(client, address).status_code == 302
    assert managing.seats_of(found) == []
    assert client.get(address).status_code == 404


def test_cancelling_asks_first_and_then_says_so(client: Client):
    session = f.SessionFactory()
    found = registered(session)
    address = link(found, "manage", "registration_cancel")

    assert "You will give up 1 seat." in text_of(client.get(address))
    pressed = post(client, address)

    assert pressed["Location"] == link(found, "manage")
    assert "Your registration is cancelled" in text_of(client.get(pressed["Location"]))
    assert post(client, address).status_code == 200


@pytest.mark.parametrize("state", ["unconfirmed", "confirmed"])
def test_not_you_erases_after_a_press(client: Client, state):
    session = f.SessionFactory(capacity=1)
    found = unconfirmed(session)
    if state == "confirmed":
        registering.confirm(found)
    address = link(found, "leave", "registration_leave")

    assert found.email in text_of(client.get(address))
    assert Registration.objects.filter(email=found.email).exists()
    pressed = post(client, address)

    assert pressed.status_code == 302
    assert "Your data is deleted" in text_of(client.get(pressed["Location"]))
    assert not Registration.objects.filter(email=found.email).exists()
    assert client.get(address).status_code == 404
    session.refresh_from_db()
    assert session.seats_taken == 0


@pytest.mark.parametrize(
    "route",
    [
        "registration",
        "registration_confirm",
        "registration_edit",
        "registration_sessions",
        "registration_cancel",
        "registration_erase",
        "registration_leave",
    ],
)
def test_altered_foreign_and_outdated_links_all_look_the_same(client: Client, route):
    found = registered(f.SessionFactory())
    own = (
        "confirm"
        if route == "registration_confirm"
        else "leave"
        if route == "registration_leave"
        else "manage"
    )
    good = signed_links.make_token(f"registration.{own}", found.public_id, found.link_version)
    other_purpose = signed_links.make_token("registration.feed", found.public_id, found.link_version)
    outdated = signed_links.make_token(f"registration.{own}", found.public_id, found.link_version + 1)
    altered = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")

    assert client.get(reverse(route, args=[good])).status_code == 200
    answers = [
        client.get(reverse(route, args=[token]))
        for token in (other_purpose, outdated, altered, "x", "é" * 48)
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert all("This link doesn’t work" in answer.content.decode() for answer in answers)
    assert all(found.email.encode() not in answer.content for answer in answers)


def test_a_manage_link_does_not_open_an_unconfirmed_registration(client: Client):
    found = unconfirmed(f.SessionFactory())

    assert client.get(link(found, "manage")).status_code == 404


def test_the_calendar_follows_seats_and_knows_an_unchanged_one(client: Client):
    lab = f.LabFactory()
    mine = f.SessionFactory(lab=lab, join_link=JOIN)
    waiting = f.SessionFactory(lab=lab, capacity=0, join_link="https://meet.example.org/not-yet")
    found = registered(mine, waiting)
    address = link(found, "feed", "personal_feed")

    feed = client.get(address)
    content = feed.content.decode().replace("\r\n ", "")
    assert feed["Content-Type"] == "text/calendar; charset=utf-8"
    assert feed["Cache-Control"].startswith("private")
    assert f"UID:{mine.uid}" in content
    assert f"UID:{waiting.uid}" in content
    assert "STATUS:TENTATIVE" in content
    assert JOIN in content
    assert "not-yet" not in content
    assert client.get(address, headers={"If-None-Match": feed["ETag"]}).status_code == 304

    managing.change_sessions(found, VISITOR, {waiting.pk: ""})
    after = client.get(address, headers={"If-None-Match": feed["ETag"]})
    assert after.status_code == 200
    assert mine.uid not in after.content.decode()


def test_a_calendar_costs_three_queries_of_any_number_of_seats(client: Client, django_assert_num_queries):
    lab = f.LabFactory()
    found = registered(*f.SessionFactory.create_batch(2, lab=lab))
    address = link(found, "feed", "personal_feed")

    with django_assert_num_queries(3):
        etag = client.get(address)["ETag"]
    with django_assert_num_queries(3):
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_a_renewed_calendar_address_revokes_the_old_one(client: Client):
    found = registered(f.SessionFactory())
    old = link(found, "feed", "personal_feed")

    assert post(client, link(found, "manage", "registration_renew_feed")).status_code == 302

    assert client.get(old).status_code == 404
    assert client.get(link(found, "feed", "personal_feed")).status_code == 200


def test_the_calendar_of_a_cancelled_registration_is_empty(client: Client):
    found = registered(f.SessionFactory())
    managing.cancel(found)

    assert b"VEVENT" not in client.get(link(found, "feed", "personal_feed")).content


def test_a_delegates_calendar_opens_at_the_same_kind_of_address(client: Client):
    lab = f.LabFactory()
    delegate = f.DelegateFactory(programme=lab.programme)
    internal = f.SessionFactory(lab=lab, visibility="internal")

    feed = client.get(delegate_calendar_url(delegate.user).removeprefix("http://testserver"))

    assert internal.uid in feed.content.decode()


def test_attended_sessions_and_past_ones_stay_on_the_page(client: Client):
    session = f.SessionFactory(join_link=JOIN)
    found = registered(session)
    f.AttendanceFactory(registration=found, session=session)
    html = text_of(client.get(link(found, "manage")))
    assert "Your attendance is recorded" in html
    assert "Counts toward your certificate after the session ends" in html
    took_place(session)

    html = text_of(client.get(link(found, "manage")))

    assert "You attended 1 session." in html
    assert "Counts toward your certificate </p>" in html
    assert JOIN not in html
    assert "Give up seat" not in html


@pytest.mark.parametrize(("days", "promised"), [(3, True), (-3, False)])
def test_the_own_page_counts_towards_the_certificate(client: Client, days: int, promised: bool):
    day = timezone.now().date() + timedelta(days=days)
    lab = f.LabFactory(certificate_min_sessions=3)
    session = f.SessionFactory(lab=lab)
    found = registered(session)
    Lab.objects.filter(pk=lab.pk).update(starts_on=day - timedelta(days=1), ends_on=day)
    took_place(session)
    f.AttendanceFactory(registration=found, session=session)

    html = text_of(client.get(link(found, "manage")))

    assert "Sessions attended: 1 of 3" in html
    assert (
        "When you have attended enough sessions, the organisers can issue your certificate." in html
    ) is promised


def test_the_own_page_costs_the_same_queries_at_any_size(client: Client, django_assert_num_queries):
    lab = f.LabFactory()
    few = registered(*f.SessionFactory.create_batch(2, lab=lab), email="few@example.org")
    many = registered(
        *f.SessionFactory.create_batch(15, lab=lab),
        *f.SessionFactory.create_batch(15, lab=lab, capacity=0),
        email="many@example.org",
    )
    client.get(link(few, "manage"))

    for found in (few, many):
        address = link(found, "manage")
        waiting = Seat.objects.filter(registration=found, state="waiting").exists()
        with django_assert_num_queries(11 + 2 * waiting):
            client.get(address)
