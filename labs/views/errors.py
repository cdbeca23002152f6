"""Pages for what went wrong. They say what happened and what to do, and never why a thing is hidden."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string

from labs.access import keep_private
from labs.viewer import VISITOR


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = render(request, "errors/404.html", status=404)
    found = getattr(request, "resolver_match", None)
    if found is not None and getattr(found.func, "access", "") == "personal-link":
        keep_private(response)  # it may be a link that was revoked or mistyped
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # What was wrong may be the query itself, found before anybody asked who is there.
    request.GET = QueryDict()
    if not hasattr(request, "user"):
        request._viewer = VISITOR  # type: ignore[attr-defined]
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403.html", {"csrf": True}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("errors/500.html"), status=500)
