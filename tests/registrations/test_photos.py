"""Photos and recordings: a choice of each person, never made beforehand, seen at the door."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.mail.models import Message
from labs.models import Lab
from registrations import erasure, photos
from registrations.export import csv_chunks
from registrations.models import Registration, RegistrationRules
from tests import factories as f
from tests.api.asking import bearer, organiser_of
from tests.pages import client_of, form_of, text_of
from tests.registrations.form_posts import answers, link, post, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    lab = f.LabFactory()
    RegistrationRules.objects.create(lab=lab, asks_photos=True)
    return lab


def test_nothing_is_chosen_beforehand_and_one_has_to_choose(client: Client, lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    page = client.get(f"/labs/{lab.slug}/register/")
    assert "photos" not in form_of(page).filled()
    assert text_of(page).count('name="photos"') == 2
    missing = send(client, lab, answers(session))
    assert (missing.status_code, Registration.objects.count()) == (422, 0)
    assert "Choose whether photos and recordings of you may be taken." in text_of(missing)
    odd = send(client, lab, answers(session, photos="perhaps"))
    assert (odd.status_code, Registration.objects.count()) == (422, 0)
    assert send(client, lab, answers(session, photos="no")).status_code == 200
    assert Registration.objects.get().photos == "no"


def test_a_lab_that_does_not_ask_keeps_nothing(client: Client) -> None:
    session = f.SessionFactory()
    assert 'name="photos"' not in text_of(client.get(f"/labs/{session.lab.slug}/register/"))
    send(client, session.lab, answers(session, photos="yes"))
    assert Registration.objects.get().photos == ""


@pytest.mark.parametrize(("said", "status"), [(None, 422), ("", 422), ("maybe", 422), ("yes", 202)])
def test_the_api_asks_too(client: Client, lab: Lab, said: str | None, status: int) -> None:
    session = f.SessionFactory(lab=lab)
    body: dict[str, Any] = {
        "name": "Demo participant 17",
        "email": "participant17@example.org",
        "sessions": [session.slug],
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": True,
        "photos": said,
    }
    answer = client.post(
        f"/api/v1/labs/{lab.slug}/registrations",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "a-key-of-ours"},
    )
    assert answer.status_code == status
    assert Registration.objects.count() == (status == 202)


def test_the_person_changes_it_at_any_time(client: Client, lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    address = link(person, "manage", "registration_photos")
    assert "You have not chosen yet." in text_of(client.get(link(person, "manage")))
    assert post(client, address).status_code == 422
    for choice in ("no", "yes", "no"):
        post(client, address, {"photos": choice})
        person.refresh_from_db()
        assert person.photos == choice
    RegistrationRules.objects.update(asks_photos=False)  # what was said stays, and can still be changed
    assert "No, do not photograph or record me" in text_of(client.get(link(person, "manage")))


def test_the_choice_and_its_changes_are_in_the_history(lab: Lab) -> None:
    person, by = f.RegistrationFactory(lab=lab), f.StaffFactory(lab=lab).user
    photos.choose(person, "no", by)
    photos.choose(person, "no", by)
    html = text_of(client_of(by).get(f"/organise/labs/{lab.slug}/registrations/{person.public_id}/"))
    assert "No photos" in html
    assert person.history.count() == 2


def test_who_said_no_is_marked_in_lists_at_the_door_and_in_the_export(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    people = [f.RegistrationFactory(lab=lab, photos=choice) for choice in ("no", "yes", "")]
    for person in people:
        f.SeatFactory(registration=person, session=session)
    organiser = organiser_of(lab)
    console = client_of(organiser)
    pages = ["registrations/", "registrations/print/", f"attendance/{session.slug}/"]
    for page in pages:
        html = text_of(console.get(f"/organise/labs/{lab.slug}/{page}"))
        assert html.count('<span class="tag">No photos</span>') == 1, page
    found = text_of(console.get(f"/organise/labs/{lab.slug}/registrations/?photos=no"))
    assert [person.email in found for person in people] == [True, False, False]
    rows = list(
        csv.DictReader(io.StringIO("".join(csv_chunks(lab, [], Registration.objects.all(), "en"))[1:]))
    )
    assert [row["Photos and recordings"] for row in rows] == ["No photos", "Photos allowed", ""]
    headers = bearer(organiser)
    path = f"/api/v1/labs/{lab.slug}"
    guests = Client().get(f"{path}/sessions/{session.slug}/expected", headers=headers).json()["items"]
    assert [guest["no_photos"] for guest in guests] == [True, False, False]
    listed = Client().get(f"{path}/registrations?photos=no", headers=headers).json()["items"]
    assert [row["photos"] for row in listed] == ["no"]


def test_an_organiser_records_what_a_person_said(lab: Lab) -> None:
    person, other = f.RegistrationFactory(lab=lab), f.RegistrationFactory()
    headers = bearer(organiser_of(lab))

    def put(row: Registration, said: str | None) -> int:
        path = f"/api/v1/labs/{lab.slug}/registrations/{row.public_id}/photos"
        answer = Client().put(path, {"photos": said}, content_type="application/json", headers=headers)
        return answer.status_code

    assert [put(person, "no"), put(person, "never"), put(other, "no")] == [200, 422, 404]
    person.refresh_from_db()
    assert person.photos == "no"
    assert put(person, None) == 200
    person.refresh_from_db()
    assert person.photos == ""


def test_an_organiser_changes_it_in_the_console_and_the_person_sees_it(client: Client, lab: Lab) -> None:
    person, by = f.RegistrationFactory(lab=lab, photos="yes"), f.StaffFactory(lab=lab).user
    console = client_of(by)
    page = f"/organise/labs/{lab.slug}/registrations/{person.public_id}/"
    assert f'href="{page}photos/"' in console.get(page).content.decode()
    form = form_of(console.get(f"{page}photos/"))
    assert form.filled()["photos"] == ["yes"]

    assert console.post(f"{page}photos/", form.filled(photos="no")).status_code == 302

    person.refresh_from_db()
    assert person.photos == "no"
    change = person.history.latest()
    assert (change.photos, change.history_user) == ("no", by)
    assert "No photos" in text_of(console.get(page))
    assert "No, do not photograph or record me" in text_of(client.get(link(person, "manage")))
    assert not Message.objects.exists()


def test_the_console_does_not_overwrite_what_the_person_chose_meanwhile(lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab)
    console = client_of(f.StaffFactory(lab=lab).user)
    page = f"/organise/labs/{lab.slug}/registrations/{person.public_id}/photos/"
    form = form_of(console.get(page)).filled(photos="yes")
    photos.choose(person, "no")
    refused = console.post(page, form)
    assert refused.status_code == 409
    assert [(one.before, one.after) for one in refused.context["conflict"]] == [
        ("No photos", "Photos allowed")
    ]
    person.refresh_from_db()
    assert person.photos == "no"
    assert console.post(page, form_of(console.get(page)).filled(photos="")).status_code == 302
    person.refresh_from_db()
    assert person.photos == ""
    assert client_of(f.StaffFactory().user).get(page).status_code == 404
    erasure.erase(person)
    assert console.get(page).status_code == 404


def test_entered_people_need_not_have_said_anything(lab: Lab) -> None:
    session = f.SessionFactory(lab=lab)
    console = client_of(f.StaffFactory(lab=lab).user)
    address = f"/organise/labs/{lab.slug}/registrations/new/"
    form = form_of(console.get(address)).filled(
        name="Maria Demo", email="maria@example.org", session=[session.slug], how="ask"
    )
    assert console.post(address, form).status_code == 302
    assert Registration.objects.get().photos == ""


def test_it_goes_with_the_person(lab: Lab) -> None:
    person = f.RegistrationFactory(lab=lab, photos="no")
    erasure.erase(person)
    person.refresh_from_db()
    assert (person.photos, person.erased_at is not None) == ("", True)
    assert person.erased_at <= timezone.now()


@pytest.mark.parametrize("page", ["registration_photos", "registration_documents"])
def test_changing_the_language_of_the_page_chooses_nothing_and_keeps_the_tick(
    client: Client, lab: Lab, page: str
) -> None:
    f.DocumentFactory(lab=lab, slug="rules")
    person = f.RegistrationFactory(lab=lab, photos="yes")
    address = link(person, "manage", page)
    ticks = {"photos": "no", "document-rules": "1", "lang": "bg"}
    shown = post(client, f"{address}?lang=bg", ticks)
    assert (shown.status_code, shown.context["form"].errors) == (200, {})
    [[tick]] = [value for name, value in form_of(shown).filled().items() if name in ticks]
    assert tick == ("no" if page == "registration_photos" else "1")
    person.refresh_from_db()
    assert (person.photos, person.document_acceptances.count()) == ("yes", 0)
