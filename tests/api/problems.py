"""Reading the problem documents of the API."""

from typing import Any

from django.test import Client

from tests import factories as f

LABS = "/api/v1/labs"


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
