"""What each request passes through: how its answer is coded, the reader's language, zone and theme, the policies of the
pages, and the guard against other sites.
"""

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
from core.web.idempotency import FIELD, is_form_key

A_YEAR = 365 * 24 * 60 * 60
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
THEMES = ("light", "dark")
# What every address takes in its query, beside its own parameters.
CHOICES = ("lang", "tz", "theme")


# Types of which compression saves anything.
_COMPRESSIBLE = re.compile(
    r"text/|application/(json|[\w.-]+\+json|xml|javascript|manifest\+json)|image/svg\+xml"
)
_SMALL = 200  # bytes that compression only makes more
_QUALITY = re.compile(r"\s*([!#$%&'*+.^`|~\w-]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$")


def is_compressible(response: HttpResponseBase) -> bool:
    """Tell whether an answer may be sent compressed, and so varies with what the asker takes."""
    return _COMPRESSIBLE.match(response.headers.get("Content-Type", "")) is not None


def codings_in(accept_encoding: str) -> dict[str, float]:
    """Return the qualities of `gzip` and `identity` that this header gives (RFC 9110 §12.5.3); 0 is a refusal.

    identity is taken, as the last choice, unless it is refused. What cannot be read says nothing.
    """
    said: dict[str, float] = {}
    for part in accept_encoding.casefold().split(","):
        found = _QUALITY.match(part)
        if found:
            name = "gzip" if found[1] == "x-gzip" else found[1]
            said.setdefault(name, float(found[2] or 1))
    others = said.get("*")
    return {
        "gzip": said.get("gzip", others or 0),
        "identity": said.get("identity", 0 if others == 0 else 0.001),
    }


class CompressionMiddleware(GZipMiddleware):
    """Compresses answers for those who take it, the front-end files of the layer below included.

    Django and WhiteNoise look for the word alone, and find it in `gzip;q=0` too: below, the header says what is meant.
    """

    def process_request(self, request: HttpRequest) -> None:
        taken = codings_in(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        chosen = "gzip" if taken["gzip"] and taken["gzip"] >= taken["identity"] else "identity"
        request.META["HTTP_ACCEPT_ENCODING"] = chosen
        request.identity_refused = not taken["identity"]  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if is_for_everybody(response) and response.has_header("Vary"):
            # Whoever is signed in had a session looked at, for the sake of forms that are not in this answer.
            named = [name.strip() for name in response.headers["Vary"].split(",")]
            del response.headers["Vary"]
            if kept := [name for name in named if name.casefold() != "cookie"]:
                response.headers["Vary"] = ", ".join(kept)
        if response.status_code in (204, 304):
            # Their lengths are not that of an empty body (§8.6): a 204 has none, a 304 that of its 200.
            response.headers.pop("Content-Length", None)
            return response
        if not is_compressible(response) or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if request.META["HTTP_ACCEPT_ENCODING"] != "gzip" or not isinstance(response, HttpResponse):
            return response
        if len(response.content) < _SMALL and not request.identity_refused:  # type: ignore[attr-defined]
            return response
        response.content = compress_string(response.content, max_random_bytes=self.max_random_bytes)
        response.headers["Content-Length"] = str(len(response.content))
        response.headers["Content-Encoding"] = "gzip"
        etag = response.headers.get("ETag", "")
        if etag.startswith('"'):
            response.headers["ETag"] = f"W/{etag}"
        return response


class ReaderPreferencesMiddleware:
    """Takes `?lang=`, `?tz=` and `?theme=`, keeps a choice in a cookie, and sets language and zone of the request.

    Sets `request.reader_zone` to a canonical zone (also where the browser knows it by an old name) or None,
    `request.theme` to "light", "dark" or "". An empty value (`?tz=`) forgets the choice. Unknown values are ignored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen: dict[str, str] = {}
        offered = {code for code, _name in settings.LANGUAGES}
        for name, cookie, known in zip(
            CHOICES,
            (settings.LANGUAGE_COOKIE_NAME, settings.ZONE_COOKIE_NAME, settings.THEME_COOKIE_NAME),
            (_one_of(offered), canonical_of, _one_of(THEMES)),
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
        if is_for_everybody(response):
            return response
        response.headers.setdefault("Content-Language", language)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        for cookie, value in chosen.items():
            if value:
                response.set_cookie(
                    cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True, secure=settings.HTTPS
                )
            elif cookie in request.COOKIES:
                response.delete_cookie(cookie, samesite="Lax")
        return response


def _one_of(known: Collection[str]) -> Callable[[str], str]:
    """Return a function that lets these values through and turns all others into nothing."""
    return lambda value: value if value in known else ""


def is_for_everybody(response: HttpResponseBase) -> bool:
    """Tell whether the answer is the same for all readers (feeds, style sheets), so that shared caches may keep it.

    It then carries no choice of one of them: no cookie, and no word that it varies with theirs.
    """
    return "public" in response.headers.get("Cache-Control", "")


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Sends the policies of the settings with every answer, put together once.

    What is rare is left to the library: an answer whose policy one of its decorators changed, and Django's own pages
    about errors while developing, which style themselves inline.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Offer no nonce: nothing inline is ever allowed."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        # Answers that pages of other sites may use say so themselves.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.DEBUG or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response

    @cached_property
    def policy(self) -> str:
        return build_policy()


class CrossSiteRequestMiddleware(CsrfViewMiddleware):
    """Refuses POSTs that another site made a browser send.

    With a session, Django's own token applies. Visitors without one carry no authority that another site could
    borrow and get no cookie: for them the browser's own word (Sec-Fetch-Site, Origin or Referer) and a form key
    that this service gave out are asked for.
    """

    def process_request(self, request: HttpRequest) -> None:
        # Without a session there is no token to read; merely looking for it would mark every answer "Vary: Cookie".
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            super().process_request(request)

    def process_view(
        self, request: HttpRequest, callback: Callable[..., Any], callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        if request.method in SAFE_METHODS or getattr(callback, "csrf_exempt", False):
            return None
        if getattr(request, "_dont_enforce_csrf_checks", False):
            return None
        if not comes_from_here(request):
            return self._reject(request, "other-origin")  # type: ignore[attr-defined]
        if not is_form_key(request.POST.get(FIELD, "")):
            return self._reject(request, "no-form-key")  # type: ignore[attr-defined]
        return None


def comes_from_here(request: HttpRequest) -> bool:
    """Tell whether the browser says that the request was made by one of our own pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    said = request.headers.get("Origin") or request.headers.get("Referer")
    if not said or said == "null":
        return site == "same-origin"
    parts = urlsplit(said)
    own = {f"{request.scheme}://{request.get_host()}", settings.BASE_URL}
    return f"{parts.scheme}://{parts.netloc}" in own
