"""Erasure against every column there is: each holds the canary before, and nothing holds it afterwards.

The test finds models and columns by itself. One that is new is filled here, or named in `NOT_FILLED` with the reason.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Field, Model
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from certificates.models import NotIssued
from core.jobs.worker import Worker
from core.web import idempotency
from core.web.encryption import Undecipherable, decrypt
from core.webhooks.models import Attempt
from registrations import erasure, merging, tags, transfers
from registrations.models import (
    AnswersView,
    BulkAction,
    DocumentAcceptance,
    Invitation,
    Nomination,
    NominationPlaces,
    Note,
    Registration,
    SeatMovement,
    StillComing,
)
from tests import factories as f
from tests.registrations.form_posts import link, post
from tests.registrations.test_erasure import CANARY, canary_person
from tests.walks.world import certificate_of

pytestmark = pytest.mark.django_db

EMAIL = f"{CANARY}@example.org"
TEXTS = {
    "CharField",
    "TextField",
    "EmailField",
    "SlugField",
    "URLField",
    "JSONField",
    "BinaryField",
    "FileField",
}
# Whole apps whose tables hold nothing about participants.
OTHER_APPS = {
    "labs": "programmes, labs and the people who work on them",
    "lab_sessions": "agenda and speakers",
    "accounts": "accounts, which end by themselves",
    "account": "accounts, which end by themselves",
    "mfa": "second factors of accounts",
    "auth": "rights of accounts",
    "admin": "what superusers did; participants are read-only there, and named by their public ID",
    "sessions": "sign-ins of accounts",
    "contenttypes": "names of models",
}
# Models, or columns of one, that are not filled, and why.
NOT_FILLED = {
    "registrations.Announcement": "texts of the organisers to many",
    "registrations.BulkAction": "keys of rows, codes, and the tag of a group of people",
    "registrations.Choice": "the lab's form",
    "registrations.CityContact": "a contact of a city, who is erased apart: see test_city_contacts",
    "registrations.ConsentText": "the lab's texts",
    "registrations.Document": "the lab's texts",
    "registrations.DocumentVersion": "the lab's texts",
    "registrations.HeldProof": "held on a legal basis that the person was told: see test_proof",
    "registrations.HistoricalPrivacyNotice": "the lab's texts",
    "registrations.HistoricalProofRules": "the lab's texts",
    "registrations.HistoricalQuestion": "the lab's form",
    "registrations.HistoricalQuestionSet": "the lab's form",
    "registrations.HistoricalQuota": "numbers",
    "registrations.HistoricalRegistrationRules": "domains",
    "registrations.Opening": "a random seed",
    "registrations.EarlierDraw": "a random seed",
    "registrations.PrivacyNotice": "the lab's texts",
    "registrations.ProofRules": "the lab's texts",
    "registrations.Question": "the lab's form",
    "registrations.QuestionSet": "the lab's form",
    "registrations.RegistrationRules": "domains",
    "registrations.AnswersView.set_title": "title of a part of the lab's form",
    "registrations.SavedFilter": "an organiser's own words, and filters without what was searched for",
    "certificates.Certificate.code": "a random code",
    "certificates.Certificate.content": "what is printed but the name",
    "certificates.Certificate.holder_hash": "salted and keyed: compares a name that is shown",
    "certificates.Certificate.pdf_sha256": "of a file with a random code",
    "certificates.HistoricalCertificate.code": "a random code",
    "certificates.HistoricalCertificate.content": "what is printed but the name",
    "certificates.HistoricalCertificate.holder_hash": "salted and keyed: compares a name that is shown",
    "certificates.HistoricalCertificate.pdf_sha256": "of a file with a random code",
    "jobs.Task": "names of work with keys of rows; of errors their type and place",
    "jobs.Tally": "names of what is counted",
    "jobs.WorkerBeat": "names of machines",
    "mail.EmailTemplate": "the lab's texts",
    "mail.HistoricalEmailTemplate": "the lab's texts",
    "mail.Message.occasion": "names of kinds of emails, by which they are counted",
    "mail.SendingPace": "names of providers",
    "web.IdempotentRequest.purpose": "names of operations",
    "web.IdempotentRequest.key": "a keyed hash",
    "web.IdempotentRequest.fingerprint": "a keyed hash",
    "web.IdempotentRequest.about": "a keyed hash",
    "webhooks.Endpoint": "programs of the organisers",
}
# In whatever table: the reasons of a history name sets of questions by id, and zones have names of the tz database.
NEVER_WRITTEN = {"history_change_reason", "time_zone"}


def columns() -> Iterator[tuple[type[Model], Field[Any, Any]]]:
    """Yield the columns that could hold words of or about a participant; choices, codes and languages cannot."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in OTHER_APPS or model._meta.label in NOT_FILLED:
            continue
        for column in model._meta.concrete_fields:
            if (
                column.get_internal_type() in TEXTS
                and not column.choices
                and (column.max_length is None or column.max_length > len(CANARY))
                and column.name not in NEVER_WRITTEN
                and f"{model._meta.label}.{column.name}" not in NOT_FILLED
            ):
                yield model, column


def filled(column: Field[Any, Any], row: Model) -> object:
    """Return a value with the canary, of the form that the column has."""
    if column.get_internal_type() == "JSONField":
        found = column.value_from_object(row)
        return [CANARY] if isinstance(found, list) else {"canary": CANARY}
    if "email" in column.name:
        return EMAIL
    return f"{CANARY} {row.pk}"[: column.max_length]


def fill_every_column() -> None:
    """Write the canary over all that flows left; of what is encrypted or a file, look at what flows wrote."""
    for model, column in columns():
        if column.get_internal_type() not in ("BinaryField", "FileField"):
            for row in model._base_manager.all():
                nobodys = model is Invitation and not row.email_key  # type: ignore[attr-defined]
                if column.value_from_object(row) is not None and not (nobodys and "email" in column.name):
                    model._base_manager.filter(pk=row.pk).update(**{column.name: filled(column, row)})


def readable(value: object) -> str:
    """Return a stored value as text, deciphered where we can."""
    if isinstance(value, bytes | memoryview):
        try:
            return decrypt(bytes(value)).decode(errors="replace")
        except Undecipherable:
            return bytes(value).decode(errors="replace")
    return str(value)


def everything_stored() -> Iterator[tuple[str, str]]:
    """Yield every value of every table, with its column."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [f"{table}.{column[0]}" for column in cursor.description]
            for row in cursor.fetchall():
                yield from zip(names, map(readable, row), strict=True)


def found_in(stored: list[tuple[str, str]], words: set[str]) -> set[str]:
    return {name for name, value in stored if any(word in value.casefold() for word in words)}


def traces() -> set[str]:
    """Return what would lead from a guess to the person: the canary, and plain hashes of name and address."""
    said = {EMAIL, f"Demo {CANARY}", f"demo {CANARY}", f"Demo {CANARY} changed", CANARY}
    hashes = [
        hashlib.new(kind, word.encode()) for kind in ("md5", "sha1", "sha256", "sha512") for word in said
    ]
    coded = [base64.b64encode(word.encode()).decode().rstrip("=")[:-1] for word in said]
    return {CANARY, *(one.hexdigest() for one in hashes), *(one.casefold() for one in coded)}


def stored_files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): readable(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def person(client: Client, folder: Path) -> Registration:
    found = to_whom_everything_happened(client)
    fill_every_column()
    return Registration.objects.select_related("lab").get(pk=found.pk)


def to_whom_everything_happened(client: Client) -> Registration:
    """Somebody with a row in every table that has any of people."""
    session = f.SessionFactory(capacity=5, start_date=timezone.now().date() + timedelta(days=40))
    lab = session.lab
    organiser = f.StaffFactory(lab=lab).user
    found = canary_person(client, session)
    now = timezone.now()
    invited = Invitation.objects.create(lab=lab, email=EMAIL, email_key=EMAIL)
    f.MessageFactory(invitation=invited, to_email=EMAIL)
    came_by = Invitation.objects.create(lab=lab, note="For the mayor", used=1)
    Registration.objects.filter(pk=found.pk).update(invitation=came_by)
    found.refresh_from_db()
    transfers.offer(found, "Demo colleague", "colleague@example.org")
    StillComing.objects.create(registration=found, asked_at=now)
    version = f.DocumentFactory(lab=lab, is_required=False).versions.get()
    DocumentAcceptance.objects.create(registration=found, version=version, at=now, language="en")
    places = NominationPlaces.objects.create(lab=lab, city=f.CityFactory(), limit=3, used=1)
    Nomination.objects.create(places=places, registration=found)
    tags.tag(found, "vip")
    Note.objects.create(registration=found, text="Called", by=organiser)
    tags.save_filter(organiser, lab, "Called", f"q={EMAIL}&state=confirmed")
    BulkAction.objects.create(lab=lab, kind="tag", tag="vip", people=[found.pk])
    AnswersView.objects.create(lab=lab, set_title="Needs", registration=found, what="person", at=now)
    SeatMovement.objects.filter(seat__registration=found).update(note="Welcome")
    certificate_of(found, "7K3M-Q9TX-2W8H").save()
    NotIssued.objects.create(registration=found, code="no-glyphs", details={"characters": "x"}, at=now)
    sent = f.DeliveryFactory(endpoint__lab=lab, registration=found, body="{}")
    Attempt.objects.create(delivery=sent, status=500, milliseconds=1, reply="x", error="x")
    idempotency.run_once("form", "key", {}, lambda: {"x": "x"}, about=erasure.about_address(found.email_key))
    f.QueueNumberFactory(opening__lab=lab)
    Worker().drain()
    return Registration.objects.select_related("lab").get(pk=found.pk)


def by_the_person(found: Registration, client: Client) -> None:
    answer = post(client, link(found, "manage", "registration_erase"))
    assert answer.status_code == 302


def by_an_organiser(found: Registration, client: Client) -> None:
    client.force_login(f.StaffFactory(lab=found.lab).user)
    page = reverse("console_registration_erase", args=[found.lab.slug, found.public_id])
    assert post(client, page, {"reference": found.reference}).status_code == 302


def when_time_is_over(found: Registration, client: Client) -> None:
    assert erasure.erase_due(timezone.now() + timedelta(days=4000)) > 0


def after_a_merge(found: Registration, client: Client) -> None:
    kept = f.RegistrationFactory(lab=found.lab)
    merging.merge(kept, found)
    erasure.erase(kept)


def test_every_column_is_filled_or_named_with_a_reason(person: Registration, folder: Path) -> None:
    """The positive control, which also finds what is new."""
    stored = list(everything_stored())
    held = found_in(stored, {CANARY})
    wanted = {
        f"{model._meta.db_table}.{column.column}"
        for model, column in columns()
        if column.get_internal_type() != "FileField"
    }
    assert sorted(wanted - held) == []
    files = stored_files(folder)
    assert {name.split("/")[0] for name, said in files.items() if CANARY in said.casefold()} == {
        "answers",
        "certificates",
    }


def test_the_names_of_exceptions_exist() -> None:
    models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    known = models | {
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models(include_auto_created=True)
        for column in model._meta.concrete_fields
    }
    assert set(NOT_FILLED) - known == set()
    assert set(OTHER_APPS) - {model._meta.app_label for model in apps.get_models()} == set()


@pytest.mark.parametrize("erase", [by_the_person, by_an_organiser, when_time_is_over, after_a_merge])
def test_nothing_is_left_in_database_files_logs_and_hashes(
    person: Registration,
    client: Client,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    erase: Callable[[Registration, Client], None],
) -> None:
    caplog.set_level(logging.INFO)
    with TestCase.captureOnCommitCallbacks(execute=True):
        erase(person, client)
    Worker().drain()
    assert "\n".join(sorted(found_in(list(everything_stored()), traces()))) == ""
    files = stored_files(folder)
    assert [name for name, said in files.items() if CANARY in (name + said).casefold()] == []
    assert CANARY not in caplog.text.casefold()
