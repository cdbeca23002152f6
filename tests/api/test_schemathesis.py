"""What the OpenAPI document promises, held against the service: made-up calls to every operation, valid and invalid."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.walks import world as w

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
OPERATIONS = {found.ok().label: found.ok() for found in schema.get_all_operations()}
PROBLEM = ["application/problem+json"]
# Where an operation answers everybody and takes nothing but names in its path, no call can be wrong by its form.
CALLS = [
    (label, mode)
    for label, found in OPERATIONS.items()
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE
    or {} not in found.definition.raw["security"]
    or any(each["in"] != "path" for each in found.definition.raw.get("parameters", []))
]


@pytest.fixture
def world() -> Iterator[w.World]:
    """A request through WSGI closes connections, also the one that a test is to roll back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield w.build()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def try_out(operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, str]) -> None:
    """Call an operation with made-up values, except for the path where `known` has them."""

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def calls(case: schemathesis.Case) -> None:
        cache.clear()  # whoever asks this often is asked to wait
        if known:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        response = case.call_and_validate(headers={"Accept-Encoding": "identity", **headers}, checks=CHECKS)
        if response.status_code >= 400:
            assert response.headers["content-type"] == PROBLEM
            assert response.json()["status"] == response.status_code
            named = {error["field"].partition(".")[0] for error in response.json().get("errors", ())}
            # An announcement has a field of this name.
            own = {"body"} if "announcements" in operation.label else set()
            assert not named & {"form", "filters", "body", "query"} - own, (
                "fields have the names that callers use"
            )

    calls()


@pytest.mark.parametrize(("label", "mode"), CALLS)
def test_calls_to_what_exists_keep_the_promise(label: str, mode: GenerationMode, world: w.World) -> None:
    """An owner's program, which gets past every door."""
    known = {name: str(value) for name, value in world.main.items()}
    try_out(OPERATIONS[label], mode, world.kinds["api_owner"].headers, known)


@pytest.mark.parametrize("label", OPERATIONS)
def test_calls_to_anything_keep_the_promise(label: str, world: w.World) -> None:
    """A visitor with addresses out of the air."""
    try_out(OPERATIONS[label], GenerationMode.POSITIVE, {}, {})


def test_every_operation_is_tried() -> None:
    paths = schema.raw_schema["paths"]
    assert set(OPERATIONS) == {f"{method.upper()} {path}" for path, ways in paths.items() for method in ways}
    assert len(OPERATIONS) > 15
