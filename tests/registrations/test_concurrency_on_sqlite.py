"""Twenty whole registrations at once on SQLite's file: none is lost to a lock."""

from collections import Counter

import pytest
from django.db import connection
from django.test import Client

from registrations.models import Registration, Seat
from registrations.recounting import recount
from tests import factories as f
from tests.registrations.concurrency import all_at_once
from tests.registrations.form_posts import answers, link, mails, post, send

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("crowds"),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has a rush of its own"),
]


def test_twenty_people_register_and_confirm_at_once_on_sqlite():
    lab = f.LabFactory()
    scarce, plenty, free = (f.SessionFactory(lab=lab, capacity=capacity) for capacity in (10, 100, None))

    def whole_registration(number: int) -> None:
        client, email = Client(), f"participant{number}@example.org"
        data = answers(scarce, plenty, free, email=email, overlaps_seen=overlaps)
        assert send(client, lab, data).status_code == 200
        found = Registration.objects.get(email=email)
        assert post(client, link(found, "confirm", "registration_confirm")).status_code == 302

    pks = sorted([scarce.pk, plenty.pk, free.pk])
    overlaps = " ".join(f"{one}-{other}" for one in pks for other in pks)
    assert connection.settings_dict["NAME"] != ":memory:"

    errors = all_at_once([lambda number=number: whole_registration(number) for number in range(20)])

    assert errors == []
    assert Counter(Seat.objects.values_list("session_id", "state")) == {
        (scarce.pk, "confirmed"): 10,
        (scarce.pk, "waiting"): 10,
        (plenty.pk, "confirmed"): 20,
        (free.pk, "confirmed"): 20,
    }
    assert len(mails("confirmation")) == 20
    assert recount() == []
