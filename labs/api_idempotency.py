"""The header `Idempotency-Key` of API calls that create something (draft-ietf-httpapi-idempotency-key-header).

A key belongs to the account that calls, or to everybody who calls without one, and to one address. A repetition with
the same body gets the first result, one with another body 422. Of two at the same time the second waits for the first.
"""

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Header, Schema

from core.api.problems import Problem
from core.web import idempotency
from labs.current_viewer import viewer_of

_LIMITS: dict[str, Any] = {"alias": "Idempotency-Key", "min_length": 8, "max_length": 100}
_MEANS = "Any text, new for each request, such as a UUID. Repeating a request with the same key has no effect"
Key = Annotated[str, Header(description=_MEANS, **_LIMITS)]
OptionalKey = Annotated[str | None, Header(description=_MEANS, **_LIMITS)]


def run_once(
    request: HttpRequest,
    purpose: str,
    key: str,
    body: Schema | None,
    operation: Callable[[], dict[str, Any]],
    *,
    about: str = "",
) -> dict[str, Any]:
    """Run an operation once, in one transaction with the record of it; return its result. As `idempotency.run_once`.

    Raises Problem (422) if the key was used with another body.
    """
    try:
        return idempotency.run_once(*_record(request, purpose, key, body), operation, about=about)[0]
    except idempotency.IdempotencyKeyReused as error:
        raise _reused() from error


def run_slowly(
    request: HttpRequest,
    purpose: str,
    key: str | None,
    operation: Callable[[], dict[str, Any]],
    body: Schema | None = None,
) -> dict[str, Any]:
    """Run an operation that is too slow for the transaction of its record, unless this key has its result already.

    Its own rules keep it from being carried out twice at the same time. Raises Problem as `run_once`.
    """
    if key is None:
        return operation()
    record = _record(request, purpose, key, body)
    try:
        earlier = idempotency.earlier_result(*record)
    except idempotency.IdempotencyKeyReused as error:
        raise _reused() from error
    if earlier is not None:
        return earlier
    result = operation()
    idempotency.remember(*record, result)
    return result


def _record(
    request: HttpRequest, purpose: str, key: str, body: Schema | None
) -> tuple[str, str, list[object]]:
    """Return purpose, key and contents. The key may be written as the draft does, as a string in quotes."""
    if len(key) > 2 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    owner = viewer_of(request).user_id or ""
    return f"api:{purpose}", f"{owner}:{key}", [request.path, body.dict() if body else None]


def _reused() -> Problem:
    said = _("This Idempotency-Key was already used with a different body. Send a new key for a new request.")
    return Problem(said, errors={"Idempotency-Key": said})
