"""Held proof: exactly what the lab's rules say stays of an erased person, for named readers, until its day."""

import hashlib
import hmac
import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings as service
from django.core.files.storage import default_storage
from django.test import Client, TestCase
from django.utils import timezone

from core.jobs import leases
from core.jobs.worker import Worker
from core.web.errors import InvalidFields
from labs.models import Lab
from registrations import erasure, proof
from registrations.models import HeldProof, ProofView, Registration
from registrations.proof import ProofPlan
from tests import factories as f
from tests.api.asking import bearer
from tests.pages import client_of, form_of, text_of
from tests.registrations.form_posts import link, post
from tests.registrations.test_erasure import CANARY, canary_person, ended_lab, found_in_database
from tests.walks.world import certificate_of

pytestmark = pytest.mark.django_db

UNTIL = date(2099, 12, 31)
BASIS = {"en": "Article 20 of the grant agreement", "bg": "Член 20"}


@pytest.fixture(autouse=True)
def files_in(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def holding(lab: Lab, *readers: Any, until: date = UNTIL) -> Lab:
    proof.change_proof_rules(lab, ProofPlan(True, BASIS, until, tuple(one.pk for one in readers)))
    return lab


def attended(lab: Lab, **facts: Any) -> Registration:
    person = f.RegistrationFactory(lab=lab, **facts)
    f.AttendanceFactory(registration=person, session=f.SessionFactory(lab=lab, title={"en": "Opening"}))
    return person


def opened(lab: Lab) -> list[proof.Proof]:
    reader = f.StaffFactory(lab=lab).user
    lab.proof_rules.readers.add(reader)
    answer = client_of(reader).post(f"/organise/labs/{lab.slug}/personal-data/proof/held/")
    return list(answer.context["proofs"])


def test_nothing_is_held_unless_the_lab_says_so() -> None:
    person = attended(f.LabFactory())
    erasure.erase(person)
    assert not HeldProof.objects.exists()


def test_exactly_what_was_told_stays_and_nothing_else(client: Client, caplog: Any) -> None:
    session = f.SessionFactory(capacity=5)
    lab = holding(session.lab)
    person = canary_person(client, session)
    certificate_of(person, "7K3M-Q9TX-2W8H")
    caplog.clear()

    with caplog.at_level(logging.DEBUG), TestCase.captureOnCommitCallbacks(execute=True):
        erasure.erase(person)

    assert found_in_database(CANARY) == []
    assert CANARY not in caplog.text.casefold()
    stored = default_storage.listdir("answers")[1]
    assert stored == []
    [held] = opened(lab)
    assert (held.name, held.city, held.organisation) == (f"Demo {CANARY} changed", CANARY, CANARY)
    assert [one.title for one in held.sessions] == [session.title["en"]]
    assert (held.certificates, held.until) == (("7K3M-Q9TX-2W8H",), UNTIL)


def test_no_hash_of_the_address_or_the_name_stays(client: Client) -> None:
    session = f.SessionFactory(capacity=5)
    holding(session.lab)
    person = canary_person(client, session)
    texts = {person.email, person.email_key, person.name, person.name_key, str(person.public_id)}
    texts |= {f"registration:{person.email_key}", erasure.about_address(person.email_key)}
    keys = [service.SECRET_KEY.encode(), (service.DATA_KEY or service.SECRET_KEY).encode()]
    hashes = set()
    for text in texts:
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            hashes.add(hashlib.new(algorithm, text.encode()).hexdigest())
            hashes |= {hmac.new(key, text.encode(), algorithm).hexdigest() for key in keys}

    erasure.erase(person)

    assert [one for one in sorted(hashes) if found_in_database(one[:32])] == []


def test_who_never_attended_leaves_nothing(client: Client) -> None:
    lab = holding(f.LabFactory())
    came_to_a_cancelled_one = f.RegistrationFactory(lab=lab)
    f.AttendanceFactory(
        registration=came_to_a_cancelled_one,
        session=f.SessionFactory(lab=lab, status="cancelled", cancelled_at=timezone.now()),
    )
    for person in (f.RegistrationFactory(lab=lab), came_to_a_cancelled_one):
        assert "What stays as proof" not in text_of(client.get(link(person, "manage", "registration_erase")))
        erasure.erase(person)
    assert not HeldProof.objects.exists()


def test_the_person_reads_what_stays_why_and_until_when(client: Client) -> None:
    lab = holding(f.LabFactory())
    person = attended(lab)
    address = link(person, "manage", "registration_erase")
    asked = text_of(client.get(address))
    done = client.post(address, form_of(client.get(address)).filled(), follow=True)
    for html in (asked, text_of(done)):
        assert "Article 20 of the grant agreement" in html
        assert "31 December 2099" in html
    assert HeldProof.objects.count() == 1


def test_the_organiser_reads_it_too() -> None:
    lab = holding(f.LabFactory())
    person = attended(lab)
    console = client_of(f.StaffFactory(lab=lab).user)
    html = text_of(console.get(f"/organise/labs/{lab.slug}/registrations/{person.public_id}/erase/"))
    assert ("Article 20 of the grant agreement" in html, "31 December 2099" in html) == (True, True)


def test_only_readers_open_it_and_each_time_is_recorded() -> None:
    lab = f.LabFactory()
    reader, organiser, door = (
        f.StaffFactory(lab=lab, role=role).user for role in ("door", "organiser", "door")
    )
    holding(lab, reader)
    elsewhere = f.StaffFactory().user
    erasure.erase(attended(lab, name="Demo heldperson"))
    path = f"/organise/labs/{lab.slug}/personal-data/proof/held"
    statuses = []
    for user in (reader, organiser, door, elsewhere):
        client = client_of(user)
        statuses.append(
            [client.get(f"{path}/").status_code]
            + [client.post(address).status_code for address in (f"{path}/", f"{path}.csv")]
        )
    assert statuses == [[200, 200, 200], [200, 404, 404], [404, 404, 404], [404, 404, 404]]
    assert [(view.by, view.what) for view in ProofView.objects.order_by("pk")] == [
        (reader, "list"), (reader, "export"),
    ]  # fmt: skip
    assert "Demo heldperson" not in text_of(client_of(reader).get(f"{path}/"))
    table = client_of(reader).post(f"{path}.csv").content.decode()
    assert "Demo heldperson" in table


def test_a_reader_who_no_longer_works_on_the_lab_reads_nothing() -> None:
    lab = f.LabFactory()
    staff = f.StaffFactory(lab=lab)
    holding(lab, staff.user)
    staff.delete()
    path = f"/organise/labs/{lab.slug}/personal-data/proof/held/"
    assert client_of(staff.user).post(path).status_code == 404


def test_programs_read_it_as_their_reader_alone() -> None:
    lab = f.LabFactory()
    reader, organiser = f.StaffFactory(lab=lab).user, f.StaffFactory(lab=lab).user
    headers = bearer(organiser)
    path = f"/api/v1/labs/{lab.slug}"
    body = {"is_held": True, "legal_basis": BASIS, "until": "2099-12-31", "readers": [reader.email]}
    put = Client().put(f"{path}/proof-rules", body, content_type="application/json", headers=headers)
    assert (put.status_code, put.json()) == (200, body)
    assert Client().get(f"{path}/proof-rules", headers=headers).json() == body
    erasure.erase(attended(lab, name="Demo heldperson"))
    answers = [Client().post(f"{path}/held-proof", headers=bearer(user)) for user in (organiser, reader)]
    assert [answer.status_code for answer in answers] == [403, 200]
    [held] = answers[1].json()["people"]
    assert (held["name"], held["until"], len(held["sessions"])) == ("Demo heldperson", "2099-12-31", 1)
    assert [view.what for view in ProofView.objects.all()] == ["api"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"legal_basis": {}}, "legal_basis"),
        ({"legal_basis": {"en": " "}}, "legal_basis"),
        ({"until": None}, "until"),
        ({"until": date(2001, 1, 1)}, "until"),
        ({"readers": (999_999,)}, "readers"),
    ],
)
def test_rules_need_a_basis_an_end_and_people_of_the_lab(changes: dict[str, Any], field: str) -> None:
    lab = f.LabFactory()
    plan = ProofPlan(**{"is_held": True, "legal_basis": BASIS, "until": UNTIL, **changes})
    with pytest.raises(InvalidFields) as caught:
        proof.change_proof_rules(lab, plan)
    assert field in caught.value.errors
    assert not proof.proof_rules_of(lab).is_held


def test_the_page_saves_the_rules() -> None:
    lab = f.LabFactory()
    user = f.StaffFactory(lab=lab).user
    path = f"/organise/labs/{lab.slug}/personal-data/proof/"
    console = client_of(user)
    form = form_of(console.get(path))
    wrong = console.post(path, form.filled(is_held="on", until="2099-12-31"))
    assert (wrong.status_code, proof.proof_rules_of(lab).is_held) == (422, False)
    filled = form.filled(is_held="on", legal_basis_0="Grant", until="2099-12-31", readers=[str(user.pk)])
    assert console.post(path, filled).status_code == 302
    rules = proof.proof_rules_of(lab)
    assert (rules.is_held, rules.until, list(rules.readers.all())) == (True, UNTIL, [user])


def test_a_shorter_time_reaches_what_is_held_and_a_longer_one_does_not() -> None:
    lab = holding(f.LabFactory())
    erasure.erase(attended(lab))
    holding(lab, until=date(2098, 1, 1))
    assert HeldProof.objects.get().until == date(2098, 1, 1)
    holding(lab)
    assert HeldProof.objects.get().until == date(2098, 1, 1)


def test_it_is_deleted_after_its_day_where_the_lab_is() -> None:
    lab = holding(f.LabFactory(time_zone="Pacific/Honolulu"), until=date(2098, 6, 30))
    erasure.erase(attended(lab))
    counts = []
    for moment in (datetime(2098, 7, 1, 9, 59, tzinfo=UTC), datetime(2098, 7, 2, 10, 1, tzinfo=UTC)):
        with time_machine.travel(moment, tick=False):
            leases.enqueue_recurring()
            Worker().drain()
        counts.append(HeldProof.objects.count())
    assert counts == [1, 0]


def test_retention_holds_as_the_person_s_own_deletion_does() -> None:
    now = datetime(2026, 7, 12, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        lab = holding(ended_lab())
        person = f.RegistrationFactory(lab=lab)
        f.AttendanceFactory(registration=person, session=f.SessionFactory(lab=lab, start_date=lab.starts_on))
        assert erasure.erase_due(now) == 1
        assert [one.name for one in opened(lab)] == [person.name]


def test_what_no_key_opens_is_left_out() -> None:
    lab = holding(f.LabFactory())
    HeldProof.objects.create(lab=lab, secret=b"nonsense", until=UNTIL)
    assert opened(lab) == []


def test_erasing_twice_holds_once(client: Client) -> None:
    lab = holding(f.LabFactory())
    person = attended(lab)
    address = link(person, "manage", "registration_erase")
    post(client, address)
    post(client, address)
    erasure.erase(person)
    assert HeldProof.objects.count() == 1
