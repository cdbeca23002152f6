"""Asking people some days before whether they are still coming."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labs.models import Lab
from registrations import links, seats, still_coming
from registrations.models import Registration, Seat, SeatMovement, StillComing
from registrations.rules import RulesPlan, change_rules
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, text_of
from tests.registrations.form_posts import mails, post

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def lab() -> Lab:
    found = f.LabFactory()
    change_rules(found, RulesPlan(coming_days=7, coming_releases=True))
    return found


def in_days(lab: Lab, days: int, **more: object) -> Session:
    starts = timezone.now() + days * DAY
    session = f.SessionFactory(lab=lab, **more)
    Session.objects.filter(pk=session.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=1))
    return Session.objects.get(pk=session.pk)


def seated(lab: Lab, *sessions: Session, confirmed_days_ago: int = 30) -> Registration:
    person = f.RegistrationFactory(lab=lab, state="confirmed")
    Registration.objects.filter(pk=person.pk).update(confirmed_at=timezone.now() - confirmed_days_ago * DAY)
    seats.take(person, {session.pk: "online" for session in sessions})
    return Registration.objects.get(pk=person.pk)


def run() -> None:
    now = timezone.now()
    for _each in (*still_coming.ask_due(now), *still_coming.release_silent(now)):
        pass


def states(person: Registration) -> list[str]:
    return list(person.seats.order_by("session__starts_at").values_list("state", flat=True))


def test_each_person_is_asked_once_before_the_first_session(lab: Lab) -> None:
    soon, late = in_days(lab, 5), in_days(lab, 20)
    person, other = seated(lab, soon, late), seated(lab, late)
    recent = seated(lab, soon, confirmed_days_ago=1)
    for _ in range(3):
        run()
    assert [mail.to_email for mail in mails("still_coming")] == [person.email]
    [mail] = mails("still_coming")
    assert "your seats are released" in mail.text
    assert set(StillComing.objects.values_list("registration", "kept")) == {
        (person.pk, None),
        (recent.pk, True),
    }
    assert not StillComing.objects.filter(registration=other).exists()


def test_one_press_keeps_and_one_press_releases(client: Client, lab: Lab) -> None:
    soon, late = in_days(lab, 5, online_capacity=1), in_days(lab, 20)
    person = seated(lab, soon, late)
    waits = seated(lab, soon)
    assert states(waits) == ["waiting"]
    run()
    page = links.path_of(person, links.COMING)
    assert client.get(page).status_code == 200
    assert StillComing.objects.get().kept is None
    done = post(client, page, {"answer": "keep"})
    assert done["Location"].endswith("?done=kept")
    assert states(person) == ["confirmed", "confirmed"]
    post(client, page, {"answer": "release"})
    assert (states(person), states(waits)) == (["cancelled", "cancelled"], ["confirmed"])
    reasons = SeatMovement.objects.filter(seat__registration=person, after="cancelled")
    assert set(reasons.values_list("reason", flat=True)) == {"given-up"}
    assert [mail.to_email for mail in mails("seat_is_yours")] == [waits.email]
    assert "no seats" in client.get(page).content.decode()


def test_silence_releases_only_where_the_lab_says_so_and_the_email_said_it(lab: Lab) -> None:
    session = in_days(lab, 5)
    silent, kept = seated(lab, session), seated(lab, session)
    run()
    still_coming.answer(kept, keep=True)
    run()
    assert (states(silent), states(kept)) == (["confirmed"], ["confirmed"])
    assert still_coming.tally_of(lab) == {"asked": 2, "kept": 1, "released": 0, "silent": 1}
    StillComing.objects.update(release_at=timezone.now() - timedelta(minutes=1))
    run()
    run()
    assert (states(silent), states(kept)) == (["cancelled"], ["confirmed"])
    assert Seat.objects.get(registration=silent).movements.latest("pk").reason == "silent"
    [told] = mails("registration_changed")
    why = "You did not answer whether you are still coming, so your seats were released."
    assert (told.to_email, why in told.text) == (silent.email, True)
    assert still_coming.tally_of(lab) == {"asked": 2, "kept": 1, "released": 1, "silent": 0}


def test_the_settings_say_when_it_runs_and_who_was_asked(lab: Lab) -> None:
    session = in_days(lab, 5)
    asked, late = seated(lab, session), seated(lab, session, confirmed_days_ago=1)
    run()
    assert StillComing.objects.count() == 2
    assert still_coming.tally_of(lab) == {"asked": 1, "kept": 0, "released": 0, "silent": 1}
    page = text_of(client_of(f.StaffFactory(lab=lab).user).get(reverse("console_rules", args=[lab.slug])))
    assert "Runs every hour once the lab is public." in page
    assert (asked.name in page, late.name in page) == (True, False)
    assert "Asked: 1. Keep their seats: 0. Released: 0. No answer yet: 1." in page


def test_nothing_is_released_where_there_is_no_time_to_answer_or_no_rule(lab: Lab) -> None:
    near = in_days(lab, 2)
    seated(lab, near)
    run()
    assert StillComing.objects.get().release_at is None
    other = f.LabFactory()
    change_rules(other, RulesPlan(coming_days=7))
    seated(other, in_days(other, 5))
    run()
    assert list(StillComing.objects.values_list("release_at", flat=True)) == [None, None]


def test_a_lab_that_does_not_ask_asks_nobody() -> None:
    lab = f.LabFactory()
    seated(lab, in_days(lab, 5))
    run()
    assert mails("still_coming") == []


def test_a_cancelled_registration_has_no_page(client: Client, lab: Lab) -> None:
    person = seated(lab, in_days(lab, 5))
    page = links.path_of(person, links.COMING)
    Registration.objects.filter(pk=person.pk).update(state="cancelled", cancelled_at=timezone.now())
    post(client, page, {"answer": "release"})
    assert (states(person), StillComing.objects.count()) == (["confirmed"], 0)
    assert reverse("registration_coming", args=["x"]).endswith("/x/coming/")
