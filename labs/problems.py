"""Errors of the API as problem details (RFC 9457): one form for all of them, never more than the caller may know."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

__all__ = ["Http404", "Refused", "http_error", "invalid", "not_found", "problem", "refused", "throttled"]

PROBLEM_TYPE = "application/problem+json"
_TEXT = {"type": "string"}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": _TEXT,
        "title": {**_TEXT, "description": "What kind of problem, in the caller's language"},
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {**_TEXT, "description": "Dotted path"}, "message": _TEXT},
            },
        },
    },
}


class Refused(Exception):
    """An operation that the rules do not allow. `errors` maps field names to messages in the caller's language."""

    def __init__(self, detail: str, errors: dict[str, str] | None = None, status: int = 422) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or {}
        self.status = status


def problem(
    status: int, title: str, detail: str = "", *, errors: list[dict[str, str]] | None = None, **headers: str
) -> HttpResponse:
    """Return a problem document; `errors` is a list of {"field": dotted path, "message": text}."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    response = JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    errors = []
    for each in error.errors:
        path = [str(part) for part in each.get("loc", ())]
        if path and path[0] in ("body", "query", "path", "header", "form"):
            path = path[1:]
        errors.append({"field": ".".join(path), "message": str(each.get("msg", ""))})
    return problem(422, _("Some of what was sent does not fit"), errors=errors)


def refused(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [{"field": field, "message": message} for field, message in error.errors.items()]
    return problem(error.status, _("This cannot be done"), error.detail, errors=errors)


def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        401,
        _("The token is not valid"),
        _("Send “Authorization: Bearer …” with a token that is neither expired nor revoked."),
        WWW_Authenticate="Bearer",
    )


def throttled(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        429, _("Too many requests"), _("Wait a while, then try again."), Retry_After=str(error.wait or 60)
    )


def not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(404, _("There is nothing at this address"))


def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error))
