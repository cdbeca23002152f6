"""What is true of registrations whatever happened: counters, limits, waiting lists, history and emails agree.

Each function returns a sentence for every row that is not as it must be, and none where all is well. What is counted
here is counted from the seats themselves, apart from the service's own code, but for its comparison of counters.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from core.mail.models import Message
from registrations.models import Quota, Registration, Seat, SeatMovement
from registrations.models.seats import TAKEN
from registrations.recounting import recount, recount_quotas
from sessions.models import Session
from sessions.models.agenda import to_come

# For the shell of a running service: prints what is wrong as JSON.
TELL = "import json; from tests.chaos.invariants import broken; print(json.dumps(broken()))"

Reason = SeatMovement.Reason
# The email that tells of a movement, whose key ends with the movement's id.
EMAILS_OF_MOVEMENTS = {
    Reason.PROMOTED: "seat_is_yours",
    Reason.OFFERED: "seat_is_offered",
    Reason.OFFER_EXPIRED: "offer_expired",
}
# What a person is sent after a change of his or her own, with all that is theirs by then.
OVERVIEWS = ("confirmation", "registration_changed")


def broken(*, by_form: bool = True) -> list[str]:
    """Check everything. `by_form` says that everybody came by the form, and was asked to confirm."""
    checks = [counters, limits, waiting_lists, movements, histories, emails_of_movements]
    if by_form:
        checks.append(emails_of_registrations)
    return [sentence for check in checks for sentence in check()]


def counters() -> list[str]:
    """Counters of sessions and quotas are what their seats come to."""
    of_sessions = [f"session {one.session_id} counts {one.stored}, not {one.counted}" for one in recount()]
    return of_sessions + [
        f"quota {pk} counts {stored}, not {counted}" for pk, counted, stored in recount_quotas()
    ]


class _Seating:
    """Seats that are taken, and what limits them."""

    def __init__(self) -> None:
        taken = Seat.objects.filter(state__in=TAKEN).select_related("registration").order_by("pk")
        self.taken = list(taken)
        self.of_session = Counter((seat.session_id, seat.mode) for seat in self.taken)
        self.sessions = {session.pk: session for session in Session.objects.defer("abstract")}
        self.quotas = list(Quota.objects.all())
        self.people = {
            quota.pk: [seat.registration_id for seat in self.taken if _falls_under(seat, quota)]
            for quota in self.quotas
        }

    def is_full(self, session_id: int, mode: str) -> bool:
        limit = getattr(self.sessions[session_id], f"{mode}_capacity")
        return limit is not None and self.of_session[session_id, mode] >= limit

    def used(self, quota: Quota) -> int:
        people = self.people[quota.pk]
        return len(people) if quota.session_id is not None else len(set(people))

    def has_room(self, seat: Seat) -> bool:
        """Tell whether this seat, which somebody waits for, fits into every quota."""
        return all(
            self.used(quota) < quota.limit
            or (quota.session_id is None and seat.registration_id in self.people[quota.pk])
            for quota in self.quotas
            if _falls_under(seat, quota)
        )


def _falls_under(seat: Seat, quota: Quota) -> bool:
    return (
        seat.registration.lab_id == quota.lab_id
        and quota.session_id in (None, seat.session_id)
        and quota.mode in ("", seat.mode)
        and quota.city_id in (None, seat.registration.city_id)
        and quota.stakeholder_group_id in (None, seat.registration.stakeholder_group_id)
    )


def limits() -> list[str]:
    """No session has more seats taken in a mode than there are, and no quota more than its limit."""
    now = _Seating()
    wrong = [
        f"session {session.pk} has {taken} seats taken in {mode}, of {limit}"
        for (session_id, mode), taken in now.of_session.items()
        for session in [now.sessions[session_id]]
        for limit in [getattr(session, f"{mode}_capacity")]
        if limit is not None and taken > limit
    ]
    return wrong + [
        f"quota {quota.pk} has {now.used(quota)}, of {quota.limit}"
        for quota in now.quotas
        if now.used(quota) > quota.limit
    ]


def waiting_lists() -> list[str]:
    """Nobody waits for a seat that is free and that he or she may have."""
    now = _Seating()
    waiting = Seat.objects.filter(
        state=Seat.State.WAITING, session__in=Session.objects.filter(to_come(timezone.now()))
    )
    return [
        f"seat {seat.pk} waits while one is free in session {seat.session_id}, {seat.mode}"
        for seat in waiting.select_related("registration").order_by("pk")
        if not now.is_full(seat.session_id, seat.mode) and now.has_room(seat)
    ]


def movements() -> list[str]:
    """Each seat's movements lead from its choice to its state without a gap."""
    of_seat: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for seat_id, before, after in SeatMovement.objects.order_by("pk").values_list("seat", "before", "after"):
        of_seat[seat_id].append((before, after))
    wrong = []
    for seat_id, state in Seat.objects.order_by("pk").values_list("pk", "state"):
        steps = of_seat[seat_id]
        last = steps[-1][1] if steps else Seat.State.REQUESTED
        begins = not steps or steps[0][0] in ("", Seat.State.REQUESTED)
        if last != state or not begins or any(one[1] != next[0] for one, next in pairwise(steps)):
            wrong.append(f"seat {seat_id} is {state} after {steps}")
    return wrong


def histories() -> list[str]:
    """Each registration that was confirmed or cancelled has a version of it in its history, the last as it is."""
    of_person: dict[int, list[str]] = defaultdict(list)
    versions = Registration.history.order_by("history_id").values_list("id", "state")
    for person_id, state in versions:
        of_person[person_id].append(state)
    wrong = []
    for person in Registration.objects.filter(erased_at__isnull=True).order_by("pk"):
        states = of_person[person.pk]
        passed = {"confirmed"} if person.confirmed_at else set()
        passed |= {"cancelled"} if person.cancelled_at else set()
        if not passed <= set(states) or (states and states[-1] != person.state):
            wrong.append(f"registration {person.pk} is {person.state} after {states}")
    return wrong


def emails_of_movements() -> list[str]:
    """Whoever was given or offered a seat, or lost an offer, was told so once: alone, or in answer to a change."""
    told = Counter(Message.objects.values_list("occasion", "key"))
    overviews = Message.objects.filter(occasion__in=OVERVIEWS)
    wrong = []
    moved = SeatMovement.objects.filter(reason__in=EMAILS_OF_MOVEMENTS).order_by("pk")
    for movement in moved.select_related("seat"):
        occasion = EMAILS_OF_MOVEMENTS[Reason(movement.reason)]
        count = told[occasion, f"{occasion.replace('_', '-')}:{movement.pk}"]
        if count == 0:
            # Promoted by one's own choice of sessions: the email about that is written after, in its transaction.
            at_once = (movement.at, movement.at + timedelta(seconds=10))
            count = overviews.filter(
                registration=movement.seat.registration_id, created_at__range=at_once
            ).count()
        if count != 1:
            wrong.append(f"movement {movement.pk} ({movement.reason}) was told {count} times")
    return wrong


def emails_of_registrations() -> list[str]:
    """Each registration has one request to confirm, and one confirmation and one cancellation if it came to that."""
    sent = Counter(Message.objects.values_list("registration", "occasion"))
    wrong = []
    for person in Registration.objects.filter(erased_at__isnull=True).order_by("pk"):
        due = {
            "confirm_address": 1,
            "confirmation": int(person.confirmed_at is not None),
            "registration_cancelled": int(None not in (person.confirmed_at, person.cancelled_at)),
        }
        found = {occasion: sent[person.pk, occasion] for occasion in due}
        if found != due:
            wrong.append(f"registration {person.pk} has emails {found}, not {due}")
    return wrong


def repeated(received: Iterable[str], queued: Iterable[str]) -> tuple[int, list[str]]:
    """Compare the Message-IDs that arrived with those of the outbox: how many are repeats, and what is wrong."""
    counted, known = Counter(received), set(queued)
    wrong = [f"{one} never arrived" for one in sorted(known - counted.keys())]
    wrong += [f"{one} arrived and is unknown" for one in sorted(counted.keys() - known)]
    return sum(counted.values()) - len(counted), wrong


CHECKS: tuple[Callable[[], list[str]], ...] = (
    counters, limits, waiting_lists, movements, histories, emails_of_movements, emails_of_registrations,
)  # fmt: skip
