"""What makes a group of cities: its members, the hard rules, and what is in the way of a city that is left over.

Pure, like `sessions.city_groups`, which makes the groups.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations

Pair = frozenset[int]


@dataclass(frozen=True)
class Member:
    """A city as grouping sees it. `hours` has a bit for each start of a session that is within its humane hours."""

    pk: int
    country: str
    languages: frozenset[str]
    hours: int
    interests: frozenset[str] = frozenset()
    is_mentor: bool = False


@dataclass(frozen=True)
class Rules:
    """The sizes, and whether each group needs a mentor where there are enough."""

    smallest: int = 3
    wanted: int = 4
    largest: int = 5
    mentors: bool = True

    def __post_init__(self) -> None:
        if not 2 <= self.smallest <= self.wanted <= self.largest:
            raise ValueError("sizes must not fall from the smallest to the largest")


class Broken(enum.StrEnum):
    """A hard rule that a group made by hand breaks."""

    TOO_SMALL = "too-small"
    TOO_LARGE = "too-large"
    MET_BEFORE = "met-before"
    NO_LANGUAGE = "no-language"
    NO_HOURS = "no-hours"
    NO_MENTOR = "no-mentor"


class InTheWay(enum.StrEnum):
    """Why a city is left over."""

    NO_LANGUAGES_KNOWN = "no-languages-known"
    NO_HOURS = "no-hours"
    NOBODY_SHARES_A_LANGUAGE = "nobody-shares-a-language"
    NOBODY_SHARES_HOURS = "nobody-shares-hours"
    MET_ALL_BEFORE = "met-all-before"
    TOO_FEW_PARTNERS = "too-few-partners"
    TOO_FEW_CITIES = "too-few-cities"
    NO_MENTOR_FITS = "no-mentor-fits"
    NO_MENTOR_LEFT = "no-mentor-left"
    NO_GROUP_LEFT = "no-group-left"


@dataclass(frozen=True)
class Grouped:
    """Groups of ids, each sorted, in the order of their numbers; those left over, each with what is in the way.

    Groups that were `kept` come first, in their order, with what was added to them. `mentors_are_enough` says whether
    the rule of mentors counted.
    """

    groups: tuple[tuple[int, ...], ...]
    left_over: Mapping[int, InTheWay] = field(default_factory=dict)
    mentors_are_enough: bool = False


def broken_rules(
    group: Sequence[Member], met: Collection[Pair], rules: Rules, *, needs_mentor: bool = False
) -> list[Broken]:
    """Return the hard rules that a group breaks."""
    found = []
    if len(group) < rules.smallest:
        found.append(Broken.TOO_SMALL)
    if len(group) > rules.largest:
        found.append(Broken.TOO_LARGE)
    pairs = {frozenset((one.pk, other.pk)) for one, other in combinations(group, 2)}
    if not pairs.isdisjoint(met):
        found.append(Broken.MET_BEFORE)
    if group and not frozenset.intersection(*(one.languages for one in group)):
        found.append(Broken.NO_LANGUAGE)
    if group and not reduce(lambda shared, one: shared & one.hours, group, -1):
        found.append(Broken.NO_HOURS)
    if needs_mentor and not any(one.is_mentor for one in group):
        found.append(Broken.NO_MENTOR)
    return found
