"""Webhooks in the console: created with a secret that is shown once, changed, tried, replayed, deleted."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs.worker import Worker
from core.webhooks.models import Attempt, Delivery, Endpoint
from core.webhooks.signing import secret_of
from labs.models import Lab
from tests import factories as f
from tests.pages import client_of, forms_of, text_of
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db

PAGE = "/organise/labs/lab/webhooks/"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.WEBHOOK_TRUSTED_HOSTS = [found.place]
        yield found


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="lab")


@pytest.fixture
def client(lab: Lab) -> Client:
    return client_of(f.StaffFactory(lab=lab).user)


@pytest.fixture
def webhook(lab: Lab, receiver: Receiver) -> Endpoint:
    return f.EndpointFactory(lab=lab, url=receiver.url, events=["seat.waiting"])


def page_of(webhook: Endpoint) -> str:
    return f"{PAGE}{webhook.public_id}/"


def form_at(client: Client, page: str, name: str = "url") -> Any:
    return next(one for one in forms_of(client.get(page)) if name in one.names)


def secrets_in(response: Any) -> list[str]:
    return sorted(set(re.findall(r"whsec_[\w+/=]+", response.content.decode().replace("&#x3D;", "="))))


def press(client: Client, webhook: Endpoint, what: str) -> Any:
    """Press a button of the webhook's page that stands in a form of its own."""
    address = page_of(webhook) + what
    form = next(one for one in forms_of(client.get(page_of(webhook))) if one.action == address)
    return client.post(address, form.filled(), follow=True)


def test_a_webhook_is_created_and_its_secret_is_shown_once(
    client: Client, lab: Lab, receiver: Receiver
) -> None:
    data = form_at(client, PAGE + "new/").filled(
        url=f" {receiver.url} ", description="CRM", events=["seat.waiting", "registration.confirmed"]
    )
    answer = client.post(PAGE + "new/", data)
    made = Endpoint.objects.get()
    assert (made.lab, made.url, made.description, made.is_active) == (lab, receiver.url, "CRM", True)
    assert made.events == ["registration.confirmed", "seat.waiting"]
    assert secrets_in(answer) == [secret_of(made)]
    assert secrets_in(client.get(page_of(made))) == []
    assert receiver.url in text_of(client.get(PAGE))
    client.post(PAGE + "new/", data)
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"url": ""}, "Enter the address that events are sent to."),
        ({"url": "https://localhost/"}, "full name of a public server"),
        ({"url": "http://example.org/"}, "begins with https://"),
        ({"url": "https://example.org/" + "x" * 500}, "at most 500 characters"),
        ({"events": None}, "Choose at least one event."),
        ({"events": ["everything"]}, "Choose events from the list."),
        ({"description": "x" * 101}, "at most 100 characters"),
        ({"description": "\u202e"}, "U+202E"),
    ],
)
def test_a_wrong_answer_is_told_beside_the_field_and_what_was_typed_is_kept(
    client: Client, receiver: Receiver, answers: dict[str, Any], said: str
) -> None:
    data = {"url": receiver.url, "description": "Our CRM", "events": ["seat.waiting"], **answers}
    answer = client.post(PAGE + "new/", form_at(client, PAGE + "new/").filled(**data))
    assert (answer.status_code, Endpoint.objects.count()) == (422, 0)
    assert said in text_of(answer)
    kept = next(one for one in forms_of(answer) if "url" in one.names).values
    assert kept["url"] == [data["url"]]
    assert kept.get("events") == (data["events"] if data["events"] == ["seat.waiting"] else None)


def test_a_lab_has_at_most_twenty(client: Client, lab: Lab, receiver: Receiver) -> None:
    f.EndpointFactory.create_batch(20, lab=lab)
    data = form_at(client, PAGE + "new/").filled(url=receiver.url, events=["seat.waiting"])
    answer = client.post(PAGE + "new/", data)
    assert (answer.status_code, "at most 20 webhooks" in text_of(answer)) == (422, True)


def test_a_webhook_is_changed_and_switched_off_and_on(client: Client, webhook: Endpoint) -> None:
    page = page_of(webhook)
    waiting = f.DeliveryFactory(endpoint=webhook)
    client.post(
        page, form_at(client, page).filled(description="Other", events=["seat.promoted"], is_active=None)
    )
    webhook.refresh_from_db()
    waiting.refresh_from_db()
    assert (webhook.description, webhook.events) == ("Other", ["seat.promoted"])
    assert (webhook.is_active, webhook.disabled_because, waiting.state) == (False, "organiser", "failed")
    assert "Switched off by an organiser" in text_of(client.get(page))
    client.post(page, form_at(client, page).filled(is_active="on"))
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.disabled_because) == (True, "")


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(
    client: Client, webhook: Endpoint
) -> None:
    page = page_of(webhook)
    data = form_at(client, page).filled(description="Mine")
    client.post(page, form_at(client, page).filled(description="Theirs"))
    answer = client.post(page, data)
    assert answer.status_code == 409
    webhook.refresh_from_db()
    assert webhook.description == "Theirs"


def test_a_new_secret_is_shown_once_and_made_once(client: Client, webhook: Endpoint) -> None:
    address = page_of(webhook) + "secret/"
    form = next(one for one in forms_of(client.get(page_of(webhook))) if one.action == address)
    before = secret_of(webhook)
    answer = client.post(address, form.filled())
    client.post(address, form.filled())
    webhook.refresh_from_db()
    assert webhook.secret_version == 2
    assert secrets_in(answer) == [secret_of(webhook)] != [before]


def test_a_test_event_arrives_and_its_page_says_what_was_answered(
    client: Client, webhook: Endpoint, receiver: Receiver
) -> None:
    receiver.status, receiver.body = 500, b"<b>out of order</b>"
    answer = press(client, webhook, "test/")
    Worker().drain()
    page = client.get(answer.redirect_chain[-1][0])
    assert [b'"type":"webhook.test"' in each.body for each in receiver.received] == [True]
    assert "&lt;b&gt;out of order&lt;/b&gt;" in text_of(page)
    assert "The server answered with status 500." in text_of(page)


def test_an_event_is_sent_again(client: Client, webhook: Endpoint, receiver: Receiver) -> None:
    sent = f.DeliveryFactory(endpoint=webhook)
    Worker().drain()
    page = f"{page_of(webhook)}log/{sent.public_id}/"
    client.post(page + "replay/", forms_of(client.get(page))[0].filled())
    Worker().drain()
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert len(receiver.received) == 2


def test_all_that_failed_is_sent_again(client: Client, webhook: Endpoint, receiver: Receiver) -> None:
    f.DeliveryFactory.create_batch(3, endpoint=webhook, state="failed", finished_at=timezone.now())
    f.DeliveryFactory(endpoint=webhook, state="delivered", finished_at=timezone.now())
    assert "3 events will be sent again." in text_of(press(client, webhook, "replay/"))
    Worker().drain()
    assert len(receiver.received) == 3


def test_a_webhook_is_deleted_with_its_log_after_a_question(client: Client, webhook: Endpoint) -> None:
    Attempt.objects.create(delivery=f.DeliveryFactory(endpoint=webhook), milliseconds=1)
    page = page_of(webhook) + "delete/"
    assert "1 event that waits to be sent is not sent." in text_of(client.get(page))
    assert Endpoint.objects.count() == 1
    client.post(page, forms_of(client.get(page))[0].filled())
    assert (Endpoint.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (0, 0, 0)


def test_the_overview_tells_of_a_webhook_that_was_switched_off(client: Client, webhook: Endpoint) -> None:
    assert "A webhook was switched off" not in text_of(client.get("/organise/labs/lab/"))
    Endpoint.objects.update(is_active=False, disabled_because="failing")
    assert "A webhook was switched off" in text_of(client.get("/organise/labs/lab/"))


@pytest.mark.parametrize("page", ["", "?state=failed", "?state=nonsense", "?page=x", "?page=99"])
def test_the_log_costs_the_same_queries_whatever_its_length(
    client: Client, webhook: Endpoint, page: str
) -> None:
    counts = []
    for count in (1, 30):
        f.DeliveryFactory.create_batch(count, endpoint=webhook, state="failed", finished_at=timezone.now())
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page_of(webhook) + page).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9
