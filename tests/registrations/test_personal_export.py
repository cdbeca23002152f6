"""The export of everything about one person: all of it, and nothing about anybody else."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from labs.viewer import VISITOR
from registrations import personal_export, tags
from registrations.models import AnswersView, CityContact, Note, Person, Registration, Transfer
from tests import factories as f
from tests.api.asking import bearer
from tests.registrations.form_posts import link, post
from tests.registrations.test_erasure import CANARY, canary_person
from tests.registrations.test_erasure_canary import to_whom_everything_happened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_in(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def person(client: Client) -> Registration:
    session = f.SessionFactory(capacity=5)
    found = canary_person(client, session)
    organiser = f.StaffFactory(lab=session.lab, user__name="Demo somebodyelse").user
    tags.tag(found, "vip")
    Note.objects.create(registration=found, text="Called on Monday", by=organiser)
    other = f.RegistrationFactory(lab=session.lab, name="Demo somebodyelse", email="somebodyelse@example.org")
    f.AttendanceFactory(registration=other, session=session)
    return found


def opened(answer: Any) -> tuple[dict[str, Any], zipfile.ZipFile]:
    assert (answer.status_code, "no-store" in answer.headers["Cache-Control"]) == (200, True)
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert packed.testzip() is None
    return json.loads(packed.read("data.json")), packed


def everything(packed: zipfile.ZipFile) -> str:
    return "".join(packed.read(name).decode(errors="replace") for name in packed.namelist())


def test_the_person_gets_everything_as_data_page_and_files(client: Client, person: Registration) -> None:
    data, packed = opened(post(client, link(person, "manage", "registration_export")))
    [row] = data["registration"]
    assert (row["name"], row["email"]) == (f"Demo {CANARY} changed", f"{CANARY}@example.org")
    assert [one["answer"] for one in data["answers"]].count(CANARY) == 2  # an ordinary one and a need
    assert {"consents", "seats", "seat_history", "attendance", "emails", "changes"} <= data.keys()
    assert "notes" not in data
    assert len(data["consents"]) == 2
    [paper] = [name for name in packed.namelist() if name.startswith("files/")]
    assert CANARY.encode() in packed.read(paper)
    page = packed.read("readable.html").decode()
    assert CANARY in page
    assert "<script" not in page
    assert "somebodyelse" not in everything(packed)


# By model with a relation to a registration or person, or with an address: the section of the export.
EXPORTED = {
    "certificates.Certificate": "certificates",
    "mail.Message": "emails",
    "registrations.Answer": "answers",
    "registrations.AnswersView": "answers_views",
    "registrations.Attendance": "attendance",
    "registrations.CityContact": "city_contact",
    "registrations.DocumentAcceptance": "documents",
    "registrations.HistoricalRegistration": "changes",
    "registrations.Invitation": "invitations",
    "registrations.NeedsConsent": "consents",
    "registrations.Nomination": "nominations",
    "registrations.Note": "notes",
    "registrations.Person": "person",
    "registrations.Registration": "registration",
    "registrations.Seat": "seats",
    "registrations.StillComing": "still_coming",
    "registrations.Tag": "notes",
    "registrations.Tagging": "notes",
    "registrations.Transfer": "transfer",
    "webhooks.Delivery": "webhooks",
}
NOT_EXPORTED = {
    "account.EmailAddress": "an account, whose owner sees it on its own pages",
    "account.EmailConfirmation": "an account, whose owner sees it on its own pages",
    "accounts.EmailChange": "an account, whose owner sees it on its own pages",
    "accounts.User": "an account, whose owner sees it on its own pages",
    "lab_sessions.Speaker": "a speaker, who sees it on the page of the private link and deletes it there",
    "certificates.HistoricalCertificate": "the certificate says where it stands",
    "certificates.NotIssued": "what organisers have to mend, gone with the certificate",
    "labs.HistoricalLab": "the lab's address",
    "labs.HistoricalOperator": "the operator's address",
    "labs.HistoricalProgramme": "the programme's address",
    "labs.Lab": "the lab's address",
    "labs.Operator": "the operator's address",
    "labs.Programme": "the programme's address",
    "labs.RoleInvitation": "somebody who is to organise; deleted a month after it ends",
    "registrations.HistoricalAttendance": "marks that staff took back; those that stand are exported",
    "registrations.HistoricalRegistrationRules": "domains",
    "registrations.RegistrationRules": "domains",
    "registrations.TakenPlace": "follows from the answer",
}


def is_of_people(model: type[Model]) -> bool:
    """Tell whether a table leads to a registration or person, or holds an address."""
    return model in (Registration, Person) or any(
        one.related_model in (Registration, Person) or "email" in one.name
        for one in (*model._meta.fields, *model._meta.many_to_many)
    )


def test_every_table_of_people_is_exported_or_named_with_a_reason(client: Client) -> None:
    of_people = {
        model._meta.label for model in apps.get_models(include_auto_created=True) if is_of_people(model)
    }
    assert of_people == EXPORTED.keys() | NOT_EXPORTED.keys()
    person = to_whom_everything_happened(client)
    colleague = f.RegistrationFactory(lab=person.lab)
    until = timezone.now() + timedelta(days=1)
    Transfer.objects.create(
        registration=colleague, name="Demo", email=person.email, email_key=person.email_key, expires_at=until
    )
    CityContact.objects.create(
        lab=person.lab,
        city=f.CityFactory(),
        name="Demo contact",
        email=person.email,
        email_key=person.email_key,
        deadline=until,
    )
    own, by_organiser = (
        personal_export.own_export(person, "en").data,
        personal_export.export_for(person, VISITOR, f.UserFactory()).data,
    )
    assert own.keys() == {*EXPORTED.values(), "seat_history", "offers"} - {"notes"}
    assert by_organiser.keys() == own.keys() - {"person"} | {"notes"}
    assert colleague.name not in str(own)
    assert [one["note"] for one in by_organiser["invitations"] if "note" in one] == ["For the mayor"]
    assert "For the mayor" not in str(own)
    for language in ("bg", "el"):
        found = personal_export.own_export(person, language)
        assert found.data.keys() == own.keys()
        assert b"".join(personal_export.archive(found, language))


def test_no_private_link_is_in_it(client: Client, person: Registration) -> None:
    address = link(person, "manage")
    _data, packed = opened(post(client, link(person, "manage", "registration_export")))
    assert address.strip("/").rpartition("/")[2] not in everything(packed)


def test_an_organiser_gets_needs_only_as_their_reader_and_it_is_recorded(person: Registration) -> None:
    needs = person.lab.question_sets.get(protection="needs")
    reader, other = (f.StaffFactory(lab=person.lab).user for _number in range(2))
    needs.readers.add(reader)
    path = f"/organise/labs/{person.lab.slug}/registrations/{person.public_id}/data/"
    counts = []
    for user in (other, reader):
        console = Client()
        console.force_login(user)
        data, packed = opened(console.post(path))
        counts.append([one["answer"] for one in data["answers"]].count(CANARY))
        assert {"tag": "vip"} in data["notes"]
        assert "somebodyelse" not in everything(packed)
    assert counts == [1, 2]
    assert [(view.by, view.what, view.registration) for view in AnswersView.objects.all()] == [
        (reader, "export", person)
    ]


def test_programs_get_the_same_data(person: Registration) -> None:
    headers = bearer(f.StaffFactory(lab=person.lab).user)
    path = f"/api/v1/labs/{person.lab.slug}/registrations/{person.public_id}/data"
    sections = Client().post(path, headers=headers).json()["sections"]
    assert sections["registration"][0]["email"] == person.email
    elsewhere = bearer(f.StaffFactory().user)
    assert Client().post(path, headers=elsewhere).status_code == 404


def test_markup_that_people_typed_stays_text(client: Client) -> None:
    person = f.RegistrationFactory(name="<script>alert(1)</script>", organisation="<img src=x onerror=y>")
    _data, packed = opened(post(client, link(person, "manage", "registration_export")))
    page = packed.read("readable.html").decode()
    assert ("<script" in page, "<img" in page) == (False, False)
    assert person.reference in page


def test_it_is_asked_for_by_post_with_a_valid_link(client: Client) -> None:
    person = f.RegistrationFactory()
    address = link(person, "manage", "registration_export")
    assert client.get(address).status_code == 405
    cancelled = f.RegistrationFactory(state="cancelled", cancelled_at=person.created_at)
    assert post(client, link(cancelled, "manage", "registration_export")).status_code == 200
    assert post(client, address.replace("/data/", "x/data/")).status_code == 404
