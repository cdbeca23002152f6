"""Answers the requests of an organiser who looks at the pages as somebody else (`labs.view_as`)."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from core.web.middleware import SAFE_METHODS, is_publicly_cacheable
from labs import view_as
from labs.view_as import COOKIE, Simulated, simulated_for

# The pages that begin and end it, and what programs are answered: by keys, never by cookies.
ALWAYS_OWN = {"console_view_as", "console_view_as_end"}
PROGRAMS = "/api/"
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
_BEGINS = re.compile(rb'<body[^>]*>(\s*<a class="skip"[^>]*>[^<]*</a>)?')
_VALIDATORS = ("ETag", "Last-Modified", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers")


class ViewAsMiddleware:
    """Gives such a request the viewer and the account of the person that it stands for, and puts a bar on the page.

    Until the answer is ready the request has neither the organiser's session nor its cookies, so that pages are made
    exactly as for such a person; the bar is written into them afterwards. Nothing can be sent, nothing is cached.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if COOKIE not in request.COOKIES or request.path_info.startswith(PROGRAMS):
            return self.get_response(request)
        found = simulated_for(request)
        if found is None:
            response = self.get_response(request)
            # What shared caches store has no cookie.
            if not response.cookies.get(COOKIE) and not is_publicly_cacheable(response):
                view_as.end(request, response)
            return response
        if _name_of(request) in ALWAYS_OWN:
            return self.get_response(request)
        own = _Own(request)
        own.replace(found)
        if request.method in SAFE_METHODS:
            response = self.get_response(request)
        else:
            response = render(request, "errors/view_as.html", {"who": found.words}, status=403)
        own.restore()
        _put_bar(request, response, found)
        for name in _VALIDATORS:
            response.headers.pop(name, None)
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response


class _Own:
    """What of a request is the organiser's own: put aside, and put back."""

    def __init__(self, request: HttpRequest) -> None:
        self.request: Any = request
        self.kept = {name: getattr(request, name) for name in ("COOKIES", "session", "user")}
        self.encoding = request.META.get("HTTP_ACCEPT_ENCODING")

    def replace(self, found: Simulated) -> None:
        request = self.request
        own = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages", COOKIE}
        cookies = {name: value for name, value in self.kept["COOKIES"].items() if name not in own}
        if found.user.is_authenticated:
            # Pages of people who are signed in look for a session; this one is stored nowhere.
            cookies[settings.SESSION_COOKIE_NAME] = ""
        request.COOKIES = cookies
        request.session = _Unsaved()
        request.user = found.user
        request._viewer = found.viewer
        request._cached_user = found.user
        # The bar is written into what is not compressed yet, and every answer is a whole one.
        request.META["HTTP_ACCEPT_ENCODING"] = "identity"
        for name in _CONDITIONS:
            request.META.pop(name, None)

    def restore(self) -> None:
        for name, value in self.kept.items():
            setattr(self.request, name, value)
        self.request._cached_user = self.kept["user"]
        if self.encoding is not None:
            self.request.META["HTTP_ACCEPT_ENCODING"] = self.encoding
        with suppress(AttributeError):
            del self.request._viewer


class _Unsaved(SessionBase):
    """A session that begins empty and ends with the request."""

    def exists(self, session_key: str) -> bool:
        return False

    def create(self) -> None:
        """Store nothing."""

    def save(self, must_create: bool = False) -> None:
        """Store nothing."""

    def delete(self, session_key: str | None = None) -> None:
        """There is nothing to delete."""

    def load(self) -> dict[str, Any]:
        return {}


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _put_bar(request: HttpRequest, response: HttpResponse, found: Simulated) -> None:
    """Write the bar at the beginning of a page's body, behind the link that skips to its content."""
    is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
    if not is_page:
        return
    begins = _BEGINS.search(response.content)
    if begins is None:
        return
    bar = render_to_string("partials/view_as_bar.html", {"simulated": found, "path": request.path}, request)
    place = begins.end()
    response.content = response.content[:place] + bar.strip().encode() + response.content[place:]
    if response.has_header("Content-Length"):
        response.headers["Content-Length"] = str(len(response.content))
