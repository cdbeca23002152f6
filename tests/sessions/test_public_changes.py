"""The page and the feed of what changed: only what visitors saw and see, with ids that stay."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client

from core.web.errors import RuleViolation
from labs import lab_editing
from labs.models import Lab
from sessions import public_changes, publishing
from sessions.models import PublicChange, Session
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.registrations.test_hours_over_a_change import words_of

pytestmark = pytest.mark.django_db

PAGE, FEED = "/labs/lab/changes/", "/labs/lab/changes.atom"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def lab(clock: Any) -> Lab:
    lab: Lab = f.LabFactory(slug="lab", starts_on=date(2027, 4, 6), ends_on=date(2027, 4, 8))
    return lab


@pytest.fixture
def session(lab: Lab) -> Session:
    found: Session = f.SessionFactory(lab=lab, slug="opening", title={"en": "Opening", "bg": "Откриване"})
    return found


def move(session: Session, hour: int) -> Session:
    return change_session(session, replace(plan_of(session), start_time=time(hour), end_time=time(hour + 1)))


def entries(client: Client, query: str = "") -> list[dict[str, str]]:
    feed = ElementTree.fromstring(client.get(FEED + query).content)
    return [
        {part: entry.findtext(f"a:{part}", "", ATOM) for part in ("id", "title", "summary", "updated")}
        for entry in feed.findall("a:entry", ATOM)
    ]


def test_moves_cancellations_and_new_sessions_are_listed_newest_first(
    client: Client, session: Session, clock: Any
) -> None:
    move(session, 14)
    clock.shift(3600)
    publishing.cancel(session, {"en": "The speaker is ill"})
    clock.shift(3600)
    draft = f.SessionFactory(lab=session.lab, slug="new", title={"en": "Late news"}, visibility="draft")
    assert len(entries(client)) == 2
    publishing.publish(draft)

    found = entries(client)
    assert [entry["title"] for entry in found] == [
        "New session: Late news",
        "Cancelled: Opening",
        "New time: Opening",
    ]
    assert found[2]["summary"] == "Time. Was: 11:30–12:30. Now: 14:00–15:00."
    assert found[1]["summary"] == "The speaker is ill"
    assert [entry["updated"][:16] for entry in found] == [
        "2027-03-01T14:00",
        "2027-03-01T13:00",
        "2027-03-01T12:00",
    ]
    words = words_of(client.get(PAGE))
    assert words.index("New session") < words.index("Cancelled") < words.index("Was: 11:30–12:30")
    lab_page = client.get("/labs/lab/").content.decode()
    assert f'href="{FEED}"' in lab_page
    assert f'href="{PAGE}"' in lab_page


def test_changes_that_follow_each_other_are_one_with_the_same_id(
    client: Client, session: Session, clock: Any
) -> None:
    move(session, 14)
    [first] = entries(client)
    clock.shift(600)
    move(session, 16)
    [second] = entries(client)
    assert first["id"] == second["id"]
    assert second["id"].startswith("urn:uuid:")
    assert second["summary"] == "Time. Was: 11:30–12:30. Now: 16:00–17:00."
    assert second["updated"] > first["updated"]
    change_session(session, replace(plan_of(session), start_time=time(11, 30), end_time=time(12, 30)))
    assert entries(client) == []


@pytest.mark.parametrize("leave", [publishing.make_internal, publishing.unpublish])
def test_a_session_that_is_no_longer_public_takes_its_changes_along(
    client: Client, session: Session, leave: Any
) -> None:
    move(session, 14)
    leave(session)
    assert entries(client) == []
    assert "Opening" not in words_of(client.get(PAGE))
    assert not PublicChange.objects.exists()
    # What happens while visitors do not see it is not collected.
    move(session, 16)
    publishing.publish(session)
    assert [entry["title"] for entry in entries(client)] == ["New session: Opening"]


def test_nothing_is_collected_that_visitors_do_not_see(client: Client, lab: Lab, session: Session) -> None:
    internal = f.SessionFactory(lab=lab, visibility="internal", title={"en": "Canary"})
    move(internal, 15)
    publishing.cancel(internal)
    change_session(session, replace(plan_of(session), join_link="https://meet.example.org/canary"))
    change_session(session, replace(plan_of(session), room_capacity=None, online_capacity=7))
    assert not PublicChange.objects.exists()
    # Not even to those who see the session.
    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    assert "Canary" not in words_of(client.get(PAGE))
    move(session, 15)
    assert "canary" not in str(PublicChange.objects.values())


def test_a_draft_lab_has_neither_page_nor_feed_and_collects_nothing(client: Client, session: Session) -> None:
    lab_editing.unpublish_lab(session.lab)
    session.lab.refresh_from_db()
    move(session, 15)
    assert [client.get(address).status_code for address in (PAGE, FEED)] == [404, 404]
    assert not PublicChange.objects.exists()


def test_the_feed_is_valid_atom_and_answers_conditional_requests(
    client: Client, session: Session, clock: Any
) -> None:
    move(session, 14)
    clock.shift(60)
    answer = client.get(FEED)
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    own = feed.find("a:link[@rel='self']", ATOM)
    assert own is not None
    assert own.get("href", "").endswith(FEED)
    for part in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{part}", "", ATOM)
    again = client.get(FEED, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    # A change that visitors do not see moves neither tag nor date.
    publishing.cancel(f.SessionFactory(lab=session.lab, visibility="internal"))
    assert client.get(FEED)["Last-Modified"] == answer["Last-Modified"]
    move(session, 16)
    clock.shift(60)
    assert client.get(FEED, headers={"If-None-Match": answer["ETag"]}).status_code == 200
    assert client.get(FEED)["Last-Modified"] > answer["Last-Modified"]


def test_page_and_feed_speak_the_language_asked_for(client: Client, session: Session) -> None:
    move(session, 14)
    assert "Откриване" in entries(client, "?lang=bg")[0]["title"]
    assert "Беше: 11:30–12:30" in words_of(client.get(f"{PAGE}?lang=bg"))


def test_both_are_bounded_and_ask_the_same_number_of_queries(
    client: Client, lab: Lab, clock: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_changes, "LIMIT", 3)
    for number in range(5):
        move(f.SessionFactory(lab=lab, slug=f"s{number}"), 14)
    with django_assert_num_queries(2):
        assert len(public_changes.entries(lab, "Europe/Sofia", "en")) == 3
        assert len(public_changes.entries(lab, "Europe/Rome", "bg")) == 3


def test_publishing_and_cancelling_are_undone_by_a_button(client: Client, lab: Lab) -> None:
    client.force_login(f.StaffFactory(lab=lab, role="organiser").user)
    session = f.SessionFactory(lab=lab, slug="talk", visibility="draft")
    address = "/organise/labs/lab/sessions/talk/"

    def do(step: str, undo: bool = True, **said: str) -> str:
        from tests.pages import forms_of

        [form] = [form for form in forms_of(client.get(f"{address}{step}/")) if "undo" not in form.action]
        client.post(f"{address}{step}/", form.filled(**said))
        [button] = [form for form in forms_of(client.get(address)) if "/undo/" in form.action]
        if undo:
            client.post(button.action, button.filled())
            session.refresh_from_db()
        return str(button.action)

    do("publish")
    assert session.visibility == "draft"
    publishing.publish(session)
    do("cancel", tell="never")
    assert not session.is_cancelled
    do("internal")
    assert session.visibility == "public"
    publishing.cancel(session)
    do("restore", tell="never")
    assert session.is_cancelled
    # Whoever published it since decides.
    publishing.unpublish(session)
    action = do("publish", undo=False)
    publishing.make_internal(session)
    assert "can no longer be undone" in words_of(client.post(action, follow=True))
    session.refresh_from_db()
    assert session.visibility == "internal"


def test_undoing_a_publication_waits_for_nobody_who_has_a_seat(lab: Lab) -> None:
    from sessions.undo_publishing import undo_visibility, visibility_of

    session = f.SessionFactory(lab=lab, visibility="draft")
    user = f.StaffFactory(lab=lab, role="organiser").user
    before = visibility_of(session)
    publishing.publish(session)
    Session.objects.filter(pk=session.pk).update(online_taken=1)
    with pytest.raises(RuleViolation, match="has a seat"):
        undo_visibility(user, {"session": session.pk, "before": before, "now": visibility_of(session)})
