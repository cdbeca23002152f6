"""PostgreSQL restarts, in order and by a crash, while people register: nobody loses what was acknowledged."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from core.mail.models import Message
from tests.chaos import invariants
from tests.chaos.crowd import crowd
from tests.chaos.installation import installed
from tests.chaos.own_postgres import as_our_own, own_server
from tests.chaos.registrants import lost, make_lab, make_people
from tests.polling import wait_until
from tests.smtp import mail_server

PEOPLE = int(os.environ.get("CHAOS_RESTART_REGISTRATIONS", "30"))
RESTARTS = int(os.environ.get("CHAOS_RESTARTS", "2"))

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock_of_the_database"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


def test_registrations_go_on_over_restarts_of_the_database(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with (
        own_server() as server,
        as_our_own(server),
        mail_server() as post,
        installed(tmp_path, server.address, post.port, [{}]) as service,
    ):
        lab, people = make_lab(PEOPLE), make_people(PEOPLE, random.Random(17))
        steps = [(number + 1) * 2.7 * PEOPLE / (RESTARTS + 1) for number in range(RESTARTS)]
        restarted: list[float] = []
        began = time.monotonic()
        with crowd(service.base, lab.slug, post, people) as everybody:
            while not everybody.is_done():
                everybody.confirm_what_arrived()
                if len(restarted) < RESTARTS and everybody.answered >= steps[len(restarted)]:
                    at = time.monotonic()
                    server.restart(("fast", "immediate")[len(restarted) % 2])
                    restarted.append(time.monotonic() - at)
                time.sleep(0.02)
        took = time.monotonic() - began
        connection.close()
        wait_until(lambda: not Message.objects.exclude(state="sent").exists())

        wrong = lost(people)
        repeats, missing = invariants.repeated(
            post.message_ids(), Message.objects.values_list("message_id", flat=True)
        )
        for what, figure in {
            "registrations": PEOPLE,
            "restarts": len(restarted),
            "longest restart": f"{max(restarted):.1f} s",
            "requests sent again": everybody.again,
            "repeats": repeats,
            "seconds": round(took),
        }.items():
            record_property(what, figure)
        assert wrong + missing + invariants.broken() == []
        assert repeats <= len(restarted)
        assert len(restarted) == RESTARTS
