"""Announcing changes of sessions: what is collected, who gets which email, one email each, and no email at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.mail.models import Message
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs import lab_editing
from labs.models import Lab
from registrations import change_announcements, seats
from sessions import publishing, unannounced_changes
from sessions.models import Appearance, ChangeDecision, Session, UnannouncedChange
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.scheduling import change_session, plan_of
from sessions.unannounced_changes import decide, moves_of, pending_changes
from tests import factories as f
from tests.pages import forms_of
from tests.registrations.form_posts import mails
from tests.registrations.test_hours_over_a_change import words_of
from tests.registrations.test_notifications import work

pytestmark = pytest.mark.django_db

PAGE = "/organise/labs/lab/announce/"


@pytest.fixture
def lab(client: Client) -> Any:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=True):
        lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8))
        client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
        yield lab


def make(lab: Lab, slug: str, **more: Any) -> Session:
    session: Session = f.SessionFactory(lab=lab, slug=slug, title={"en": slug.title()}, **more)
    return session


def seat(*sessions: Session, **more: Any) -> Any:
    person = f.RegistrationFactory(lab=sessions[0].lab, **more)
    seats.take(person, {session.pk: "online" for session in sessions})
    Message.objects.all().delete()
    for session in sessions:
        session.refresh_from_db()
    return person


def move(session: Session, hour: int = 15) -> Session:
    return change_session(session, replace(plan_of(session), start_time=time(hour), end_time=time(hour + 1)))


def announce(client: Client, **said: Any) -> Any:
    form = next(form for form in forms_of(client.get(PAGE)) if ("answer", "tell") in form.buttons)
    answer = client.post(PAGE, form.filled(answer="tell", **said), follow=True)
    work("registrations.tell_moves")
    return answer


def test_each_person_gets_one_email_about_all_that_changed_for_him_or_her(client: Client, lab: Lab) -> None:
    first, second, third = (make(lab, slug) for slug in ("first", "second", "third"))
    both = seat(first, second, email="both@example.org")
    seat(third, email="third@example.org", language="bg")
    move(first)
    publishing.cancel(second, {"en": "The speaker is ill"}, later=True)
    change_session(third, replace(plan_of(third), title={"en": "Third, renamed", "bg": "Трета"}))
    work("registrations.tell")
    assert mails() == []

    page = words_of(client.get(PAGE))
    assert "2 emails" in page
    assert "New date" not in page
    assert "Cancelled, new time (2 sessions): " in page
    announce(client)

    told = {message.to_email: message for message in mails("session_moved")}
    assert set(told) == {"both@example.org", "third@example.org"}
    text = told["both@example.org"].text
    assert "2 of your sessions have changed. What is new is below." in text
    assert "The speaker is ill" in text
    assert text.count("Was: 11:30–12:30") == 1
    assert "STATUS:CANCELLED" in told["both@example.org"].calendar
    assert told["both@example.org"].calendar.count("SEQUENCE:1") == 2
    assert told["third@example.org"].subject == "Ново заглавие: Трета"
    assert ChangeDecision.objects.filter(is_told=True).count() == 3
    assert both.messages.count() == 1


def test_the_page_shows_the_very_email_that_is_sent(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    person = seat(session, language="el")
    move(session)
    preview = client.get(f"{PAGE}{person.public_id}/body/?session=opening")
    assert preview.status_code == 200
    announce(client)

    [message] = mails("session_moved")
    shown = preview.content.decode()
    assert message.subject in shown
    before_links = message.text.split("https://")[0].strip().splitlines()
    assert all(line in shown for line in before_links[:6])
    # Somebody who gets none has none to be read, nor has anybody once it is sent.
    stranger = f.RegistrationFactory(lab=lab)
    for address in (f"{PAGE}{stranger.public_id}/body/", f"{PAGE}{person.public_id}/body/"):
        assert client.get(address).status_code == 404


def test_only_what_is_selected_is_announced_and_small_changes_are_not_selected(
    client: Client, lab: Lab
) -> None:
    moved, talk = make(lab, "moved"), make(lab, "talk")
    seat(moved, talk)
    move(moved)
    speaker = f.SpeakerFactory(programme=lab.programme, name={"en": "Ana Popova"})
    item = AgendaPlan({"en": "Welcome"}, start_time=time(11, 30), end_time=time(12))
    plan = replace(
        plan_of(talk), agenda=(item,), appearances=(AppearancePlan(speaker, Appearance.Role.SPEAKER),)
    )
    change_session(talk, plan)

    page = client.get(PAGE)
    assert "Agenda Was: none yet Now: 11:30–12:00 Welcome" in words_of(page)
    assert 'value="moved" checked' in page.content.decode()
    assert 'value="talk" checked' not in page.content.decode()
    announce(client)
    [message] = mails("session_moved")
    assert "Welcome" not in message.text
    assert list(UnannouncedChange.objects.values_list("session", flat=True)) == [talk.pk]

    page = client.get(f"{PAGE}?selected=1&session=talk")
    form = next(form for form in forms_of(page) if ("answer", "tell") in form.buttons)
    client.post(PAGE, form.filled(answer="tell"))
    work("registrations.tell_moves")
    message = mails("session_moved")[-1]
    assert message.subject == "Other speakers, new agenda: Talk"
    assert "Now: Ana Popova" in message.text


def test_sent_again_it_announces_nothing_twice(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    move(session)
    form = next(form for form in forms_of(client.get(PAGE)) if ("answer", "tell") in form.buttons)
    for said in ("Sending 1 email.", "Nothing is left to announce"):
        assert said in words_of(client.post(PAGE, form.filled(answer="tell"), follow=True))
    work("registrations.tell_moves")
    assert len(mails("session_moved")) == 1


def test_what_changed_after_the_preview_is_shown_before_anything_is_sent(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    move(session, 15)
    form = next(form for form in forms_of(client.get(PAGE)) if ("answer", "tell") in form.buttons)
    move(session, 17)

    page = client.post(PAGE, form.filled(answer="tell"))
    assert page.status_code == 409
    assert "Now: 17:00–18:00" in words_of(page)
    assert UnannouncedChange.objects.count() == 1
    with pytest.raises(EditConflict):
        decide([session], tell=True, states={session.pk: "other"})


def test_no_email_with_a_reason_is_remembered(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    move(session)
    form = next(form for form in forms_of(client.get(PAGE)) if ("answer", "no") in form.buttons)
    page = client.post(PAGE, form.filled(answer="no", reason="x" * 301))
    assert page.status_code == 422
    client.post(PAGE, form.filled(answer="no", reason="They were told on stage"))
    assert "No one emailed: They were told on stage" in words_of(client.get(PAGE))
    work("registrations.tell_moves")
    assert mails() == []
    with pytest.raises(InvalidFields):
        decide([], tell=False, reason="a\x00b")


def test_a_draft_lab_announces_nothing_and_loses_nothing(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    move(session)
    lab_editing.unpublish_lab(lab)
    assert "The lab is a draft" in words_of(client.get(PAGE))
    with pytest.raises(RuleViolation, match="draft"):
        decide([session], tell=True)
    assert UnannouncedChange.objects.count() == 1


def test_a_cancellation_that_was_not_announced_is_taken_back_silently(lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    publishing.cancel(session, later=True)
    assert UnannouncedChange.objects.count() == 1
    publishing.restore(session, tell=True)
    for name in ("registrations.tell", "registrations.tell_moves"):
        work(name)
    assert mails() == []
    assert not UnannouncedChange.objects.exists()


def test_a_restored_session_is_announced_to_those_who_were_told_that_it_is_cancelled(lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    publishing.cancel(session, later=True)
    decide([session], tell=True)
    work("registrations.tell_moves")
    publishing.restore(session, later=True)
    move(session)
    decide([session], tell=True)
    work("registrations.tell_moves")
    assert [message.subject for message in mails("session_moved")] == [
        "Cancelled: Opening",
        "Going ahead, new time: Opening",
    ]


def test_who_is_told_depends_on_language_and_seat(lab: Lab) -> None:
    session = make(lab, "opening")
    change_session(session, replace(plan_of(session), online_capacity=1))
    seated = seat(session, language="en")
    waiting = seat(session, language="bg")
    change_session(session, replace(plan_of(session), join_link="https://meet.example.org/new"))

    def people() -> set[int]:
        moves = moves_of(pending_changes(lab, "en"))
        found = set(change_announcements.recipients(moves).values_list("pk", flat=True))
        drafted = change_announcements.drafts(list(change_announcements.recipients(moves)), moves)
        assert {person.pk for person, _message in drafted} == found
        return found

    assert people() == {seated.pk}
    change_session(session, replace(plan_of(session), title={"en": "Opening", "bg": "Откриване"}))
    assert people() == {seated.pk, waiting.pk}


def test_a_session_within_a_day_is_asked_about_at_once(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    address = "/organise/labs/lab/sessions/opening/"
    with time_machine.travel(datetime(2027, 4, 5, 12, tzinfo=UTC), tick=True):
        client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
        form = next(form for form in forms_of(client.get(address)) if "title_0" in form.names)
        saved = client.post(address, form.filled(start_date="2027-04-07"))
        assert saved["Location"] == PAGE
        cancelling = client.get(f"{address}cancel/")
        [form] = [form for form in forms_of(cancelling) if "tell" in form.names]
        assert form.values["tell"] == ["now"]
    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    [form] = [form for form in forms_of(client.get(f"{address}cancel/")) if "tell" in form.names]
    assert form.values["tell"] == ["later"]


def test_door_staff_see_no_notice(client: Client, lab: Lab) -> None:
    session = make(lab, "opening")
    seat(session)
    move(session)
    client.force_login(f.StaffFactory(lab=lab, role="door").user)
    page = client.get("/organise/labs/lab/attendance/")
    assert page.status_code == 200
    assert "People have not been told" not in words_of(page)


@pytest.mark.parametrize("count", [1, 6])
def test_the_page_asks_the_same_number_of_queries_for_more_sessions_and_people(
    client: Client, lab: Lab, count: int, django_assert_max_num_queries: Any
) -> None:
    sessions = [make(lab, f"session-{number}") for number in range(count)]
    for number in range(count):
        seat(*sessions, email=f"p{number}@example.org")
    for session in sessions:
        move(session)
    client.get(PAGE)
    # An email drafted asks for its calendar file, and for the texts that the lab changed.
    with django_assert_max_num_queries(18 + 3 * count):
        client.get(PAGE)
    assert len(unannounced_changes.pending_sessions(Session.objects.all())) == count
