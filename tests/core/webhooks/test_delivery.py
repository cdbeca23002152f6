"""Webhooks on their way: to a real server on loopback, by the worker."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from core.jobs.leases import Lease, claim
from core.jobs.worker import Worker
from core.webhooks import delivery, egress, endpoints
from core.webhooks.events import Event, announce
from core.webhooks.models import Attempt, Delivery, Endpoint
from core.webhooks.signing import secret_of
from core.webhooks.tasks import prune
from tests import factories as f
from tests.core.webhooks.test_signing import verifies
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

State = Delivery.State
CONFIRMED = "registration.confirmed"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.WEBHOOK_TRUSTED_HOSTS = [found.place]
        yield found


@pytest.fixture
def endpoint(receiver: Receiver) -> Endpoint:
    return f.EndpointFactory(url=receiver.url)


def facts(*names: str) -> list[tuple[Any, ...]]:
    return list(Delivery.objects.order_by("pk").values_list(*names))


def work() -> None:
    Worker().drain()


def test_an_event_reaches_each_endpoint_of_its_lab_that_asked_for_it(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    f.EndpointFactory(lab=endpoint.lab, url=receiver.url + "/other", events=["seat.waiting"])
    f.EndpointFactory(url=receiver.url + "/elsewhere")
    f.EndpointFactory(
        lab=endpoint.lab, url=receiver.url + "/off", is_active=False, disabled_because="organiser"
    )
    announce(endpoint.lab_id, [Event(CONFIRMED, {"id": "ä"}), Event("seat.waiting", {"id": 2})])
    work()
    assert sorted((each.path, json.loads(each.body)["type"]) for each in receiver.received) == [
        ("/hook", CONFIRMED), ("/hook", "seat.waiting"), ("/hook/other", "seat.waiting"),
    ]  # fmt: skip
    assert set(facts("state", "attempts", "last_error")) == {(State.DELIVERED, 1, "")}


def test_what_is_sent_is_signed_and_named(endpoint: Endpoint, receiver: Receiver) -> None:
    with time_machine.travel("2027-04-06 09:30:00Z", tick=False):
        announce(endpoint.lab_id, [Event(CONFIRMED, {"id": "ä"})])
        work()
    [sent] = receiver.received
    assert json.loads(sent.body) == {
        "type": CONFIRMED,
        "timestamp": "2027-04-06T09:30:00Z",
        "data": {"id": "ä"},
    }
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["webhook-id"] == Delivery.objects.get().message_id
    assert verifies(secret_of(endpoint), sent.headers, sent.body)


def test_nothing_is_sent_of_a_change_that_was_taken_back(endpoint: Endpoint, receiver: Receiver) -> None:
    with transaction.atomic():
        announce(endpoint.lab_id, [Event(CONFIRMED, {})])
        transaction.set_rollback(True)
    work()
    assert receiver.received == []


def test_what_failed_is_tried_again_with_the_same_id_and_body_until_it_is_taken(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    announce(endpoint.lab_id, [Event(CONFIRMED, {"id": 1})])
    receiver.status, receiver.body = 500, b"out of order"
    now = timezone.now()
    for wait in (timedelta(), *delivery.RETRIES[:2]):
        now += wait + timedelta(seconds=1)
        with time_machine.travel(now, tick=False):
            work()
    assert facts("state", "attempts", "last_error") == [(State.QUEUED, 3, "500")]
    receiver.status = 200
    with time_machine.travel(now + delivery.RETRIES[2], tick=False):
        work()
    assert facts("state", "attempts", "last_error") == [(State.DELIVERED, 4, "")]
    assert len({(each.headers["webhook-id"], each.body) for each in receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 4
    assert list(Attempt.objects.order_by("pk").values_list("status", "error", "reply")) == [
        (500, "", "out of order"), (500, "", "out of order"), (500, "", "out of order"), (200, "", "out of order"),
    ]  # fmt: skip


def test_retries_grow_to_72_hours_in_all() -> None:
    assert sum(delivery.RETRIES, timedelta()) == timedelta(hours=72)
    assert list(delivery.RETRIES[:-1]) == sorted(delivery.RETRIES[:-1])


def test_after_72_hours_of_failures_it_fails_and_the_endpoint_is_switched_off(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 503
    announce(endpoint.lab_id, [Event(CONFIRMED, {})])
    now = timezone.now()
    for wait in (timedelta(), *delivery.RETRIES):
        now += wait
        with time_machine.travel(now, tick=False):
            work()
    announce(endpoint.lab_id, [Event(CONFIRMED, {})])
    assert facts("state", "attempts", "last_error") == [(State.FAILED, len(delivery.RETRIES) + 1, "503")]
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_because) == (False, "failing")


def test_an_endpoint_that_took_something_meanwhile_stays_on(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status = 500
    last = f.DeliveryFactory(endpoint=endpoint, attempts=len(delivery.RETRIES))
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(hours=71), failures=9)
    work()
    endpoint.refresh_from_db()
    last.refresh_from_db()
    assert (last.state, endpoint.is_active, endpoint.failures) == (State.FAILED, True, 10)
    receiver.status = 200
    f.DeliveryFactory(endpoint=endpoint)
    work()
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.failures) == (None, 0)


def test_a_server_that_says_gone_is_not_asked_again(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status = 410
    f.DeliveryFactory.create_batch(3, endpoint=endpoint)
    work()
    endpoint.refresh_from_db()
    assert len(receiver.received) == 1
    assert (endpoint.is_active, endpoint.disabled_because) == (False, "gone")
    assert facts("state", "last_error") == [(State.FAILED, "410"), *[(State.FAILED, "disabled")] * 2]


def test_an_endpoint_that_cannot_be_reached_holds_no_other_up(endpoint: Endpoint, settings: Any) -> None:
    """One try for all of its events; then it is left alone, and the others have their turn."""
    settings.WEBHOOK_TRUSTED_HOSTS += ["127.0.0.1:1"]
    dead = f.EndpointFactory(lab=endpoint.lab, url="http://127.0.0.1:1/")
    f.DeliveryFactory.create_batch(5, endpoint=dead)
    f.DeliveryFactory(endpoint=endpoint)
    work()
    assert Attempt.objects.filter(delivery__endpoint=dead).count() == 1
    assert facts("state")[-1] == (State.DELIVERED,)


def test_an_address_that_became_private_is_not_contacted_and_the_log_says_why(
    endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_TRUSTED_HOSTS = []
    f.DeliveryFactory(endpoint=endpoint)
    work()
    assert (receiver.received, Attempt.objects.get().error) == ([], "address")
    assert set(egress.ERRORS) >= {"address", "not_public"}


def test_a_replay_sends_the_same_again(endpoint: Endpoint, receiver: Receiver) -> None:
    one = f.DeliveryFactory(endpoint=endpoint)
    work()
    endpoints.replay(Delivery.objects.get())
    work()
    assert {(each.headers["webhook-id"], each.body) for each in receiver.received} == {
        (one.message_id, one.body.encode())
    }
    assert (len(receiver.received), Attempt.objects.count()) == (2, 2)


def test_what_failed_while_the_endpoint_was_off_is_replayed_together(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    f.DeliveryFactory.create_batch(3, endpoint=endpoint)
    endpoints.disable(endpoint, Endpoint.Disabled.BY_ORGANISER)
    work()
    assert (len(receiver.received), set(facts("state"))) == (0, {(State.FAILED,)})
    with pytest.raises(endpoints.RuleViolation) as refused:
        endpoints.replay_failed(endpoint)
    assert refused.value.code == "inactive"
    on = endpoints.change(endpoint, endpoints.EndpointPlan(endpoint.url, endpoint.events))
    assert endpoints.replay_failed(on) == 3
    work()
    assert len(receiver.received) == 3


def test_a_worker_that_was_killed_while_sending_sends_again_under_the_same_id(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    f.DeliveryFactory(
        endpoint=endpoint,
        state="sending",
        fence=1,
        attempts=1,
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    work()
    assert facts("state", "attempts", "fence") == [(State.DELIVERED, 2, 2)]


def test_a_worker_that_lost_its_lease_notes_nothing(endpoint: Endpoint, receiver: Receiver) -> None:
    f.DeliveryFactory(endpoint=endpoint)
    [(row, lease)] = claim(Delivery, 1, timedelta(seconds=30))
    Delivery.objects.update(fence=7)
    delivery.deliver(row, lease)
    assert (receiver.received, Attempt.objects.count(), facts("state")) == ([], 0, [(State.SENDING,)])


def test_one_that_ends_its_worker_every_time_fails(endpoint: Endpoint, receiver: Receiver) -> None:
    f.DeliveryFactory(endpoint=endpoint, attempts=40)
    work()
    assert (receiver.received, facts("state", "last_error")) == ([], [(State.FAILED, "crash")])


def test_the_log_is_kept_for_thirty_days(endpoint: Endpoint) -> None:
    now = timezone.now()
    kept = f.DeliveryFactory(endpoint=endpoint, state="failed", finished_at=now - timedelta(days=29))
    gone = f.DeliveryFactory(endpoint=endpoint, state="delivered", finished_at=now - timedelta(days=31))
    Attempt.objects.create(delivery=gone, milliseconds=1)
    waiting = f.DeliveryFactory(endpoint=endpoint, created_at=now - timedelta(days=40))
    lease = Lease(Delivery, 0, 0, timedelta(seconds=30))
    lease.extend = lambda **_changes: True  # type: ignore[method-assign]
    prune(lease)
    assert facts("pk") == [(kept.pk,), (waiting.pk,)]
    assert Attempt.objects.count() == 0
