"""Conditional requests, allowed methods (RFC 9110) and CORS (Fetch standard) of read-only endpoints."""

import functools
import gzip
import hashlib
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag

from core.web.kept import kept
from core.web.middleware import is_compressible, is_publicly_cacheable, takes_gzip

READ_METHODS = ("GET", "HEAD")
# Headers of the content, which a 304 does not have (RFC 9110 §15.4.5).
_CONTENT_HEADERS = frozenset({"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition"})
_PREFLIGHT_SECONDS = 24 * 60 * 60
_KEPT_SECONDS = 60 * 60


def conditional_response(
    request: HttpRequest,
    response: HttpResponse,
    last_modified: int | None = None,
    *,
    version: str = "",
    build: Callable[[], bytes] | None = None,
    keep: bool = True,
) -> HttpResponse:
    """Add validators to a response; return 304 instead if the client has it, 412 if If-Match does not match.

    The ETag is the hash of the response's bytes, or of `version`, which names everything that they depend on: then
    `build` makes them, only if they are sent, and they are kept compressed, unless not to `keep`. The ETag is weak if
    they may be sent compressed, so that one tag stands for both encodings. `last_modified` is in seconds since 1970,
    None if no date changes with every change.
    """
    digest = hashlib.sha256(version.encode() if version else response.content).hexdigest()[:32]
    etag = quote_etag(digest)
    if is_compressible(response):
        etag = f"W/{etag}"
        patch_vary_headers(response, ("Accept-Encoding",))
    response.headers["ETag"] = etag
    if last_modified is not None:
        response.headers["Last-Modified"] = http_date(last_modified)
    else:
        # To be ignored without a modification date (§13.1.4).
        request.META.pop("HTTP_IF_UNMODIFIED_SINCE", None)
    answer = cast(HttpResponse, get_conditional_response(request, etag, last_modified, response))
    if answer.status_code == 304:
        for name, value in response.headers.items():
            if name not in _CONTENT_HEADERS:
                answer.headers[name] = value
    elif answer is response and build is not None:
        _set_content(request, response, digest, build, keep)
    return answer


def _set_content(
    request: HttpRequest, response: HttpResponse, digest: str, build: Callable[[], bytes], keep: bool
) -> None:
    """Set the bytes. Compressed ones are kept, since they are dearer to make than all the rest."""
    if keep and is_compressible(response) and takes_gzip(request):
        response.content = kept(("gzip", digest), _KEPT_SECONDS, lambda: gzip.compress(build(), 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.content = build()


def read_only_endpoint(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 405 to methods that write, and allow cross-origin reads of public responses."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "OPTIONS":
            return preflight_response()
        if request.method not in READ_METHODS:
            return HttpResponseNotAllowed([*READ_METHODS, "OPTIONS"])
        response = view(request, *args, **kwargs)
        if is_publicly_cacheable(response):
            allow_cross_origin(response)
        return response

    # Nothing here changes state.
    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def allow_cross_origin(response: HttpResponse) -> None:
    """Let scripts of other sites read a response, which must not depend on credentials.

    The middleware then lets their pages show it, too.
    """
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After"


def preflight_response() -> HttpResponse:
    """Return the response to a CORS preflight request."""
    response = HttpResponse(status=204)
    response.headers["Allow"] = ", ".join((*READ_METHODS, "OPTIONS"))
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = ", ".join(READ_METHODS)
    response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response
