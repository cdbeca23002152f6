"""Who and what the Greek story is about: a hybrid session whose room and whose places online are counted apart."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.catalogue import words
from tests.e2e.post import Letter
from tests.e2e.running_service import Service

LANGUAGE, ZONE = "el", "Europe/Athens"
OPERATOR, ORGANISER = "greek-operator@example.org", "greek-organiser@example.org"
CONTACT, NOMINEE = "contact@athens.example.org", "nominee-1@example.org"
NOMINEES = tuple((f"Δοκιμαστική Υποψήφια {n}", f"nominee-{n}@example.org") for n in (1, 2, 3))
BY_HAND, BY_HAND_NAME = "by-hand@example.org", "Δοκιμαστική Συμμετέχουσα Ήλιου"
LAB, SESSION = "Εργαστήριο του Αιγαίου", "Ανοιχτή συζήτηση για τα λιμάνια"
SEATS = 20
# Those who register by script, in their order: 16 of the room, 10 online, 4 who find the room full.
ROOM = tuple(f"room-{n}@example.org" for n in range(16))
ONLINE = tuple(f"online-{n}@example.org" for n in range(10))
SWITCHING, BULGARIAN, *PATIENT = WAITING = tuple(f"waiting-{n}@example.org" for n in range(4))

LAB_PAGE = "/labs/aegean-lab/"
CONSOLE = "/organise/labs/aegean-lab/"
DAY = datetime.now(UTC).date() + timedelta(days=30)

BY_TRAIN, FROM_STATION = "Έρχεστε με τρένο;", "Από ποιον σταθμό;"
TOUR, HARBOUR, MUSEUM = "Ποια ξενάγηση προτιμάτε;", "Λιμάνι", "Μουσείο"


def name_of(address: str) -> str:
    """Return the name of somebody who registers by script."""
    return f"Δοκιμαστικός {address.partition('@')[0]}"


def language_of(address: str) -> str:
    return "bg" if address == BULGARIAN else LANGUAGE


def load_lab(service: Service, folder: Path) -> None:
    """Have the operator load a public lab in Greek and Bulgarian, open for registration."""
    lab = {
        "slug": "aegean-lab",
        "title": {"el": LAB, "bg": "Егейска лаборатория"},
        "languages": ["el", "bg"],
        "starts_on": str(DAY),
        "ends_on": str(DAY),
        "time_zone": ZONE,
        "visibility": "public",
        "registration": {"opens": "2020-01-01T00:00"},
        "rooms": [{"slug": "hall", "name": {"el": "Μεγάλη αίθουσα"}}],
        "sessions": [
            {
                "slug": "harbours",
                "title": {"el": SESSION},
                "visibility": "public",
                "format": "hybrid",
                "room": "hall",
                "capacity": SEATS,
                "online_capacity": SEATS,
                "starts": f"{DAY}T10:00",
                "ends": f"{DAY}T12:00",
            }
        ],
    }
    city = {"slug": "athens", "name": {"en": "Athens", "el": "Αθήνα"}, "country": "GR", "time_zone": ZONE}
    programme = {
        "slug": "aegean",
        "name": {"el": "Πρόγραμμα του Αιγαίου"},
        "organiser": {"el": "Δοκιμαστικός διοργανωτής"},
        "languages": ["el", "bg"],
        "cities": ["athens"],
        "labs": [lab],
    }
    file = folder / "aegean.json"
    file.write_text(json.dumps({"cities": [city], "programmes": [programme]}))
    service.manage("load_programme", str(file))


def letter_to(
    service: Service, address: str, subject: str, language: str = LANGUAGE, **values: object
) -> Letter:
    """Read the next letter to this address; it is about this, in the language of its reader."""
    letter = service.post.next_to(address)
    assert letter.language == language
    assert letter.subject == words(subject, in_language=language, **values)
    return letter
