"""The waiting list of a session: one for each way to attend, promoted in the transaction that frees a seat."""

import logging
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from core.jobs.leases import enqueue
from labs.models import Lab
from registrations import acceptance, quotas, session_emails, webhooks
from registrations.models import Quota, Registration, RegistrationRules, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.models.seats import TAKEN
from registrations.personal_calendar import with_sessions
from registrations.seat_rows import Claim, count, write
from sessions.models import Session
from sessions.models.agenda import to_come
from sessions.models.seating import SEATING_FIELDS, Mode, has_free_seat, seating_of

logger = logging.getLogger(__name__)

State = Seat.State
Reason = SeatMovement.Reason


@transaction.atomic
def promote(
    session_id: int, at_most: int | None = None, *, unless_told: Registration | None = None
) -> list[Seat]:
    """Promote the waiting lists in order while seats are free, and queue an email to each person. Returns their seats.

    Who falls under a quota without room is passed over and keeps the place in the list. `at_most` limits one
    transaction; call again until fewer are returned. `unless_told` is somebody whom another email tells.
    """
    session = (
        Session.objects.select_for_update(no_key=True, of=("self",))
        .filter(reduce(or_, map(_may_move, Mode)), to_come(timezone.now()), pk=session_id)
        .select_related("lab__registration_rules")
        .only("starts_at", "lab__registration_rules", *SEATING_FIELDS)
        .first()
    )
    if session is None:
        return []
    promoted: list[Seat] = []
    limits = quotas.lock_quotas(session.lab_id, [session_id])
    for mode in session.modes:
        seating = seating_of(session, mode)
        if not seating.has_free_seat or not seating.waiting:
            continue
        while at_most is None or len(promoted) < at_most:
            seat = _promote_next(session, mode, limits, unless_told)
            if seat is None:
                break
            promoted.append(seat)
    return promoted


def _may_move(mode: Mode) -> Q:
    """Return the condition of sessions with a free seat in this mode and people who wait for one."""
    return has_free_seat(mode) & Q(**{f"{mode}_waiting__gt": 0})


def _promote_next(
    session: Session, mode: Mode, limits: list[Quota], unless_told: Registration | None
) -> Seat | None:
    """Promote the next person in this mode, if there is one and a free seat. `limits` are locked, and kept current."""
    rules = _rules(session)
    seat = _in_order(session, mode, rules, limits).select_related("registration__lab__programme").first()
    if seat is None:
        if not limits:
            _heal(session, mode)
        return None
    now = timezone.now()
    moved = Session.objects.filter(to_come(now), has_free_seat(mode), pk=session.pk).update(
        **{f"{mode}_taken": F(f"{mode}_taken") + 1, f"{mode}_waiting": F(f"{mode}_waiting") - 1}
    )
    if not moved:
        return None
    if limits:
        holder = quotas.holder_of(seat.registration)
        places = quotas.places_of(seat.registration_id)
        before = quotas.counted(limits, holder, places)
        after = quotas.counted(limits, holder, {*places, (session.pk, str(mode))})
        quotas.move(before, after)
        for quota in limits:
            quota.taken += quota.pk in after - before
    claim = Claim(State.CONFIRMED, Reason.PROMOTED, seat.queue_position)
    if until := offer_end(rules, session, now):
        claim = Claim(State.OFFERED, Reason.OFFERED, seat.queue_position, until)
    [movement] = write([(seat, claim)], now, None)
    if claim.state == State.CONFIRMED:
        webhooks.promoted(seat)
        acceptance.seats_given(seat.registration, [session.pk])
    if unless_told is None or unless_told.pk != seat.registration_id:
        for shown in with_sessions(seat.registration, [seat]):
            if claim.state == State.OFFERED:
                session_emails.seat_is_offered(shown, movement)
            else:
                session_emails.seat_is_yours(shown, movement)
    return seat


def _heal(session: Session, mode: Mode) -> None:
    """Correct a counter that tells of waiting people who are not there."""
    if not Seat.objects.filter(session=session, mode=mode, state=State.WAITING).exists():
        waiting = f"{mode}_waiting"
        if Session.objects.filter(pk=session.pk, **{f"{waiting}__gt": 0}).update(**{waiting: 0}):
            logger.error("session %s counted people in its waiting list who are not there", session.pk)


def offer_end(rules: RegistrationRules, session: Session, now: datetime) -> datetime | None:
    """Return the instant until which a free seat is offered; None where it is the person's at once.

    An offer never lasts longer than half the time until the session starts.
    """
    if rules.offer_hours is None or session.starts_at <= now:
        return None
    return now + min(timedelta(hours=rules.offer_hours), (session.starts_at - now) / 2)


def _in_order(
    session: Session, mode: Mode, rules: RegistrationRules, limits: list[Quota]
) -> QuerySet[Seat, Seat]:
    """Return those who wait in this mode and may have a seat, in the order of the lab's rules."""
    waiting = Seat.objects.filter(session=session, mode=mode, state=State.WAITING)
    if limits:
        waiting = waiting.exclude(quotas.blocked(limits, session.pk, mode))
    if rules.promotion == RegistrationRules.Promotion.CITY:
        seated = Seat.objects.filter(
            session=session, state__in=TAKEN, registration__city=OuterRef("registration__city")
        )
        of_city = seated.order_by().values("registration__city").annotate(n=Count("pk")).values("n")
        waiting = waiting.annotate(of_city=Subquery(of_city)).order_by(
            F("of_city").asc(nulls_first=True), "queue_position"
        )
    else:
        waiting = waiting.order_by("queue_position")
    return waiting


def _rules(session: Session) -> RegistrationRules:
    lab: Lab = session.lab
    return rules_of(lab)


def expire_offers(now: datetime, at_most: int = 100) -> int:
    """Give seats that were held or offered until now to the next. Returns how many; call again while any.

    A held seat of an unconfirmed person becomes a choice again, for which a seat is taken when the email is confirmed;
    an offered one is lost, and so is one that was held for a city whose person declined or gave it up.
    """
    due = list(
        Seat.objects.filter(until__lte=now)
        .order_by("until", "pk")
        .values_list("pk", "registration")[:at_most]
    )
    for seat_id, registration_id in due:
        _expire(seat_id, registration_id, now)
    return len(due)


@transaction.atomic
def _expire(seat_id: int, registration_id: int, now: datetime) -> None:
    registration = Registration.objects.filter(pk=registration_id).locked()
    found = Seat.objects.filter(pk=seat_id, until__lte=now).values_list("session", flat=True).first()
    if not registration or found is None:
        return
    Session.objects.select_for_update(no_key=True).only("pk").get(pk=found)
    seat = Seat.objects.get(pk=seat_id)
    seat.registration = registration[0]
    release([seat])
    if seat.state == State.HELD and seat.registration.state != Registration.State.UNCONFIRMED:
        # The city that nominated the person named nobody else.
        write([(seat, Claim(State.CANCELLED, Reason.CITY_DEADLINE))], now, None)
    elif seat.state == State.HELD:
        is_of_city = seat.registration.nominated_until is not None
        reason = Reason.CITY_DEADLINE if is_of_city else Reason.HOLD_EXPIRED
        write([(seat, Claim(State.REQUESTED, reason))], now, None)
    else:
        [movement] = write([(seat, Claim(State.CANCELLED, Reason.OFFER_EXPIRED))], now, None)
        for shown in with_sessions(seat.registration, [seat]):
            session_emails.offer_expired(shown, movement)
    promote(seat.session_id)


def promote_later(lab_id: int) -> None:
    """Have the waiting lists of the lab promoted by a task: their sessions are not locked."""
    waiting = Session.objects.filter(Q(room_waiting__gt=0) | Q(online_waiting__gt=0), lab=lab_id)
    for session_id in waiting.order_by("pk").values_list("pk", flat=True):
        enqueue("registrations.promote", {"session": session_id})


def release(seats: list[Seat]) -> None:
    """Take these seats of one person off the counters of their locked sessions, before their states are written."""
    taken = [seat for seat in seats if seat.state in TAKEN]
    if taken:
        registration = seats[0].registration
        holder = quotas.holder_of(registration)
        limits = quotas.lock_quotas(registration.lab_id, [seat.session_id for seat in seats])
        if limits:
            places = quotas.places_of(registration.pk)
            rest = places - {(seat.session_id, seat.mode) for seat in taken}
            before, after = quotas.counted(limits, holder, places), quotas.counted(limits, holder, rest)
            quotas.move(before, after)
            if any(quota.session_id is None for quota in limits if quota.pk in before - after):
                promote_later(registration.lab_id)
    for seat in seats:
        count(
            seat.session_id,
            seat.mode,
            taken=-(seat.state in TAKEN),
            waiting=-(seat.state == State.WAITING),
        )
