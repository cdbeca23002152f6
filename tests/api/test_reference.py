"""The API reference, as somebody reads it who writes a client."""

import json
import re
import shlex
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from config.api import api
from core.api.reference import Operation, content, read
from tests import factories as f

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(), default=str))
REFERENCE = read(json.dumps(DOCUMENT))
OPERATIONS = {operation.name: operation for group in REFERENCE.groups for operation in group.operations}


def parts_of(operation: Operation) -> tuple[str, str, dict[str, str], str]:
    """Return method, address, headers and body of an operation's example, as a shell hands them to curl."""
    words = shlex.split(operation.curl.replace("\\\n", ""))
    assert words[0] == "curl"
    options = [(words[n], words[n + 1]) for n in range(2, len(words), 2)]
    method = dict(options).get("--request", "GET")
    headers = dict(value.split(": ", 1) for name, value in options if name == "--header")
    return method, words[1], headers, dict(options).get("--data", "")


def check(example: str, schema: str) -> None:
    """Raise ValidationError if the example (JSON) does not fit the schema of this name."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    Draft202012Validator(whole).validate(json.loads(example))


def test_every_operation_of_the_document_is_there() -> None:
    named = {each["operationId"] for ways in DOCUMENT["paths"].values() for each in ways.values()}
    assert set(OPERATIONS) == named


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_examples_are_what_the_schemas_say(operation: Operation) -> None:
    for answer in operation.answers:
        if answer.example:
            check(answer.example, answer.schema)
    method, _address, headers, body = parts_of(operation)
    assert method == operation.method
    assert ("Authorization" in headers) == bool(operation.scope)
    assert bool(body) == bool(operation.body)
    if operation.body:
        check(body, operation.body.name)


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_each_link_within_the_page_leads_somewhere(client: Client, language: str) -> None:
    page = client.get("/api/v1/docs", headers={"Accept-Language": language}).content.decode()
    names = re.findall(r' id="([^"]+)"', page)
    assert len(set(names)) == len(names)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(names)
    assert f'<html lang="{language}"' in page


def test_it_is_printed_once_for_all_readers_of_a_language(client: Client) -> None:
    """Else a few visitors keep a server busy: to print it takes a tenth of a second."""
    content.cache_clear()
    for _again in range(3):
        for language in ("en", "bg", "el"):
            client.get("/api/v1/docs", headers={"Accept-Language": language})
    assert content.cache_info().misses == 3


def test_what_is_only_in_english_is_marked(client: Client) -> None:
    page = client.get("/api/v1/docs", headers={"Accept-Language": "bg"}).content.decode()
    assert '<div class="prose" lang="en"><p>Get a lab.</p></div>' in page


@pytest.mark.django_db
def test_registering_works_as_printed(client: Client) -> None:
    programme: Any = f.ProgrammeFactory()
    programme.cities.add(f.CityFactory(slug="sofia"))
    f.StakeholderGroupFactory(programme=programme, slug="local-government")
    lab: Any = f.LabFactory(programme=programme, slug="city-lab-4")
    f.SessionFactory(lab=lab, slug="closing")
    method, address, headers, body = parts_of(OPERATIONS["register"])
    answer = client.generic(method, address.removeprefix("http://testserver"), body, headers=headers)
    assert answer.status_code == 202, answer.content
    assert lab.registrations.get().email == "maria@example.org"


def test_every_event_that_is_sent_to_webhooks_stands_there_with_an_example_of_its_schema() -> None:
    events = {event.name: event for group in REFERENCE.groups for event in group.events}
    assert set(events) == set(DOCUMENT["webhooks"])
    page = Client().get("/api/v1/docs").content.decode()
    for name, event in events.items():
        schema = DOCUMENT["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(json.loads(event.example))
        assert f'id="event-{name}"' in page
