"""Announcements: write, confirm, take back, and send in portions, to each person once."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.jobs.leases import enqueue
from core.mail.models import Message
from core.mail.placeholders import wrong_in_words
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.web.templatetags.site_tags import language_in_words
from labs.lab_editing import Findings, Texts
from labs.models import Lab
from registrations import emails, links
from registrations.audiences import NO_SEAT, Audience, reached
from registrations.models import Announcement, Registration
from registrations.seat_lines import text_of

OCCASION = "announcement"
# For so long a confirmed announcement can be taken back.
WINDOW = timedelta(minutes=10)
CHUNK = 50
COLUMNS = ("subject", "body")

State = Announcement.State


def write(
    lab: Lab, audience: Audience, subject: Texts, body: Texts, by: User, draft: Announcement | None = None
) -> Announcement:
    """Write a draft, or change one that is still a draft. Raises RuleViolation with all errors by field."""
    with transaction.atomic():
        row = draft or Announcement(lab=lab)
        if draft is not None:
            row = lock(draft)
            _require(row, State.DRAFT)
        row.audience, row.by = audience.as_stored(), by
        row.subject, row.body = dict(subject), dict(body)
        _check(row, lab, audience)
        row.save()
        return row


def _check(row: Announcement, lab: Lab, audience: Audience) -> None:
    findings = Findings()
    if audience.mode and audience.seat == NO_SEAT:
        words = gettext(
            "People without a seat take part neither in person nor online. Remove one of the two conditions."
        )
        findings.add("mode", words)
    findings.check_columns(row, COLUMNS)
    texts = {name: languages_of(getattr(row, name)) for name in COLUMNS}
    for name in COLUMNS:
        if lab.default_language not in texts[name]:
            findings.add(name, gettext("Enter this at least in the lab’s default language."))
        for code, text in texts[name].items():
            if wrong := wrong_in_words(text, OCCASION):
                findings.add(name, wrong if len(texts[name]) == 1 else f"{_language(code)}: {wrong}")
    if texts["subject"].keys() != texts["body"].keys():
        findings.add("body", gettext("Enter subject and text in the same languages."))
    findings.raise_errors()


def _language(code: str) -> str:
    """Return the name of a language in the reader's, as a line begins with it."""
    name = language_in_words(code)
    return name[:1].upper() + name[1:]


def lock(announcement: Announcement) -> Announcement:
    """Lock and return the row as it is now. Raises RuleViolation (gone)."""
    rows = Announcement.objects.select_for_update(no_key=True, of=("self",)).select_related("lab__programme")
    row = rows.filter(pk=announcement.pk).first()
    if row is None:
        raise RuleViolation("gone", gettext("This announcement has been deleted."))
    return row


def _require(row: Announcement, state: str) -> None:
    if row.state != state:
        raise RuleViolation("too_late", gettext("This announcement is no longer a draft."))


@transaction.atomic
def confirm(announcement: Announcement, by: User) -> Announcement:
    """Have it sent when the time to take it back is over. A second call changes nothing. Raises RuleViolation."""
    row = lock(announcement)
    if row.state in (State.WAITING, State.SENDING, State.SENT):
        return row
    _require(row, State.DRAFT)
    if not reached(row.lab, audience_of(row)).exists():
        raise RuleViolation("nobody", gettext("This would reach nobody. Change the conditions."))
    row.state, row.by, row.sends_at = State.WAITING, by, timezone.now() + WINDOW
    row.save()
    enqueue(
        "registrations.announce",
        {"announcement": row.pk},
        key=f"registrations.announce:{row.pk}",
        run_at=row.sends_at,
    )
    return row


@transaction.atomic
def take_back(announcement: Announcement) -> None:
    """Send it to nobody. Raises RuleViolation (too_late) once sending has begun."""
    row = lock(announcement)
    if row.state == State.WITHDRAWN:
        return
    if row.state != State.WAITING:
        raise RuleViolation("too_late", gettext("This announcement can no longer be withdrawn."))
    row.state, row.finished_at = State.WITHDRAWN, timezone.now()
    row.save()


@transaction.atomic
def discard(announcement: Announcement) -> None:
    """Delete a draft. Raises RuleViolation for any other."""
    row = lock(announcement)
    _require(row, State.DRAFT)
    row.delete()


def audience_of(announcement: Announcement) -> Audience:
    """Return its audience as it was stored."""
    stored: Mapping[str, Any] = announcement.audience
    return Audience(**stored)


def send(announcement_id: int, now: datetime) -> Iterator[int]:
    """Queue the emails in portions, and yield the size of each: to whom the audience finds at that moment.

    The caller may be stopped between two portions and start again: nobody gets it twice.
    """
    while (sent := _send_portion(announcement_id, now)) is not None:
        yield sent


@transaction.atomic
def _send_portion(announcement_id: int, now: datetime) -> int | None:
    """Queue the next portion and return its size; None where there is nothing more to do."""
    known = Announcement.objects.filter(pk=announcement_id).select_related("lab__programme").first()
    if known is None or known.state not in (State.WAITING, State.SENDING):
        return None
    ids = list(
        reached(known.lab, audience_of(known))
        .filter(pk__gt=known.last_registration)
        .values_list("pk", flat=True)[:CHUNK]
    )
    people = reached(known.lab, audience_of(known)).filter(pk__in=ids).locked()
    row = lock(known)
    if row.state not in (State.WAITING, State.SENDING) or row.last_registration != known.last_registration:
        return 0 if row.state == State.SENDING else None
    for person in people:
        announcement_email(row, person)
    row.sent += len(people)
    if ids:
        row.state, row.last_registration = State.SENDING, ids[-1]
    else:
        row.state, row.finished_at = State.SENT, now
    row.save(update_fields=["sent", "state", "last_registration", "finished_at"])
    return len(people) if ids else None


def announcement_email(row: Announcement, person: Registration) -> Message:
    """Queue the announcement to one person, in his or her language if it is written in it."""
    return emails.queue_for(
        person,
        OCCASION,
        f"announcement:{row.public_id}:{person.public_id}",
        {
            "texts": {
                "subject": text_of(row.subject, person),
                "introduction": text_of(row.body, person),
            }
        },
        {"manage": links.MANAGE, "unsubscribe": links.UNSUBSCRIBE},
    )
