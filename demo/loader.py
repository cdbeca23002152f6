"""Loads the demonstration: both programmes of data/programmes.json, a coming lab, artificial people, sign-ins.

Loading it again changes nothing.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from demo import coming_lab, nominations, participants, questions
from demo.sign_in import SignIn, make_accounts, sign_ins
from labs.models import Lab
from labs.organisation import OperatorPlan, operator, save_operator
from sessions.programme_import import read
from sessions.programme_import.importer import load

COMING = "city-lab-5"
PAST = "city-lab-4"
SEMINAR = "academy-seminar-1"

OPERATOR = OperatorPlan(
    name={"en": "City Labs demonstration", "bg": "Демонстрация на City Labs", "el": "Επίδειξη του City Labs"},
    address="1 Example Street\n1000 Sofia",
    country="BG",
    email="operator@example.org",
)


@dataclass(frozen=True)
class Demo:
    """The loaded demonstration."""

    registrations: int
    sign_ins: tuple[SignIn, ...]


def load_demo(now: datetime) -> Demo:
    """Load the demonstration as of `now` (aware) unless its coming lab exists."""
    if not Lab.objects.filter(slug=COMING).exists():
        _load(now)
    count = Lab.objects.get(slug=COMING).registrations.count()
    return Demo(count, sign_ins())


@transaction.atomic
def _load(now: datetime) -> None:
    load(read(document(now)))
    if operator() is None:
        save_operator(OPERATOR)
    coming, past = Lab.objects.get(slug=COMING), Lab.objects.get(slug=PAST)
    accounts = make_accounts(coming)
    participants.register_for_coming(coming, now)
    nominations.name_people(coming, now)
    nominations.add_webhook(coming)
    questions.ask(coming, reader=accounts["organiser@example.org"])
    participants.register_for_past(past, taken_by=accounts["organiser@example.org"])


def document(now: datetime) -> bytes:
    """Return the programme file of the demonstration, with the coming lab built from the 4th City Lab."""
    folder = Path(settings.BASE_DIR) / "data"
    programmes: dict[str, Any] = json.loads((folder / "programmes.json").read_text(encoding="utf-8"))
    additions: dict[str, object] = json.loads((folder / "coming-lab.json").read_text(encoding="utf-8"))
    programme = next(p for p in programmes["programmes"] if any(lab["slug"] == PAST for lab in p["labs"]))
    past = next(lab for lab in programme["labs"] if lab["slug"] == PAST)
    programme["labs"].append(coming_lab.build_coming_lab(past, additions, now.date()))
    # Keep its registrations for a year from now, not from the lab's end.
    past["retention_days"] = coming_lab.days_since(past["ends_on"], now.date()) + 365
    return json.dumps(programmes).encode()
