"""What is deleted or taken away in the console can be brought back with one press, as it was."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone

from core.web.localized_fields import languages_of
from labs.models import Lab, Programme
from sessions.models import Session
from sessions.plans import AgendaPlan, AppearancePlan
from sessions.scheduling import change_session, plan_of
from tests import factories as f
from tests.pages import client_of, forms_of

pytestmark = pytest.mark.django_db

LAB = "/organise/labs/lab/"
PROGRAMME = "/organise/programmes/programme/"


@pytest.fixture
def programme() -> Programme:
    return f.ProgrammeFactory(slug="programme", languages=["en", "bg"])


@pytest.fixture
def lab(programme: Programme) -> Lab:
    return f.LabFactory(slug="lab", programme=programme, visibility="draft", starts_on=date(2027, 4, 6))


@pytest.fixture
def client(programme: Programme) -> Client:
    return client_of(f.OwnerFactory(programme=programme).user)


def press(client: Client, response: Any) -> Any:
    """Press Undo on the page to which an answer leads."""
    page = client.get(response["Location"])
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    return client.post(undo.action, undo.filled(), follow=True)


def delete(client: Client, address: str) -> Any:
    return client.post(address, forms_of(client.get(address))[-1].filled())


def test_a_session_that_nobody_saw_is_deleted_and_brought_back_with_all_its_parts(
    client: Client, lab: Lab
) -> None:
    session = f.SessionFactory(
        lab=lab, slug="opening", visibility="draft", title={"en": "Opening", "bg": "Откриване"}
    )
    item = f.AgendaItemFactory(session=session)
    f.AppearanceFactory(session=session, agenda_item=item)
    session.audience.add(f.CityFactory())
    session = Session.objects.get()
    before = model_to_dict(session) | {"uid": session.uid, "starts_at": session.starts_at}
    assert f"{LAB}sessions/opening/delete/" in client.get(f"{LAB}sessions/opening/").content.decode()
    answer = delete(client, f"{LAB}sessions/opening/delete/")
    assert not Session.objects.exists()
    press(client, answer)
    session = Session.objects.get()
    assert model_to_dict(session) | {"uid": session.uid, "starts_at": session.starts_at} == before
    assert languages_of(session.title) == {"en": "Opening", "bg": "Откриване"}
    assert [one.agenda_item for one in session.appearances.all()] == [item]
    assert session.audience.count() == 1


@pytest.mark.parametrize("seen", ["shown", "shown before", "has a seat"])
def test_a_session_that_somebody_may_have_seen_is_not_deleted(client: Client, lab: Lab, seen: str) -> None:
    lab.visibility = "public"
    lab.save()
    session = f.SessionFactory(lab=lab, slug="opening", visibility="public" if "shown" in seen else "draft")
    if seen == "shown before":
        session.visibility = "draft"
        session.save()
    if seen == "has a seat":
        f.SeatFactory(session=session, registration=f.RegistrationFactory(lab=lab), queue_position=1)
    address = f"{LAB}sessions/opening/delete/"
    assert address not in client.get(f"{LAB}sessions/opening/").content.decode()
    assert "This session cannot be deleted" in client.get(address).content.decode()
    client.post(address)
    assert Session.objects.exists()


def test_a_lab_that_nobody_saw_is_deleted_with_its_drafts_and_brought_back(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab, room=f.RoomFactory(lab=lab), track=f.TrackFactory(lab=lab), visibility="draft")
    f.LabDayFactory(lab=lab)
    f.StaffFactory(lab=lab)
    page = client.get(f"{LAB}delete/").content.decode()
    assert "Its 1 session, which nobody has seen yet, is also deleted." in page
    answer = delete(client, f"{LAB}delete/")
    assert not Lab.objects.exists()
    press(client, answer)
    back = Lab.objects.get()
    assert languages_of(back.title) == languages_of(lab.title)
    session = back.sessions.get()
    assert (session.room, session.track) == (back.rooms.get(), back.tracks.get())
    assert (back.days.count(), back.staff.count()) == (1, 1)


def test_a_lab_that_was_public_is_not_deleted(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab)
    for visibility in ("public", "draft"):
        lab.visibility = visibility
        lab.save()
    assert "This lab cannot be deleted" in client.get(f"{LAB}delete/").content.decode()
    client.post(f"{LAB}delete/")
    assert Lab.objects.exists()


def test_rooms_tracks_speakers_and_roles_come_back(client: Client, programme: Programme, lab: Lab) -> None:
    room = f.RoomFactory(lab=lab)
    speaker = f.SpeakerFactory(programme=programme, slug="speaker")
    track = f.TrackFactory(lab=lab, slug="climate")
    door = f.StaffFactory(lab=lab, role="door")
    owner = f.OwnerFactory(programme=programme)
    pages = {
        f"{LAB}rooms/{room.pk}/delete/": {},
        f"{LAB}speakers/speaker/delete/": {},
        f"{LAB}tracks/": {"rows-0-DELETE": "on"},
        f"{LAB}people/": {"action": f"remove-{door.pk}"},
        f"{PROGRAMME}people/": {"action": f"remove-owner-{owner.pk}"},
    }
    for row, (address, answers) in zip((room, speaker, track, door, owner), pages.items(), strict=True):
        answer = client.post(address, forms_of(client.get(address))[-1].filled(**answers))
        assert not type(row).objects.filter(pk=row.pk).exists()
        press(client, answer)
        assert type(row).objects.filter(pk=row.pk).exists()
    track.refresh_from_db()
    assert (track.slug, languages_of(track.name).keys()) == ("climate", {"en", "bg"})


def test_what_was_undone_is_for_the_same_person_within_the_hour_and_with_the_right(
    client: Client, programme: Programme, lab: Lab
) -> None:
    room = f.RoomFactory(lab=lab)
    page = client.get(delete(client, f"{LAB}rooms/{room.pk}/delete/")["Location"])
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    other = client_of(f.OwnerFactory(programme=programme).user)
    assert "too late" in other.post(undo.action, undo.filled(), follow=True).content.decode()
    assert client.get(undo.action).status_code == 405
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert "too late" in client.post(undo.action, undo.filled(), follow=True).content.decode()
    room = f.RoomFactory(lab=lab)
    page = client.get(delete(client, f"{LAB}rooms/{room.pk}/delete/")["Location"])
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    programme.staff.all().delete()
    assert "can no longer be undone" in client.post(undo.action, undo.filled(), follow=True).content.decode()
    assert not lab.rooms.exists()


def test_what_is_taken_meanwhile_cannot_be_brought_back(client: Client, lab: Lab) -> None:
    f.SessionFactory(lab=lab, slug="opening", visibility="draft")
    page = client.get(delete(client, f"{LAB}sessions/opening/delete/")["Location"])
    [undo] = [form for form in forms_of(page) if "/undo/" in form.action]
    other = f.SessionFactory(lab=lab, slug="opening", visibility="draft", title={"en": datetime.__name__})
    assert "can no longer be undone" in client.post(undo.action, undo.filled(), follow=True).content.decode()
    assert Session.objects.get() == other


def test_a_session_does_not_come_back_outside_the_days_that_its_lab_has_now(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="opening", visibility="draft")
    answer = delete(client, f"{LAB}sessions/opening/delete/")
    last = session.end_date + timedelta(days=1)
    Lab.objects.filter(pk=lab.pk).update(starts_on=last, ends_on=last)

    said = press(client, answer).content.decode()

    assert not Session.objects.exists()
    assert "1 session would be outside the lab" in said


def test_the_last_save_of_a_session_is_undone_with_its_agenda(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(
        lab=lab,
        slug="opening",
        title={"en": "Opening", "bg": "Откриване", "el": "Έναρξη"},
        room=f.RoomFactory(lab=lab),
    )
    panel = AgendaPlan(
        title={"en": "Panel", "bg": "Панел"},
        start_time=time(11, 40),
        end_time=time(12),
        appearances=(AppearancePlan(f.SpeakerFactory(programme=lab.programme), "moderator"),),
    )
    agenda = (panel, AgendaPlan(title={"en": "Talk"}))
    before = plan_of(change_session(session, replace(plan_of(session), agenda=agenda)))
    address = f"{LAB}sessions/opening/"
    changes = {"title_0": "Closing", "start_time": "14:00", "end_time": "15:00", "room": ""}
    answer = client.post(
        address, forms_of(client.get(address))[-1].filled(**changes, **{"agenda-0-DELETE": "on"})
    )
    assert plan_of(Session.objects.get()).title["en"] == "Closing"
    assert session.agenda.count() == 1
    press(client, answer)
    after = plan_of(Session.objects.get())
    # What was removed comes back as a new row.
    assert replace(after, agenda=()) == replace(before, agenda=())
    assert [replace(one, item=None) for one in after.agenda] == [
        replace(one, item=None) for one in before.agenda
    ]


def test_a_save_over_which_somebody_else_saved_is_not_undone(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab, slug="opening")
    address = f"{LAB}sessions/opening/"
    answer = client.post(address, forms_of(client.get(address))[-1].filled(title_0="Mine"))
    change_session(session, replace(plan_of(session), title={"en": "Theirs"}))
    assert "can no longer be undone" in press(client, answer).content.decode()
    session.refresh_from_db()
    assert languages_of(session.title) == {"en": "Theirs"}
