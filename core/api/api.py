"""The API class: names and methods as callers use them, one OpenAPI document, an ETag on every answer to a GET."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils import translation
from django.utils.cache import patch_vary_headers
from ninja import NinjaAPI, Status
from ninja.errors import ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from ninja.responses import Response
from pydantic_core import to_json

from core.api.openapi import complete_document
from core.api.pagination import link_header
from core.api.problems import not_allowed, precondition_failed
from core.web.http_caching import READ_METHODS, allow_cross_origin, conditional_response, preflight_response

# Operations that answer without a token, too; one only shows more. The document says so in these words of its own.
FOR_EVERYBODY: dict[str, Any] = {"security": [{}, {"BearerToken": []}]}
# The library's own views, which would take any method.
DOCUMENT = "openapi-json"
PAGES = (DOCUMENT, "openapi-view")
FOR_ALL = "public, max-age=60"


def _if_changed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the answer with its ETag, 304 where the client has it, a problem where If-Match names another one."""
    answer = conditional_response(request, response)
    return precondition_failed(request) if answer.status_code == 412 else answer


def _by_method(view: Callable[..., HttpResponse], reads_only: bool) -> Callable[..., HttpResponse]:
    """Let the view answer HEAD as it answers GET (the server leaves out the body, RFC 9110 §9.3.2), and refuse
    methods that it does not take in the form of all errors. Without a token, scripts of other sites may read it.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if (
            request.method == "OPTIONS"
            and request.headers.get("Access-Control-Request-Method", "") in READ_METHODS
        ):
            return preflight_response()
        response = by_method(request, *args, **kwargs)
        if request.method in READ_METHODS and "Authorization" not in request.headers:
            allow_cross_origin(response)
        return response

    def by_method(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if reads_only and request.method not in ("GET", "HEAD"):
            return not_allowed(request, ["GET", "HEAD"])
        if request.method not in READ_METHODS and request.headers.get("If-Match", "*").strip() != "*":
            # All tags here are weak, and no weak one matches (RFC 9110 §13.1.1): better refused than passed over.
            return precondition_failed(request)
        if request.method != "HEAD":
            response = view(request, *args, **kwargs)
        else:
            request.method = "GET"
            try:
                response = view(request, *args, **kwargs)
            finally:
                request.method = "HEAD"
        if response.status_code != 405:
            return response
        taken = set(response["Allow"].split(", "))
        return not_allowed(request, sorted(taken | ({"HEAD"} if "GET" in taken else set())))

    # Nothing here counts a browser's session, so that there is nothing for another site to borrow.
    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def _as_sent(model: Any, error: dict[str, Any]) -> dict[str, Any]:
    """Return an error of the library, whose place (`loc`) begins with the source and goes on as the caller wrote it.

    The library gives the one parameter of a body a name of its own, and takes parameters of queries by groups. Of a
    field that is not known the error says which are (`ctx`).
    """
    source, *path = error["loc"]
    own = getattr(model, "__read_from_single_attr__", None)
    if source == "body" and own is not None and path[:1] == [own]:
        path = path[1:]
        if error["type"] == "extra_forbidden":
            known = list(model.model_fields[own].annotation.model_fields)
            error = error | {"ctx": {"known": known}}
    if source == "header":
        path = [str(part).replace("_", "-").title() for part in path]
    return error | {"loc": (source, *path)}


class JsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


class CityLabsAPI(NinjaAPI):
    """Says what does not fit by the names that the caller used; gives every successful GET an ETag (the hash of its
    bytes) and answers a repeated one with 304 (RFC 9110 §13).
    """

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext]
    ) -> ValidationError:
        errors = []
        for context in error_contexts:
            found = super().validation_error_from_error_contexts([context]).errors
            errors += [_as_sent(context.model, each) for each in found]
        return ValidationError(errors)

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Return the document, as `core.api.openapi` finishes it. It is put together once."""
        key = repr(sorted(kwargs.items()))
        if key not in self._documents:
            with translation.override("en"):  # not in the language of the first request
                document = super().get_openapi_schema(**kwargs)
            complete_document(document)
            self._documents[key] = document
        return self._documents[key]

    @functools.cached_property
    def _documents(self) -> dict[str, OpenAPISchema]:
        return {}

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return what clients made from the document call the operation: its name here, and not its function's."""
        return operation.url_name

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                if pattern.name == DOCUMENT:
                    pattern.callback = self._answer_document
                pattern.callback = _by_method(pattern.callback, pattern.name in PAGES)
        return patterns

    def _answer_document(self, request: HttpRequest) -> HttpResponse:
        """Answer with the document. It is the same for every caller and language."""
        response = HttpResponse(self._document_bytes, content_type="application/json")
        response["Content-Language"] = "en"
        response["Cache-Control"] = FOR_ALL
        return _if_changed(request, response)

    @functools.cached_property
    def _document_bytes(self) -> bytes:
        return Response(self.get_openapi_schema()).content

    def answer_unvalidated(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """Answer with the data that an operation returns as it is. A decorator of the mode "operation".

        The library would validate and copy each field of what we have made ourselves. The schemas stand in the
        document; a test validates every kind of answer against them. A `Status` without data is left to the library.
        """

        @functools.wraps(operation)
        def answer(request: HttpRequest, **values: Any) -> Any:
            data = operation(request, **values)
            if isinstance(data, HttpResponse):
                return self._answer_file(request, data)
            status = 200
            if isinstance(data, Status):
                if data.value is None:
                    return data
                status, data = data.status_code, data.value
            return self.create_response(
                request, data, status=status, temporal_response=values.get("response")
            )

        return answer

    def _answer_file(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Answer with a file, with the validators and rules of caching that every answer has."""
        patch_vary_headers(response, ("Authorization", "Accept-Language"))
        shared = "Authorization" not in request.headers
        response.headers.setdefault("Cache-Control", FOR_ALL if shared else "private, no-cache")
        return _if_changed(request, response)

    def create_response(
        self,
        request: HttpRequest,
        data: Any,
        *,
        status: int | None = None,
        temporal_response: HttpResponse | None = None,
    ) -> HttpResponse:
        response = super().create_response(request, data, status=status, temporal_response=temporal_response)
        links = link_header(request)
        if links:
            response.headers["Link"] = links
        patch_vary_headers(response, ("Authorization", "Accept-Language"))
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            shared = "Authorization" not in request.headers
            # An operation that tells of one person has said already that nobody keeps it.
            response.headers.setdefault("Cache-Control", FOR_ALL if shared else "private, no-cache")
            return _if_changed(request, response)
        response["Cache-Control"] = "no-store"
        return response
