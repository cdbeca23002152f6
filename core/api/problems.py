"""Errors of the API as problem details (RFC 9457): one form for all of them, never more than the caller may know."""

import logging
import sys
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.api.problem_messages import words_for, words_for_all
from core.web.unavailable import is_conflict, unavailable_because_of

__all__ = [
    "Http404",
    "Problem",
    "http_error",
    "invalid",
    "is_for_api",
    "not_found",
    "problem",
    "problem_raised",
]

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
_TEXT = {"type": "string"}
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": _TEXT,
        "title": {**_TEXT, "description": "What the status is called, in the caller's language"},
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "What stands in the way this time, in the caller's language"},
        "instance": {**_TEXT, "description": "Names this error in the service's own log, where it failed"},
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
# A body may be wrong in as many places as it has letters; the first ones are enough to put it right.
ERRORS_AT_MOST = 100
FIELD_AT_MOST = 200
# What each status is called, in the reader's language.
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
SOME_DO_NOT_FIT = gettext_lazy("Some of what was sent is not valid")


class Problem(Exception):
    """An operation that the rules do not allow.

    `detail` is a sentence in the caller's language; `errors` maps dotted paths of the body to messages. `retry_after`
    are the seconds after which another try is worth it, where the refusal is one of the moment (status 503).
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
    """A body that is no document of the kind that operations take. `detail` says why, in the caller's language."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


def is_for_api(request: HttpRequest) -> bool:
    """Tell whether the address lies below the API's, whether or not there is anything at it."""
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

    Its kind is the status, so the type is about:blank, and the title what the status is called (RFC 9457 §4.2.1).
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
    """Answer what does not fit the operation's schema; `error.errors` are those of `CityLabsAPI`, with plain paths."""
    if any(each["loc"][0] == "path" for each in error.errors):
        return not_found(request, error)  # such an address there cannot be
    errors = [
        {"field": ".".join(map(str, each["loc"][1:]))[:FIELD_AT_MOST], "message": words_for(each)}
        for each in error.errors[:ERRORS_AT_MOST]
    ]
    return problem(422, words_for_all(error.errors) or SOME_DO_NOT_FIT, errors=errors)


def problem_raised(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [
        {"field": field, "message": message} for field, message in list(error.errors.items())[:ERRORS_AT_MOST]
    ]
    if error.retry_after is not None:
        detail = error.detail or _("This cannot be done just now")
        return problem(error.status, detail, Retry_After=str(error.retry_after))
    detail = error.detail or (SOME_DO_NOT_FIT if errors else _("This cannot be done"))
    return problem(error.status, detail, errors=errors)


def rule_violated(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer what a rule of the domain refuses: 422 beside the fields at fault, else 409, as the state forbids it."""
    if not error.field:
        return problem_raised(request, Problem(error.message, status=409))
    return problem_raised(
        request, Problem(errors={name: " ".join(said) for name, said in error.errors.items()})
    )


def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        401,
        _("Send “Authorization: Bearer …” with a token that is neither expired nor revoked."),
        WWW_Authenticate='Bearer error="invalid_token"',
    )


def throttled(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(429, _("Wait a while, then try again."), Retry_After=str(error.wait or 60))


def http_error(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer what the library found wrong itself: a body that `JsonBody` could not read."""
    cause = error.__cause__
    if not isinstance(cause, Unreadable):
        return bad_request(request, error)
    if cause.status == 415:
        return problem(415, cause.detail, Accept="application/json", Accept_Encoding="identity")
    return problem(cause.status, cause.detail)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return problem(404, _("There is nothing at this address"))


def not_allowed(request: HttpRequest, methods: Sequence[str]) -> HttpResponse:
    """Answer a method that the address does not take (RFC 9110 §15.5.6)."""
    said = ", ".join(methods)
    return problem(405, _("This address takes %(methods)s.") % {"methods": said}, Allow=said)


def precondition_failed(request: HttpRequest) -> HttpResponse:
    """Answer a call that is only meant for another state of what is at the address (RFC 9110 §15.5.13)."""
    return problem(412, _("This has changed since, or the condition is no entity tag of it."))


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return problem(413, _("Send at most %(most)d kB at once.") % {"most": most})
    return problem(400, _("The request cannot be read"))


def forbidden(request: HttpRequest, exception: Any = None, reason: str = "") -> HttpResponse:
    return problem(403, _("This is not allowed"))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an error of our own: the caller gets a name for it, and the log what it was.

    What passes by itself (`core.web.unavailable`) is no error of our own: it says when another try is worth it.
    """
    unavailable = unavailable_because_of(sys.exception())
    if unavailable is not None:
        return problem(
            503,
            _("The storage of this service is full or cannot be written to. Reading works as before.")
            if unavailable.cannot_write
            else _("The database is away or busy. Send the request again, with the same Idempotency-Key."),
            Retry_After=str(unavailable.retry_after),
        )
    if is_conflict(sys.exception()):
        logger.warning("a conflict at %s was seen by the database alone", request.path, exc_info=True)
        return problem(
            409,
            _(
                "Somebody else changed the same thing at the same moment. Nothing was saved. Send the request again."
            ),
        )
    instance = uuid.uuid4().urn
    logger.error("%s is an error at %s", instance, request.path, exc_info=True)
    return problem(
        500,
        _("Try again later. If it happens again, send the value of “instance” to whoever runs the service."),
        instance=instance,
    )
