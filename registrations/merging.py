"""Merge two registrations of one person in one lab: what both have is united in one, and the other is erased.

Seats change hands in one transaction under the locks of their sessions. A merge cannot be undone.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.jobs import tallies
from core.web.errors import RuleViolation
from registrations import (
    acceptance,
    choice_places,
    emails,
    erasure,
    invitations,
    managing,
    pending_transfers,
    persons,
    quotas,
    webhooks,
)
from registrations.models import (
    Answer,
    Attendance,
    Choice,
    NeedsConsent,
    Note,
    Registration,
    Seat,
    SeatMovement,
    Tagging,
    TakenPlace,
)
from registrations.models.seats import ACTIVE, TAKEN
from registrations.seat_rows import Claim, count, lock_sessions, write
from registrations.signals import registrations_merged
from registrations.statistics import ATTENDED, REGISTERED
from registrations.waiting_list import promote, promote_later

State = Registration.State
MERGED: Final = SeatMovement.Reason.MERGED
TWO_IN_ONE = _("The organisers have united two registrations of yours in this one.")
# The better state first.
ORDER: Final = [
    Seat.State.CONFIRMED,
    Seat.State.OFFERED,
    Seat.State.HELD,
    Seat.State.PENDING,
    Seat.State.WAITING,
]


@dataclass(frozen=True)
class Merged:
    """What a merge did: the seats of `kept` that are new or better, and those that others got in turn.

    The person gets an email if seats moved.
    """

    kept: Registration
    moved: tuple[Seat, ...]
    promoted: tuple[Seat, ...]


def preview(
    kept: Registration, other: Registration, by: User | None, look: Callable[[Merged], dict[str, Any]]
) -> dict[str, Any]:
    """Carry a merge out, look at what came of it, and take all of it back. Raises as `merge`."""
    with transaction.atomic():
        seen = look(merge(kept, other, by))
        transaction.set_rollback(True)
    return seen


@transaction.atomic
def merge(kept: Registration, other: Registration, by: User | None = None) -> Merged:
    """Unite both registrations in `kept`, which is confirmed, and erase `other`.
    Raises RuleViolation (codes: same_registration, gone, not_registered, of_city, quota_full).
    """
    kept, other = _lock(kept, other)
    now = timezone.now()
    if kept.is_of_city(now) or other.is_of_city(now):
        raise RuleViolation("of_city", _("A city nominated this person. Ask the city to name someone else."))
    was_confirmed = other.state == State.CONFIRMED
    # People are locked before sessions, as when confirming.
    persons.leave(other)
    touched, moved = _unite_seats(kept, other, now, by)
    _unite_answers(kept, other)
    _unite_notes(kept, other)
    _unite_attendance(kept, other, by)
    registrations_merged.send(sender=Registration, kept_id=kept.pk, other_id=other.pk, by=by)
    _take_choices_over(kept, other, now, by)
    _leave(kept, other, now, was_confirmed)
    promoted = [seat for session_id in touched for seat in promote(session_id, unless_told=kept)]
    acceptance.seats_given(kept, [one.session_id for one in moved if one.state == Seat.State.CONFIRMED])
    if moved:
        was = {seat.session_id: "" for seat in moved}
        emails.changed(kept, managing.seats_of(kept), was=was, why=TWO_IN_ONE)
    erasure.erase(other, by)
    return Merged(kept, tuple(moved), tuple(promoted))


def _lock(kept: Registration, other: Registration) -> tuple[Registration, Registration]:
    if kept.pk == other.pk:
        raise RuleViolation("same_registration", _("Choose two different registrations."), "other")
    rows = {
        row.pk: row
        for row in Registration.objects.filter(
            pk__in=[kept.pk, other.pk], lab=kept.lab_id, erased_at__isnull=True
        ).locked()
    }
    if len(rows) < 2:
        raise RuleViolation("gone", _("This registration no longer exists."))
    if rows[kept.pk].state != State.CONFIRMED:
        raise RuleViolation("not_registered", _("This registration is not confirmed or is cancelled."))
    return rows[kept.pk], rows[other.pk]


def _is_better(one: Seat, than: Seat | None) -> bool:
    if than is None or than.state not in ORDER:
        return True
    if one.state == than.state == Seat.State.WAITING and one.mode == than.mode:
        return (one.queue_position or 0) < (than.queue_position or 0)
    return ORDER.index(Seat.State(one.state)) < ORDER.index(Seat.State(than.state))


def _unite_seats(
    kept: Registration, other: Registration, now: datetime, by: User | None
) -> tuple[list[int], list[Seat]]:
    """Return the ids of the locked sessions, and the seats of `kept` that are new or better."""
    ids = set(
        Seat.objects.filter(registration=other, state__in=ORDER).order_by().values_list("session", flat=True)
    )
    # Those of the one that is kept as well: the erasure and the promotions lock no further ones.
    ids |= set(Seat.objects.filter(registration=kept, state__in=ACTIVE).values_list("session", flat=True))
    locked = sorted(lock_sessions(ids))
    theirs = list(
        Seat.objects.filter(registration=other, session__in=locked, state__in=ORDER).order_by("session")
    )
    own = {one.session_id: one for one in Seat.objects.filter(registration=kept, session__in=locked)}
    moving = [one for one in theirs if _is_better(one, own.get(one.session_id))]
    _recount(kept, other, own, theirs, moving)
    claims = {one.session_id: _claim(one) for one in moving}
    modes = {one.session_id: one.mode for one in moving}
    write([(one, Claim(Seat.State.CANCELLED, MERGED)) for one in theirs], now, by)
    sent = _sequences(kept, claims)
    moves = []
    for session_id, claim in claims.items():
        seat = own.get(session_id) or Seat(registration=kept, session_id=session_id, state="")
        seat.mode, seat.sequence = modes[session_id], max(seat.sequence, sent.get(session_id, 0))
        moves.append((seat, claim))
    write(moves, now, by)
    return locked if theirs else [], [seat for seat, _claim_of in moves]


def _claim(seat: Seat) -> Claim:
    """Return the state in which a seat moves; one that was held becomes the person's, who is confirmed."""
    is_held = seat.state == Seat.State.HELD
    state = Seat.State.CONFIRMED if is_held else Seat.State(seat.state)
    return Claim(state, MERGED, seat.queue_position, None if is_held else seat.until)


def _sequences(kept: Registration, session_ids: Iterable[int]) -> dict[int, int]:
    sent = Seat.objects.filter(
        session__in=list(session_ids),
        registration__lab=kept.lab_id,
        registration__email_key=kept.email_key,
    )
    return dict(sent.order_by().values_list("session").annotate(Max("sequence")))


def _recount(
    kept: Registration, other: Registration, own: dict[int, Seat], theirs: list[Seat], moving: list[Seat]
) -> None:
    """Correct the counters of sessions and quotas before the rows are written. Raises RuleViolation (quota_full)."""
    replaced = [own[one.session_id] for one in moving if one.session_id in own]
    gone = [*replaced, *(one for one in theirs if one not in moving)]
    limits = quotas.lock_quotas(kept.lab_id, [one.session_id for one in theirs])
    for one in gone:
        count(
            one.session_id,
            one.mode,
            taken=-(one.state in TAKEN),
            waiting=-(one.state == Seat.State.WAITING),
        )
    if not limits or not theirs:
        return
    places = quotas.places_of(kept.pk)
    after = places - {(one.session_id, one.mode) for one in replaced}
    after |= {(one.session_id, one.mode) for one in moving if one.state in TAKEN}
    holder = quotas.holder_of(kept)
    was, will = quotas.counted(limits, holder, places), quotas.counted(limits, holder, after)
    freed = quotas.counted(limits, quotas.holder_of(other), quotas.places_of(other.pk))
    try:
        with transaction.atomic():
            quotas.move(was - will, set())
            quotas.move(freed, will - was)
    except IntegrityError:
        raise RuleViolation(
            "quota_full", _("All places for this city or type of organisation are taken.")
        ) from None
    if any(quota.session_id is None for quota in limits if quota.pk in freed | (was - will)):
        promote_later(kept.lab_id)


def _unite_answers(kept: Registration, other: Registration) -> None:
    """Take over what only the other one answered, with its places; what is asked in a session goes with a seat."""
    seated = set(Seat.objects.filter(registration=kept, state__in=ACTIVE).values_list("session", flat=True))
    answered = set(Answer.objects.filter(registration=kept).values_list("question", flat=True))
    rows = [
        row
        for row in Answer.objects.filter(registration=other).select_related("question")
        if row.question_id not in answered and row.question.session_id in (None, *seated)
    ]
    if not rows:
        return
    questions = [row.question_id for row in rows]
    Answer.objects.filter(pk__in=[row.pk for row in rows]).update(registration=kept)
    # Places that the other one held change hands; one that was not confirmed, or is cancelled, held none.
    TakenPlace.objects.filter(registration=other, choice__question__in=questions).update(registration=kept)
    by_pk = {row.question_id: row for row in rows}
    limited = {
        one.pk: one
        for one in Choice.objects.filter(question__in=questions, places__isnull=False)
        if one.slug in (by_pk[one.question_id].value or ())
    }
    for full in choice_places.take(kept, limited):
        answer, slug = by_pk[limited[full].question_id], limited[full].slug
        answer.registration = kept
        answer.value = [each for each in answer.value or () if each != slug] or None
        answer.full = [*answer.full, slug]
        answer.save(update_fields=["value", "full"])
    agreed = NeedsConsent.objects.filter(registration=kept).values_list("question_set", flat=True)
    sets = {row.question.question_set_id for row in rows} - set(agreed)
    NeedsConsent.objects.filter(registration=other, question_set__in=sets).update(registration=kept)


def _unite_notes(kept: Registration, other: Registration) -> None:
    Note.objects.filter(registration=other).update(registration=kept)
    own = list(Tagging.objects.filter(registration=kept).values_list("tag", flat=True))
    Tagging.objects.filter(registration=other).exclude(tag__in=own).update(registration=kept)


def _unite_attendance(kept: Registration, other: Registration, by: User | None) -> None:
    """Let each session count once as attended, and the person once among those who came."""
    own = set(Attendance.objects.filter(registration=kept).values_list("session", flat=True))
    rows = list(Attendance.objects.filter(registration=other).select_related("session").order_by("pk"))
    moved = []
    for row in rows:
        row._history_user = by  # type: ignore[attr-defined]
        if row.session_id in own:
            row.delete()
        else:
            row.registration = kept
            row.save(update_fields=["registration"])
            moved.append(row)
    if own and rows:
        tallies.add(ATTENDED, -1, lab_id=kept.lab_id)
    if moved:
        webhooks.attendance_recorded(moved)


def _take_choices_over(kept: Registration, other: Registration, now: datetime, by: User | None) -> None:
    """Keep a "no" to photos that either one says, and that mail to this address is not wanted."""
    said = {kept.photos, other.photos}
    kept.photos = next((one for one in ("no", "yes") if one in said), "")
    if kept.email_key == other.email_key and kept.unsubscribed_at is None:
        kept.unsubscribed_at = other.unsubscribed_at
    kept.revised_at = now
    kept._history_user = by  # type: ignore[attr-defined]
    kept.save(update_fields=["photos", "unsubscribed_at", "revised_at"])


def _leave(kept: Registration, other: Registration, now: datetime, was_confirmed: bool) -> None:
    """Cancel the other one; an address that both have is left to the one that is kept, whose invitations stay."""
    pending_transfers.forget([other])
    if was_confirmed:
        choice_places.give_back_all([other])
        invitations.give_back(other)
        tallies.add(REGISTERED, -1, lab_id=other.lab_id)
        other.state, other.cancelled_at = State.CANCELLED, now
        webhooks.cancelled(other)
    if other.email_key == kept.email_key:
        other.email_key = f"merged:{uuid.uuid4()}"
    other.save(update_fields=["state", "cancelled_at", "email_key"])
