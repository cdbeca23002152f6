"""Whatever goes wrong below /api/v1/ is told as problem details, in the caller's own names and language."""

import gzip
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from core.web.idempotency import new_form_key
from registrations.models import Registration
from tests import factories as f
from tests.api.test_api import ALL, bearer, form_for, organiser_of, post

pytestmark = pytest.mark.django_db

LABS = "/api/v1/labs"
HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def nobody_asked_before() -> None:
    cache.clear()


def told(answer: Any, status: int, language: str = "en") -> dict[str, Any]:
    """Return the problem document of an answer, which must be one in every respect."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]
    document: dict[str, Any] = answer.json()
    assert (document["type"], document["status"]) == ("about:blank", status)
    assert set(document) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert document["title"]
    return document


def send(body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    session = f.SessionFactory()
    return Client().post(
        f"{LABS}/{session.lab.slug}/registrations",
        body,
        content_type=content_type,
        headers={"Idempotency-Key": "a-key-of-ours", **headers},
    )


# Addresses and methods


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
        "detail": "There is nothing at this address",
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
        assert told(answer, 405)["detail"] == f"This address takes {methods}."
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
    assert told(answer, 403)["detail"] == "This token does not have the scope “registrations”."
    asked = [Client().get("/api/v1/certificates/0000-0000-0000") for _number in range(70)]
    assert told(asked[-1], 429)["title"] == "Too Many Requests"
    assert asked[-1]["Retry-After"].isdigit()


# Bodies


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{", "The body is not JSON: see line 1, column 2."),
        (b'{"name": "x",\n oh}', "The body is not JSON: see line 2, column 2."),
        (b"name=x", "The body is not JSON: see line 1, column 1."),
        (b'{"name": "\xff"}', "The body is not UTF-8: see byte 10."),
        ('{"name": "x"}'.encode("utf-16"), "The body is not UTF-8: see byte 0."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'{"name": ' + b"1" * 10_000 + b"}", "The body has a number that cannot be read."),
        (b'{"name": NaN}', "The body has a number that cannot be read."),
    ],
)
def test_a_body_that_is_no_json_in_utf_8_is_told_where(body: bytes, detail: str) -> None:
    problem = told(send(body), 400)
    assert (problem["title"], problem["detail"]) == ("Bad Request", detail)


def test_a_body_that_is_too_large_is_not_read() -> None:
    answer = send(b'{"name": "' + b"x" * 3 * 1024 * 1024 + b'"}')
    assert told(answer, 413)["detail"] == "Send at most 2048 kB at once."


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
    assert told(answer, 415)["detail"] == "Send JSON, and say so: Content-Type: application/json."
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
    assert told(send(b""), 422)["errors"] == [{"field": "", "message": "This is missing."}]


def test_a_body_with_thousands_of_errors_gets_a_short_answer() -> None:
    answer = send(json.dumps({f"{number}" * 100: 1 for number in range(2000)}).encode())
    assert len(told(answer, 422)["errors"]) == 100
    assert len(answer.content) < 50_000


# Errors of our own


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


# Names and words of fields


FIELDS = (
    "This operation takes the fields name, email, sessions, language, time_zone, city, city_text, organisation, "
    "stakeholder_group, consent."
)
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "missing": ({"name": None}, [("name", "Send a text.")]),
    "empty": ({"name": ""}, [("name", "Write at least 1 character.")]),
    "too long": ({"name": "x" * 201}, [("name", "Write at most 200 characters.")]),
    "two lines": ({"name": "two\nlines"}, [("name", "Write this on one line.")]),
    "no address": (
        {"email": "no address"},
        [("email", "Enter an email address like name@example.org.")],
    ),
    "no list": ({"sessions": "text"}, [("sessions", "Send a list.")]),
    "no session": ({"sessions": []}, [("sessions", "Send at least 1 value.")]),
    "too many": ({"sessions": ["x"] * 501}, [("sessions", "Send at most 500 values.")]),
    "one of several": (
        {"sessions": ["a b", 7]},
        [
            ("sessions.0", "This does not match the pattern ^[-a-zA-Z0-9_]+$."),
            ("sessions.1", "Send a text."),
        ],
    ),
    "unknown sessions": (
        {"sessions": ["no-such", "none"]},
        [("sessions.0", "The lab has no such session."), ("sessions.1", "The lab has no such session.")],
    ),
    "language": ({"language": "xx"}, [("language", "Send one of these: 'en', 'bg' or 'el'.")]),
    "zone": (
        {"time_zone": "Mars/Olympus"},
        [("time_zone", "This is not the name of a time zone. Write it like Europe/Sofia.")],
    ),
    "city": ({"city": "nowhere"}, [("city", "The programme has no such city.")]),
    "group": ({"stakeholder_group": "nobody"}, [("stakeholder_group", "The programme has no such group.")]),
    "yes and no": ({"consent": "perhaps"}, [("consent", "Send true or false.")]),
    "no consent": ({"consent": False}, [("consent", "Registration needs your consent.")]),
    "unknown": ({"colour": 1}, [("colour", "There is no such field here. Check how it is written.")]),
    "several": (
        {"name": "", "colour": 1},
        [
            ("name", "Write at least 1 character."),
            ("colour", "There is no such field here. Check how it is written."),
        ],
    ),
}


@pytest.mark.parametrize(("changes", "errors"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named_as_the_caller_named_it(
    changes: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    session = f.SessionFactory()
    assert told(post(session.lab, form_for(session, **changes)), 422) == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": FIELDS if "colour" in changes else "Some of what was sent is not valid",
        "errors": [{"field": field, "message": message} for field, message in errors],
    }
    assert Registration.objects.count() == 0


def test_fields_that_are_missing_are_named() -> None:
    named = {error["field"] for error in told(send(b"{}"), 422)["errors"]}
    assert named == {"name", "email", "sessions", "language", "time_zone", "consent"}


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"limit": "x"}, "limit", "Send a whole number."),
        ({"limit": "1.5"}, "limit", "Send a whole number."),
        ({"limit": "0"}, "limit", "Send 1 or more."),
        ({"limit": "1001"}, "limit", "Send 1000 or less."),
        ({"offset": "-1"}, "offset", "Send 0 or more."),
        ({"track": "x" * 61}, "track", "Write at most 60 characters."),
        (
            {"starting_from": "2027-01-01T10:00"},
            "starting_from",
            "Send a moment with its offset, like 2027-04-06T11:30:00+03:00.",
        ),
        ({"until": "soon"}, "until", "Send a moment with its offset, like 2027-04-06T11:30:00+03:00."),
        ({"until": "0"}, "until", "Send a moment with its offset, like 2027-04-06T11:30:00+03:00."),
        ({"until": "1800000000"}, "until", "Send a moment with its offset, like 2027-04-06T11:30:00+03:00."),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until", "This moment lies too far away."),
    ],
)
def test_parameters_are_named_by_their_names(query: dict[str, str], field: str, message: str) -> None:
    answer = Client().get(f"{LABS}/{f.LabFactory().slug}/sessions", query)
    assert told(answer, 422)["errors"] == [{"field": field, "message": message}]


def test_days_of_labs_are_asked_for_as_days() -> None:
    for said in ("soon", "2027-02-30", "2027-01-01T10:00:00", "0", "1800000000", "-1", "1e9", "20270101", ""):
        answer = Client().get(LABS, {"until": said})
        assert told(answer, 422)["errors"] == [{"field": "until", "message": "Send a day, like 2027-04-06."}]


def test_a_header_is_named_by_its_name() -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session), key="")
    assert told(answer, 422)["errors"] == [{"field": "Idempotency-Key", "message": "This is missing."}]


IN_THEIR_LANGUAGE: list[tuple[str, Callable[[], Any]]] = [
    ("too long", lambda: {"name": "x" * 201}),
    ("no list", lambda: {"sessions": "text"}),
    ("unknown", lambda: {"colour": 1}),
    ("no address", lambda: {"email": "no address"}),
]


@pytest.mark.parametrize(
    ("language", "title", "message"),
    [
        ("bg", "Необработваемо съдържание", "Напишете най-много 200 знака."),
        ("el", "Μη επεξεργάσιμο περιεχόμενο", "Γράψτε το πολύ 200 χαρακτήρες."),
    ],
)
def test_all_words_are_in_the_callers_language(language: str, title: str, message: str) -> None:
    session = f.SessionFactory()
    said = []
    for changes, _errors in WRONG.values():
        answer = Client().post(
            f"{LABS}/{session.lab.slug}/registrations",
            form_for(session, **changes),
            content_type="application/json",
            headers={"Idempotency-Key": "a-key-of-ours", "Accept-Language": language},
        )
        problem = told(answer, 422, language)
        assert problem["title"] == title
        said += [error["message"] for error in problem["errors"]]
    assert message in said
    english = {message for _changes, errors in WRONG.values() for _field, message in errors}
    assert set(said) & english == set()


def test_what_is_said_when_all_is_well_is_in_the_callers_language_too() -> None:
    session = f.SessionFactory()
    answer = Client().post(
        f"{LABS}/{session.lab.slug}/registrations",
        form_for(session),
        content_type="application/json",
        headers={"Idempotency-Key": "a-key-of-ours", "Accept-Language": "bg"},
    )
    assert (answer.status_code, answer["Content-Language"]) == (202, "bg")
    assert "Accept-Language" in answer["Vary"]
    assert answer.json()["detail"].startswith("Изпраща се имейл")


def test_attendance_of_somebody_who_is_not_registered_is_a_problem() -> None:
    lab = f.LabFactory()
    session = f.SessionFactory(lab=lab)
    waiting = f.RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None)
    address = f"{LABS}/{lab.slug}/sessions/{session.slug}/attendance/{waiting.public_id}"
    answer = Client().put(address, headers=bearer(organiser_of(lab), ALL))
    assert told(answer, 409)["detail"] == "The registration is not confirmed."


def test_a_form_of_a_page_is_not_answered_by_a_problem() -> None:
    answer = Client().post("/registrations/link/", {"form_key": new_form_key()}, headers=HERE)
    assert (answer.status_code, answer["Content-Type"]) == (422, "text/html; charset=utf-8")
