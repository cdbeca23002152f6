"""In person or online: seats, waiting lists and counters of each; switching; a session that changes its format."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs import lab_parts
from labs.lab_parts import RoomPlan
from labs.models import Lab
from labs.viewer import VISITOR
from registrations import managing, modes, recounting, seats
from registrations.models import Quota, Registration, RegistrationRules, Seat, SeatMovement
from sessions.models import Session
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.pages import forms_of, text_of
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = pytest.mark.django_db


def hybrid(lab: Lab | None = None, room: int | None = 1, online: int | None = 2, **more: object) -> Session:
    lab = lab or f.LabFactory()
    made: Session = f.SessionFactory(
        lab=lab, format="hybrid", room_capacity=room, online_capacity=online, **more
    )
    return made


def seated(session: Session, *modes: str) -> list[Registration]:
    """Let one person after the other take a seat in these modes."""
    people = f.RegistrationFactory.create_batch(len(modes), lab=session.lab)
    for person, mode in zip(people, modes, strict=True):
        seats.take(person, {session.pk: mode})
    return people


def held(session: Session) -> list[tuple[str, str]]:
    order = Seat.objects.filter(session=session).order_by("registration__pk")
    return list(order.values_list("mode", "state"))


def counters(session: Session) -> dict[str, tuple[int, int]]:
    session.refresh_from_db()
    assert recounting.recount() == []
    return {str(one.mode): (one.taken, one.waiting) for one in session.seatings}


def test_each_mode_has_its_own_seats_and_waiting_list():
    session = hybrid(room=1, online=2)
    seated(session, "room", "room", "online", "online", "online", "room")
    assert held(session) == [
        ("room", "confirmed"), ("room", "waiting"), ("online", "confirmed"), ("online", "confirmed"),
        ("online", "waiting"), ("room", "waiting"),
    ]  # fmt: skip
    assert counters(session) == {"room": (1, 2), "online": (2, 1)}


def test_who_gives_up_a_seat_makes_room_for_those_who_wait_in_the_same_mode():
    session = hybrid(room=1, online=1)
    first, _second, third, _fourth = seated(session, "room", "online", "room", "online")
    seats.give_up(first, [session.pk])
    assert held(session) == [
        ("room", "cancelled"), ("online", "confirmed"), ("room", "confirmed"), ("online", "waiting"),
    ]  # fmt: skip
    assert [mail.to_email for mail in mails("seat_is_yours")] == [third.email]


@pytest.mark.parametrize(("format", "mode"), [("in-person", "online"), ("online", "room")])
def test_a_mode_that_the_session_does_not_offer_is_no_seat(format, mode):
    session = f.SessionFactory(format=format)
    [person] = f.RegistrationFactory.create_batch(1, lab=session.lab)
    [seat] = seats.take(person, {session.pk: mode})
    assert (seat.state, seat.movements.get().reason) == ("cancelled", "not-open")


def test_switching_takes_the_free_seat_and_gives_the_old_one_to_the_next():
    session = hybrid(room=1, online=1)
    first, second = seated(session, "room", "room")
    seat = modes.switch_mode(first, session.pk, "online")
    assert (seat.mode, seat.state) == ("online", "confirmed")
    assert held(session) == [("online", "confirmed"), ("room", "confirmed")]
    assert counters(session) == {"room": (1, 0), "online": (1, 0)}
    assert [mail.to_email for mail in mails("seat_is_yours")] == [second.email]


def test_nobody_loses_a_seat_by_switching_to_a_mode_that_is_full():
    session = hybrid(room=1, online=1)
    first, _second = seated(session, "room", "online")
    with pytest.raises(RuleViolation) as refused:
        modes.switch_mode(first, session.pk, "online")
    assert refused.value.code == "mode_full"
    assert held(session) == [("room", "confirmed"), ("online", "confirmed")]
    assert counters(session) == {"room": (1, 0), "online": (1, 0)}


def test_who_waits_may_wait_in_the_other_mode_or_get_a_free_seat_there():
    session = hybrid(room=1, online=1)
    _first, second, third = seated(session, "room", "room", "room")
    assert modes.switch_mode(second, session.pk, "online").state == "confirmed"
    assert modes.switch_mode(third, session.pk, "online").state == "waiting"
    assert counters(session) == {"room": (1, 0), "online": (1, 1)}


def test_who_asked_for_approval_or_was_offered_a_seat_changes_how_to_attend_in_turn():
    session = hybrid(needs_approval=True)
    [asking] = seated(session, "room")
    assert modes.switch_mode(asking, session.pk, "online").state == Seat.State.PENDING
    assert (held(session), counters(session)) == ([("online", "pending")], {"room": (0, 0), "online": (0, 0)})
    session = hybrid()
    RegistrationRules.objects.create(lab=session.lab, offer_hours=24)
    first, second = seated(session, "room", "room")
    seats.give_up(first, [session.pk])
    with pytest.raises(RuleViolation) as refused:
        modes.switch_mode(second, session.pk, "online")
    assert (refused.value.code, held(session)[1]) == ("offered", ("room", "offered"))
    seats.accept_offer(second, session.pk)
    assert modes.switch_mode(second, session.pk, "online").state == Seat.State.CONFIRMED


def test_by_the_page_one_chooses_and_changes_how_to_attend(client: Client):
    session = hybrid(room=5, online=5, slug="talk")
    lab = session.lab
    page = client.get(reverse("register", args=[lab.slug]))
    form = next(form for form in forms_of(page) if "email" in form.names)
    assert "mode:talk" in form.names
    send(client, lab, answers(session, **{"mode:talk": "online"}))
    person = Registration.objects.get()
    post(client, link(person, "confirm", "registration_confirm"))
    assert held(session) == [("online", "confirmed")]

    address = link(person, "manage", "registration_sessions")
    form = next(form for form in forms_of(client.get(address)) if "mode:talk" in form.names)
    assert form.values["mode:talk"] == ["online"] or form.values["mode:talk"] == "online"
    client.post(address, form.filled(**{"mode:talk": "room"}))
    assert held(session) == [("room", "confirmed")]
    [changed] = mails("registration_changed")
    assert "\nBefore: Online\nIn person\n" in changed.text
    assert "\nAttend in person or online instead:\n" in changed.text


def test_the_page_that_confirms_says_how_to_attend_and_the_person_s_page_leads_to_the_other_way(
    client: Client,
):
    session = hybrid(room=5, online=7, slug="talk")
    send(client, session.lab, answers(session, **{"mode:talk": "online"}))
    person = Registration.objects.get()
    confirm = text_of(client.get(link(person, "confirm", "registration_confirm")))
    assert ("<strong>Online</strong>" in confirm, "7 seats left" in confirm) == (True, True)
    post(client, link(person, "confirm", "registration_confirm"))
    page = text_of(client.get(link(person, "manage")))
    assert (
        f'href="{link(person, "manage", "registration_sessions")}#id_mode:talk">Attend in person instead'
        in page
    )


@pytest.mark.parametrize(("state", "offered"), [("confirmed", ["online"]), ("waiting", ["room", "online"])])
def test_a_way_to_attend_that_is_full_is_offered_to_those_alone_who_have_no_seat_to_lose(
    client: Client, state: str, offered: list[str]
):
    session = hybrid(room=1, online=1, slug="talk")
    people = seated(session, "room", "online", "online")
    person = people[1] if state == "confirmed" else people[2]
    page = client.get(link(person, "manage", "registration_sessions"))
    choices = page.context["form"].fields["mode:talk"].choices
    assert [value for value, _label in choices] == offered


def test_a_mode_of_somebody_s_own_is_an_error_beside_the_field_with_what_was_typed_kept(client: Client):
    session = hybrid(slug="talk")
    response = send(
        client, session.lab, answers(session, name="Demo participant", **{"mode:talk": "carrier pigeon"})
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose whether you attend in person or online." in page
    assert 'value="Demo participant"' in page
    assert Registration.objects.count() == 0


def test_the_join_link_goes_to_those_who_attend_online_alone(client: Client):
    session = hybrid(join_link="https://meet.example.org/hybrid")
    here, there = seated(session, "room", "online")
    pages = [client.get(link(person, "manage")).content.decode() for person in (here, there)]
    assert ["https://meet.example.org/hybrid" in page for page in pages] == [False, True]


def test_a_session_that_goes_online_takes_its_people_along():
    lab = f.LabFactory(format="in-person")
    room = f.RoomFactory(lab=lab, online=False)
    session = f.SessionFactory(lab=lab, room=room, room_capacity=2)
    seated(session, "room", "room", "room")
    plan = replace(plan_of(session), format="online", room=None, room_capacity=None, online_capacity=2)
    change_session(session, plan)
    assert held(session) == [("online", "confirmed"), ("online", "confirmed"), ("online", "waiting")]
    assert counters(session) == {"online": (2, 1)}
    reasons = SeatMovement.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons)[-3:] == ["reformatted"] * 3


def test_a_hybrid_session_becomes_online_only_if_there_is_room_for_all():
    session = hybrid(room=2, online=2)
    seated(session, "room", "room", "online")
    too_few = replace(plan_of(session), format="online", room_capacity=None)
    with pytest.raises(RuleViolation) as refused:
        change_session(session, too_few)
    assert list(refused.value.errors) == ["online_capacity"]
    change_session(session, replace(too_few, online_capacity=3))
    assert counters(session) == {"online": (3, 0)}
    assert {mode for mode, _state in held(session)} == {"online"}


def test_a_room_that_becomes_an_online_room_takes_its_sessions_along():
    lab = f.LabFactory(format="hybrid")
    room = f.RoomFactory(lab=lab, online=False, join_link="")
    session = f.SessionFactory(lab=lab, room=room, room_capacity=1)
    seated(session, "room", "room")
    lab_parts.change_room(room, RoomPlan(name={"en": "Plenary"}, online=True))
    session.refresh_from_db()
    assert (session.format, session.room_capacity, session.online_capacity) == ("online", None, 1)
    assert counters(session) == {"online": (1, 1)}


def test_a_format_that_contradicts_the_room_is_refused():
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab, online=True))
    with pytest.raises(RuleViolation) as refused:
        change_session(session, replace(plan_of(session), format="in-person", online_capacity=None))
    assert list(refused.value.errors) == ["room"]


def test_the_organiser_of_a_change_is_told_what_was_refused_beside_the_field(client: Client):
    lab = f.LabFactory(slug="lab")
    session = f.SessionFactory(lab=lab, slug="talk")
    client.force_login(f.StaffFactory(lab=lab).user)
    address = reverse("console_session_edit", args=["lab", "talk"])
    form = next(form for form in forms_of(client.get(address)) if "title_0" in form.names)
    response = client.post(address, form.filled(format="online", room_capacity="12"))
    assert response.status_code == 422
    assert "The session is online only. Leave this empty." in response.content.decode()
    session.refresh_from_db()
    assert (session.room_capacity, Quota.objects.count()) == (None, 0)


def test_changing_all_sessions_at_once_moves_modes_and_seats_in_one_email():
    lab = f.LabFactory()
    one, two = hybrid(lab, room=3, online=3), f.SessionFactory(lab=lab)
    [person] = seated(one, "room")
    Message.objects.all().delete()
    managing.change_sessions(person, VISITOR, {one.pk: "online", two.pk: ""})
    assert held(one) == [("online", "confirmed")]
    assert held(two) == [("online", "confirmed")]
    assert [mail.occasion for mail in Message.objects.all()] == ["registration_changed"]
