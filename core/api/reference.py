"""The API reference: the OpenAPI document as a page for people, without script."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from ninja.responses import Response

Schema = dict[str, Any]
# A text of the document, by language code as in `{% prose %}`; there is only English.
Text = dict[str, str]

PREFIX = "/api/v1"
# Types of JSON Schema, by `format` where there is one, else by `type`.
TYPES = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("true or false"),
    "object": _("object of texts by language code"),
    "answers": _("object of answers by slug"),
    "sections": _("object of lists"),
    "columns": _("object of lists"),
    "counts": _("object of numbers"),
    "date": _("date"),
    "date-time": _("date and time in UTC"),
    "uuid": "UUID",
}
# Examples by the field's or parameter's name, else by its type; those of the paths are in the demonstration.
UUID = "0190f5a2-7c1e-7b52-9d3a-5b8f2c6e4d10"
EXAMPLES: dict[str, Any] = {
    "programme": "icc",
    "lab": "city-lab-4",
    "session": "closing",
    "track": "skills",
    "sessions": "closing",
    "moved": "closing",
    "speaker": "thierry-breton",
    "speakers": "thierry-breton",
    "export": "schedule.xml",
    "keep": "clock",
    "registration": UUID,
    "action": UUID,
    "run": UUID,
    "file_name": "schedule.csv",
    "content": "dGl0bGUsc3RhcnRzLGVuZHMKT3BlbmluZywyMDI3LTAzLTAxIDA5OjMwLDIwMjctMDMtMDEgMTA6MzAK",
    "columns": {"Sessions": ["title_en", "starts", "ends"]},
    "entries": 0,
    "counts": {"session.new": 60},
    "message": UUID,
    "announcement": UUID,
    "occasion": "confirmation",
    "language": "en",
    "set": "your-needs",
    "shown_if": "will-you-come-to-the-dinner",
    "question_set": "your-needs",
    "question": "what-do-you-expect",
    "document": "house-rules",
    "quota": "1",
    "grouping": "1",
    "contact": "1",
    "places": "1",
    "nomination": "1",
    "queue_number": "token-of-the-number",
    "invitation": "1",
    "person": UUID,
    "programme_person": UUID,
    "role_invitation": UUID,
    "programme_invitation": UUID,
    "role": "organiser",
    "emails": "participant@example.org",
    "webhook": UUID,
    "tag": "speaker",
    "delivery": UUID,
    "url": "https://example.org/hook",
    "events": "registration.confirmed",
    "code": "7K3M-Q9TX-2W8H",
    "email": "maria@example.org",
    "name": "Maria Demo",
    "country": "BG",
    "city": "sofia",
    "languages": "en",
    "time_zone": "Europe/Sofia",
    "stakeholder_group": "local-government",
    "Idempotency-Key": UUID,
    "string": "…",
    "integer": 1,
    "number": 1,
    "answers": {"what-do-you-expect": "New contacts"},
    "sections": {"seats": []},
    "boolean": True,
    "object": {"en": "…", "bg": "…"},
    "date": "2027-04-06",
    "date-time": "2027-04-06T07:00:00Z",
    "uuid": UUID,
}
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default")


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of an object. `schema` names the object that it holds, `kind` says any other type."""

    name: str
    source: str  # path, query or header; "" for a field of a body
    required: bool
    is_list: bool
    nullable: bool
    kind: Any
    schema: str
    choices: tuple[str, ...]
    limits: Schema
    description: Text


@dataclass(frozen=True)
class Object:
    """A schema of the document."""

    name: str
    description: Text
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Answer:
    """A response: its status (or several), the object that it holds ("" for none), and that as JSON."""

    status: str
    description: Text
    schema: str
    example: str


@dataclass(frozen=True)
class Operation:
    """An operation. `scope` is the one that it needs; "" where everybody may call it."""

    name: str
    method: str
    path: tuple[str, ...]  # its parts below PREFIX
    description: Text
    scope: str
    parameters: tuple[Field, ...]
    body: Object | None
    answers: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True)
class Event:
    """What is sent to a webhook: its type, headers and body as JSON."""

    name: str
    description: Text
    headers: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Group:
    """The operations of a tag, whose texts are translated, and the events that are sent for it."""

    name: str
    description: str
    slug: str
    operations: tuple[Operation, ...]
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Reference:
    """All that the page shows of a document."""

    description: Text
    groups: tuple[Group, ...]
    objects: tuple[Object, ...]


class ReferencePage(DocsBase):
    """Renders the page of an API's document, in place of the library's Swagger UI."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/reference.html", {"content": content(api, get_language() or "en")})


@cache
def content(api: NinjaAPI, language: str) -> SafeString:
    """Return the page's content in this language, which must be the active one.

    Kept in the process: to print it takes a tenth of a second, and anybody may ask for it.
    """
    document = Response(api.get_openapi_schema()).content.decode()
    context = {"reference": read(document), "base_url": settings.BASE_URL}
    return render_to_string("api/reference_content.html", context)


def read(document: str) -> Reference:
    """Return what the page shows of an OpenAPI document (JSON)."""
    return _Reader(json.loads(document)).reference()


class _Reader:
    def __init__(self, document: Schema) -> None:
        self.document = document
        self.schemas: dict[str, Schema] = document["components"]["schemas"]

    def reference(self) -> Reference:
        info = self.document["info"]
        return Reference(
            _text(info["description"]),
            tuple(
                Group(
                    tag["name"],
                    tag["description"],
                    "about-" + tag["name"].lower().replace(" ", "-"),  # "certificates" is an operation
                    tuple(self._operations(tag["name"])),
                    tuple(self._events(tag["name"])),
                )
                for tag in self.document["tags"]
            ),
            tuple(self._object(name) for name in self.schemas),
        )

    def _operations(self, tag: str) -> Iterator[Operation]:
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                if tag in operation["tags"]:
                    yield self._operation(path, method, operation)

    def _events(self, tag: str) -> Iterator[Event]:
        for name, sent in self.document.get("webhooks", {}).items():
            if tag in sent["post"]["tags"]:
                headers = tuple(
                    self._field(each["name"], each["schema"], True, "header", each["description"])
                    for each in sent["post"]["parameters"]
                )
                body = _event_example(self._content(sent["post"]["requestBody"]))
                yield Event(name, _text(sent["post"]["summary"]), headers, _json(body))

    def _operation(self, path: str, method: str, operation: Schema) -> Operation:
        scope = re.search(r"Scope: (\w+)", operation["description"])
        body = self._content(operation.get("requestBody", {}))
        return Operation(
            operation["operationId"],
            method.upper(),
            tuple(path.removeprefix(f"{PREFIX}/").split("/")),
            _text(operation["description"]),
            scope[1] if scope else "",
            tuple(
                self._field(each["name"], each["schema"], each["required"], each["in"], each["description"])
                for each in operation["parameters"]
            ),
            self._object(self._name(body)) if body else None,
            tuple(self._answers(operation["responses"])),
            self._curl(path, method, operation, body),
        )

    def _answers(self, responses: dict[str, Schema]) -> Iterator[Answer]:
        """Yield the responses; those that are the same component (errors) as one."""
        shared: dict[str, list[str]] = {}
        for status, response in responses.items():
            if "$ref" in response:
                shared.setdefault(self._name(response), []).append(status)
            else:
                yield self._answer(status, response)
        for name, statuses in shared.items():
            yield self._answer(", ".join(statuses), self.document["components"]["responses"][name])

    def _answer(self, status: str, response: Schema) -> Answer:
        found = self._content(response)
        schema = found if "$ref" in found else {}  # a file has no fields to show
        return Answer(
            status,
            _text(response["description"]),
            self._name(schema) if schema else "",
            _json(self._example(schema)) if schema and status.isdigit() else "",
        )

    def _curl(self, path: str, method: str, operation: Schema, body: Schema) -> str:
        parameters = operation["parameters"]
        filled = path.format(
            **{each["name"]: EXAMPLES[each["name"]] for each in parameters if each["in"] == "path"}
        )
        parts = [f"curl {shlex.quote(self.document['servers'][0]['url'] + filled)}"]
        if method != "get":
            parts.append(f"--request {method.upper()}")
        if {} not in operation["security"]:
            parts.append('--header "Authorization: Bearer $API_KEY"')
        for each in parameters:
            if each["in"] == "header" and each["required"]:
                name = each["name"]
                parts.append(f"--header '{name}: {EXAMPLES[name]}'")
        if body:
            parts.append("--header 'Content-Type: application/json'")
            parts.append(f"--data {shlex.quote(_json(self._example(body)))}")
        return " \\\n  ".join(parts)

    def _object(self, name: str) -> Object:
        schema = self.schemas[name]
        return Object(name, _text(schema.get("description", "")), tuple(self._fields(schema)))

    def _fields(self, schema: Schema, within: str = "") -> Iterator[Field]:
        """Yield the fields of an object; those of objects without a name of their own as `errors[].field`."""
        for name, each in schema["properties"].items():
            required = name in schema.get("required", ())
            yield self._field(within + name, each, required, "", each.get("description", ""))
            inner = each.get("items", each)
            if "properties" in inner:
                yield from self._fields(
                    inner, f"{within}{name}[]." if "items" in each else f"{within}{name}."
                )

    def _field(self, name: str, schema: Schema, required: bool, source: str, description: str) -> Field:
        kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        [kind] = kinds
        inner = kind.get("items", kind)
        return Field(
            name=name,
            source=source,
            required=required,
            is_list="items" in kind,
            nullable="anyOf" in schema,
            kind=TYPES[inner.get("format", inner["type"])] if "$ref" not in inner else "",
            schema=self._name(inner) if "$ref" in inner else "",
            choices=tuple(inner.get("enum", ())),
            limits={
                each: limit for each in LIMITS for limit in [{**schema, **kind, **inner}.get(each)] if limit
            },
            description=_text(description),
        )

    def _example(self, schema: Schema, name: str = "") -> Any:
        if "default" in schema:
            return schema["default"]
        schema = schema.get("anyOf", [schema])[0]
        if "$ref" in schema:
            schema = self.schemas[self._name(schema)]
        if "properties" in schema:
            return {each: self._example(kind, each) for each, kind in schema["properties"].items()}
        if "items" in schema:
            return [self._example(schema["items"], name)]
        if schema.get("type") == "integer" and "minimum" in schema:
            return max(schema["minimum"], 1)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("format", schema["type"])
        if kind == "string" and (name.endswith("address") or name == "calendar"):
            return f"{self.document['servers'][0]['url']}/…"
        if kind == "string" and name in EXAMPLES:
            return EXAMPLES[name]
        return EXAMPLES[str(kind)]

    @staticmethod
    def _content(holder: Schema) -> Schema:
        """Return the schema of a request's or response's body, {} without one."""
        return next((each["schema"] for each in holder.get("content", {}).values()), {})

    @staticmethod
    def _name(reference: Schema) -> str:
        return str(reference["$ref"].rpartition("/")[2])


def _event_example(schema: Schema, name: str = "") -> Any:
    """Return an example of what is sent; its schemas name a constant, and types as a list."""
    if "properties" in schema:
        return {each: _event_example(kind, each) for each, kind in schema["properties"].items()}
    if "items" in schema:
        return [_event_example(schema["items"], name)]
    if "const" in schema:
        return schema["const"]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if "format" not in schema and kind == "string" and name in EXAMPLES:
        return EXAMPLES[name]
    return EXAMPLES.get(schema.get("format", ""), EXAMPLES[kind])


def _text(text: str) -> Text:
    """Return Markdown of the document without the line breaks of its source, which pages would show."""
    return {"en": re.sub(r"(?<!\n)\n(?!\n)", " ", text)}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
