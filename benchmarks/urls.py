"""The service's addresses, and bare views: the limit for what is sent as it is stored."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as service

__all__ = ["handler400", "handler403", "handler404", "handler500", "keep_bare", "urlpatterns"]


def keep_bare(name: str, content: bytes) -> str:
    """Let a bare view send these bytes; return its address."""
    (settings.VAR_DIR / f"{name}.bare").write_bytes(content)
    return f"/bare/{name}/"


@cache
def _content(name: str) -> bytes:
    content: bytes = (settings.VAR_DIR / f"{name}.bare").read_bytes()
    return content


def bare(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(_content(name), content_type="text/calendar; charset=utf-8")


def bare_304(request: HttpRequest) -> HttpResponse:
    return HttpResponseNotModified()


urlpatterns = [path("bare/<slug:name>/", bare), path("bare-304/", bare_304), *service]
