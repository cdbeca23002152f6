"""What was on its way when somebody cancelled or erased the registration: it comes too late, and nothing comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core.mail.models import Message
from core.web.errors import RuleViolation
from labs.viewer import VISITOR
from registrations import attendance, erasure, managing, organiser_actions, tags
from registrations.models import Attendance, Note, Registration, Tag
from registrations.registering import Details
from sessions import publishing
from sessions.models import Session
from tests import factories as f
from tests.registrations.form_posts import link, post
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db

CHANGES: dict[str, Callable[[Registration], object]] = {
    "details": lambda person: managing.change_details(person, Details("Back Again", "en", "Europe/Sofia")),
    "sessions": lambda person: managing.change_sessions(person, VISITOR, {}),
    "cancel": lambda person: managing.cancel(person),
    "feed": lambda person: managing.renew_feed_address(person),
    "address": lambda person: organiser_actions.correct_address(person, "back@example.org", f.UserFactory()),
    "link": lambda person: organiser_actions.send_link(person),
    "tag": lambda person: tags.tag(person, "VIP"),
    "note": lambda person: tags.write_note(person, "Called on Monday.", f.UserFactory()),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_over", [False, True])
def test_nothing_writes_an_erased_person_back(change: str, is_over: bool) -> None:
    """After the lab is over an erased registration stays a confirmed one, so that its state alone tells nothing."""
    session = f.SessionFactory()
    as_read = registered(session)
    if is_over:
        type(session.lab).objects.update(starts_on="2021-11-30", ends_on="2021-12-10")
    erasure.erase(Registration.objects.select_related("lab").get())

    with pytest.raises(RuleViolation) as refused:
        CHANGES[change](as_read)

    assert refused.value.code == "gone"
    left = Registration.objects.get()
    assert (left.name, left.email, left.state) == ("", "", "confirmed" if is_over else "cancelled")
    assert [kind.objects.count() for kind in (Message, Note, Tag)] == [0, 0, 0]


def test_a_registration_that_is_deleted_already_is_erased_without_a_word() -> None:
    session = f.SessionFactory()
    as_read = f.RegistrationFactory(lab=session.lab, state="unconfirmed", confirmed_at=None)
    Registration.objects.all().delete()

    erasure.erase(as_read)

    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("route", "verb", "fields"),
    [
        ("registration_edit", "change_details", {"name": "Back Again", "language": "en"}),
        ("registration_sessions", "change_sessions", {}),
        ("registration_give_up", "change_sessions", {}),
        ("registration_cancel", "cancel", {}),
        ("registration_renew_feed", "renew_feed_address", {}),
    ],
)
@pytest.mark.parametrize("end", [managing.cancel, erasure.erase], ids=["cancelled", "erased"])
def test_pages_that_come_too_late_lead_to_what_is(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    verb: str,
    fields: dict[str, str],
    end: Callable[[Registration], object],
) -> None:
    session = f.SessionFactory()
    person = registered(session)
    operation = getattr(managing, verb)

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        end(Registration.objects.select_related("lab__programme").get())
        return operation(*args, **kwargs)

    monkeypatch.setattr(managing, verb, meanwhile)
    more = [session.slug] if route == "registration_give_up" else []
    own_page = link(person, "manage")
    answer = post(client, link(person, "manage", route, *more), {**fields, "time_zone": "Europe/Sofia"})

    assert (answer.status_code, answer["Location"]) == (302, own_page)
    assert client.get(answer["Location"]).status_code == (404 if end is erasure.erase else 200)


def test_an_organiser_who_cancels_too_late_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    session = f.SessionFactory()
    person = registered(session)
    client.force_login(f.StaffFactory(lab=session.lab).user)
    operation = managing.cancel

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        erasure.erase(Registration.objects.select_related("lab").get())
        return operation(*args, **kwargs)

    monkeypatch.setattr(managing, "cancel", meanwhile)
    answer = post(client, f"/organise/labs/{session.lab.slug}/registrations/{person.public_id}/cancel/")

    assert answer.status_code == 302
    assert "This registration no longer exists." in client.get("/organise/").content.decode()


def test_a_session_cancelled_while_somebody_is_marked_as_present_is_a_conflict(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = f.SessionFactory()
    person = registered(session)
    client.force_login(f.StaffFactory(lab=session.lab, role="door").user)
    client.raise_request_exception = False
    operation = attendance.record

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        publishing.cancel(Session.objects.get())
        return operation(*args, **kwargs)

    monkeypatch.setattr(attendance, "record", meanwhile)
    answer = client.post(
        f"/organise/labs/{session.lab.slug}/attendance/{session.slug}/", {"present": str(person.public_id)}
    )

    assert (answer.status_code, Attendance.objects.count()) == (409, 0)
    assert "Someone else made a change at the same time" in answer.content.decode()
