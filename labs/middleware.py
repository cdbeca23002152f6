"""What each request passes through: the reader's language, zone and theme, and the guard against other sites."""

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property

from labs.submissions import FIELD, is_form_key
from labs.zones import canonical_of

A_YEAR = 365 * 24 * 60 * 60
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
THEMES = ("light", "dark")
# What every address takes in its query, beside its own parameters.
CHOICES = ("lang", "tz", "theme")


class ReadersChoice:
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


def is_for_everybody(response: HttpResponse) -> bool:
    """Tell whether the answer is the same for all readers (feeds, style sheets), so that shared caches may keep it.

    It then carries no choice of one of them: no cookie, and no word that it varies with theirs.
    """
    return "public" in response.headers.get("Cache-Control", "")


class ContentPolicy(CSPMiddleware):
    """Sends the policy of the settings with every answer, put together once.

    What is rare is left to the library: an answer whose policy one of its decorators changed, and Django's own pages
    about errors while developing, which style themselves inline.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Offer no nonce: nothing inline is ever allowed."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if settings.DEBUG or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.policy)
        return response

    @cached_property
    def policy(self) -> str:
        return build_policy()


class CrossSiteGuard(CsrfViewMiddleware):
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
