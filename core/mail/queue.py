"""Queueing of emails: from an occasion and a person to a message with the facts frozen in its context.

Nothing but the subject is rendered in the request; the worker does the rest (`core.mail.rendering`).
"""

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from django.conf import settings

from core.mail import address_budget
from core.mail.links import Link, as_stored
from core.mail.models import Message
from core.mail.rendering import one_line, render_subject
from core.web.email_addresses import clean_address
from core.web.localized_fields import has_letters, text_and_language
from core.web.palette import DEFAULT_COLOURS

# What goes to many people at once and waits for nobody: it leaves after what somebody has just asked for.
TO_MANY = frozenset(
    {
        "invitation",
        "role_invited",
        "confirm_reminder",
        "contact_invited",
        "contact_reminded",
        "contact_deadline",
        "speaker_asked",
        "speaker_reminded",
        "session_moved",
        "session_cancelled",
        "session_restored",
        "session_reminder",
        "still_coming",
        "announcement",
        "certificate",
        "further_questions",
    }
)
SENDER_LENGTH = 64
# With the signs that look like an @.
ADDRESS_LIKE = re.compile(r"\S[@＠﹫]\S|://")


_drafts_only: ContextVar[bool] = ContextVar("drafts_only", default=False)


@contextmanager
def drafts_only() -> Iterator[None]:
    """Within this block `queue` builds messages and stores none: for previews of what would be queued."""
    token = _drafts_only.set(True)
    try:
        yield
    finally:
        _drafts_only.reset(token)


class Programme(Protocol):
    name: object
    organiser: object
    eu_funded: bool
    grant_number: str


class Sender(Protocol):
    """The lab in whose name an email is sent: what emails say of it."""

    pk: Any
    title: object
    theme_values: Any

    @property
    def contact(self) -> str: ...

    @property
    def default_language(self) -> str: ...

    @property
    def programme(self) -> Programme: ...


def queue(
    occasion: str,
    *,
    key: str,
    language: str,
    to_name: str,
    to_email: str,
    context: Mapping[str, object],
    lab: Sender | None = None,
    registration_id: int | None = None,
    user_id: int | None = None,
    invitation_id: int | None = None,
    person_id: int | None = None,
    transfer_id: int | None = None,
    links: Mapping[str, Link] | None = None,
    leads_to: Collection[str] = (),
    calendar: bytes = b"",
    is_first: bool = False,
    is_asked_for: bool = False,
) -> Message:
    """Write a message in the current transaction, wholly in `language`; a worker renders and sends it after the commit.

    One message per `key`: a second call returns the first one unchanged. `is_first` says that the caller's own
    locks leave no room for a second call, which saves asking.

    `context` is what the templates tell, as plain data (JSON) and already in `language`. `registration_id`, `user_id`,
    `invitation_id`, `person_id` or `transfer_id` is what the message is about. `leads_to` are addresses elsewhere that
    may be links in the text, such as that of a meeting; no other is left one. `calendar` is a file to attach.
    `is_asked_for` says that anybody could have asked for it, and counts it in the budget of the address
    (`core.mail.address_budget`).

    Raises ValidationError for an address that is none, TypeError for a context that is not plain data,
    TemplateDoesNotExist for an occasion without templates.
    """
    to_email = clean_address(to_email)
    public_id = uuid.uuid4()
    message = Message(
        public_id=public_id,
        message_id=f"<{public_id}@{settings.SITE_DOMAIN}>",
        lab_id=lab.pk if lab else None,
        registration_id=registration_id,
        user_id=user_id,
        invitation_id=invitation_id,
        person_id=person_id,
        transfer_id=transfer_id,
        occasion=occasion,
        is_urgent=occasion not in TO_MANY,
        key=key,
        language=language,
        to_name=one_line(to_name)[:200],
        to_email=to_email,
        from_name=_sender_name(lab, language) if lab else "",
        reply_to=lab.contact if lab else "",
        budget_key=address_budget.key_of(to_email) if is_asked_for else "",
        context={
            **context,
            "lab": lab and _names(lab, language),
            "colours": _colours(lab),
            "funding": _funding(lab.programme) if lab else None,
            "leads_to": list(leads_to),
        },
        links=as_stored(links or {}),
        calendar=calendar.decode(),
    )
    message.subject = render_subject(message)
    if _drafts_only.get():
        return message
    return _store(message, is_first=is_first)


def queue_draft(message: Message, *, is_asked_for: bool = False) -> Message:
    """Write a draft in the current transaction, as `queue` writes a message; it may have its text already."""
    if is_asked_for:
        message.budget_key = address_budget.key_of(message.to_email)
    return _store(message, is_first=True)


def _store(message: Message, *, is_first: bool) -> Message:
    if is_first:
        message.save(force_insert=True)
        return message
    # A second message with the same key is not written, and this needs no savepoint.
    Message.objects.bulk_create([message], ignore_conflicts=True)
    pk, kept = Message.objects.order_by().values_list("pk", "public_id").get(key=message.key)
    if kept != message.public_id:
        return Message.objects.get(pk=pk)
    message.pk, message._state.adding = pk, False
    return message


def _sender_name(lab: Sender, language: str) -> str:
    """Return the lab's title as the name of a mailbox: one line, of a length that lists of emails show.

    Empty, for the service's own name, where the title holds an address, which many programs show in place of the true
    one, or nothing that can be seen.
    """
    name = one_line(text_and_language(lab.title, language, lab.default_language)[0])
    if ADDRESS_LIKE.search(name) or not has_letters(name):
        return ""
    return name if len(name) <= SENDER_LENGTH else f"{name[: SENDER_LENGTH - 1].rstrip()}…"


def _names(lab: Sender, language: str) -> dict[str, tuple[str, str]]:
    """Return what emails call the lab, its programme and the programme's organiser, each with its language."""
    texts = {"title": lab.title, "programme": lab.programme.name, "organiser": lab.programme.organiser}
    return {name: text_and_language(text, language, lab.default_language) for name, text in texts.items()}


def _funding(programme: Programme) -> dict[str, str] | None:
    """Return what emails say of the funding by the European Union beside its statement; None without such funding."""
    return {"grant_number": programme.grant_number} if programme.eu_funded else None


def _colours(lab: Sender | None) -> dict[str, str]:
    """Return the colours of the band: the lab's own, as `labs.theme` computed them, or the default ones."""
    computed = lab.theme_values if lab else {}
    kept = {name: value for name in DEFAULT_COLOURS if COLOUR.fullmatch(value := str(computed.get(name, "")))}
    return {**DEFAULT_COLOURS, **kept}


COLOUR = re.compile(r"#[0-9a-f]{6}")
