"""The OpenAPI document's texts, and what Django Ninja does not generate: links, ETags, errors."""

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _
from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from core.api.problems import PROBLEM_SCHEMA, PROBLEM_TYPE

DESCRIPTION = """\
Programmes, labs, sessions and speakers as the caller may see them; registrations, attendance and certificates for
organisers and door staff.

**Tokens** are made in the console, at `/organise/tokens/`, and sent as `Authorization: Bearer …`. Without one a call
sees what everybody sees; so does a token without the scope `read`. What the caller may not see is answered like what
does not exist (404). An operation that needs another scope names it, and answers a token without it with 403.

**Errors** are problem details (RFC 9457), in the language of `Accept-Language` or of `?lang=` (en, bg, el). Their
kind is the status: `type` is always `about:blank`, `title` what the status is called, `detail` says more.
400, 413, 415: the body cannot be read. 401: the token is wrong, expired or revoked. 404: nothing here for this caller.
409: the rules do not allow it as things stand. 422: what was sent does not fit; `errors` names each parameter, header
or field. Parameters and fields that an operation does not know are errors too, and so is a parameter that comes twice.
412: `If-Match` names another state. 429, 503: come again after `Retry-After` seconds.

**Lists** are cut by `limit` and `offset`; `count` says how many there are in all, and the header `Link` leads to the
page that comes next (`rel="next"`), and to the one before (`rel="prev"`).

**Answers** to GET carry an `ETag`. Sent back as `If-None-Match`, it is answered with 304 as long as nothing changed.
Without a token, scripts of any site may read them (CORS); a token is never taken from a browser on another site.

**Texts** in several languages are objects by language code, with the languages alone in which there is a text.

**Times** are instants in UTC; where the hour of the place matters, it stands beside its IANA time zone.
"""
CONTACT = {"name": "City Labs", "url": f"{settings.BASE_URL}/"}
# The API reference translates them.
TAGS = [
    {"name": _("Programmes and labs"), "description": _("Programmes, their cities, and their editions")},
    {
        "name": _("Sessions and speakers"),
        "description": _("What takes place in a lab, when, where and with whom"),
    },
    {
        "name": _("Registrations and attendance"),
        "description": _("Who comes to a lab; for organisers and door staff, except registering itself"),
    },
    {
        "name": _("Certificates"),
        "description": _("Issued by organisers, checked by everybody who has the code"),
    },
]
# Descriptions of path parameters.
PATH_PARAMETERS = {
    "programme": "Slug of the programme",
    "lab": "Slug of the lab",
    "session": "Slug of the session in its lab",
    "speaker": "Slug of the speaker",
    "registration": "Id of the registration",
    "code": "Code of the certificate, such as 7K3M-Q9TX-2W8H; case, spaces and hyphens do not matter",
}
TOKEN = "A token from the console; see the description of this document"  # noqa: S105
ETAG = {
    "description": "Names this state of the answer; send it as `If-None-Match`",
    "schema": {"type": "string"},
}
LINK = {
    "description": 'The pages beside this one (RFC 8288): `rel="next"`, `rel="prev"`',
    "schema": {"type": "string"},
}
UNCHANGED = {"description": "Nothing has changed since the answer whose ETag was sent as `If-None-Match`"}


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
            "description": "What stands in the way, as problem details (RFC 9457)",
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
        elif parameter["in"] == "query":
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
