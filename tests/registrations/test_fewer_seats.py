"""Fewer seats than are taken: asked what to do, who came last moves, nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.web.errors import RuleViolation
from core.web.idempotency import new_form_key
from registrations import fewer_seats, seats
from registrations.models import Registration, Seat
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import forms_of, text_of
from tests.registrations.form_posts import mails, post

pytestmark = pytest.mark.django_db


def seated(session: Session, count: int) -> list[Registration]:
    people = [f.RegistrationFactory(lab=session.lab) for _ in range(count)]
    for person in people:
        seats.take(person, {session.pk: "online"})
    return people


def counters(session: Session) -> tuple[int | None, int, int]:
    now = Session.objects.get(pk=session.pk)
    return now.online_capacity, now.online_taken, now.online_waiting


@pytest.mark.parametrize("waiting_list", [True, False])
def test_who_came_last_moves_ahead_of_those_who_wait(waiting_list: bool) -> None:
    session = f.SessionFactory(online_capacity=3, waiting_list=True)
    people = seated(session, 5)
    Session.objects.filter(pk=session.pk).update(waiting_list=waiting_list)
    session.refresh_from_db()
    before = len(mails())
    moved = fewer_seats.lower(session, "online", 1)
    assert [seat.registration_id for seat in moved] == [people[2].pk, people[1].pk]
    lost = "waiting" if waiting_list else "cancelled"
    found = {seat.registration_id: seat.state for seat in session.seats.all()}
    assert [found[person.pk] for person in people] == ["confirmed", lost, lost, "waiting", "waiting"]
    assert counters(session) == (1, 1, 4 if waiting_list else 2)
    told = mails()[before:]
    assert [(mail.occasion, mail.to_email) for mail in told] == [
        ("registration_changed", people[2].email),
        ("registration_changed", people[1].email),
    ]
    assert all("The organisers have reduced the seats of" in mail.text for mail in told)
    assert {seat.movements.latest("pk").reason for seat in moved} == {"fewer-seats"}
    if waiting_list:
        # A seat that becomes free goes to the one who had it first.
        seats.give_up(people[0], [session.pk])
        assert Seat.objects.get(registration=people[1]).state == "confirmed"


def test_quotas_get_their_places_back() -> None:
    session = f.SessionFactory(online_capacity=3)
    quota = f.QuotaFactory(lab=session.lab, session=session, limit=3)
    seated(session, 3)
    fewer_seats.lower(session, "online", 1)
    quota.refresh_from_db()
    assert (quota.taken, counters(session)) == (1, (1, 1, 2))


def test_held_seats_stay() -> None:
    session = f.SessionFactory(online_capacity=3)
    person = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    seats.hold(person, {session.pk: "online"}, timezone.now() + timedelta(hours=1))
    seated(session, 1)
    session.refresh_from_db()
    with pytest.raises(RuleViolation, match="1 seat is held"):
        fewer_seats.lower(session, "online", 0)
    assert counters(session) == (3, 2, 0)
    fewer_seats.lower(session, "online", 1)
    assert counters(session) == (1, 1, 1)


def test_a_mode_that_is_not_offered_is_refused() -> None:
    session = f.SessionFactory()
    with pytest.raises(RuleViolation):
        fewer_seats.lower(session, "room", 1)


def test_the_page_shows_the_names_first(client: Client) -> None:
    session = f.SessionFactory(online_capacity=2)
    people = seated(session, 2)
    client.force_login(f.UserFactory(is_superuser=True))
    page = reverse("console_fewer_seats", args=[session.lab.slug, session.slug])
    asked = post(client, page, {"mode": "online", "capacity": "1"})
    assert (people[1].name in asked.content.decode(), people[0].name in asked.content.decode()) == (
        True,
        False,
    )
    assert counters(session) == (2, 2, 0)
    form = next(one for one in forms_of(asked) if one.action == page)
    assert client.post(page, form.filled()).status_code == 302
    assert counters(session) == (1, 1, 1)
    for wrong in ("", "-1", "x", "9" * 30):
        assert post(client, page, {"mode": "online", "capacity": wrong}).status_code == 422
    edit = reverse("console_session_edit", args=[session.lab.slug, session.slug])
    assert client.get(edit).status_code == 200


def test_whoever_registers_while_the_list_is_read_is_shown_before_anybody_moves(client: Client) -> None:
    session = f.SessionFactory(online_capacity=5)
    people = seated(session, 2)
    client.force_login(f.UserFactory(is_superuser=True))
    page = reverse("console_fewer_seats", args=[session.lab.slug, session.slug])
    asked = post(client, page, {"mode": "online", "capacity": "1"})
    [later] = seated(session, 1)
    form = next(one for one in forms_of(asked) if one.action == page)
    again = client.post(page, form.filled())
    assert (again.status_code, counters(session)) == (422, (5, 3, 0))
    said = text_of(again)
    assert "Look at the list again." in said
    assert [person.name in said for person in (*people, later)] == [False, True, True]
    form = next(one for one in forms_of(again) if one.action == page)
    assert client.post(page, form.filled()).status_code == 302
    assert counters(session) == (1, 1, 2)


def test_a_program_that_saw_a_preview_moves_those_people_or_nobody(client: Client) -> None:
    session = f.SessionFactory(online_capacity=5)
    people = seated(session, 2)
    path = f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}/fewer-seats"
    by = organiser_of(session.lab)

    def call(**body: object) -> Any:
        said = {"mode": "online", "capacity": 1, **body}
        headers = bearer(by) | {"Idempotency-Key": new_form_key()[:60]}
        return client.post(path, said, content_type="application/json", headers=headers)

    preview = call(is_preview=True).json()
    assert preview["moved"] == [str(people[1].public_id)]
    seated(session, 1)
    refused = call(expected=preview["key"])
    assert (refused.status_code, counters(session)) == (409, (5, 3, 0))
    moved = call(expected=call(is_preview=True).json()["key"])
    assert (len(moved.json()["moved"]), counters(session)) == (2, (1, 1, 2))
