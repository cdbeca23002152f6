"""Numbers before an opening with a draw, while organisers work on the lab."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from labs import lab_editing
from labs.models import Lab
from registrations import opening
from registrations.models import QueueNumber
from registrations.rules import RulesPlan, change_rules
from tests import factories as f
from tests.registrations.concurrency import all_at_once

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
]


def test_nobody_waits_for_a_number_while_an_organiser_saves_the_lab() -> None:
    lab = f.LabFactory(registration_opens_at=timezone.now() + timedelta(minutes=5))
    change_rules(lab, RulesPlan(opening_draw=True))

    def take() -> None:
        opening.take_number(Lab.objects.get(pk=lab.pk), uuid.uuid4())

    with transaction.atomic():
        lab_editing.set_logo(Lab.objects.get(pk=lab.pk), None)
        assert all_at_once([take, take]) == []
    assert QueueNumber.objects.count() == 2
