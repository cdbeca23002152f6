"""A call says nothing that is passed over: names nobody knows, and second values, are told by their names."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from config.api import api
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer, form_for, organiser_of, post
from tests.api.problems import LABS, told

pytestmark = pytest.mark.django_db

NAMED = {"field": "limt", "message": "Unknown parameter. Check the spelling."}


def operations() -> Iterator[tuple[str, str, list[str]]]:
    """Yield method, path and the names of the query of every operation that the document lists."""
    for path, ways in api.get_openapi_schema()["paths"].items():
        for method, operation in ways.items():
            names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
            yield method, path, names


@pytest.mark.parametrize(("method", "path", "names"), list(operations()))
def test_every_operation_names_a_parameter_that_it_does_not_know(
    method: str, path: str, names: list[str]
) -> None:
    address = path.replace("{registration}", "00000000-0000-0000-0000-000000000000")
    address = address.translate(str.maketrans("{}", "xx"))
    problem = told(Client().generic(method.upper(), f"{address}?limt=5"), 422)
    assert problem["errors"] == [NAMED]
    takes = f"the parameters {', '.join(names)}" if names else "no parameters"
    assert problem["detail"] == f"This operation accepts {takes}."


def test_a_head_is_answered_as_its_get() -> None:
    assert Client().head(f"{LABS}?limt=5").status_code == 422


@pytest.mark.parametrize(
    ("language", "message", "detail"),
    [
        (
            "bg",
            "Непознат параметър. Проверете изписването.",
            "Тази операция приема параметрите programme, starting_from, until, limit, offset.",
        ),
        (
            "el",
            "Άγνωστη παράμετρος. Ελέγξτε την ορθογραφία.",
            "Αυτή η λειτουργία δέχεται τις παραμέτρους programme, starting_from, until, limit, offset.",
        ),
    ],
)
def test_it_is_said_in_the_callers_language(language: str, message: str, detail: str) -> None:
    answer = Client().get(f"{LABS}?limt=5", headers={"Accept-Language": language})
    problem = told(answer, 422, language)
    assert (problem["errors"], problem["detail"]) == ([NAMED | {"message": message}], detail)


@pytest.mark.parametrize("query", ["lang=bg", "tz=Europe/Sofia&theme=dark", "lang=xx", "lang=bg&lang=el", ""])
def test_what_every_address_takes_is_taken_here_too(query: str) -> None:
    assert Client().get(f"{LABS}?{query}").status_code == 200


def test_a_language_may_be_chosen_in_the_address() -> None:
    told(Client().get(f"{LABS}?limt=5&lang=el"), 422, "el")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=1&limit=2", ["limit"]),
        ("limit=1&limit=1", ["limit"]),
        ("offset=&offset=5&until=2027-01-01", ["offset"]),
        ("until=2027-01-01&limit=1&until=2027-01-02&limit=2", ["until", "limit"]),
    ],
)
def test_a_parameter_that_comes_twice_is_no_last_word(query: str, fields: list[str]) -> None:
    problem = told(Client().get(f"{LABS}?{query}"), 422)
    assert problem["errors"] == [{"field": each, "message": "Send this only once."} for each in fields]
    assert problem["detail"] == "Some values are not valid"


@pytest.mark.parametrize(
    "name", ["", "LIMIT", "limit[]", "limit ", "a\u202eb", "_connector", "format", "page"]
)
def test_names_that_merely_resemble_one_are_unknown(name: str) -> None:
    problem = told(Client().get(LABS, {name: "1", "limit": "5"}), 422)
    assert problem["errors"] == [NAMED | {"field": name}]


def test_all_that_is_wrong_with_names_is_said_at_once() -> None:
    problem = told(Client().get(f"{LABS}?limt=5&limit=1&offest=2&limit=2"), 422)
    assert [error["field"] for error in problem["errors"]] == ["limt", "limit", "offest"]


def test_thousands_of_names_get_a_short_answer() -> None:
    query = "&".join(f"{'x' * 300}{number}=1" for number in range(1900))
    answer = Client().get(f"{LABS}?{query}")
    assert len(told(answer, 422)["errors"]) == 100
    assert len(answer.content) < 50_000


def test_a_lab_out_of_sight_is_not_told_from_one_that_does_not_exist() -> None:
    hidden = f.LabFactory(visibility="draft")
    answers = [Client().get(f"{LABS}/{lab}/sessions?limt=5") for lab in (hidden.slug, "no-such-lab")]
    assert told(answers[0], 422) == told(answers[1], 422)


# Bodies


def test_a_field_that_is_not_known_is_told_with_those_that_are() -> None:
    session = f.SessionFactory()
    problem = told(post(session.lab, form_for(session, nmae="x")), 422)
    assert problem["errors"] == [{"field": "nmae", "message": "Unknown field. Check the spelling."}]
    assert problem["detail"] == (
        "This operation accepts the fields name, language, time_zone, city, city_text, "
        "organisation, stakeholder_group, email, sessions, modes, invitation, queue_number, consent, photos, "
        "consent_shown, documents, "
        "answers, consents."
    )
    assert Registration.objects.count() == 0


def send(address: str, body: bytes, headers: dict[str, str]) -> Any:
    return Client().post(address, body, content_type="application/json", headers=headers)


def test_every_operation_with_a_body_names_its_fields() -> None:
    lab = f.LabFactory()
    answer = send(f"{LABS}/{lab.slug}/certificates/x/revoke", b'{"raeson": "x"}', bearer(organiser_of(lab)))
    problem = told(answer, 422)
    assert [error["field"] for error in problem["errors"]] == ["reason", "raeson"]
    assert problem["detail"] == "This operation accepts the fields reason."


def test_an_operation_without_a_body_does_not_pass_over_one() -> None:
    """Whoever names one person to the operation that issues to all must not have issued to all."""
    lab = f.LabFactory()
    address, headers = f"{LABS}/{lab.slug}/certificates", bearer(organiser_of(lab))
    problem = told(send(address, b'{"registration": "x"}', headers), 422)
    assert problem["errors"] == [{"field": "registration", "message": "Unknown field. Check the spelling."}]
    assert problem["detail"] == "This operation accepts no body."
    for body in (b"[]", b"null", b'"x"', b"{", b'{"a": 1, "a": 2}'):
        assert told(send(address, body, headers), 422)["errors"] == [
            {"field": "", "message": "This operation accepts no body."}
        ]
    for body in (b"", b"{}"):
        assert send(address, body, headers).status_code == 202


def test_a_field_that_comes_twice_makes_a_body_that_cannot_be_read() -> None:
    session = f.SessionFactory()
    answer = send(
        f"{LABS}/{session.lab.slug}/registrations",
        b'{"consent": false, "name": "x", "consent": true}',
        {"Idempotency-Key": "a-key-of-ours"},
    )
    assert told(answer, 400)["detail"] == "The body has “consent” more than once."
