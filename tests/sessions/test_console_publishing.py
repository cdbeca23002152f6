"""Each step that changes who sees a session asks first, says what it means, and can be taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core.jobs.models import Task
from core.web.localized_fields import languages_of
from labs.models import City, Lab
from sessions.models import Session
from tests import factories as f
from tests.pages import client_of, form_of, forms_of, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> Session:
    return f.SessionFactory(
        lab=f.LabFactory(slug="lab", languages=["en", "bg"]), slug="talk", visibility="draft", capacity=10
    )


@pytest.fixture
def client(session: Session) -> Client:
    return client_of(f.StaffFactory(lab=session.lab).user)


@pytest.fixture
def do(client: Client) -> Callable[..., Any]:
    def act(step: str, **answers: Any) -> Any:
        address = f"/organise/labs/lab/sessions/talk/{step}/"
        return send(client, address, **answers)

    return act


def words(client: Client, step: str) -> str:
    return " ".join(client.get(f"/organise/labs/lab/sessions/talk/{step}/").content.decode().split())


def test_publishing_and_taking_it_back(client: Client, session: Session, do: Callable[..., Any]) -> None:
    assert "Everyone can see it" in words(client, "publish")
    session.refresh_from_db()
    assert session.visibility == "draft"
    do("publish")
    session.refresh_from_db()
    assert session.visibility == "public"
    do("unpublish")
    session.refresh_from_db()
    assert session.visibility == "draft"
    assert session.history.first().history_user == session.lab.staff.get().user


def test_publishing_in_a_draft_lab_says_that_nobody_sees_it_yet(client: Client, session: Session) -> None:
    Lab.objects.update(visibility="draft")
    assert "The lab itself is a draft" in words(client, "publish")


def test_an_internal_session_is_open_to_the_chosen_cities(
    client: Client, session: Session, do: Callable[..., Any]
) -> None:
    sofia: City = f.CityFactory()
    session.lab.programme.cities.add(sofia, f.CityFactory())
    do("internal", city=[str(sofia.pk)])
    session.refresh_from_db()
    assert session.visibility == "internal"
    assert list(session.audience.all()) == [sofia]
    [form] = [
        form
        for form in forms_of(client.get("/organise/labs/lab/sessions/talk/internal/"))
        if "city" in form.names
    ]
    assert form.values["city"] == [str(sofia.pk)]


def test_cities_of_other_programmes_are_refused(
    client: Client, session: Session, do: Callable[..., Any]
) -> None:
    response = do("internal", city=[str(f.CityFactory().pk), "x"])
    assert response.status_code == 422
    assert "Choose cities of this programme" in response.content.decode()
    session.refresh_from_db()
    assert session.visibility == "draft"


def test_a_number_longer_than_databases_count_is_no_city(session: Session, do: Callable[..., Any]) -> None:
    for number in ("9" * 19, "9" * 400):
        answer = do("internal", city=[number])
        assert answer.status_code == 422
        assert "Choose cities of this programme." in answer.content.decode()
    session.refresh_from_db()
    assert session.visibility == "draft"


def test_making_it_internal_says_who_keeps_a_seat(client: Client, session: Session) -> None:
    Session.objects.update(visibility="public", online_taken=2, online_waiting=1)
    said = words(client, "internal")
    assert "It is removed from public pages, calendars and search immediately." in said
    assert "2 people have seats." in said
    assert "1 person is waiting for one." in said


def test_a_session_with_seats_does_not_become_a_draft(client: Client, session: Session) -> None:
    Session.objects.update(visibility="public", online_taken=1)
    assert "This session cannot become a draft" in words(client, "unpublish")
    [form] = forms_of(client.get("/organise/labs/lab/sessions/talk/unpublish/"))
    assert form.buttons == []
    response = client.post("/organise/labs/lab/sessions/talk/unpublish/", follow=True)
    assert "Cancel the session instead" in response.content.decode()
    session.refresh_from_db()
    assert session.visibility == "public"


@pytest.mark.parametrize(("tell", "by_mail"), [("now", True), ("never", False)])
def test_cancelling_says_who_is_told_and_keeps_the_reason(
    client: Client, session: Session, do: Callable[..., Any], tell: str | None, by_mail: bool
) -> None:
    Session.objects.update(visibility="public", online_taken=2, online_waiting=1)
    assert "Email people with a seat or on the waiting list" in words(client, "cancel")
    do("cancel", reason_0="The speaker is ill", reason_1="Лекторът е болен", tell=tell)
    session.refresh_from_db()
    assert session.is_cancelled
    assert languages_of(session.cancel_reason) == {"en": "The speaker is ill", "bg": "Лекторът е болен"}
    task = Task.objects.get(name="registrations.tell")
    assert task.arguments == {"session": session.pk, "change": "cancelled", "by_mail": by_mail}


@pytest.mark.parametrize(
    ("reason", "said"),
    [("x" * 301, "Use at most 300 characters"), ("a\nb", "on one line"), ("\u202eevil", "U+202E")],
)
def test_a_wrong_reason_cancels_nothing_and_is_kept(
    session: Session, do: Callable[..., Any], reason: str, said: str
) -> None:
    response = do("cancel", reason_0=reason)
    assert response.status_code == 422
    assert said in response.content.decode()
    session.refresh_from_db()
    assert not session.is_cancelled


def test_cancelling_twice_is_once_and_restoring_takes_it_back(
    client: Client, session: Session, do: Callable[..., Any]
) -> None:
    Session.objects.update(visibility="public")
    data = form_of(client.get("/organise/labs/lab/sessions/talk/cancel/")).filled()
    for _ in range(2):
        assert client.post("/organise/labs/lab/sessions/talk/cancel/", data).status_code == 302
    session.refresh_from_db()
    assert (session.sequence, session.is_cancelled) == (1, True)
    do("restore")
    session.refresh_from_db()
    assert (session.sequence, session.is_cancelled) == (2, False)
    assert client.get("/organise/labs/lab/sessions/talk/restore/").status_code == 302


@pytest.mark.parametrize("step", ["publish", "internal", "unpublish", "cancel", "restore"])
def test_only_organisers_are_asked(session: Session, step: str) -> None:
    for user in (f.StaffFactory(lab=session.lab, role="door").user, f.StaffFactory().user):
        client = client_of(user)
        assert client.post(f"/organise/labs/lab/sessions/talk/{step}/").status_code == 404
    assert Client().get(f"/organise/labs/lab/sessions/talk/{step}/").status_code == 302
    before = session.revised_at
    session.refresh_from_db()
    assert session.revised_at == before
