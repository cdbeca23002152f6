"""What HTTP asks of answers that programs read: validators, methods, and reading from pages of other sites.

RFC 9110 for the first two, the Fetch standard for the last.
"""

import functools
import hashlib
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag

from core.web.middleware import is_compressible, is_for_everybody

READING = ("GET", "HEAD")
# What belongs to the bytes that a 304 does not have (RFC 9110 §15.4.5).
_OF_THE_CONTENT = frozenset({"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition"})
_PREFLIGHT_SECONDS = 24 * 60 * 60


def if_changed(
    request: HttpRequest, response: HttpResponse, last_modified: int | None = None
) -> HttpResponse:
    """Give a whole answer its validators; return 304 instead to whoever has it, 412 where If-Match asks for another.

    The ETag is the hash of the bytes, weak where these may be sent compressed: one tag then stands for both forms, and
    304 names the same one as 200 does. `last_modified` is in seconds since 1970, None where no date tells of each
    change.
    """
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    etag = quote_etag(digest)
    if is_compressible(response):
        etag = f"W/{etag}"
        patch_vary_headers(response, ("Accept-Encoding",))
    response.headers["ETag"] = etag
    if last_modified is not None:
        response.headers["Last-Modified"] = http_date(last_modified)
    else:
        # To be ignored where there is no date to compare (§13.1.4).
        request.META.pop("HTTP_IF_UNMODIFIED_SINCE", None)
    answer = cast(HttpResponse, get_conditional_response(request, etag, last_modified, response))
    if answer.status_code == 304:
        for name, value in response.headers.items():
            if name not in _OF_THE_CONTENT:
                answer.headers[name] = value
    return answer


def read_by_programs(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view that only reads answer 405 to other methods, whoever sends them and from wherever.

    What everybody may read may also be read by scripts of other sites (`share`).
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS":
            return preflight()
        if request.method not in READING:
            return HttpResponseNotAllowed([*READING, "OPTIONS"])
        response = view(request, *args, **kwargs)
        if is_for_everybody(response):
            share(response)
        return response

    # There is nothing here that another site could make a browser do.
    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def share(response: HttpResponse) -> None:
    """Let scripts of other sites read an answer: never one that depends on who asks, since no credentials are taken."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def preflight() -> HttpResponse:
    """Answer what a browser asks before it lets a script of another site read with headers of its own."""
    response = HttpResponse(status=204)
    response.headers["Allow"] = ", ".join((*READING, "OPTIONS"))
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = ", ".join(READING)
    response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response
