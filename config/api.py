"""The API: one router per app, problem details (RFC 9457) for every error, ETags on every response."""

from django.conf import settings
from django.http import Http404
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from certificates.api import router as certificates
from core.api import problems
from core.api.api import CityLabsAPI, JsonRenderer
from core.api.openapi import CONTACT, DESCRIPTION, TAGS
from core.api.parsers import JsonBody
from core.api.reference import ReferencePage
from core.api.strict_parameters import reject_unknown_parameters
from core.web.errors import RuleViolation
from labs.api import router as labs
from labs.api_authentication import BearerToken
from registrations.api import router as registrations
from registrations.door_api import router as door
from sessions.api import router as sessions

api = CityLabsAPI(
    title="City Labs",
    version="1",
    description=DESCRIPTION,
    servers=[{"url": settings.BASE_URL, "description": "This installation"}],
    openapi_extra={"info": {"contact": CONTACT}, "tags": TAGS},
    urls_namespace="api",
    docs=ReferencePage(),
    auth=BearerToken(),
    parser=JsonBody(),
    renderer=JsonRenderer(),
)
api.add_decorator(reject_unknown_parameters, mode="view")
api.add_decorator(api.answer_unvalidated, mode="operation")
api.add_router("", labs)
api.add_router("", sessions)
api.add_router("", registrations)
api.add_router("", door)
api.add_router("", certificates)

api.add_exception_handler(ValidationError, problems.invalid)
api.add_exception_handler(problems.Problem, problems.problem_raised)
api.add_exception_handler(RuleViolation, problems.rule_violated)
api.add_exception_handler(AuthenticationError, problems.unauthenticated)
api.add_exception_handler(Throttled, problems.throttled)
api.add_exception_handler(HttpError, problems.http_error)
api.add_exception_handler(Http404, problems.not_found)
