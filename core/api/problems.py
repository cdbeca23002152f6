"""Errors of the API as problem details (RFC 9457)."""

import logging
import sys
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.web.problem_messages import detail_for, message_for
from core.web.unavailable import is_conflict, unavailable_because_of

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
_TEXT = {"type": "string"}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": _TEXT,
        "title": {**_TEXT, "description": "Name of the status, in the caller's language"},
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "What is wrong with this request, in the caller's language"},
        "instance": {
            **_TEXT,
            "description": "Identifies the error in the service's log, if the service failed",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {
                        **_TEXT,
                        "description": "Dotted path in the body as it was sent (`sessions.0`), empty for the body as "
                        "a whole; of a parameter or header, its name",
                    },
                    "message": {**_TEXT, "description": "In the caller's language"},
                },
            },
        },
    },
}
# A large body may have any number of errors.
MAX_ERRORS = 100
MAX_FIELD_LENGTH = 200
# The statuses' reason phrases, in the reader's language.
STATUSES = {
    400: gettext_lazy("Bad Request"),
    401: gettext_lazy("Unauthorized"),
    403: gettext_lazy("Forbidden"),
    404: gettext_lazy("Not Found"),
    405: gettext_lazy("Method Not Allowed"),
    409: gettext_lazy("Conflict"),
    412: gettext_lazy("Precondition Failed"),
    413: gettext_lazy("Content Too Large"),
    415: gettext_lazy("Unsupported Media Type"),
    422: gettext_lazy("Unprocessable Content"),
    429: gettext_lazy("Too Many Requests"),
    500: gettext_lazy("Internal Server Error"),
    503: gettext_lazy("Service Unavailable"),
}
SOME_INVALID = gettext_lazy("Some values are not valid")


class Problem(Exception):
    """An operation that the rules do not allow.

    `detail` is a sentence in the caller's language; `errors` maps dotted paths of the body to messages; `retry_after`
    is in seconds (status 503).
    """

    def __init__(
        self,
        detail: str | Promise = "",
        errors: Mapping[str, str] | None = None,
        status: int = 422,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(str(detail))
        self.detail = str(detail)
        self.errors = errors or {}
        self.status = status
        self.retry_after = retry_after


class Unreadable(Exception):
    """A body that cannot be parsed. `detail` is the reason, in the caller's language."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


def is_api_request(request: HttpRequest) -> bool:
    """Tell whether the path is below the API's root, whether or not it exists."""
    return request.path.startswith(reverse("api:api-root"))


def problem(
    status: int,
    detail: str | Promise = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    instance: str = "",
    **headers: str,
) -> HttpResponse:
    """Return a problem document; `errors` is a list of {"field": dotted path, "message": text}.

    The type is about:blank and the title the reason phrase (RFC 9457 §4.2.1).
    """
    title = STATUSES.get(status) or HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": str(title), "status": status}
    if detail:
        body["detail"] = str(detail)
    if instance:
        body["instance"] = instance
    if errors:
        body["errors"] = list(errors)
    response = JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = get_language() or "en"
    patch_vary_headers(response, ("Accept-Language",))
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer a request that does not match the operation's schema; `error.errors` are those of `CityLabsAPI`."""
    if any(each["loc"][0] == "path" for each in error.errors):
        return not_found(request, error)
    errors = [
        {"field": ".".join(map(str, each["loc"][1:]))[:MAX_FIELD_LENGTH], "message": message_for(each)}
        for each in error.errors[:MAX_ERRORS]
    ]
    if any(
        each["loc"] == ("header", "Idempotency-Key") and each["type"] == "missing" for each in error.errors
    ):
        # draft-ietf-httpapi-idempotency-key-header §2.7
        detail = _("Send the header Idempotency-Key: any text, new for each request that creates something.")
        return problem(400, detail, errors=errors)
    return problem(422, detail_for(error.errors) or SOME_INVALID, errors=errors)


def problem_raised(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [
        {"field": field, "message": message} for field, message in list(error.errors.items())[:MAX_ERRORS]
    ]
    if error.retry_after is not None:
        detail = error.detail or _("This cannot be done at the moment")
        return problem(error.status, detail, Retry_After=str(error.retry_after))
    detail = error.detail or (SOME_INVALID if errors else _("This cannot be done"))
    return problem(error.status, detail, errors=errors)


def rule_violated(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer a RuleViolation: 422 with the fields at fault, else 409, since the state forbids the operation."""
    if not error.field:
        return problem_raised(request, Problem(error.message, status=409))
    return problem_raised(
        request, Problem(errors={name: " ".join(messages) for name, messages in error.errors.items()})
    )


def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        401,
        _("Send “Authorization: Bearer …” with an API key that has not expired or been revoked."),
        WWW_Authenticate='Bearer error="invalid_token"',
    )


def throttled(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(429, _("Wait a while, then try again."), Retry_After=str(error.wait or 60))


def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer an error of Django Ninja: a body that `JsonBody` could not parse."""
    cause = error.__cause__
    if not isinstance(cause, Unreadable):
        return bad_request(request, error)
    if cause.status == 415:
        return problem(415, cause.detail, Accept="application/json", Accept_Encoding="identity")
    return problem(cause.status, cause.detail)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return problem(404, _("Not found"))


def not_allowed(request: HttpRequest, methods: Sequence[str]) -> HttpResponse:
    """Answer a method that the address does not take (RFC 9110 §15.5.6)."""
    allowed = ", ".join(methods)
    return problem(405, _("This address accepts %(methods)s.") % {"methods": allowed}, Allow=allowed)


def precondition_failed(request: HttpRequest) -> HttpResponse:
    """Answer a request whose If-Match or similar does not match (RFC 9110 §15.5.13)."""
    return problem(412, _("The resource has changed, or the condition is not one of its ETags."))


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return problem(413, _("Send at most %(most)d kB in one request.") % {"most": most})
    return problem(400, _("The request cannot be read"))


def forbidden(request: HttpRequest, exception: Any = None, reason: str = "") -> HttpResponse:
    return problem(403, _("This is not allowed"))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unhandled exception: 503 if a dependency is unavailable, 409 for a conflict, else 500.

    The caller of a 500 gets an id that the log has with the traceback.
    """
    unavailable = unavailable_because_of(sys.exception())
    if unavailable is not None:
        return problem(
            503,
            _("The storage of this service is full or read-only. You can still read data.")
            if unavailable.cannot_write
            else _(
                "The database is not available or is busy. Send the request again with the same Idempotency-Key."
            ),
            Retry_After=str(unavailable.retry_after),
        )
    if is_conflict(sys.exception()):
        logger.warning("only the database detected the conflict at %s", request.path, exc_info=True)
        return problem(
            409,
            _(
                "Someone else changed the same thing at the same time. Nothing was saved. Send the request "
                "again."
            ),
        )
    instance = uuid.uuid4().urn
    logger.error("%s is an error at %s", instance, request.path, exc_info=True)
    return problem(
        500,
        _(
            "Try again later. If it happens again, send the value of “instance” to the people who run "
            "the service."
        ),
        instance=instance,
    )
