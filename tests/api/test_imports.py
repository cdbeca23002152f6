"""Imports of schedules over the API: upload, entries, apply, undo."""

from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from labs.models import Lab
from sessions.models import ScheduleImport
from tests.api.asking import bearer, organiser_of
from tests.sessions import imports as files

pytestmark = pytest.mark.django_db
HEADER = ["session", "title_en", "starts", "ends"]
OPENING = ["opening", "Opening", "2027-03-01 09:30", "2027-03-01 10:30"]
PANEL = ["panel", "Panel", "2027-03-01 11:30", "2027-03-01 12:30"]


@pytest.fixture
def lab() -> Lab:
    return files.lab_to_fill(slug="lab")


@pytest.fixture
def headers(lab: Lab) -> dict[str, str]:
    return bearer(organiser_of(lab), ["schedule"])


def call(
    method: str, path: str, headers: dict[str, str], body: Any = None, key: str = "key-of-this-call"
) -> Any:
    said = headers | {"Idempotency-Key": key}
    return getattr(Client(), method)(f"/api/v1/labs/lab/imports{path}", body or {}, content_type="application/json", headers=said)  # fmt: skip  # noqa: E501


def read(path: str, headers: dict[str, str]) -> Any:
    return Client().get(f"/api/v1/labs/lab/imports{path}", headers=headers).json()


def body(content: bytes, **more: Any) -> dict[str, Any]:
    return {"file_name": "schedule.csv", "content": b64encode(content).decode(), **more}


def test_a_schedule_is_uploaded_looked_at_applied_and_undone(headers: dict[str, str], lab: Lab) -> None:
    form = body(files.csv(HEADER, OPENING, PANEL, ["bad", "", *OPENING[2:]]))
    first = call("post", "", headers, form)
    assert (first.status_code, first.json()["state"]) == (202, "previewed")
    assert first.json()["counts"] == {"session.new": 2, "session.error": 1}
    assert call("post", "", headers, form).json()["id"] == first.json()["id"]
    path = f"/{first.json()['id']}"

    found = read(f"{path}/entries", headers)
    assert (found["count"], [entry["key"] for entry in found["items"]]) == (3, ["opening", "panel", "bad"])
    opening = found["items"][0]
    assert opening["when"] == "1 March 2027, 09:30–10:30, Sofia (UTC+2)"
    assert opening["differences"][0] == {"label": "Title", "before": "–", "after": "en: Opening"}
    assert [one["key"] for one in read(f"{path}/entries?state=error", headers)["items"]] == ["bad"]

    refused = call("post", f"{path}/apply", headers, {"entries": [2]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "entries")
    applied = call("post", f"{path}/apply", headers, {"entries": [1]}).json()
    assert (applied["state"], applied["counts"], applied["can_undo"]) == ("applied", {"session.new": 1}, True)
    assert [session.slug for session in lab.sessions.all()] == ["panel"]
    assert call("post", f"{path}/apply", headers, {}).status_code == 409

    undone = call("post", f"{path}/undo", headers).json()
    assert (undone["not_undone"], undone["can_undo"]) == ([], False)
    assert lab.sessions.count() == 0
    assert call("delete", path, headers).status_code == 204
    assert not ScheduleImport.objects.exists()


def test_columns_can_be_given(headers: dict[str, str]) -> None:
    content = files.csv(["A", "B", "C"], ["Opening", "2027-03-01 09:30", "2027-03-01 10:30"])
    assert call("post", "", headers, body(content)).json()["state"] == "columns"
    columns = {"Sessions": ["title_en", "starts", "ends"]}
    found = call("post", "", headers, body(content, columns=columns), key="another-key").json()
    assert (found["state"], found["counts"]) == ("previewed", {"session.new": 1})
    wrong = {"Sessions": ["title_en", "starts", "password"]}
    assert call("post", "", headers, body(content, columns=wrong), key="a-third-key").status_code == 409


@pytest.mark.parametrize(
    ("content", "field"),
    [("not base64!", "content"), (b64encode(b"%PDF-1.7").decode(), "file"), ("", "content")],
)
def test_files_that_cannot_be_read(headers: dict[str, str], content: str, field: str) -> None:
    answer = call("post", "", headers, {"file_name": "a", "content": content})
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
    assert not ScheduleImport.objects.exists()


def test_imports_of_another_lab_are_not_found(headers: dict[str, str]) -> None:
    other = files.preview(files.lab_to_fill(), files.csv(HEADER, OPENING))
    for method, path in (
        ("get", ""),
        ("get", "/entries"),
        ("post", "/apply"),
        ("post", "/undo"),
        ("delete", ""),
    ):
        assert call(method, f"/{other.public_id}{path}", headers).status_code == 404
