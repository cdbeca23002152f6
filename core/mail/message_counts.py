"""How many emails there are, by lab, occasion and state, without counting all of them.

What has not left and what is in trouble are few and counted from their indexes; what has left is many and has a tally
(`core.jobs.tallies`), which every change into and out of these states adds to.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, DateTimeField, Min, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.jobs import tallies
from core.jobs.models import Tally
from core.mail.models import Message, MessageQuerySet

State = Message.State
NOT_ARRIVED = (State.FAILED, State.BOUNCED)
IN_TROUBLE = (*NOT_ARRIVED, State.COMPLAINED)
# The states whose emails are counted in tallies, and the names of those.
TALLIES: dict[str, str] = {State.SENT: "mail sent", State.DELIVERED: "mail delivered"}
_STATES = {name: state for state, name in TALLIES.items()}
# In the words of the partial indexes, which states alone do not find.
UNSENT = Q(finished_at__isnull=True)


@dataclass(frozen=True)
class MessageCounts:
    """The emails of a lab, of no lab, or all, by occasion and state."""

    numbers: Counter[tuple[str, str]]
    oldest_unsent_at: datetime | None

    def of(self, *states: str, occasion: str = "") -> int:
        """Return how many are in one of these states and of this occasion; where none is named, of all."""
        return sum(
            n
            for (found, state), n in self.numbers.items()
            if (not states or state in states) and occasion in ("", found)
        )

    @property
    def occasions(self) -> list[str]:
        return sorted({occasion for occasion, _state in self.numbers})


def messages_of(lab_id: int | None) -> MessageQuerySet:
    """Return the emails of a lab, or those of no lab."""
    return Message.objects.filter(lab=lab_id) if lab_id else Message.objects.filter(lab__isnull=True)


def counts_of(lab_id: int | None) -> MessageCounts:
    """Count the emails of a lab, or those of no lab. One query."""
    return _counts(Q(lab=lab_id) if lab_id else Q(lab__isnull=True))


def counts_of_all() -> MessageCounts:
    """Count all emails. One query."""
    return _counts(Q())


def _counts(among: Q) -> MessageCounts:
    messages, never = Message.objects.filter(among).order_by(), Value(None, output_field=DateTimeField())
    unsent = messages.filter(UNSENT).values_list("occasion", "state")
    in_trouble = messages.filter(state__in=IN_TROUBLE).values_list("occasion", "state")
    left = Tally.objects.filter(among, name__in=list(_STATES)).order_by().values_list("part", "name")
    rows = unsent.annotate(number=Count("*"), oldest=Min("created_at")).union(
        in_trouble.annotate(number=Count("*"), oldest=never),
        left.annotate(number=Sum("n"), oldest=never),
        all=True,
    )
    numbers, oldest_of = Counter[tuple[str, str]](), []
    for occasion, state, number, oldest in rows:
        numbers[occasion, _STATES.get(state, state)] += number
        oldest_of.append(oldest)
    return MessageCounts(+numbers, min(filter(None, oldest_of), default=None))


def count(messages: Iterable[Message], each: int) -> None:
    """Count that these emails came into their state (1), or left it (-1), in the transaction that changes it."""
    tallies.add_all(_differences([(one.pk, one.lab_id, one.occasion, one.state) for one in messages], each))


@transaction.atomic
def change_state(messages: MessageQuerySet, state: Message.State, **changes: object) -> int:
    """Give these emails, which a provider reports on, this final state, and count that. Returns how many."""
    moved = _lock(messages)
    differences = _differences(moved, -1)
    differences.update(_differences([(pk, lab_id, occasion, state) for pk, lab_id, occasion, _ in moved], 1))
    tallies.add_all(differences)
    finished = Coalesce("finished_at", Value(timezone.now()))
    rows = Message.objects.filter(pk__in=[row[0] for row in moved])
    return rows.update(state=state, finished_at=finished, **changes)


@transaction.atomic
def delete(messages: MessageQuerySet) -> None:
    """Delete these emails, and count that."""
    gone = _lock(messages)
    tallies.add_all(_differences(gone, -1))
    Message.objects.filter(pk__in=[row[0] for row in gone]).delete()


def recount(repair: bool = False) -> dict[tallies.Key, tuple[int, int]]:
    """Compare the tallies with the emails, as `tallies.differing`."""
    counted = [
        tallies.rows(Message.objects.filter(state=state), name, part="occasion", count=Count("pk"))
        for state, name in TALLIES.items()
    ]
    return tallies.differing(counted, *_STATES, repair=repair)


_Row = tuple[int, int | None, str, str]


def _lock(messages: MessageQuerySet) -> list[_Row]:
    """Lock these rows, lowest id first, and return (id, lab, occasion, state) of each."""
    rows = messages.order_by("pk").select_for_update(no_key=True)
    return list(rows.values_list("pk", "lab_id", "occasion", "state"))


def _differences(rows: list[_Row], each: int) -> Counter[tallies.Key]:
    found = Counter[tallies.Key]()
    for _pk, lab_id, occasion, state in rows:
        if state in TALLIES:
            found[lab_id, TALLIES[state], occasion] += each
    return found
