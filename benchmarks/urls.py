"""The service's addresses, and a bare view that answers with bytes it was given: the limit for feeds."""

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as service

__all__ = ["BARE_FILE", "handler400", "handler403", "handler404", "handler500", "urlpatterns"]


BARE_FILE = settings.VAR_DIR / "bare.ics"


@cache
def _content() -> bytes:
    return BARE_FILE.read_bytes()


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_content(), content_type="text/calendar; charset=utf-8")


urlpatterns = [path("bare/", bare), *service]
