"""Limited places of choices. The only writer of `Choice.taken` and of `TakenPlace`.

A place is taken by one conditional update of the choice's row, whose result decides. Choices are locked last, lowest id
first: after registration, sessions and seats.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from registrations.models import Choice, Registration, TakenPlace


def lock(choices: Iterable[int]) -> None:
    """Lock these choices, lowest id first. Call it before places of several are given back and taken."""
    rows = Choice.objects.select_for_update(no_key=True).filter(pk__in=list(choices)).order_by("pk")
    list(rows.values_list("pk", flat=True))


def take(registration: Registration, wanted: Collection[int]) -> list[int]:
    """Take a place in each of these choices; return the ids of those that are full. Those without a limit are ignored.

    Call it in the transaction that has locked the registration; what the person holds already is not taken twice.
    """
    held = held_by(registration)
    limited = Choice.objects.filter(pk__in=set(wanted) - held, places__isnull=False)
    full: list[int] = []
    taken: list[int] = []
    for pk in limited.order_by("pk").values_list("pk", flat=True):
        moved = Choice.objects.filter(Q(places__isnull=True) | Q(taken__lt=F("places")), pk=pk).update(
            taken=F("taken") + 1
        )
        (taken if moved else full).append(pk)
    TakenPlace.objects.bulk_create(TakenPlace(registration=registration, choice_id=pk) for pk in taken)
    return full


def give_back(registration: Registration, choices: Collection[int]) -> None:
    """Give back the person's places in these choices."""
    _give_back(TakenPlace.objects.filter(registration=registration, choice__in=choices))


def give_back_all(registrations: Collection[Registration]) -> None:
    """Give back all places of these people. One statement where they hold none."""
    _give_back(TakenPlace.objects.filter(registration__in=registrations))


def _give_back(rows: QuerySet[TakenPlace]) -> None:
    held = Counter(rows.values_list("choice_id", flat=True))
    for pk, count in sorted(held.items()):
        Choice.objects.filter(pk=pk, taken__gte=count).update(taken=F("taken") - count)
    if held:
        rows.delete()


def held_by(registration: Registration) -> set[int]:
    """Return the ids of the choices in which the person has a place."""
    return set(TakenPlace.objects.filter(registration=registration).values_list("choice_id", flat=True))


@dataclass(frozen=True)
class Discrepancy:
    """A choice whose counter differs from the places that people hold."""

    choice_id: int
    counted: int
    stored: int


def recount(repair: bool = False) -> list[Discrepancy]:
    """Compare the counter of every choice with the places that people hold; with `repair`, store what was counted.

    Repairing takes each choice's lock; one that would then be over its limit raises IntegrityError.
    """
    found = _discrepancies(Choice.objects.all())
    if repair:
        for pk in [one.choice_id for one in found]:
            with transaction.atomic():
                lock([pk])
                for now in _discrepancies(Choice.objects.filter(pk=pk)):
                    Choice.objects.filter(pk=pk).update(taken=now.counted)
    return found


def _discrepancies(choices: QuerySet[Choice]) -> list[Discrepancy]:
    rows = choices.annotate(counted=Count("taken_places")).exclude(taken=F("counted")).order_by("pk")
    return [Discrepancy(*row) for row in rows.values_list("pk", "counted", "taken")]
