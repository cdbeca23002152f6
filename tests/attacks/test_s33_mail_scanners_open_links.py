"""S33: mail scanners open every link, and HEAD it too. Nothing may be confirmed, cancelled, erased or used up."""

import hashlib

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client

from core.mail.models import Message
from core.mail.rendering import rendered
from labs.viewer import VISITOR
from registrations import asking_for_links, managing, registering
from tests import factories as f
from tests.registrations.form_posts import link, post, send_links
from tests.registrations.test_registering import plan

pytestmark = pytest.mark.django_db


def everything() -> dict[str, str]:
    """A hash of the content of every table."""
    return {
        model._meta.label: hashlib.sha256(
            serializers.serialize("json", model._base_manager.order_by("pk")).encode()
        ).hexdigest()
        for model in apps.get_models()
    }


def links_of_all_mails() -> list[str]:
    """Every address in every mail's text, as a scanner reads them."""
    words = [word for mail in Message.objects.all() for word in rendered(mail, reveal=True).text.split()]
    return sorted(
        {word.removeprefix("http://testserver") for word in words if word.startswith("http://testserver/")}
    )


def test_three_gets_and_heads_of_every_link_in_every_mail_change_nothing(client: Client):
    session = f.SessionFactory(capacity=1)
    first = registering.submit(session.lab, VISITOR, plan(session))
    registering.confirm(first)
    second = registering.submit(session.lab, VISITOR, plan(session, email="second@example.org"))
    registering.submit(session.lab, VISITOR, plan(session))  # already registered
    for lab in (session.lab, None):
        asking_for_links.queue_links("participant17@example.org", lab)
    send_links()
    third = registering.submit(session.lab, VISITOR, plan(session, email="third@example.org"))
    registering.confirm(third)
    managing.cancel(first)  # seats the third
    assert {mail.occasion for mail in Message.objects.all()} == {
        "confirm_address",
        "confirmation",
        "already_registered",
        "registration_link",
        "my_registrations",
        "registration_cancelled",
        "seat_is_yours",
    }
    addresses = links_of_all_mails()
    addresses += [
        link(third, "manage", route)
        for route in (
            "registration_edit",
            "registration_sessions",
            "registration_cancel",
            "registration_renew_feed",
        )
    ]
    addresses.append(link(third, "manage", "registration_give_up", session.slug))
    before = everything()

    for address in addresses * 3:
        assert client.get(address).status_code in (200, 302, 405), address
        assert client.head(address).status_code in (200, 302, 405), address

    assert [table for table, content in everything().items() if content != before[table]] == []
    # And afterwards the link still does what it is for.
    assert post(client, link(second, "confirm", "registration_confirm")).status_code == 302
    second.refresh_from_db()
    assert second.state == "confirmed"
