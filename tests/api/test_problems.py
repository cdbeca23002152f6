"""Whatever goes wrong below /api/v1/ is told as problem details, in the caller's own names and language."""

import gzip
import json
import logging
import uuid
from typing import Any

import pytest
from django.test import Client

from registrations.models import Registration
from tests import factories as f
from tests.api.asking import bearer, form_for, organiser_of
from tests.api.problems import LABS, send, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "labs/", "labs/a/b/c/d", "labs%00", "%ff", "labs/x/sessions/y/z", "docs/x", "a" * 5000],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "options"])
def test_an_address_with_nothing_at_it_is_a_problem_by_any_method(path: str, method: str) -> None:
    assert told(getattr(Client(), method)(f"/api/v1/{path}"), 404) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not found",
    }


def test_pages_keep_their_own_404() -> None:
    for path in ("/nothing/", "/api/", "/api/v2/labs"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_what_cannot_be_an_id_is_an_address_with_nothing_at_it() -> None:
    lab = f.LabFactory()
    told(Client().get(f"{LABS}/{lab.slug}/registrations/17", headers=bearer(organiser_of(lab))), 404)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("labs", "GET, HEAD"),
        ("labs/x", "GET, HEAD"),
        ("labs/x/registrations", "GET, HEAD, POST"),
        ("labs/x/sessions/y/attendance/00000000-0000-0000-0000-000000000000", "DELETE, PUT"),
        ("labs/x/certificates/y/revoke", "POST"),
        ("openapi.json", "GET, HEAD"),
        ("docs", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_taken_is_told_with_those_that_are(path: str, methods: str) -> None:
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} - set(methods.split(", ")):
        answer = Client().generic(method, f"/api/v1/{path}")
        assert told(answer, 405)["detail"] == f"This address accepts {methods}."
        assert answer["Allow"] == methods


def test_with_a_session_of_a_browser_it_is_the_same() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(organiser_of(f.LabFactory()))
    client.get("/")
    told(client.post("/api/v1/docs"), 405)
    told(client.post("/api/v1/nothing"), 404)
    told(client.post("/api/v1/labs"), 405)


@pytest.mark.parametrize(
    "address", ["/api/v1/labs%00", "/api/v1/labs?programme=%00", "/api/v1/labs/%00/sessions"]
)
def test_a_nul_finds_nothing(address: str) -> None:
    told(Client().get(address), 404)


def test_a_host_that_is_not_ours_is_a_problem() -> None:
    for path in ("labs", "nothing", "openapi.json"):
        assert told(Client().get(f"/api/v1/{path}", headers={"Host": "elsewhere.example"}), 400) == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "The request cannot be read",
        }


def test_ten_thousand_parameters_are_a_problem_in_the_callers_language() -> None:
    query = "&".join(f"a{number}=1" for number in range(10_000))
    answer = Client().get(f"{LABS}?{query}", headers={"Accept-Language": "bg"})
    assert told(answer, 400, "bg")["detail"] == "Заявката не може да бъде прочетена"


def test_tokens_scopes_and_hurry_are_problems() -> None:
    lab = f.LabFactory()
    told(Client().get(LABS, headers={"Authorization": "Bearer clab_nonsense"}), 401)
    answer = Client().get(f"{LABS}/{lab.slug}/registrations", headers=bearer(organiser_of(lab), ["read"]))
    assert told(answer, 403)["detail"] == "This API key does not have the permission “registrations”."
    asked = [Client().get("/api/v1/certificates/0000-0000-0000") for _number in range(70)]
    assert told(asked[-1], 429)["title"] == "Too Many Requests"
    assert asked[-1]["Retry-After"].isdigit()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "The body is not JSON: see line 1, column 2."),
        (b'{"name": "x",\n oh}', "The body is not JSON: see line 2, column 2."),
        (b"name=x", "The body is not JSON: see line 1, column 1."),
        (b'{"name": "\xff"}', "The body is not UTF-8: see byte 10."),
        ('{"name": "x"}'.encode("utf-16"), "The body is not UTF-8: see byte 0."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'{"name": ' + b"1" * 10_000 + b"}", "The body has a number that is not valid."),
        (b'{"name": NaN}', "The body has a number that is not valid."),
    ],
)
def test_a_body_that_is_no_json_in_utf_8_is_told_where(body: bytes, detail: str) -> None:
    problem = told(send(body), 400)
    assert (problem["title"], problem["detail"]) == ("Bad Request", detail)


def test_a_body_that_is_too_large_is_not_read() -> None:
    answer = send(b'{"name": "' + b"x" * 3 * 1024 * 1024 + b'"}')
    assert told(answer, 413)["detail"] == "Send at most 2048 kB in one request."


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "json",
    ],
)
def test_only_json_that_says_so_is_taken(content_type: str) -> None:
    session = f.SessionFactory()
    body = json.dumps(form_for(session)).encode()
    answer = Client().generic(
        "POST",
        f"{LABS}/{session.lab.slug}/registrations",
        body,
        content_type=content_type,
        headers={"Idempotency-Key": "a-key-of-ours"},
    )
    assert told(answer, 415)["detail"] == "Send JSON with the header Content-Type: application/json."
    assert answer["Accept"] == "application/json"
    assert Registration.objects.count() == 0


def test_a_body_that_is_packed_is_told_that_it_may_not_be() -> None:
    answer = send(gzip.compress(b"{}"), **{"Content-Encoding": "gzip"})
    assert told(answer, 415)["detail"] == "Send the body without Content-Encoding."
    assert answer["Accept-Encoding"] == "identity"  # RFC 9110 §15.5.16
    assert send(b"{}", **{"Content-Encoding": "identity"}).status_code == 422


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_may_name_its_charset(content_type: str) -> None:
    assert send(b"{}", content_type).status_code == 422


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"17", b"null", b"true"])
def test_json_that_is_no_object_is_wrong_as_a_whole(body: bytes) -> None:
    problem = told(send(body), 422)
    assert [error["field"] for error in problem["errors"]] == [""]


def test_a_body_that_is_not_there_is_missing() -> None:
    assert told(send(b""), 422)["errors"] == [{"field": "", "message": "This value is missing."}]


def test_a_body_with_thousands_of_errors_gets_a_short_answer() -> None:
    answer = send(json.dumps({f"{number}" * 100: 1 for number in range(2000)}).encode())
    assert len(told(answer, 422)["errors"]) == 100
    assert len(answer.content) < 50_000


def test_an_error_of_our_own_tells_a_name_and_nothing_else_and_the_log_has_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("labs.api.get_visible_lab_or_404", fail)
    with caplog.at_level(logging.ERROR):
        answer = Client(raise_request_exception=False).get(f"{LABS}/x", headers={"Accept-Language": "el"})
    problem = told(answer, 500, "el")
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert uuid.UUID(problem["instance"]).version == 4
    assert "secret" not in answer.content.decode()
    logged = [record for record in caplog.records if problem["instance"] in record.getMessage()]
    assert len(logged) == 1
    assert "the secret of the house" in str(logged[0].exc_info)
