"""The OpenAPI document's texts, and what Django Ninja does not generate: links, ETags, errors."""

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _
from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from core.api.problems import PROBLEM_SCHEMA, PROBLEM_TYPE

DESCRIPTION = """\
Programmes, labs, sessions and speakers that the caller can see; registrations, attendance and certificates for
organisers and door staff.

**API keys** are created in the console, at `/organise/tokens/`, and sent as `Authorization: Bearer …`. Without a key,
or with a key without the scope `read`, a request returns public data only. What the caller cannot see returns 404,
like what does not exist. Operations that need another scope name it, and return 403 to a key without it.

**Errors** are problem details (RFC 9457), in the language of `Accept-Language` or `?lang=` (en, bg, el). `type` is
always `about:blank`, `title` is the name of the status, `detail` explains it.
400, 413, 415: the body is not valid. 401: the API key is wrong, expired or revoked. 404: not found, or not visible to
the caller. 409: conflict with the current state. 412: `If-Match` does not match. 422: some values are not valid;
`errors` names each parameter, header or field. Unknown and repeated parameters and unknown fields are errors too.
429, 503: try again after `Retry-After` seconds.

**Lists** are paginated with `limit` and `offset`. `count` is the total number; the header `Link` has the addresses of
the next page (`rel="next"`) and of the previous one (`rel="prev"`).

**Creating something once:** send `Idempotency-Key` with any text, new for each request, such as a UUID. If the answer
is lost, repeat the request with the same key: within a day it has no further effect and returns the first result. The
same key with another body is an error (422). 400: an operation that needs the key was called without one.

**Caching:** responses to GET have an `ETag`. Send it as `If-None-Match` to get 304 if nothing has changed.
Requests without an API key are allowed from any website (CORS); requests with one are not.

**Texts** in several languages are objects with a language code for each translation that exists.

**Times** are in UTC. Local times have their IANA time zone beside them.
"""
CONTACT = {"name": "City Labs", "url": f"{settings.BASE_URL}/"}
# The API reference translates them.
TAGS = [
    {"name": _("Programmes and labs"), "description": _("Programmes, their cities and their labs")},
    {
        "name": _("Sessions and speakers"),
        "description": _("Sessions of a lab: when, where and with which speakers"),
    },
    {
        "name": _("Small groups"),
        "description": _("Cities of a lab in small groups. For organisers, and for owners of the programme"),
    },
    {
        "name": _("Registrations and attendance"),
        "description": _(
            "Participants of a lab. For organisers and door staff, except the registration itself"
        ),
    },
    {
        "name": _("Questions"),
        "description": _(
            "The lab’s own questions of the registration form, and answers that only named people read"
        ),
    },
    {
        "name": _("Personal data"),
        "description": _("What people agreed to, and what is held of them until when. For organisers"),
    },
    {
        "name": _("Emails"),
        "description": _("A lab’s emails and their texts, reminders and announcements. For organisers"),
    },
    {
        "name": _("Certificates"),
        "description": _("Issued by organisers. Anyone with the code can check them"),
    },
    {
        "name": _("People and roles"),
        "description": _("Who organises a lab or programme, and who is a delegate of which city"),
    },
    {
        "name": _("Webhooks"),
        "description": _("Signed requests about what happens in a lab, to a program of yours"),
    },
]
# Descriptions of path parameters.
PATH_PARAMETERS = {
    "programme": "Slug of the programme",
    "city": "Slug of the city",
    "lab": "Slug of the lab",
    "session": "Slug of the session in its lab",
    "speaker": "Slug of the speaker",
    "export": "Name of the file: it says the format",
    "registration": "ID of the registration",
    "action": "ID of the action on many registrations",
    "run": "ID of the import",
    "message": "ID of the email",
    "announcement": "ID of the announcement",
    "occasion": "Kind of email, such as confirmation",
    "language": "en, bg or el",
    "question_set": "Slug of the set of questions in its lab",
    "question": "Slug of the question in its lab",
    "document": "Slug of the document in its lab",
    "quota": "ID of the quota",
    "grouping": "ID of the round of small groups",
    "contact": "ID of the city's contact",
    "nomination": "ID of the nomination",
    "invitation": "ID of the invitation",
    "person": "ID of the person's role",
    "programme_person": "ID of the owner's or delegate's role",
    "role_invitation": "ID of the invitation to a role",
    "programme_invitation": "ID of the invitation to a role",
    "queue_number": "Token of the number",
    "webhook": "ID of the webhook",
    "tag": "Name of the tag",
    "delivery": "ID of the delivery",
    "code": "Code of the certificate, such as 7K3M-Q9TX-2W8H; case, spaces and hyphens do not matter",
}
TOKEN = "An API key from the console"  # noqa: S105
ETAG = {
    "description": "Version of the response. Send it as `If-None-Match`",
    "schema": {"type": "string"},
}
LINK = {
    "description": 'Next and previous page (RFC 8288): `rel="next"`, `rel="prev"`',
    "schema": {"type": "string"},
}
UNCHANGED = {"description": "Nothing has changed since the version sent as `If-None-Match`"}


class _InlineSchema:
    """Inlines an enum's schema where it is used: as a component, enums of the same name would be mixed."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = handler.resolve_ref_schema(handler(schema))
        return {name: value for name, value in found.items() if name != "title"}


INLINE_SCHEMA = _InlineSchema()


def complete_document(document: dict[str, Any]) -> None:
    """Add what holds for every operation, and remove unused schemas."""
    components = document["components"]
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete_operation(method, operation)
    components["securitySchemes"]["BearerToken"]["description"] = TOKEN
    components["responses"] = {
        "Problem": {
            "description": "Problem details (RFC 9457)",
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    components["schemas"]["Problem"] = PROBLEM_SCHEMA
    _leave_out_unused(document)


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    # The first sentence of the description, instead of the function's name.
    operation["summary"] = operation["description"].partition(".")[0].replace("\n", " ")
    if {} in operation["security"]:
        operation["security"] = [{}, {"BearerToken": []}]
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["description"] = PATH_PARAMETERS[parameter["name"]]
        elif parameter["in"] in ("query", "header"):
            parameter["schema"] = _without_null(parameter["schema"])
    responses = operation["responses"]
    if method == "get":
        responses[200]["headers"] = {"ETag": ETAG}
        if any(parameter["name"] == "offset" for parameter in operation["parameters"]):
            responses[200]["headers"]["Link"] = LINK
        responses[304] = UNCHANGED
    for errors in ("4XX", "5XX"):
        responses[errors] = {"$ref": "#/components/responses/Problem"}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without null, which a query cannot contain."""
    if "anyOf" not in schema:
        return schema
    [kind] = [each for each in schema["anyOf"] if each != {"type": "null"}]
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **kind}


def _leave_out_unused(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document, default=str)
        unused = [name for name in schemas if f'"#/components/schemas/{name}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]
