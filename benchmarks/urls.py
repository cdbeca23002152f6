"""The service's addresses, and a bare view that answers with bytes it was given: the limit for feeds."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as service

__all__ = ["Bare", "handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Bare:
    content: ClassVar[bytes] = b""


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Bare.content, content_type="text/calendar; charset=utf-8")


urlpatterns = [path("bare/", bare), *service]
