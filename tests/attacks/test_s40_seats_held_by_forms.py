"""S40: seats that forms hold until the email is confirmed: what they tell of who is registered, and hoarding them."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.mail.address_budget import EMAILS_PER_HOUR
from registrations.admission import FORMS_PER_NETWORK
from registrations.erasure import delete_unconfirmed
from registrations.models import Registration, RegistrationRules, Seat
from registrations.recounting import recount
from registrations.trap import FIELD
from registrations.waiting_list import expire_offers
from sessions.models import Session
from tests import factories as f
from tests.api import asking as api
from tests.api.asking import form_for
from tests.pages import text_of
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db

VICTIM = "victim@example.org"


@pytest.fixture
def session() -> Session:
    found = f.SessionFactory(online_capacity=40, waiting_list=False)
    RegistrationRules.objects.create(lab=found.lab, hold_minutes=60)
    f.RegistrationFactory(lab=found.lab)  # stores the text of consent
    return found


def published(session: Session) -> list[Any]:
    """What everybody reads of the seats, with the marks by which pages are known."""
    cache.clear()
    lab, visitor = session.lab.slug, Client()
    pages = ["/", reverse("lab", args=[lab]), reverse("session", args=[lab, session.slug])]
    read = [visitor.get(address) for address in pages]
    form = re.sub('value="[^"]*"', "", text_of(visitor.get(reverse("register", args=[lab]))))
    calls = [f"/api/v1/labs/{lab}/sessions", f"/api/v1/labs/{lab}/sessions/{session.slug}"]
    known = [visitor.get(address) for address in calls]
    return [
        *[(one.headers.get("ETag"), text_of(one)) for one in read],
        form,
        *[(one.headers.get("ETag"), one.json()) for one in known],
    ]


def left(session: Session) -> int:
    answer = Client().get(f"/api/v1/labs/{session.lab.slug}/sessions/{session.slug}").json()
    return int(answer["seats"][0]["left"])


@pytest.mark.parametrize("who", ["registered", "not registered", "budget used up", "program"])
def test_no_number_tells_whether_a_form_was_of_somebody_who_is_registered(
    who: str, session: Session, client: Client
) -> None:
    if who == "registered":
        f.RegistrationFactory(lab=session.lab, name="Demo participant 17", email=VICTIM)
    if who == "budget used up":
        for _time in range(EMAILS_PER_HOUR):
            post(client, "/registrations/link/", {"email": VICTIM})
            send(client, session.lab, answers(session, email=VICTIM, name=f"Name {'ABCDEFG'[_time]}"))
    before = published(session)
    trap = {FIELD: "x"} if who == "program" else {}
    sent = send(client, session.lab, answers(session, email=VICTIM, **trap))
    assert sent.status_code == 200
    assert published(session) == before
    assert Seat.objects.filter(state="held", registration__name="Demo participant 17").exists() == (
        who == "not registered"
    )
    assert left(session) == 40
    assert recount() == []


def test_a_session_whose_seats_forms_hold_is_not_full_and_is_when_they_are_confirmed(
    session: Session, client: Client
) -> None:
    Session.objects.update(online_capacity=4)
    before = published(session)
    for number in range(4):
        send(client, session.lab, answers(session, email=f"p{number}@example.org"))
    session.refresh_from_db()
    assert (session.online_taken, session.online_held) == (4, 4)
    assert published(session) == before
    sent = send(client, session.lab, answers(session, email="p4@example.org"))
    assert sent.status_code == 200

    for count, person in enumerate(Registration.objects.filter(state="unconfirmed").order_by("pk")[:4], 1):
        post(client, link(person, "confirm", "registration_confirm"))
        assert left(session) == 4 - count
    assert recount() == []


def test_a_form_of_somebody_who_is_registered_moves_the_same_seats_and_takes_it_back(
    session: Session, client: Client
) -> None:
    f.RegistrationFactory(lab=session.lab, name="Demo participant 17", email=VICTIM)
    work = []
    for email in (VICTIM, "other@example.org"):
        with CaptureQueriesContext(connection) as asked:
            send(client, session.lab, answers(session, email=email))
        moved = [each["sql"] for each in asked if "lab_sessions_session" in each["sql"].split("WHERE")[0]]
        work.append([each[:40] for each in moved if each.startswith("UPDATE") or "FOR NO KEY" in each])
    assert work[0]
    assert work[0] == work[1]
    assert Registration.objects.filter(email=VICTIM).count() == 1


def test_one_network_holds_a_few_seats_and_others_still_get_some(session: Session, client: Client) -> None:
    f.RegistrationFactory(lab=session.lab, name="Demo participant 17", email=VICTIM)
    senders: list[Any] = [client, Client(REMOTE_ADDR="192.0.2.77")]
    for number in range(FORMS_PER_NETWORK // 2):
        send(client, session.lab, answers(session, email=f"p{number}@example.org"))
        form = form_for(session, name="Demo participant 17", email=VICTIM)
        assert api.post(session.lab, form, f"key-number-{number}").status_code == 202
    # All of them count, whoever they are of, and above that forms are stored all the same.
    held = Seat.objects.filter(state="held")
    before = held.count()
    for sender in senders:
        email = f"{sender.defaults.get('REMOTE_ADDR', 'here')}@example.org"
        assert send(sender, session.lab, answers(session, email=email)).status_code == 200
    assert before == FORMS_PER_NETWORK // 2
    assert held.count() == before + 1
    assert Registration.objects.get(email="here@example.org").seats.get().state == "requested"
    assert recount() == []


def test_seats_that_are_no_longer_held_are_counted_so(session: Session, client: Client) -> None:
    for number in range(2):
        send(client, session.lab, answers(session, email=f"p{number}@example.org"))
    Seat.objects.filter(registration__email="p0@example.org").update(until=timezone.now())
    expire_offers(timezone.now())
    assert (left(session), recount()) == (40, [])
    delete_unconfirmed(Registration.objects.filter(email="p1@example.org"))
    session.refresh_from_db()
    assert (session.online_taken, session.online_held, recount()) == (0, 0, [])
