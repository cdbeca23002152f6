"""Rejects API calls with unknown parameters, repeated ones or an unexpected body."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import ValidationError
from ninja.operation import Operation

from core.api.parsers import JSON
from core.api.problems import Unreadable
from core.web.middleware import PREFERENCE_PARAMETERS

Run = Callable[..., HttpResponse]
Error = dict[str, Any]


def reject_unknown_parameters(run: Run) -> Run:
    """Run an operation only with parameters that it has, each of them once unless it is a list.

    `run` is the bound method of an operation, as decorators of the mode "view" get it. A misspelt filter would
    otherwise be ignored. The parameters of `core.web.middleware` are allowed too. Bodies of operations that have one
    are checked by their schema.
    """
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    known = [name for model in models for name in model.__ninja_flatten_map__]
    lists = {name for model in models for name in model.__ninja_collection_fields__}
    has_body = any(model.__ninja_param_source__ == "body" for model in operation.models)

    @functools.wraps(run)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        errors = list(_query_errors(request, known, lists)) if request.GET else []
        if not has_body and request.content_type == JSON and request.body:
            errors += _body_errors(operation, request)
        if errors:
            return operation.api.on_exception(request, ValidationError(errors))
        return run(request, **values)

    return answer


def _query_errors(request: HttpRequest, known: list[str], lists: set[str]) -> Iterator[Error]:
    for name, sent in request.GET.lists():
        if name in PREFERENCE_PARAMETERS:
            continue
        if name not in known:
            yield {"type": "unknown_parameter", "loc": ("query", name), "ctx": {"known": known}}
        elif len(sent) > 1 and name not in lists:
            yield {"type": "repeated_parameter", "loc": ("query", name)}


def _body_errors(operation: Operation, request: HttpRequest) -> Iterator[Error]:
    """Yield the errors of an unexpected body; `{}`, which some clients always send, has none."""
    try:
        body = operation.api.parser.parse_body(request)
    except Unreadable:
        body = None
    if not isinstance(body, dict):
        yield {"type": "unexpected_body", "loc": ("body",)}
        return
    for name in body:
        yield {"type": "extra_forbidden", "loc": ("body", name), "ctx": {"known": []}}
