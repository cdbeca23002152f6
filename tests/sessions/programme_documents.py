"""A small programme file that is in order, for tests to break."""

import copy
import json
from typing import Any

_DOCUMENT: dict[str, Any] = {
    "sources": {"news": "An announcement"},
    "cities": [
        {
            "slug": "sofia",
            "country": "BG",
            "time_zone": "Europe/Sofia",
            "name": {"en": "Sofia", "bg": "София"},
        },
        {"slug": "rome", "country": "IT", "time_zone": "Europe/Rome", "name": {"en": "Rome"}},
    ],
    "programmes": [
        {
            "slug": "icc",
            "name": {"en": "Intelligent Cities Challenge", "bg": "Предизвикателство"},
            "organiser": "European Commission",
            "tracks": [{"slug": "tourism", "en": "Tourism", "bg": "Туризъм"}],
            "stakeholder_groups": {"source": "news", "list": ["Local government", "Businesses"]},
            "labs": [
                {
                    "slug": "lab-1",
                    "title": {"en": "First lab", "bg": "Първо издание"},
                    "starts_on": "2027-03-27",
                    "ends_on": "2027-04-02",
                    "time_zone": "Europe/Sofia",
                    "days": [{"on": "2027-03-30", "title": "Reskilling"}],
                    "rooms": [{"slug": "plenary", "name": "Plenary", "online": True}],
                    "sessions": [
                        {
                            "slug": "dialogue",
                            "visibility": "public",
                            "starts": "2027-03-30T15:30",
                            "ends": "2027-03-30T17:30",
                            "title": {"en": "Dialogue", "bg": "Диалог"},
                            "track": "tourism",
                            "room": "plenary",
                            "capacity": 100,
                            "speakers": [{"name": "Demo Speaker", "role": "moderator"}],
                            "agenda": [
                                {
                                    "starts": "2027-03-30T15:30",
                                    "ends": "2027-03-30T16:30",
                                    "title": "Panel 1",
                                },
                                {
                                    "starts": "2027-03-30T16:30",
                                    "ends": "2027-03-30T17:30",
                                    "title": "Panel 2",
                                    "speakers": [{"speaker": "demo-speaker"}],
                                },
                            ],
                            "source": "news",
                        },
                        {
                            "slug": "peers",
                            "visibility": "internal",
                            "audience_cities": ["sofia", "rome"],
                            "starts": "2027-03-31T10:00",
                            "ends": "2027-03-31T12:00",
                            "title": "Working group",
                        },
                    ],
                }
            ],
        }
    ],
}


def a_document() -> dict[str, Any]:
    """Return a fresh copy."""
    return copy.deepcopy(_DOCUMENT)


def lab_of(document: dict[str, Any]) -> dict[str, Any]:
    return document["programmes"][0]["labs"][0]


def session_of(document: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return lab_of(document)["sessions"][place]


def as_bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
