"""Sending oneself an email with the texts as they are typed: with a person's facts, without private links."""

import secrets
from collections.abc import Callable
from uuid import uuid4

from django.db import transaction
from django.urls import reverse

from core.accounts.models import User
from core.mail import email_templates
from core.mail.address_budget import emails_left
from core.mail.links import Link
from core.mail.models import EmailTemplate, Message
from core.mail.queue import drafts_only, queue_draft
from core.mail.rendering import render_once, render_subject
from registrations.models import Registration


@transaction.atomic
def send_test(
    make: Callable[[Registration], Message],
    person: Registration,
    user: User,
    template: EmailTemplate | None = None,
) -> Message:
    """Queue the email that `make` drafts to the user's own address, within its budget, marked as a test.

    Its private links lead to the lab's public page: those of the person are not the user's to use. Raises RuleViolation
    (too_many_tests), LookupError for a lab without what the email is about, NotRenderable.
    """
    if not emails_left(user.email):
        raise email_templates.none_left()
    person.name, person.email = user.name or person.name, user.email
    with drafts_only():
        message = make(person)
    message.key = f"test:{user.pk}:{secrets.token_hex(8)}"
    message.registration_id, message.user_id = None, user.pk
    message.calendar = ""
    public = reverse("lab", args=[person.lab.slug])
    for name, link in message.links.items():
        message.links[name] = {"mark": link["mark"], **vars(Link("test", str(uuid4()), 0, public))}
    message.context |= {"is_test": True, "is_attached": False}
    message.subject = render_subject(message)
    render_once(message, template)
    return queue_draft(message, is_asked_for=True)
