"""The OpenAPI document, as somebody reads it who writes a client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from ninja import Schema

from config.api import api
from registrations import seats
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer, organiser_of

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(), default=str))
SCHEMAS = DOCUMENT["components"]["schemas"]
OWN_PACKAGES = {"core", "labs", "sessions", "registrations", "certificates"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, ways in DOCUMENT["paths"].items():
        for method, operation in ways.items():
            yield f"{method} {path}", operation


OPERATIONS = dict(operations())


def test_operations_are_called_by_what_they_do() -> None:
    called = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(called)) == len(called)
    assert [name for name in called if "api" in name] == []
    assert OPERATIONS["put /api/v1/labs/{lab}/sessions/{session}/attendance/{registration}"][
        "operationId"
    ] == ("take_attendance")


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_says_what_it_does_and_takes(operation: dict[str, Any]) -> None:
    assert operation["description"].startswith(operation["summary"][:20])
    assert len(operation["summary"]) < 120
    for parameter in operation["parameters"]:
        assert parameter["description"], parameter["name"]
        assert "null" not in json.dumps(parameter["schema"]), parameter["name"]
        assert "anyOf" not in parameter["schema"], parameter["name"]
    assert operation["security"] in ([{"BearerToken": []}], [{}, {"BearerToken": []}])
    assert {"4XX", "5XX"} < set(operation["responses"])


def test_every_guarded_operation_names_its_scope() -> None:
    silent = [
        label
        for label, operation in OPERATIONS.items()
        if {} not in operation["security"] and "Scope: " not in operation["description"]
    ]
    assert silent == []


def test_validators_are_told_where_there_are_some() -> None:
    for label, operation in OPERATIONS.items():
        assert ("304" in operation["responses"]) == label.startswith("get "), label
        assert ("ETag" in operation["responses"].get("200", {}).get("headers", {})) == label.startswith(
            "get "
        )


def test_choices_are_those_of_their_own_model() -> None:
    """Three models have a `Visibility`; under one name in the document, labs could be internal."""

    def choices(schema: str, field: str) -> list[str]:
        return list(SCHEMAS[schema]["properties"][field]["enum"])

    assert choices("ProgrammeOut", "visibility") == choices("LabOut", "visibility") == ["draft", "public"]
    assert choices("SessionOut", "visibility") == ["draft", "public", "internal"]
    assert choices("RegistrationOut", "state") == ["unconfirmed", "confirmed", "cancelled"]
    assert choices("SeatOut", "state") == [
        "requested", "held", "pending", "offered", "confirmed", "waiting", "cancelled",
    ]  # fmt: skip
    states = ["valid", "outdated", "replaced", "revoked"]
    assert choices("CertificateOut", "state") == choices("CheckOut", "state") == states
    assert [name for name, schema in SCHEMAS.items() if "enum" in schema] == []


def test_each_schema_has_a_name_of_its_own() -> None:
    """Of two classes with one name, the document would describe all answers by one."""

    def below(schema: type[Schema]) -> Iterator[type[Schema]]:
        for one in schema.__subclasses__():
            yield one
            yield from below(one)

    homes: dict[str, set[str]] = {}
    for one in below(Schema):
        if one.__module__.partition(".")[0] in OWN_PACKAGES:
            homes.setdefault(one.__name__, set()).add(one.__module__)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}
    assert len(homes) > 100


def test_no_schema_stands_there_that_nothing_mentions() -> None:
    said = json.dumps(DOCUMENT)
    assert [name for name in SCHEMAS if f'"#/components/schemas/{name}"' not in said] == []


def test_what_a_list_says_of_itself_is_described() -> None:
    for name, schema in SCHEMAS.items():
        if name.startswith("Paged"):
            assert schema["properties"]["count"]["description"] == "Total number of entries"


def test_what_the_document_says_of_errors_is_what_they_are() -> None:
    answer = Client().get("/api/v1/labs?limt=5")
    problem, schema = answer.json(), SCHEMAS["Problem"]
    assert set(schema["required"]) <= set(problem) <= set(schema["properties"])


# Filters mean what their descriptions say


def found(lab: Any, query: dict[str, str]) -> set[str]:
    answer = Client().get(
        f"/api/v1/labs/{lab.slug}/registrations", query, headers=bearer(organiser_of(lab), ["registrations"])
    )
    return {item["name"] for item in answer.json()["items"]}


@pytest.mark.django_db
def test_the_state_of_a_seat_may_be_asked_for_in_one_session_and_in_any() -> None:
    lab = f.LabFactory()
    scarce, free = f.SessionFactory(lab=lab, capacity=1), f.SessionFactory(lab=lab)
    people: list[Registration] = [
        f.RegistrationFactory(lab=lab, name=f"Demo participant {n}") for n in range(3)
    ]
    for person in people[:2]:
        seats.take(person, {scarce.pk: "online"})
    seats.take(people[2], {free.pk: "online"})
    assert found(lab, {"seat": "waiting"}) == {"Demo participant 1"}
    assert found(lab, {"seat": "confirmed"}) == {"Demo participant 0", "Demo participant 2"}
    assert found(lab, {"seat": "confirmed", "session": str(scarce.slug)}) == {"Demo participant 0"}
    assert found(lab, {"session": str(scarce.slug)}) == {"Demo participant 0", "Demo participant 1"}
    assert found(lab, {"seat": "cancelled"}) == set()


@pytest.mark.django_db
def test_a_search_does_not_care_for_capitals_of_any_alphabet() -> None:
    lab = f.LabFactory()
    f.RegistrationFactory(lab=lab, name="Άννα Demo", email="one@example.org")
    f.RegistrationFactory(lab=lab, name="Demo participant 2", email="ANNA@example.org")
    assert found(lab, {"search": "άΝΝΑ"}) == {"Άννα Demo"}
    assert found(lab, {"search": "anna@"}) == {"Demo participant 2"}
    assert found(lab, {"search": "%"}) == set()
