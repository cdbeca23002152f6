"""Two hundred people confirm at once, on SQLite, with eight processes of eight threads: nobody gets an error.

Where the machine is so busy that somebody would wait for more than 20 seconds, the page says so (503), and one presses
again. `CHAOS_CONFIRMATIONS=1000` makes it as large as wanted; the figures are recorded.
"""

import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.chaos.test_full_disk import ask
from tests.e2e.running_service import running

pytestmark = [
    pytest.mark.xdist_group("workers"),
    pytest.mark.skipif(os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="is about SQLite"),
]

PEOPLE = int(os.environ.get("CHAOS_CONFIRMATIONS", "200"))
PREPARE = f"""
import json
from core.web.idempotency import new_form_key
from registrations.models import Registration, Seat
from tests.factories import LabFactory, RegistrationFactory, SeatFactory, SessionFactory
from tests.registrations.form_posts import link
lab = LabFactory(slug="main-lab", visibility="public")
session = SessionFactory(lab=lab, slug="open", visibility="public", capacity={PEOPLE // 2})
people = []
for number in range({PEOPLE}):
    email = f"participant{{number}}@example.org"
    person = RegistrationFactory(lab=lab, state="unconfirmed", confirmed_at=None, email=email)
    SeatFactory(registration=person, session=session, state="requested", queue_position=None)
    people.append([link(person, "confirm", "registration_confirm"), new_form_key()])
print(json.dumps(people))
"""
COUNT = """
import json
from collections import Counter
from collections.abc import Callable
from registrations.models import Seat
from tests.chaos.invariants import broken
print(json.dumps([Counter(Seat.objects.values_list("state", flat=True)), broken(by_form=False)]))
"""


def test_nobody_gets_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setenv("WEB_WORKERS", "8")
    monkeypatch.setenv("WEB_THREADS", "8")
    with running(tmp_path) as service:
        people = json.loads(service.manage("shell", "-v", "0", "-c", PREPARE))

        def confirm(person: tuple[str, str]) -> tuple[list[int], float]:
            path, key = person
            began = time.monotonic()
            sent = {"Origin": service.base, "Sec-Fetch-Site": "same-origin"}
            statuses: list[int] = []
            while not statuses or (statuses[-1] == 503 and len(statuses) < 10):
                statuses.append(ask(service, path, urlencode({"form_key": key}).encode(), **sent)[0])
            return statuses, time.monotonic() - began

        with ThreadPoolExecutor(PEOPLE) as pool:
            answers = list(pool.map(confirm, people))
        waited = sorted(seconds for _statuses, seconds in answers)
        told_to_wait = sum(len(statuses) - 1 for statuses, _seconds in answers)
        record_property("confirmations at once", PEOPLE)
        record_property("median", f"{statistics.median(waited):.1f} s")
        record_property("longest", f"{waited[-1]:.1f} s")
        record_property("told to come back", told_to_wait)
        assert Counter(statuses[-1] for statuses, _seconds in answers) == {302: PEOPLE}
        assert {status for statuses, _seconds in answers for status in statuses[:-1]} <= {503}
        assert json.loads(service.manage("shell", "-v", "0", "-c", COUNT)) == [
            {"confirmed": PEOPLE // 2, "waiting": PEOPLE - PEOPLE // 2},
            [],
        ]
