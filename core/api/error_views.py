"""Error handlers: pages for people, problem details for programs. They never reveal why something is hidden."""

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


def with_problem_for_api(problem: Handler) -> Callable[[Handler], Handler]:
    """Answer with `problem` below the API's address, else with the decorated handler.

    Both use the reader's language, also if the error came before the language was activated.
    """

    def decorator(page: Handler) -> Handler:
        @functools.wraps(page)
        def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer = problem if problems.is_api_request(request) else page
            if hasattr(request, "LANGUAGE_CODE"):
                return answer(request, *args, **kwargs)
            with translation.override(translation.get_language_from_request(request)):
                return answer(request, *args, **kwargs)

        return handler

    return decorator


@with_problem_for_api(problems.not_found)
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    response = render(request, "errors/404.html", status=404)
    found = getattr(request, "resolver_match", None)
    if found is not None and getattr(found.func, "access", "") == "personal-link":
        keep_private(response)  # the link may be revoked or mistyped
    return response


@with_problem_for_api(problems.bad_request)
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    # The query itself may be malformed, and authentication may not have run yet.
    request.GET = QueryDict()
    if not hasattr(request, "user"):
        request.user = AnonymousUser()
    return render(request, "errors/400.html", status=400)


@with_problem_for_api(problems.forbidden)
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


@with_problem_for_api(problems.forbidden)
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403.html", {"csrf": True}, status=403)


@with_problem_for_api(problems.server_error)
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unhandled exception: 503 if a dependency is unavailable, 409 for a conflict, else 500."""
    unavailable = unavailable_because_of(sys.exception())
    if unavailable is None and is_conflict(sys.exception()):
        logger.warning("only the database detected the conflict at %s", request.path, exc_info=True)
        return HttpResponse(
            render_to_string("errors/409.html"), status=409, headers={"Cache-Control": "no-store"}
        )
    if unavailable is None:
        return HttpResponse(render_to_string("errors/500.html"), status=500)
    page = render_to_string("errors/503.html", {"unavailable": unavailable})
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(unavailable.retry_after), "Cache-Control": "no-store"}
    )
