"""Reminders of sessions: which a lab sends, and sending those that are due.

A reminder goes to whoever had a seat when it was due and has it still. Everything is reckoned from the session as it is
now: one that moves has its reminders at its new hours, and whoever was reminded after these were due is not again.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext, ngettext

from core.web.errors import RuleViolation
from labs.models import Lab
from labs.revisions import lock_lab
from registrations import session_emails
from registrations.models import Registration, Reminder, ReminderRule, Seat, SeatMovement
from registrations.models.reminders import MAX_HOURS
from registrations.personal_calendar import with_sessions
from registrations.seat_rows import lock_sessions
from sessions.models import Session

MAX_RULES = 5
CHUNK = 50
# A reminder that could not be sent for longer than this is left out: by then it would say what people know.
GRACE = timedelta(hours=6)


@transaction.atomic
def set_rules(lab: Lab, hours: Collection[int]) -> list[ReminderRule]:
    """Have the lab remind people at these hours before each session, and at no others.

    Rules that stay are left as they are. Raises RuleViolation (field "hours").
    """
    lock_lab(lab.pk)
    wanted = set(hours)
    if any(not 1 <= each <= MAX_HOURS for each in wanted):
        raise RuleViolation("invalid", _out_of_range(), "hours")
    if len(wanted) > MAX_RULES:
        words = ngettext(
            "A lab can have at most %(limit)d reminder.",
            "A lab can have at most %(limit)d reminders.",
            MAX_RULES,
        )
        raise RuleViolation("too_many", words % {"limit": MAX_RULES}, "hours")
    existing = {rule.hours: rule for rule in lab.reminder_rules.all()}
    ReminderRule.objects.filter(lab=lab, hours__in=existing.keys() - wanted).delete()
    for each in sorted(wanted - existing.keys()):
        ReminderRule.objects.create(lab=lab, hours=each)
    return list(lab.reminder_rules.all())


def add_rule(lab: Lab, hours: int) -> None:
    """Add one rule. Raises RuleViolation (field "hours") for one that is there, or too many."""
    if lab.reminder_rules.filter(hours=hours).exists():
        raise RuleViolation("double", gettext("This reminder is already in the list."), "hours")
    set_rules(lab, [*lab.reminder_rules.values_list("hours", flat=True), hours])


def _out_of_range() -> str:
    return gettext("Choose between 1 hour and %(days)d days.") % {"days": MAX_HOURS // 24}


def send_due(now: datetime) -> Iterator[int]:
    """Queue the reminders that are due, in chunks of people, and yield the size of each.

    The caller may be stopped between two chunks and start again: nobody is reminded twice.
    """
    for rule in ReminderRule.objects.select_related("lab").order_by("pk"):
        before = timedelta(hours=rule.hours)
        coming = Session.objects.taking_place().filter(
            lab=rule.lab_id, starts_at__gt=max(now, now + before - GRACE), starts_at__lte=now + before
        )
        for session_id in list(coming.order_by("starts_at", "pk").values_list("pk", flat=True)):
            while sent := _send_chunk(rule, session_id, now):
                yield sent


@transaction.atomic
def _send_chunk(rule: ReminderRule, session_id: int, now: datetime) -> int:
    """Remind the next people of a session; return how many. The session may have moved since it was found."""
    people = Registration.objects.filter(seats__in=_due(rule, session_id, now).order_by("pk")[:CHUNK])
    registrations = {person.pk: person for person in people.locked()}
    if not registrations:
        return 0
    lock_sessions([session_id])
    found = list(_due(rule, session_id, now).filter(registration__in=registrations).order_by("pk"))
    if not found:
        return 0
    for seat in found:
        seat.registration = registrations[seat.registration_id]
    with_sessions(found[0].registration, found[:1])
    session = found[0].session
    Reminder.objects.bulk_create(
        Reminder(seat=seat, hours=rule.hours, starts_at=session.starts_at, sent_at=now) for seat in found
    )
    for seat in found:
        seat.session = session
        if seat.registration.unsubscribed_at is None:
            session_emails.session_reminder(seat, rule.hours)
    return len(found)


def _due(rule: ReminderRule, session_id: int, now: datetime) -> QuerySet[Seat]:
    """Return the seats of a session whose reminder by this rule is due now and was not sent."""
    before = timedelta(hours=rule.hours)
    session = (
        Session.objects.taking_place()
        .filter(
            pk=session_id,
            lab__visibility=Lab.Visibility.PUBLIC,
            starts_at__gt=max(now, now + before - GRACE),
            starts_at__lte=now + before,
        )
        .first()
    )
    if session is None or rule.created_at > session.starts_at - before:
        return Seat.objects.none()
    due = session.starts_at - before
    then = SeatMovement.objects.filter(seat=OuterRef("pk"), at__lte=due).order_by("-at", "-pk")
    reminded = Reminder.objects.filter(seat=OuterRef("pk"), hours=rule.hours)
    return Seat.objects.filter(
        ~Exists(reminded.filter(starts_at=session.starts_at)),
        ~Exists(reminded.filter(sent_at__gte=due)),
        session=session_id,
        state=Seat.State.CONFIRMED,
        registration__state=Registration.State.CONFIRMED,
        registration__erased_at__isnull=True,
    ).filter(
        pk__in=Seat.objects.filter(session=session_id)
        .annotate(state_then=Subquery(then.values("after")[:1]))
        .filter(state_then=Seat.State.CONFIRMED)
        .values("pk")
    )


def next_due(lab: Lab, now: datetime) -> tuple[Session, ReminderRule] | None:
    """Return the next session that people will be reminded of, and by which rule; None where there is none."""
    found = [
        (session.starts_at - timedelta(hours=rule.hours), rule.hours, session, rule)
        for rule in lab.reminder_rules.all()
        if (
            session := Session.objects.taking_place()
            .filter(lab=lab, starts_at__gt=now + timedelta(hours=rule.hours))
            .order_by("starts_at", "pk")
            .first()
        )
    ]
    if not found:
        return None
    _due_at, _hours, session, rule = min(found, key=lambda each: each[:2])
    return session, rule
