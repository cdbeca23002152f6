"""The section `webhooks` of the OpenAPI document: what is sent for each type of event."""

from typing import Any

from core.webhooks.event_types import TEST, EventType

_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "format": "date-time"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_PERSON = {
    "lab": {**_TEXT, "description": "Slug of the lab"},
    "registration": _object(
        id={**_TEXT, "format": "uuid", "description": "ID of the registration"},
        state={**_TEXT, "description": "State of the registration"},
        url={**_TEXT, "format": "uri", "description": "Address in the API. It needs the scope registrations"},
    ),
}
_SESSION = {**_TEXT, "description": "Slug of the session"}
_MODE = {**_TEXT, "description": "room or online"}
_SEAT = _object(mode=_MODE, state=_TEXT, place={"type": ["integer", "null"]})
_ATTENDANCE = _object(**_PERSON, session=_SESSION, taken_at=_INSTANT)
_CERTIFICATE = _object(
    **_PERSON,
    certificate=_object(
        code=_TEXT,
        state=_TEXT,
        minutes={"type": "integer"},
        issued_at=_INSTANT,
        replaces={"type": ["string", "null"], "description": "Code of the certificate before it"},
        url={**_TEXT, "format": "uri", "description": "Address of the check page"},
    ),
)
# What `data` holds; without an entry, that of every event about a person.
_DATA = {
    EventType.REGISTRATION_CONFIRMED: _object(
        **_PERSON, seats={"type": "array", "items": _object(session=_SESSION, mode=_MODE, state=_TEXT)}
    ),
    EventType.REGISTRATION_ERASED: _object(lab=_TEXT, registration=_object(id={**_TEXT, "format": "uuid"})),
    EventType.SEAT_WAITING: _object(**_PERSON, session=_SESSION, seat=_SEAT),
    EventType.SEAT_PROMOTED: _object(**_PERSON, session=_SESSION, seat=_SEAT),
    EventType.ATTENDANCE_RECORDED: _ATTENDANCE,
    EventType.ATTENDANCE_REMOVED: _ATTENDANCE,
    EventType.CERTIFICATE_ISSUED: _CERTIFICATE,
    EventType.CERTIFICATE_REVOKED: _CERTIFICATE,
    EventType.CERTIFICATE_RESTORED: _CERTIFICATE,
}
_HEADERS = {
    "webhook-id": "The same at every attempt, so that a repetition is recognised",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970. Refuse old ones",
    "webhook-signature": "`v1,` and base64 of the HMAC-SHA256 of `id.timestamp.body`; one for each valid secret",
}


def webhooks_section() -> dict[str, Any]:
    """Return the section: an operation for each type of event."""
    found = {
        event.value: _operation(event.value, event, _DATA.get(event, _object(**_PERSON)))
        for event in EventType
    }
    test = _operation(TEST, "A test, sent by an organiser", _object(lab=_TEXT))
    return {**found, TEST: test}


def _operation(name: str, meaning: object, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "summary": str(meaning),
            "tags": ["Webhooks"],
            "parameters": [
                {"name": header, "in": "header", "required": True, "description": said, "schema": _TEXT}
                for header, said in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": _object(type={"const": name}, timestamp=_INSTANT, data=data)
                    }
                },
            },
            "responses": {
                "2XX": {
                    "description": "Received. Anything else, also a redirect, is tried again for 72 hours"
                },
                "410": {"description": "Switches the webhook off"},
            },
        }
    }
