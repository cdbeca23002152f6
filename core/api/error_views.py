"""Answers to what went wrong: pages for people, problem details for programs.

They say what happened and what to do, and never why a thing is hidden.
"""

import functools
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation

from core.api import problems
from core.web.access import keep_private
from core.web.unavailable import is_conflict, unavailable_because_of

logger = logging.getLogger(__name__)

Handler = Callable[..., HttpResponse]


def or_problem(problem: Handler) -> Callable[[Handler], Handler]:
    """Have `problem` tell of the error below the API's address, and the handler itself everywhere else.

    Both speak the reader's language, also where the error came before anybody looked what it is.
    """

    def around(page: Handler) -> Handler:
        @functools.wraps(page)
        def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer = problem if problems.is_for_api(request) else page
            if hasattr(request, "LANGUAGE_CODE"):
                return answer(request, *args, **kwargs)
            with translation.override(translation.get_language_from_request(request)):
                return answer(request, *args, **kwargs)

        return handler

    return around


@or_problem(problems.not_found)
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = render(request, "errors/404.html", status=404)
    found = getattr(request, "resolver_match", None)
    if found is not None and getattr(found.func, "access", "") == "personal-link":
        keep_private(response)  # it may be a link that was revoked or mistyped
    return response


@or_problem(problems.bad_request)
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # What was wrong may be the query itself, found before anybody asked who is there.
    request.GET = QueryDict()
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    return render(request, "errors/400.html", status=400)


@or_problem(problems.forbidden)
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


@or_problem(problems.forbidden)
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403.html", {"csrf": True}, status=403)


@or_problem(problems.server_error)
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer whatever nobody answered: an error of the service's own, or something that it needs and has not got."""
    unavailable = unavailable_because_of(sys.exception())
    if unavailable is None and is_conflict(sys.exception()):
        logger.warning("a conflict at %s was seen by the database alone", request.path, exc_info=True)
        return HttpResponse(
            render_to_string("errors/409.html"), status=409, headers={"Cache-Control": "no-store"}
        )
    if unavailable is None:
        return HttpResponse(render_to_string("errors/500.html"), status=500)
    page = render_to_string("errors/503.html", {"unavailable": unavailable})
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(unavailable.retry_after), "Cache-Control": "no-store"}
    )
