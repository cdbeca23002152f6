"""Problems of the API name fields as the caller named them, in the caller's language."""

from typing import Any

import pytest
from django.test import Client

from core.web.idempotency import new_form_key
from registrations.models import Registration
from tests import factories as f
from tests.api.asking import ALL, bearer, form_for, organiser_of, post
from tests.api.problems import LABS, send, told

pytestmark = pytest.mark.django_db

HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


FIELDS = (
    "This operation accepts the fields name, language, time_zone, city, city_text, "
    "organisation, stakeholder_group, email, sessions, modes, invitation, queue_number, consent, photos, "
    "consent_shown, documents, "
    "answers, consents."
)
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "missing": ({"name": None}, [("name", "Send a text.")]),
    "empty": ({"name": ""}, [("name", "Enter at least 1 character.")]),
    "too long": ({"name": "x" * 201}, [("name", "Enter at most 200 characters.")]),
    "two lines": ({"name": "two\nlines"}, [("name", "Enter this on one line.")]),
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
        [
            ("sessions.0", "This session is not in the lab."),
            ("sessions.1", "This session is not in the lab."),
        ],
    ),
    "language": ({"language": "xx"}, [("language", "Send one of these: 'en', 'bg' or 'el'.")]),
    "zone": (
        {"time_zone": "Mars/Olympus"},
        [("time_zone", "This is not a time zone. Send a name like Europe/Sofia.")],
    ),
    "city": ({"city": "nowhere"}, [("city", "This city is not in the programme.")]),
    "group": (
        {"stakeholder_group": "nobody"},
        [("stakeholder_group", "The programme has no such type of organisation.")],
    ),
    "yes and no": ({"consent": "perhaps"}, [("consent", "Send true or false.")]),
    "no consent": ({"consent": False}, [("consent", "You need to give your consent to register.")]),
    "unknown": ({"colour": 1}, [("colour", "Unknown field. Check the spelling.")]),
    "several": (
        {"name": "", "colour": 1},
        [
            ("name", "Enter at least 1 character."),
            ("colour", "Unknown field. Check the spelling."),
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
        "detail": FIELDS if "colour" in changes else "Some values are not valid",
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
        ({"track": "x" * 61}, "track", "Enter at most 60 characters."),
        (
            {"starting_from": "2027-01-01T10:00"},
            "starting_from",
            "Send a date and time with an offset, like 2027-04-06T11:30:00+03:00.",
        ),
        ({"until": "soon"}, "until", "Send a date and time with an offset, like 2027-04-06T11:30:00+03:00."),
        ({"until": "0"}, "until", "Send a date and time with an offset, like 2027-04-06T11:30:00+03:00."),
        (
            {"until": "1800000000"},
            "until",
            "Send a date and time with an offset, like 2027-04-06T11:30:00+03:00.",
        ),
        ({"until": "9999-12-31T23:59:59-23:59"}, "until", "This date is too far away."),
    ],
)
def test_parameters_are_named_by_their_names(query: dict[str, str], field: str, message: str) -> None:
    answer = Client().get(f"{LABS}/{f.LabFactory().slug}/sessions", query)
    assert told(answer, 422)["errors"] == [{"field": field, "message": message}]


def test_days_of_labs_are_asked_for_as_days() -> None:
    for said in ("soon", "2027-02-30", "2027-01-01T10:00:00", "0", "1800000000", "-1", "1e9", "20270101", ""):
        answer = Client().get(LABS, {"until": said})
        assert told(answer, 422)["errors"] == [{"field": "until", "message": "Send a date, like 2027-04-06."}]


def test_a_header_is_named_by_its_name() -> None:
    session = f.SessionFactory()
    answer = post(session.lab, form_for(session), key="")
    assert told(answer, 400)["errors"] == [{"field": "Idempotency-Key", "message": "This value is missing."}]


@pytest.mark.parametrize(
    ("language", "title", "message"),
    [
        ("bg", "Необработваемо съдържание", "Въведете най-много 200 знака."),
        ("el", "Μη επεξεργάσιμο περιεχόμενο", "Συμπληρώστε το πολύ 200 χαρακτήρες."),
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
    assert answer.json()["detail"].startswith("Изпращаме на адреса имейл")


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
