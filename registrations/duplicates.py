"""Registrations of a lab that may be of one person: listed for organisers, who decide."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, pairwise

from django.db.models import QuerySet

from core.search import fold
from labs.models import Lab
from registrations.models import Registration

State = Registration.State
# The newest registrations of a lab that are compared, and the pairs that are listed.
MAX_COMPARED = 5000
MAX_LISTED = 200


@dataclass(frozen=True)
class Pair:
    """Two registrations, the earlier one first, of which at least one is confirmed.

    They have one address and similar names, or one name of several words.
    """

    first: Registration
    second: Registration
    is_same_address: bool


def possible_duplicates(lab: Lab) -> list[Pair]:
    """Return pairs of registrations that may be of one person. Two queries."""
    return pairs_of(possible_pairs(lab), Registration.objects.all())


def possible_pairs(lab: Lab) -> list[tuple[int, int, bool]]:
    """Return the keys of the same pairs, the earlier one first, and whether they have one address. One query."""
    # Also those with a slip in the address, which nobody confirms.
    people = list(
        Registration.objects.filter(
            lab=lab, state__in=[State.CONFIRMED, State.UNCONFIRMED], erased_at__isnull=True
        )
        .order_by("-pk")
        .values_list("pk", "name", "email_key", "state")[:MAX_COMPARED]
    )
    return list(islice(_pairs(sorted(people)), MAX_LISTED))


def pairs_of(found: Iterable[tuple[int, int, bool]], people: QuerySet[Registration]) -> list[Pair]:
    """Return the pairs of these keys with their rows, as `people` reads them."""
    found = list(found)
    rows = people.in_bulk({pk for first, second, _same in found for pk in (first, second)})
    return [
        Pair(rows[first], rows[second], same)
        for first, second, same in found
        if first in rows and second in rows
    ]


def _pairs(people: list[tuple[int, str, str, str]]) -> Iterator[tuple[int, int, bool]]:
    confirmed = {pk for pk, _name, _key, state in people if state == State.CONFIRMED}
    by_address: dict[str, list[tuple[int, str]]] = defaultdict(list)
    by_name: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for pk, name, key, _state in people:
        by_address[key].append((pk, name))
        by_name[_words(name)].append((pk, key))
    for named in by_address.values():
        for (first, one), (second, other) in combinations(named, 2):
            if not confirmed.isdisjoint((first, second)) and is_similar(one, other):
                yield first, second, True
    for words, addressed in by_name.items():
        # One word alone is a name that many have.
        if len(words) > 1:
            for (first, key), (second, other_key) in _beside(addressed, confirmed):
                if key != other_key:
                    yield first, second, False


def _beside(
    addressed: list[tuple[int, str]], confirmed: set[int]
) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    """Yield each confirmed one with the next, and each of the others with the first that is confirmed."""
    certain = [one for one in addressed if one[0] in confirmed]
    yield from pairwise(certain)
    if certain:
        for other in addressed:
            if other[0] not in confirmed:
                first, second = sorted((certain[0], other))
                yield first, second


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(fold(name).split()))


def is_similar(one: str, other: str) -> bool:
    """Tell whether two names at one address may be of one person: in another order, with initials, or shortened."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    left = list(longer)
    full = 0
    # Whole words first, so that an initial does not take the place of one.
    for word in sorted(shorter, key=len, reverse=True):
        match = next((each for each in left if each == word), None) or next(
            (each for each in left if each[0] == word[0] and 1 in (len(each), len(word))), None
        )
        if match is None:
            return False
        full += match == word and len(word) > 1
        left.remove(match)
    return full > 0
