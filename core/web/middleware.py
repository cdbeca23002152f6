"""Middleware: compression, the reader's language, zone and theme, Content-Security-Policy, and CSRF protection."""

import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.text import compress_string

from core.timezones.zones import canonical_of
from core.web.access import is_one_click
from core.web.idempotency import FIELD, is_form_key

ONE_YEAR = 365 * 24 * 60 * 60
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
THEMES = ("light", "dark")
# Query parameters that every URL accepts.
PREFERENCE_PARAMETERS = ("lang", "tz", "theme")


# Content types worth compressing.
_COMPRESSIBLE = re.compile(
    r"text/|application/(json|[\w.-]+\+json|xml|javascript|manifest\+json)|image/svg\+xml"
)
_MIN_COMPRESSED_BYTES = 200  # compression makes smaller responses larger
_QUALITY = re.compile(r"\s*([!#$%&'*+.^`|~\w-]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$")


def is_compressible(response: HttpResponseBase) -> bool:
    """Tell whether a response may be sent compressed, and so varies with Accept-Encoding."""
    return _COMPRESSIBLE.match(response.headers.get("Content-Type", "")) is not None


def accepted_codings(accept_encoding: str) -> dict[str, float]:
    """Return the qualities of `gzip` and `identity` in this header (RFC 9110 §12.5.3); 0 means not acceptable.

    identity is acceptable, as the last choice, unless excluded. Malformed parts are ignored.
    """
    qualities: dict[str, float] = {}
    for part in accept_encoding.casefold().split(","):
        found = _QUALITY.match(part)
        if found:
            name = "gzip" if found[1] == "x-gzip" else found[1]
            qualities.setdefault(name, float(found[2] or 1))
    others = qualities.get("*")
    return {
        "gzip": qualities.get("gzip", others or 0),
        "identity": qualities.get("identity", 0 if others == 0 else 0.001),
    }


def takes_gzip(request: HttpRequest) -> bool:
    """Tell whether the client takes gzip rather than no compression, as CompressionMiddleware has found out."""
    return bool(request.META.get("HTTP_ACCEPT_ENCODING") == "gzip")


class CompressionMiddleware(GZipMiddleware):
    """Compresses responses, and negotiates the encoding of WhiteNoise's static files.

    Django and WhiteNoise look for the word "gzip" only, also in `gzip;q=0`: the header is rewritten for them.
    """

    def process_request(self, request: HttpRequest) -> None:
        taken = accepted_codings(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        chosen = "gzip" if taken["gzip"] and taken["gzip"] >= taken["identity"] else "identity"
        request.META["HTTP_ACCEPT_ENCODING"] = chosen
        request.identity_refused = not taken["identity"]  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if is_publicly_cacheable(response) and response.has_header("Vary"):
            # Reading the session added Cookie, though the response does not depend on it.
            named = [name.strip() for name in response.headers["Vary"].split(",")]
            del response.headers["Vary"]
            if kept := [name for name in named if name.casefold() != "cookie"]:
                response.headers["Vary"] = ", ".join(kept)
        if response.status_code in (204, 304):
            # A 204 has no Content-Length, a 304 that of its 200 (§8.6).
            response.headers.pop("Content-Length", None)
            return response
        if not is_compressible(response) or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if not takes_gzip(request) or not isinstance(response, HttpResponse):
            return response
        if len(response.content) < _MIN_COMPRESSED_BYTES and not request.identity_refused:  # type: ignore[attr-defined]
            return response
        response.content = compress_string(response.content, max_random_bytes=self.max_random_bytes)
        response.headers["Content-Length"] = str(len(response.content))
        response.headers["Content-Encoding"] = "gzip"
        etag = response.headers.get("ETag", "")
        if etag.startswith('"'):
            response.headers["ETag"] = f"W/{etag}"
        return response


class ReaderPreferencesMiddleware:
    """Reads `?lang=`, `?tz=` and `?theme=`, stores them in cookies, and activates the language.

    Sets `request.reader_zone` to a canonical zone (also from an old name) or None, `request.theme` to "light", "dark"
    or "". An empty value (`?tz=`) deletes the cookie. Unknown values are ignored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen: dict[str, str] = {}
        offered = {code for code, _name in settings.LANGUAGES}
        for name, cookie, known in zip(
            PREFERENCE_PARAMETERS,
            (settings.LANGUAGE_COOKIE_NAME, settings.ZONE_COOKIE_NAME, settings.THEME_COOKIE_NAME),
            (_value_in(offered), canonical_of, _value_in(THEMES)),
            strict=True,
        ):
            value = request.GET.get(name)
            if value is not None and (value == "" or known(value)):
                chosen[cookie] = value and known(value)

        def choice(cookie: str) -> str:
            return chosen.get(cookie, request.COOKIES.get(cookie, ""))

        language = choice(settings.LANGUAGE_COOKIE_NAME)
        if language not in offered:
            language = translation.get_language_from_request(request)
        zone = choice(settings.ZONE_COOKIE_NAME)
        theme = choice(settings.THEME_COOKIE_NAME)
        request.LANGUAGE_CODE = language
        request.reader_zone = canonical_of(zone) or None  # type: ignore[attr-defined]
        request.theme = theme if theme in THEMES else ""  # type: ignore[attr-defined]

        with translation.override(language):
            response = self.get_response(request)
        if is_publicly_cacheable(response):
            return response
        response.headers.setdefault("Content-Language", language)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        for cookie, value in chosen.items():
            if value:
                response.set_cookie(
                    cookie, value, max_age=ONE_YEAR, samesite="Lax", httponly=True, secure=settings.HTTPS
                )
            elif cookie in request.COOKIES:
                response.delete_cookie(cookie, samesite="Lax")
        return response


def _value_in(known: Collection[str]) -> Callable[[str], str]:
    """Return a function that returns known values and "" for all others."""
    return lambda value: value if value in known else ""


def is_publicly_cacheable(response: HttpResponseBase) -> bool:
    """Tell whether shared caches may store the response. It then has no cookie and no `Vary: Cookie`."""
    return "public" in response.headers.get("Cache-Control", "")


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Sends the policies of the settings with every response, built once.

    The library handles responses with decorators of its own, and Django's debug pages, which have inline styles.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Create no nonce: nothing inline is allowed."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        # What scripts of all sites may read, their pages may show: a webmail shows the pictures of emails.
        is_for_all = response.headers.get("Access-Control-Allow-Origin") == "*"
        response.headers.setdefault(
            "Cross-Origin-Resource-Policy", "cross-origin" if is_for_all else "same-origin"
        )
        if settings.DEBUG or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response

    @cached_property
    def policy(self) -> str:
        return build_policy()


class CrossSiteRequestMiddleware(CsrfViewMiddleware):
    """CSRF protection that needs no cookie for visitors without a session.

    With a session, Django's token applies. Without one, a POST needs a same-origin Sec-Fetch-Site, Origin or Referer,
    and a form key that this service issued.
    """

    def process_request(self, request: HttpRequest) -> None:
        # Without a session there is no token, and reading it would add "Vary: Cookie".
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            super().process_request(request)

    def process_view(
        self, request: HttpRequest, callback: Callable[..., Any], callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if getattr(callback, "takes_one_click", False) and is_one_click(request):
            return None
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        if request.method in SAFE_METHODS or getattr(callback, "csrf_exempt", False):
            return None
        if getattr(request, "_dont_enforce_csrf_checks", False):
            return None
        if not is_same_origin(request):
            return self._reject(request, "other-origin")  # type: ignore[attr-defined]
        if not is_form_key(request.POST.get(FIELD, "")):
            return self._reject(request, "no-form-key")  # type: ignore[attr-defined]
        return None


def is_same_origin(request: HttpRequest) -> bool:
    """Tell whether the request comes from a page of this service, by Sec-Fetch-Site, Origin or Referer."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source or source == "null":
        return site == "same-origin"
    parts = urlsplit(source)
    own = {f"{request.scheme}://{request.get_host()}", settings.BASE_URL}
    return f"{parts.scheme}://{parts.netloc}" in own
