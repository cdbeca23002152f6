"""One action on many registrations: each by the verb that does it to one, in a transaction of its own."""

from collections import Counter
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs.leases import Lease, enqueue
from core.web.errors import RuleViolation
from labs.models import Lab
from registrations import managing, organiser_actions, registering, tags
from registrations.models import BulkAction, Registration, Seat, Tag, Tagging
from registrations.models.seats import ACTIVE
from sessions.models import Session

Kind = BulkAction.Kind
MAX_PEOPLE = 20_000
# So many are done while the organiser waits; more are left to the worker.
DONE_AT_ONCE = 20
# People in one transaction where only tags are written.
CHUNK = 100

# Why nothing was done for somebody, by the code of the rule.
FAILURES: dict[str, str | Promise] = {
    "gone": _("The registration no longer exists."),
    "cancelled": _("The registration is cancelled."),
    "not_registered": _("The registration is not confirmed or is cancelled."),
    "already_registered": _("The same name and email are already registered."),
    "too_many": _("Too many people are registered with the same email."),
    "nominated": registering.NOT_ACCEPTED,
    "not_invited": _("The invitation is used up, or was withdrawn."),
    "too_many_tags": _("The lab has too many tags."),
    "not_open": _("Registration is closed, so no one can confirm."),
    "quota": _("A quota has no room for this person, and the session has no waiting list."),
    "closed": _("The session is full and has no waiting list."),
    "not-open": _("The session is over, cancelled or a draft."),
}


@transaction.atomic
def start(
    lab: Lab, by: User, kind: BulkAction.Kind, people: Sequence[int], *, session: Session | None, tag: str
) -> BulkAction:
    """Put an action down, for `run` or, if it is on many, for the worker. Raises RuleViolation."""
    if not people:
        raise RuleViolation("nobody", _("Select at least one person."))
    if len(people) > MAX_PEOPLE:
        raise RuleViolation("too_many", _("Select fewer people."))
    if kind == Kind.TAG:
        tag = tags.get_or_create_tag(lab, tag).name
    action = BulkAction.objects.create(
        lab=lab, by=by, kind=kind, people=list(people), session=session, tag=tag
    )
    if action.total > DONE_AT_ONCE:
        action.task = enqueue("registrations.bulk", {"action": action.pk})
        action.save(update_fields=["task"])
    return action


def run(action: BulkAction, lease: Lease | None = None) -> None:
    """Do what is left of an action. A worker that takes over after a crash goes on with the next person."""
    while _step(action.pk):
        if lease is not None:
            lease.renew()
    action.refresh_from_db()


@transaction.atomic
def _step(pk: int) -> bool:
    """Do it to the next person, with the note of how far it is; tell whether there is another one.

    Tags are given and taken in chunks, since each step writes down all that can be undone so far.
    """
    action = (
        BulkAction.objects.select_for_update(of=("self",), no_key=True)
        .select_related("by", "session")
        .filter(pk=pk)
        .first()
    )
    if action is None or action.finished_at is not None:
        return False
    size = CHUNK if action.is_undoable else 1
    chunk = action.people[action.position : action.position + size]
    if size > 1:
        list(
            Registration.objects.filter(pk__in=chunk).order_by("pk").select_for_update(no_key=True).only("pk")
        )
    for registration_id in chunk:
        _do(action, registration_id)
    if action.position >= action.total:
        action.finished_at = timezone.now()
    action.save(update_fields=["position", "done", "unchanged", "failures", "changed", "finished_at"])
    return action.finished_at is None


def _do(action: BulkAction, registration_id: int) -> None:
    """Do it to one person and count what came of it."""
    try:
        with transaction.atomic():
            changed = _act(action, registration_id)
    except RuleViolation as violation:
        action.failures = dict(Counter(action.failures) + Counter([violation.code]))
    else:
        action.done += changed
        action.unchanged += not changed
        if changed and action.is_undoable:
            action.changed.append(registration_id)
    action.position += 1


@transaction.atomic
def undo(action: BulkAction) -> None:
    """Take back the tags that an action gave, or give back those that it took.

    Raises RuleViolation (code: too_late).
    """
    row = (
        BulkAction.objects.select_for_update(of=("self",), no_key=True)
        .select_related("lab")
        .get(pk=action.pk)
    )
    if not row.can_undo:
        raise RuleViolation("too_late", _("This cannot be undone."))
    if row.kind == Kind.TAG:
        Tagging.objects.filter(tag__lab=row.lab, tag__name=row.tag, registration__in=row.changed).delete()
        Tag.objects.filter(lab=row.lab, name=row.tag, taggings__isnull=True).delete()
    else:
        people = Registration.objects.filter(pk__in=row.changed, lab=row.lab, erased_at__isnull=True)
        locked = people.select_for_update(no_key=True).order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        tag = tags.get_or_create_tag(row.lab, row.tag)
        given = [Tagging(tag=tag, registration_id=pk) for pk in ids]
        Tagging.objects.bulk_create(given, ignore_conflicts=True, batch_size=1000)
    row.undone_at = timezone.now()
    row.save(update_fields=["undone_at"])


def _act(action: BulkAction, registration_id: int) -> bool:
    """Do it to one person; tell whether anything changed. Raises RuleViolation."""
    people = Registration.objects.filter(lab=action.lab_id, erased_at__isnull=True)
    person = people.select_related("lab__programme").filter(pk=registration_id).first()
    if person is None:
        raise RuleViolation("gone")
    does: dict[str, Callable[[], bool]] = {
        Kind.CONFIRM: lambda: _confirm(person, action.by),
        Kind.CANCEL: lambda: _cancel(person, action.by),
        Kind.GIVE_SEAT: lambda: _give_seat(person, action.session, action.by),
        Kind.SEND_LINK: lambda: organiser_actions.send_link(person)[1],
        Kind.TAG: lambda: tags.tag(person, action.tag),
        Kind.UNTAG: lambda: tags.untag(person, action.tag),
    }
    return does[action.kind]()


def _confirm(person: Registration, by: User | None) -> bool:
    if person.state == Registration.State.CONFIRMED or by is None:
        return False
    organiser_actions.confirm(person, by)
    return True


def _cancel(person: Registration, by: User | None) -> bool:
    if person.state == Registration.State.CANCELLED:
        return False
    managing.cancel(person, by)
    return True


def _give_seat(person: Registration, session: Session | None, by: User | None) -> bool:
    if session is None or by is None:
        raise RuleViolation("not-open")
    held = Seat.objects.filter(registration=person, session=session, state__in=ACTIVE)
    if held.exists():
        return False
    free = next((one.mode for one in session.seatings if one.has_free_seat), session.modes[0])
    organiser_actions.give_seat(person, session, by, free)
    return True
