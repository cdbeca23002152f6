"""Programs of organisers list what is not announced, read the emails before, and announce or dismiss; and histories."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.mail.models import Message
from labs.models import Lab
from registrations import seats
from sessions import publishing
from sessions.models import Appearance, ChangeDecision, Session
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.scheduling import change_session, plan_of
from sessions.unannounced_changes import decide
from tests import factories as f
from tests.registrations.concurrency import while_open
from tests.registrations.form_posts import mails
from tests.registrations.test_notifications import work
from tests.walks.world import api_token_for

BASE = "/api/v1/labs/lab"
CHANGES = f"{BASE}/unannounced-changes"


@pytest.fixture
def lab(db: None) -> Any:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        yield f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8))


@pytest.fixture
def session(lab: Lab) -> Session:
    session: Session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening"})
    person = f.RegistrationFactory(lab=lab)
    seats.take(person, {session.pk: "online"})
    Message.objects.all().delete()
    session.refresh_from_db()
    return change_session(session, replace(plan_of(session), start_time=time(15), end_time=time(16)))


@pytest.fixture
def call(lab: Lab) -> Any:
    user = f.StaffFactory(lab=lab, role="organiser").user
    token = api_token_for(user, "key", scopes=["read", "emails", "schedule"])
    number = iter(range(100))

    def call(method: str, address: str, body: Any = None, key: str = "") -> Any:
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key or f"key number {next(number)}",
        }
        return getattr(Client(), method)(address, body, content_type="application/json", headers=headers)

    return call


def test_what_is_not_announced_is_listed_previewed_and_announced_once(call: Any, session: Session) -> None:
    [pending] = call("get", CHANGES).json()["items"]
    assert (pending["session"], pending["people"], pending["is_minor"]) == ("opening", 1, False)
    assert pending["differences"] == [{"label": "Time", "before": "11:30–12:30", "after": "15:00–16:00"}]
    [email] = call("get", f"{CHANGES}/emails?sessions=opening").json()["items"]
    assert email["subject"] == "New time: Opening"
    assert "Was: 11:30–12:30\nNow: 15:00–16:00" in email["text"]

    states = {"opening": pending["state"]}
    move_again = replace(plan_of(session), start_time=time(14), end_time=time(16))
    change_session(session, move_again)
    refused = call("post", f"{CHANGES}/announce", {"states": states})
    assert refused.status_code == 409, refused.content
    for _ in range(2):
        answer = call("post", f"{CHANGES}/announce", {"sessions": ["opening"]}, key="one and the same")
        assert answer.json() == {"sessions": ["opening"], "emails": 1}
    assert call("post", f"{CHANGES}/announce", {"sessions": ["opening"]}).status_code == 422
    work("registrations.tell_moves")
    assert len(mails("session_moved")) == 1
    assert call("get", CHANGES).json()["items"] == []


def test_dismissing_keeps_the_reason(call: Any, session: Session) -> None:
    answer = call("post", f"{CHANGES}/dismiss", {"reason": "They know"})
    assert answer.json() == {"sessions": ["opening"], "emails": 0}
    assert ChangeDecision.objects.get().reason == "They know"
    assert call("post", f"{CHANGES}/dismiss", {"reason": "x" * 301}).status_code == 422


def test_histories_have_agenda_appearances_audience_visibility_and_decisions(
    call: Any, lab: Lab, session: Session
) -> None:
    speaker = f.SpeakerFactory(programme=lab.programme, name={"en": "Ana Popova"})
    appearance = AppearancePlan(speaker, Appearance.Role.MODERATOR)
    plan = plan_of(session)
    change_session(session, replace(plan, agenda=(AgendaPlan({"en": "Welcome"}, appearances=(appearance,)),)))
    decide([session], tell=False, reason="They know")
    sofia = f.CityFactory(name={"en": "Sofia"})
    lab.programme.cities.add(sofia)
    publishing.make_internal(session, [sofia])
    events = call("get", f"{BASE}/sessions/opening/history").json()["items"]
    said = {(event["what"], *(one["label"] for one in event["differences"])): event for event in events}
    people = said["Speakers changed", "Speakers"]["differences"][0]
    assert (people["before"], people["after"]) == ("–", "Welcome: Ana Popova (Moderator)")
    assert ("Agenda item “Welcome” added",) in said
    assert any(what.startswith("No one emailed about the change: They know") for what, *_labels in said)
    changed = [one for event in events for one in event["differences"]]
    assert {"label": "Who can see it", "before": "Public", "after": "Internal"} in changed
    assert any(one["after"] == "Sofia" for one in changed)


def test_changes_of_the_public_programme_are_for_everybody(session: Session) -> None:
    [found] = Client().get(f"{BASE}/changes").json()["items"]
    assert (found["session"], found["summary"], found["is_new"]) == ("opening", "New time", False)
    assert found["id"].startswith("urn:uuid:")


def test_a_zone_changes_only_if_it_is_said_what_stays(call: Any, session: Session) -> None:
    address = f"{BASE}/sessions/opening/time-zone"
    for method, body in (("post", {"time_zone": "Europe/Rome"}), ("get", {"time_zone": "Europe/Rome"})):
        answer = call(method, address, body)
        assert answer.status_code == 422
        assert "keep" in str(answer.json()["errors"])
    preview = call("get", f"{address}?time_zone=Europe/Rome&keep=instant").json()
    assert preview["sessions"][0]["after"]["starts"] == "2027-04-06T14:00"
    answer = call("post", address, {"time_zone": "Europe/Rome", "keep": "instant"})
    assert answer.json()["after"]["starts"] == "2027-04-06T14:00"
    session.refresh_from_db()
    assert (session.time_zone, session.start_time) == ("Europe/Rome", time(14))
    assert (
        call("post", address, {"time_zone": "Europe/Sofia", "keep": "clock", "version": 1}).status_code == 409
    )
    # Back, by the lab's operation: nothing of the lab uses its zone any longer.
    answer = call(
        "post", f"{BASE}/time-zone", {"time_zone": "Europe/Rome", "keep": "clock", "sessions": ["opening"]}
    )
    assert answer.status_code == 422
    answer = call("post", f"{BASE}/time-zone", {"time_zone": "Europe/Rome", "keep": "instant"})
    assert answer.json()["sessions"] == []
    assert Lab.objects.get().time_zone == "Europe/Rome"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False], ids=["as it is", "positive control"])
def test_two_organisers_who_announce_at_once_send_one_set_of_emails(
    is_guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = f.LabFactory(slug="lab", starts_on=date(2037, 4, 6), ends_on=date(2037, 4, 8))
    session = f.SessionFactory(lab=lab)
    for person in f.RegistrationFactory.create_batch(3, lab=lab):
        seats.take(person, {session.pk: "online"})
    Message.objects.all().delete()
    session.refresh_from_db()
    change_session(session, replace(plan_of(session), start_time=time(15), end_time=time(16)))
    if not is_guarded:
        monkeypatch.setattr("sessions.unannounced_changes.lock_session", lambda session: None)
    told: list[int] = []

    def announce() -> None:
        found = Session.objects.select_related("lab", "room").get()
        told.append(len(decide([found], tell=True)))

    assert while_open(announce, announce) == []
    assert sorted(told) == ([0, 1] if is_guarded else [1, 1])
    assert ChangeDecision.objects.count() == (1 if is_guarded else 2)
