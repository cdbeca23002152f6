"""The API: one router per app, problem details (RFC 9457) for every error, ETags on every response."""

from django.conf import settings
from django.http import Http404
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from certificates.api import router as certificates
from config.webhook_document import webhooks_section
from core.api import problems
from core.api.api import CityLabsAPI, JsonRenderer
from core.api.openapi import CONTACT, DESCRIPTION, TAGS
from core.api.parsers import JsonBody
from core.api.reference import ReferencePage
from core.api.strict_parameters import reject_unknown_parameters
from core.web.errors import RuleViolation
from labs.api import router as labs
from labs.api_authentication import BearerToken
from labs.people_api import router as roles
from labs.webhook_api import router as webhooks
from registrations.announcement_api import router as announcements
from registrations.api import router as registrations
from registrations.bulk_api import router as bulk
from registrations.documents_api import router as documents
from registrations.door_api import router as door
from registrations.email_api import router as emails
from registrations.form_api import router as form
from registrations.links_api import router as registration_links
from registrations.merging_api import router as merging
from registrations.nominations_api import router as nominations
from registrations.opening_api import router as opening
from registrations.people_api import router as people
from registrations.person_api import router as person
from registrations.privacy_api import router as privacy
from registrations.proof_api import router as held_proof
from registrations.questions_api import router as questions
from registrations.rules_api import router as rules
from registrations.statistics_api import router as lab_statistics
from registrations.unannounced_api import router as unannounced
from sessions.api import router as sessions
from sessions.changes_api import router as changes
from sessions.cloning_api import router as cloning
from sessions.conflicts_api import router as conflicts
from sessions.exports_api import router as exports
from sessions.groups_api import router as city_groups
from sessions.imports_api import router as imports
from sessions.schedule_api import router as schedule
from sessions.slots_api import router as slots
from sessions.speakers_api import router as speakers
from sessions.states_api import router as states
from sessions.visibility_api import router as visibility

api = CityLabsAPI(
    title="City Labs",
    version="1",
    description=DESCRIPTION,
    servers=[{"url": settings.BASE_URL, "description": "This installation"}],
    openapi_extra={"info": {"contact": CONTACT}, "tags": TAGS, "webhooks": webhooks_section()},
    urls_namespace="api",
    docs=ReferencePage(),
    auth=BearerToken(),
    parser=JsonBody(),
    renderer=JsonRenderer(),
)
api.add_decorator(reject_unknown_parameters, mode="view")
api.add_decorator(api.answer_unvalidated, mode="operation")
api.add_router("", labs)
api.add_router("", roles)
api.add_router("", changes)
api.add_router("", sessions)
api.add_router("", cloning)
api.add_router("", conflicts)
api.add_router("", states)
api.add_router("", slots)
api.add_router("", visibility)
api.add_router("", exports)
api.add_router("", speakers)
api.add_router("", imports)
api.add_router("", schedule)
api.add_router("", city_groups)
# First: their addresses are more particular.
api.add_router("", people)
api.add_router("", bulk)
api.add_router("", person)
api.add_router("", merging)
api.add_router("", form)
api.add_router("", registrations)
api.add_router("", registration_links)
api.add_router("", door)
api.add_router("", questions)
api.add_router("", rules)
api.add_router("", nominations)
api.add_router("", opening)
api.add_router("", documents)
api.add_router("", privacy)
api.add_router("", held_proof)
api.add_router("", lab_statistics)
api.add_router("", unannounced)
api.add_router("", emails)
api.add_router("", announcements)
api.add_router("", certificates)
api.add_router("", webhooks)

api.add_exception_handler(ValidationError, problems.invalid)
api.add_exception_handler(problems.Problem, problems.problem_raised)
api.add_exception_handler(RuleViolation, problems.rule_violated)
api.add_exception_handler(AuthenticationError, problems.unauthenticated)
api.add_exception_handler(Throttled, problems.throttled)
api.add_exception_handler(HttpError, problems.http_error)
api.add_exception_handler(Http404, problems.not_found)
