"""Nominations: seats are held for a city until its deadline, whoever declines, gives up or is replaced."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.mail import address_budget
from core.mail.models import Message
from core.web.errors import RuleViolation
from core.web.idempotency import new_form_key
from labs.models import City
from labs.viewer import VISITOR
from registrations import (
    city_contacts,
    erasure,
    links,
    managing,
    nominations,
    nominations_board,
    nominees,
    registering,
    seats,
    waiting_list,
)
from registrations.models import CityContact, Nomination, NominationPlaces, Registration, Seat
from registrations.nominations import Nominee
from sessions.models import Session
from tests import factories as f
from tests.api.asking import bearer

pytestmark = pytest.mark.django_db
NOW = timezone.now


def contact_of(session: Session, slug: str = "rome", limit: int = 2) -> tuple[CityContact, NominationPlaces]:
    lab = session.lab
    city = f.CityFactory(slug=slug, name={"en": slug.title()})
    lab.programme.cities.add(city)
    plan = city_contacts.ContactPlan(city, "Anna Rossi", f"contact@{slug}.example", "en")
    [contact] = city_contacts.add_contacts(lab, [plan], NOW() + timedelta(days=3))
    city_contacts.set_places(lab, [city_contacts.PlacesPlan(city, limit)])
    return contact, NominationPlaces.objects.get(lab=lab, city=city)


def name(
    contact: CityContact, places: NominationPlaces, session: Session, who: str = "Maria", **more: object
):
    people = [Nominee(who, f"{who.lower()}@example.org", "en")]
    [made] = nominations.nominate(contact, places, people, [session.pk], **more)  # type: ignore[arg-type]
    assert made.registration is not None
    return made


def accept(made: Nomination) -> Registration:
    return nominees.accept(made.registration, VISITOR, consent=True, consent_language="en")  # type: ignore[arg-type]


def taken(session: Session) -> tuple[int, int]:
    session.refresh_from_db()
    return session.online_taken, session.online_waiting


def states(session: Session) -> list[str]:
    return list(Seat.objects.filter(session=session).order_by("pk").values_list("state", flat=True))


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(capacity=1, waiting_list=True)


def waiting(session: Session) -> Registration:
    person = f.RegistrationFactory(lab=session.lab)
    seats.take(person, {session.pk: "online"})
    return person


def test_a_seat_is_held_and_becomes_the_nominees(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    assert (taken(session), states(session), made.answer) == ((1, 0), ["held"], "nominated")
    registration = accept(made)
    assert (registration.state, states(session)) == ("confirmed", ["confirmed"])
    made.refresh_from_db()
    assert made.answer == "accepted"
    assert set(Message.objects.values_list("occasion", flat=True)) == {"nominee_asked", "confirmation"}


def test_an_internal_session_of_the_city_is_seen(session: Session) -> None:
    contact, places = contact_of(session)
    Session.objects.filter(pk=session.pk).update(visibility="internal")
    assert accept(name(contact, places, session)).state == "confirmed"
    assert states(session) == ["confirmed"]
    other, others = contact_of(session, "oslo")
    session.audience.set([contact.city])
    with pytest.raises(RuleViolation) as refused:
        name(other, others, session, "Ole")
    assert refused.value.code == "unknown_session"


@pytest.mark.parametrize("how", ["decline", "cancel", "give_up", "withdraw", "erase", "erase_accepted"])
def test_the_seat_stays_the_citys_and_passes_on(session: Session, how: str) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    person = made.registration
    assert person is not None
    first_in_line = waiting(session)
    if how in ("cancel", "give_up", "erase_accepted"):
        person = accept(made)
    if how == "decline":
        nominees.decline(person)
    elif how == "cancel":
        managing.cancel(person)
    elif how == "give_up":
        managing.change_sessions(person, VISITOR, {})
    elif how == "withdraw":
        nominations.withdraw(contact, made)
    else:
        erasure.erase(person)
        person.refresh_from_db()
        assert (person.name, person.email, person.state) == ("", "", "cancelled")
    assert (taken(session), states(session)) == ((1, 1), ["held", "waiting"])
    instead = {} if how in ("withdraw", "give_up") else {"instead_of": made}
    other = name(contact, places, session, "Elena", **instead)
    assert (taken(session), states(session)) == ((1, 1), ["cancelled", "waiting", "held"])
    places.refresh_from_db()
    assert places.used == (2 if how == "give_up" else 1)
    accept(other)
    assert states(session) == ["cancelled", "waiting", "confirmed"]
    assert first_in_line.seats.get().state == "waiting"


def test_after_the_deadline_the_next_gets_what_nobody_took(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    waiting(session)
    nominees.decline(made.registration)  # type: ignore[arg-type]
    assert waiting_list.expire_offers(NOW()) == 0
    assert waiting_list.expire_offers(NOW() + timedelta(days=4)) == 1
    assert (taken(session), states(session)) == ((1, 0), ["cancelled", "confirmed"])


def test_unanswered_nominations_stay_until_the_deadline(session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    Registration.objects.update(created_at=NOW() - timedelta(days=30))
    assert registering.expire_unconfirmed(NOW()) == 0
    assert registering.expire_unconfirmed(NOW() + timedelta(days=4)) == 1
    assert (taken(session), states(session)) == ((0, 0), [])
    made.refresh_from_db()
    assert made.answer == "no_answer"


def test_several_at_once_or_none(session: Session) -> None:
    contact, places = contact_of(session)
    twice = [Nominee("Maria", "m@example.org", "en"), Nominee("MARIA", "M@example.org", "en", 1)]
    with pytest.raises(nominations.WrongNominee) as refused:
        nominations.nominate(contact, places, twice, [session.pk])
    assert (refused.value.code, refused.value.row, refused.value.field) == ("twice", 1, "email")
    three = [Nominee(who, f"{who}@example.org", "en", row) for row, who in enumerate(("a", "b", "c"))]
    with pytest.raises(RuleViolation) as full:
        nominations.nominate(contact, places, three, [session.pk])
    assert full.value.code == "full"
    assert (Registration.objects.count(), taken(session), Message.objects.count()) == (0, (0, 0), 0)
    nominations.nominate(contact, places, three[:2], [session.pk])
    assert sorted(states(session)) == ["held", "requested"]


def test_nobody_learns_who_is_registered(session: Session) -> None:
    contact, places = contact_of(session)
    f.RegistrationFactory(lab=session.lab, name="Maria", email="maria@example.org")
    made = name(contact, places, session)
    with pytest.raises(RuleViolation) as refused:
        accept(made)
    assert refused.value.code == "already_registered"


def test_only_until_the_deadline_and_for_the_own_city(session: Session) -> None:
    contact, places = contact_of(session)
    other, _others = contact_of(session, "oslo")
    with pytest.raises(RuleViolation) as foreign:
        name(other, places, session)
    assert foreign.value.code == "other_city"
    CityContact.objects.update(deadline=NOW() - timedelta(minutes=1))
    with pytest.raises(RuleViolation) as late:
        name(contact, places, session)
    assert late.value.code == "deadline"


def test_a_later_deadline_holds_longer(session: Session) -> None:
    contact, places = contact_of(session)
    name(contact, places, session)
    CityContact.objects.update(invited_at=NOW())
    later = NOW() + timedelta(days=9)
    before = Message.objects.count()
    for _twice in range(2):
        city_contacts.set_deadline(session.lab, later)
    told = Message.objects.order_by("pk")[before:]
    assert [message.occasion for message in told] == ["contact_deadline", "nominee_asked"]
    assert Seat.objects.get().until == Registration.objects.get().nominated_until == later
    with pytest.raises(RuleViolation):
        city_contacts.set_deadline(session.lab, NOW())


def test_a_seat_of_another_day_goes_to_the_next_and_is_not_held_for_the_city(session: Session) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.filter(pk=places.pk).update(day=session.start_date)
    places.refresh_from_db()
    elsewhere = f.SessionFactory(
        lab=session.lab, capacity=1, start_date=session.start_date + timedelta(days=1)
    )
    person = accept(name(contact, places, session))
    seats.take(person, {elsewhere.pk: elsewhere.modes[0]})
    next_one = waiting(elsewhere)
    managing.cancel(person)
    assert dict(person.seats.values_list("session", "state")) == {
        session.pk: "held",
        elsewhere.pk: "cancelled",
    }
    assert next_one.seats.get().state == "confirmed"


def test_a_contact_names_no_endless_row_of_strangers(session: Session) -> None:
    contact, places = contact_of(session)
    most = nominations.NAMED_A_DAY * places.limit + nominations.SLIPS_A_DAY
    for number in range(most):
        nominations.withdraw(contact, name(contact, places, session, f"P{number}"))
    with pytest.raises(RuleViolation) as refused:
        name(contact, places, session, "Maria")
    assert refused.value.code == "too_many_named"
    Nomination.objects.update(created_at=NOW() - timedelta(days=1))
    name(contact, places, session, "Maria")


def test_quotas_of_the_city_do_not_move_on_replacing(session: Session) -> None:
    contact, places = contact_of(session)
    quota = f.QuotaFactory(lab=session.lab, session=session, city=contact.city, limit=1)
    made = name(contact, places, session)
    name(contact, places, session, "Elena", instead_of=made)
    quota.refresh_from_db()
    assert (quota.taken, taken(session)) == (1, (1, 0))


def test_lines_of_contacts(session: Session) -> None:
    city = f.CityFactory(slug="rome", name={"en": "Rome", "bg": "Рим"})
    session.lab.programme.cities.add(city)
    found = city_contacts.parse_lines(
        session.lab, "Рим;Anna;anna@example.org;bg\n\nrome; Ben ;ben@example.org\n"
    )
    assert [(one.city, one.name, one.language) for one in found] == [
        (city, "Anna", "bg"),
        (city, "Ben", "en"),
    ]
    for wrong in (
        "Paris;A;a@example.org",
        "rome;;a@example.org",
        "rome;A;nothing",
        "rome;A;a@example.org;xx",
        "x",
    ):
        with pytest.raises(ValidationError, match="Line 1"):
            city_contacts.parse_lines(session.lab, wrong)


def test_silent_cities_are_reminded_once_a_day(session: Session) -> None:
    contact, places = contact_of(session)
    contact_of(session, "oslo")
    lab = session.lab
    assert city_contacts.remind(lab) == 0
    assert city_contacts.invite(lab) == 2
    assert city_contacts.invite(lab) == 0
    name(contact, places, session)
    assert (city_contacts.remind(lab), city_contacts.remind(lab)) == (1, 0)
    reminded = Message.objects.get(occasion="contact_reminded")
    assert reminded.to_email == "contact@oslo.example"


@pytest.mark.parametrize("size", [3, 12])
def test_the_board_asks_the_same_queries_however_many_cities(
    session: Session, size: int, django_assert_num_queries: object
) -> None:
    for number in range(size):
        contact, places = contact_of(session, f"city-{number:02}")
        if number == 0:
            f.AttendanceFactory(registration=accept(name(contact, places, session)), session=session)
            name(contact, places, session, "Elena")
    with django_assert_num_queries(5):  # type: ignore[operator]
        rows = nominations_board.board(session.lab)
    assert [(row.named, row.accepted, row.attended, row.places) for row in rows[:2]] == [
        (2, 1, 1, 2),
        (0, 0, 0, 2),
    ]
    assert len(rows) == size


def test_erasing_contacts_with_their_emails(session: Session) -> None:
    contact_of(session)
    city_contacts.invite(session.lab)
    after = NOW() + timedelta(days=4000)
    city_contacts.forget_due(after)
    assert (CityContact.objects.count(), Message.objects.count(), NominationPlaces.objects.count()) == (
        0,
        0,
        1,
    )


# Pages


def sent(session: Session, **more: object) -> dict[str, object]:
    return {
        "form_key": new_form_key(),
        "session": [session.pk],
        "name_0": "Maria",
        "email_0": "maria@example.org",
        "language_0": "en",
        **more,
    }


def test_the_contacts_pages(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    token = city_contacts.token_of(contact)
    page = client.get(reverse("nominating", args=[token]))
    assert (page.status_code, page["Cache-Control"], page["X-Robots-Tag"]) == (
        200,
        "private, no-store",
        "noindex",
    )
    path = reverse("nominating_people", args=[token, places.pk])
    assert client.get(path).status_code == 200
    wrong = client.post(path, sent(session, name_1="Elena"))
    assert wrong.status_code == 422
    assert b'value="Maria"' in wrong.content
    assert Registration.objects.count() == 0
    assert client.post(path, form := sent(session)).status_code == 302
    assert client.post(path, form).status_code == 302
    made = Nomination.objects.get()
    assert b"Maria" in client.get(reverse("nominating", args=[token])).content
    again = client.post(path, sent(session))
    assert again.status_code == 422
    assert Nomination.objects.count() == 1
    replacing = reverse("nominating_replace", args=[token, made.pk])
    assert client.get(replacing).status_code == 200
    assert client.post(replacing, sent(session, name_0="Elena", email_0="e@example.org")).status_code == 302
    assert client.get(replacing).status_code == 404
    last = Nomination.objects.get(ended_at=None)
    leaving = reverse("nominating_withdraw", args=[token, last.pk])
    assert client.get(leaving).status_code == 200
    assert client.post(leaving, {"form_key": new_form_key()}).status_code == 302
    assert client.post(leaving, {"form_key": new_form_key()}).status_code == 404


def test_the_nominees_page(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    person = made.registration
    assert person is not None
    path = links.path_of(person, links.NOMINEE)
    assert client.get(path).status_code == 200
    assert client.post(path, {"answer": "accept"}).status_code == 422
    confirm = links.path_of(person, links.CONFIRM)
    assert client.get(confirm).status_code == 302
    assert client.post(confirm).status_code == 409
    assert client.post(path, {"answer": "accept", "consent": "on"}).status_code == 302
    person.refresh_from_db()
    assert person.state == "confirmed"
    assert client.get(path).status_code == 302


def test_declining_on_the_page(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    path = links.path_of(made.registration, links.NOMINEE)  # type: ignore[arg-type]
    asked = client.post(path, {"answer": "decline"})
    assert (asked.status_code, b"Decline nomination?" in asked.content) == (200, True)
    made.refresh_from_db()
    assert made.answer == "nominated"
    assert client.post(path, {"answer": "decline", "confirmed": "yes"}).status_code == 302
    assert client.get(path).status_code == 200
    told = Message.objects.get(occasion="nominee_declined")
    assert told.to_email == contact.email
    assert "Maria" not in str(told.context)


def test_choosing_another_mode_on_accepting(client: Client) -> None:
    session = f.SessionFactory(format="hybrid", room_capacity=1, online_capacity=1)
    contact, places = contact_of(session)
    made = name(contact, places, session)
    assert Seat.objects.get().mode == "room"
    nominees.accept(
        made.registration,  # type: ignore[arg-type]
        VISITOR,
        consent=True,
        consent_language="en",
        modes={session.pk: "online"},
    )
    session.refresh_from_db()
    assert (Seat.objects.get().mode, session.room_taken, session.online_taken) == ("online", 0, 1)


# What another city's contact, or one whose link was revoked, must never reach


def test_other_cities_find_nothing(client: Client, session: Session) -> None:
    contact, places = contact_of(session)
    made = name(contact, places, session)
    other, _others = contact_of(session, "oslo")
    token = city_contacts.token_of(other)
    assert b"Maria" not in client.get(reverse("nominating", args=[token])).content
    for route, pk in (
        ("nominating_people", places.pk),
        ("nominating_replace", made.pk),
        ("nominating_withdraw", made.pk),
    ):
        path = reverse(route, args=[token, pk])
        assert client.get(path).status_code == 404
        assert client.post(path, sent(session)).status_code == 404
    nominees = links.token_of(made.registration, links.NOMINEE)  # type: ignore[arg-type]
    for wrong in (nominees, token[:-1] + "A", "x" * 48):
        assert client.get(reverse("nominating", args=[wrong])).status_code == 404
    made.refresh_from_db()
    assert made.answer == "nominated"


def test_a_revoked_link_opens_nothing(client: Client, session: Session) -> None:
    contact, _places = contact_of(session)
    old = city_contacts.token_of(contact)
    contact = CityContact.objects.select_related("lab__programme", "city").get(pk=contact.pk)
    city_contacts.renew_link(contact)
    assert client.get(reverse("nominating", args=[old])).status_code == 404
    new = city_contacts.token_of(contact)
    assert client.get(reverse("nominating", args=[new])).status_code == 200
    city_contacts.remove(contact)
    with pytest.raises(Http404):
        city_contacts.find(new)


def test_the_console(client: Client, session: Session) -> None:
    lab = session.lab
    city = f.CityFactory(slug="rome", name={"en": "Rome"})
    lab.programme.cities.add(city)
    client.force_login(f.StaffFactory(lab=lab).user)
    board = reverse("console_nominations", args=[lab.slug])
    assert client.get(board).status_code == 200
    places = {"form": "places", "form_key": new_form_key(), "city": "*", "role": "practitioner", "limit": "2"}
    assert client.post(board, places).status_code == 302
    assert NominationPlaces.objects.count() == lab.programme.cities.count()
    day = (NOW() + timedelta(days=5)).date().isoformat()
    until = {"deadline_date": day, "deadline_time": "12:00", "form_key": new_form_key()}
    wrong = client.post(board, {**until, "form": "contacts", "lines": "Paris;A;a@example.org"})
    assert wrong.status_code == 422
    lines = {**until, "form_key": new_form_key(), "form": "contacts", "lines": "Rome;A;a@example.org;en"}
    assert client.post(board, lines).status_code == 302
    contact = CityContact.objects.get()
    for route in ("console_nominations_invite", "console_nominations_remind"):
        assert client.post(reverse(route, args=[lab.slug]), {"form_key": new_form_key()}).status_code == 302
    assert client.post(board, {**until, "form": "deadline", "deadline_time": "13:00"}).status_code == 302
    assert client.get(reverse("console_nominations_remind", args=[lab.slug])).status_code == 200
    assert client.get(reverse("console_nominations_city", args=[lab.slug, "rome"])).status_code == 200
    csv = client.get(reverse("console_nominations_csv", args=[lab.slug])).content.decode()
    assert "Rome,1,2,0,0,0,0" in csv
    renew = reverse("console_city_contact_link", args=[lab.slug, contact.pk])
    assert client.post(renew, {"form_key": new_form_key()}).status_code == 302
    remove = reverse("console_city_contact_remove", args=[lab.slug, contact.pk])
    assert client.post(remove, {"form_key": new_form_key()}).status_code == 302
    assert (City.objects.filter(slug="rome").count(), CityContact.objects.count()) == (1, 0)


@pytest.fixture
def on_city_contact(client: Client, session: Session) -> CityContact:
    contact, _places = contact_of(session)
    client.force_login(f.StaffFactory(lab=session.lab).user)
    return contact


def answers_about(client: Client, contact: CityContact, **more: str) -> tuple[str, dict[str, str]]:
    """Return the address of the form and its answers as it opens."""
    path = reverse("console_city_contact", args=[contact.lab.slug, contact.pk])
    form = client.get(path).context["form"]
    shown = {name: str(form[name].value()) for name in form.fields if form[name].value() is not None}
    return path, {**shown, "deadline_time": shown["deadline_time"][:5], "form_key": new_form_key(), **more}


def test_a_contact_is_changed_and_another_address_gets_another_link(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    contact = on_city_contact
    city_contacts.invite(session.lab)
    old = city_contacts.token_of(contact)
    path, same = answers_about(client, contact, name="Anna Bianchi", language="el")
    assert client.post(path, same).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.language, contact.link_version) == ("Anna Bianchi", "el", 1)
    assert city_contacts.find(old) == contact
    path, moved = answers_about(client, contact, email="bianchi@rome.example")
    assert client.post(path, moved).status_code == 302
    with pytest.raises(Http404):
        city_contacts.find(old)
    contact.refresh_from_db()
    assert city_contacts.find(city_contacts.token_of(contact)) == contact
    sent = Message.objects.filter(occasion="contact_invited").order_by("pk")
    assert list(sent.values_list("to_email", "language")) == [
        ("contact@rome.example", "en"),
        ("bianchi@rome.example", "el"),
    ]


def test_who_was_not_invited_yet_gets_the_link_with_the_others(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    path, moved = answers_about(client, on_city_contact, email="bianchi@rome.example")
    assert client.post(path, moved).status_code == 302
    assert not Message.objects.exists()
    assert city_contacts.invite(session.lab) == 1
    assert Message.objects.get().to_email == "bianchi@rome.example"


def test_the_deadline_of_one_contact_holds_the_seats_of_his_or_her_people(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    made = name(on_city_contact, NominationPlaces.objects.get(), session)
    day = on_city_contact.deadline + timedelta(days=7)
    path, later = answers_about(client, on_city_contact, deadline_date=day.date().isoformat())
    assert client.post(path, later).status_code == 302
    on_city_contact.refresh_from_db()
    seat = Seat.objects.get(registration=made.registration)
    assert seat.until == on_city_contact.deadline
    assert Message.objects.latest("pk").occasion == "nominee_asked"
    assert on_city_contact.deadline.date() == day.date()


def test_a_deadline_that_has_passed_keeps_nobody_from_correcting_a_name(
    client: Client, on_city_contact: CityContact
) -> None:
    CityContact.objects.update(deadline=NOW() - timedelta(days=1))
    on_city_contact.refresh_from_db()
    path, changed = answers_about(client, on_city_contact, name="Anna Bianchi")
    assert client.post(path, changed).status_code == 302
    past = {"deadline_date": (NOW() - timedelta(days=2)).date().isoformat()}
    path, changed = answers_about(client, on_city_contact, **past)
    refused = client.post(path, changed)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["deadline_time"])


def test_two_organisers_change_a_contact(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    path, mine = answers_about(client, on_city_contact, name="Mine")
    _path, theirs = answers_about(client, on_city_contact, name="Theirs")
    assert client.post(path, theirs).status_code == 302
    refused = client.post(path, mine)
    assert refused.status_code == 409
    assert [(one.before, one.after) for one in refused.context["conflict"]] == [("Theirs", "Mine")]
    again = mine | {"version": str(refused.context["form"]["version"].value())}
    assert client.post(path, again).status_code == 302
    on_city_contact.refresh_from_db()
    assert on_city_contact.name == "Mine"
    city_contacts.remove(on_city_contact)
    assert client.post(path, again).status_code == 302
    assert client.get(path).status_code == 404
    client.force_login(f.StaffFactory().user)
    assert client.post(path, again).status_code == 404


def test_two_contacts_of_a_city_have_two_addresses(
    client: Client, session: Session, on_city_contact: CityContact
) -> None:
    plan = city_contacts.ContactPlan(on_city_contact.city, "Elena", "elena@rome.example", "en")
    city_contacts.add_contacts(session.lab, [plan], on_city_contact.deadline)
    path, same = answers_about(client, on_city_contact, email="Elena@rome.example")
    refused = client.post(path, same)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["email"])


def test_the_contact_is_told_when_an_address_gets_no_more_emails(session: Session) -> None:
    contact, places = contact_of(session)
    NominationPlaces.objects.update(limit=9)
    most = nominations.EMAILS_PER_ADDRESS
    people = [Nominee(f"Person {chr(65 + n)}", "p@example.org", "en", n) for n in range(most + 1)]
    with pytest.raises(nominations.WrongNominee) as refused:
        nominations.nominate(contact, places, people, [session.pk])
    assert (refused.value.code, refused.value.row) == ("too_many_emails", most)
    assert (Nomination.objects.count(), Message.objects.count()) == (0, 0)
    nominations.nominate(contact, places, people[:most], [session.pk])
    with pytest.raises(nominations.WrongNominee):
        nominations.nominate(contact, places, people[most:], [session.pk])
    assert Message.objects.filter(occasion="nominee_asked").count() == most


def test_whoever_got_many_other_emails_is_asked_all_the_same(session: Session) -> None:
    contact, places = contact_of(session)
    person = f.RegistrationFactory(lab=session.lab, email="maria@example.org")
    for number in range(address_budget.EMAILS_PER_HOUR):
        f.MessageFactory(key=f"key-{number}", to_email=person.email, budget_key=person.email_key)
    assert address_budget.emails_left(person.email) == 0
    assert not Message.objects.filter(occasion="nominee_asked").exists()
    name(contact, places, session)
    assert Message.objects.filter(occasion="nominee_asked", to_email="maria@example.org").count() == 1


def test_organisers_do_the_same_by_the_api(client: Client, session: Session) -> None:
    lab = session.lab
    lab.programme.cities.add(f.CityFactory(slug="rome"))
    organiser = bearer(f.StaffFactory(lab=lab).user)

    def call(method: str, route: str, body: object = None, *more: int) -> Any:
        headers = organiser | {"Idempotency-Key": new_form_key()}
        path = reverse(f"api:{route}", args=[lab.slug, *more])
        if body is None:
            return getattr(client, method)(path, headers=headers)
        return getattr(client, method)(path, body, content_type="application/json", headers=headers)

    places = {"city": "rome", "role": "politician", "limit": 1}
    assert call("put", "set_nomination_places", places).json() == {"saved": 1}
    until = (NOW() + timedelta(days=3)).isoformat()
    who = {"city": "rome", "name": "Anna", "email": "a@example.org", "language": "en", "deadline": until}
    contact = call("post", "create_city_contact", who).json()["id"]
    assert call("post", "create_city_contact", who).status_code == 422
    refused = call("post", "create_city_contact", {**who, "name": "..", "email": "d@example.org"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")
    late = ("9999-12-31T23:30:00Z", "9999-12-31T23:59:59-12:00", "2300-01-01T00:00:00Z")
    for wrong in ("2036-04-06T10:00:00", 2091000000, *late):  # without an offset; a number; beyond the event
        refused = call("post", "create_city_contact", {**who, "email": "c@example.org", "deadline": wrong})
        said = [one["field"] for one in refused.json()["errors"]]
        assert (refused.status_code, said) == (422, ["deadline"])
    assert call("post", "invite_city_contacts").json() == {"sent": 1}
    assert call("post", "remind_city_contacts").json() == {"sent": 1}
    change = {**who, "email": "b@example.org", "name": "Anna Rossi"}
    del change["city"]
    changed = call("put", "change_city_contact", change, contact).json()
    assert (changed["city"], changed["name"], changed["email"]) == ("rome", "Anna Rossi", "b@example.org")
    assert Message.objects.filter(to_email="b@example.org", occasion="contact_invited").count() == 1
    past = {**change, "deadline": (NOW() - timedelta(days=1)).isoformat()}
    wrong = call("put", "change_city_contact", past, contact)
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["deadline"])
    named = {
        "contact": contact,
        "places": NominationPlaces.objects.get().pk,
        "name": "Maria",
        "email": "maria@example.org",
        "language": "en",
        "sessions": [session.slug],
    }
    made = call("post", "nominate", named).json()
    assert made["answer"] == "nominated"
    assert call("post", "nominate", named).status_code in (409, 422)
    [row] = client.get(reverse("api:nominations_board", args=[lab.slug]), headers=organiser).json()["cities"]
    assert (row["city"], row["places"], row["nominated"], row["accepted"]) == ("rome", 1, 1, 0)
    CityContact.objects.update(deadline=NOW())
    assert call("delete", "withdraw_nomination", None, made["id"]).status_code == 204
    assert call("delete", "withdraw_nomination", None, made["id"]).status_code == 404
    assert call("delete", "remove_city_contact", None, contact).status_code == 204
    stranger = bearer(f.StaffFactory().user)
    for route in ("nominations_board", "city_contacts", "nomination_places", "nominations"):
        path = reverse(f"api:{route}", args=[lab.slug])
        assert client.get(path, headers=stranger).status_code == 404
        assert client.get(path, headers=organiser).status_code == 200
