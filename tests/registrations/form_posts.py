"""Filling in the form as a browser does: with its key, from its own page."""

import re
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.jobs.leases import STALL_TIMEOUT
from core.jobs.worker import Worker
from core.mail.models import Message
from core.web import signed_links
from core.web.idempotency import new_form_key
from labs.models import Lab
from registrations.models import Registration
from sessions.models import Session
from tests.emails import with_bodies

FROM_HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


def answers(*sessions: Session, **changes: Any) -> dict[str, Any]:
    """A complete form for these sessions."""
    filled = {
        "form_key": new_form_key(),
        "session": [session.slug for session in sessions],
        "name": "Demo participant 17",
        "email": "participant17@example.org",
        "city_text": "Plovdiv",
        "organisation": "Demo organisation",
        "language": "en",
        "time_zone": "Europe/Sofia",
        "consent": "on",
    }
    return {name: value for name, value in {**filled, **changes}.items() if value is not None}


def post(client: Client, address: str, data: dict[str, Any] | None = None) -> Any:
    answer = client.post(address, {"form_key": new_form_key(), **(data or {})}, headers=FROM_HERE)
    send_links()
    return answer


def send_links() -> None:
    """Have a worker write the emails that were just asked for."""
    while Worker().run_due_task(
        STALL_TIMEOUT, Q(name__in=["registrations.send_links", "mail.send_password_resets"])
    ):
        pass


def without_what_differs(response: Any, email: str) -> tuple[int, str]:
    """An answer without the keys of its forms and the address that was typed: what is left tells of neither."""
    body = re.sub(r'(name="(form_key|lab|corrects)" value=)"[^"]*"', r"\1", response.content.decode())
    return response.status_code, body.replace(email.strip(), "")


def send(client: Client, lab: Lab, data: dict[str, Any]) -> Any:
    return post(client, reverse("register", args=[lab.slug]), data)


def link(registration: Registration, purpose: str, route: str = "registration", *more: str) -> str:
    """The address of a page behind a private link."""
    registration.refresh_from_db()
    version = registration.feed_version if purpose == "feed" else registration.link_version
    token = signed_links.make_token(f"registration.{purpose}", registration.public_id, version)
    return reverse(route, args=[token, *more])


def mails(occasion: str | None = None) -> list[Message]:
    """The emails so far, with their bodies; the oldest first."""
    found = Message.objects.order_by("pk")
    return [with_bodies(message) for message in (found.filter(occasion=occasion) if occasion else found)]


def took_place(session: Session) -> None:
    """Let the session be over: attendance counts towards a certificate from then on."""
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(
        starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1)
    )
