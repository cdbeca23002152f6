"""What a search for groups works on: cities as bits, what fits, what a group is worth, and why a city is left over."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sessions.group_rules import InTheWay, Member, Pair, Rules

# What a pair of the same country costs, and an interest in common is worth, up to three of them.
SAME_COUNTRY, SHARED_INTEREST, MOST_INTERESTS = 6, 2, 3
OFF_SIZE = 3


@dataclass(eq=False)
class Draft:
    """A group while it is made, as places in the list of members."""

    places: list[int]
    kept: int = 0  # the first so many places stay


class Problem:
    """Cities as lists and bits, and what is asked of their groups."""

    def __init__(
        self,
        members: Sequence[Member],
        met: Collection[Pair],
        rules: Rules,
        kept: Sequence[Collection[int]],
        seed: int,
        mentors_are_enough: bool,
    ) -> None:
        self.members = members
        self.mentors_are_enough = mentors_are_enough
        self.rules = rules
        self.random = random.Random(seed)  # noqa: S311  (the same seed gives the same groups)
        count = len(self.members)
        place_of = {one.pk: place for place, one in enumerate(self.members)}
        bits = {
            code: bit
            for bit, code in enumerate(sorted({code for one in self.members for code in one.languages}))
        }
        self.languages = [sum(1 << bits[code] for code in one.languages) for one in self.members]
        self.hours = [one.hours for one in self.members]
        self.met = [0] * count
        for pair in met:
            places = [place_of[pk] for pk in pair if pk in place_of]
            if len(places) == 2:
                self.met[places[0]] |= 1 << places[1]
                self.met[places[1]] |= 1 << places[0]
        self.kept = [[place_of[pk] for pk in sorted(set(some)) if pk in place_of] for some in kept]
        # With whom a city could be in a group of two, as bits.
        self.fits = [0] * count
        for one, other in combinations(range(count), 2):
            if self.fit(one, other):
                self.fits[one] |= 1 << other
                self.fits[other] |= 1 << one
        self.worths = [[self.worth(one, other) for other in range(count)] for one in range(count)]
        self.mentors = sum(one.is_mentor for one in self.members)
        self.universe = list(range(count))  # the places in play
        self.is_mentor = [one.is_mentor for one in self.members]

    def fit(self, one: int, other: int) -> bool:
        return bool(
            self.languages[one] & self.languages[other]
            and self.hours[one] & self.hours[other]
            and not self.met[one] >> other & 1
        )

    def worth(self, one: int, other: int) -> int:
        some, others = self.members[one], self.members[other]
        shared = min(MOST_INTERESTS, len(some.interests & others.interests))
        return SHARED_INTEREST * shared - SAME_COUNTRY * (some.country == others.country)

    def takes(self, places: Sequence[int], more: int) -> bool:
        """Tell whether a city breaks no rule of languages, hours and partners in a group of any size."""
        languages, hours = self.languages[more], self.hours[more]
        for place in places:
            if self.met[more] >> place & 1:
                return False
            languages &= self.languages[place]
            hours &= self.hours[place]
        return bool(languages and hours)

    def has_mentor(self, places: Iterable[int]) -> bool:
        return any(self.is_mentor[place] for place in places)

    def is_sound(self, places: Sequence[int]) -> bool:
        """Tell whether cities make a group that breaks no rule, but for its size."""
        return all(self.takes(places[:number], place) for number, place in enumerate(places)) and (
            not self.mentors_are_enough or self.has_mentor(places)
        )

    def room(self, group: Draft) -> int:
        return max(0, self.rules.largest - len(group.places))

    def can_join(self, group: Draft, place: int) -> bool:
        return len(group.places) < self.rules.largest and self.takes(group.places, place)

    def score(self, group: Draft) -> float:
        size = len(group.places)
        if size < 2:
            return 0.0
        pairs = sum(self.worths[one][other] for one, other in combinations(group.places, 2))
        extra = max(0, sum(self.is_mentor[place] for place in group.places) - 1)
        # Where there are few mentors, those beyond one are missed elsewhere.
        return (
            2 * pairs / (size - 1)
            - OFF_SIZE * abs(size - self.rules.wanted)
            - (0 if self.mentors_are_enough else 2) * extra
        )

    def missing(self, groups: Iterable[Draft]) -> list[int]:
        placed = {place for one in groups for place in one.places}
        return [place for place in self.universe if place not in placed]

    def why(self, place: int, groups: Sequence[Draft]) -> InTheWay:
        """Return what is in the way of a city that is left over: the first thing that somebody could change."""
        others = [other for other in range(len(self.members)) if other != place]
        if len(self.members) < self.rules.smallest:
            return InTheWay.TOO_FEW_CITIES
        if not self.languages[place]:
            return InTheWay.NO_LANGUAGES_KNOWN
        if not self.hours[place]:
            return InTheWay.NO_HOURS
        speaking = [other for other in others if self.languages[other] & self.languages[place]]
        if not speaking:
            return InTheWay.NOBODY_SHARES_A_LANGUAGE
        awake = [other for other in speaking if self.hours[other] & self.hours[place]]
        if not awake:
            return InTheWay.NOBODY_SHARES_HOURS
        new = [other for other in awake if not self.met[place] >> other & 1]
        if not new:
            return InTheWay.MET_ALL_BEFORE
        three = [each for each in combinations(new, 2) if self.takes([place, each[0]], each[1])]
        if not three:
            return InTheWay.TOO_FEW_PARTNERS
        if self.mentors_are_enough and not any(self.has_mentor([place, *each]) for each in three):
            return InTheWay.NO_MENTOR_FITS
        if self.mentors_are_enough and len([one for one in groups if one.places]) >= self.mentors:
            return InTheWay.NO_MENTOR_LEFT
        return InTheWay.NO_GROUP_LEFT
