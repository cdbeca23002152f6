"""A round of small groups as organisers read it: what groups share, what they break, why cities are left over.

Computed from what is stored now, in a constant number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import combinations

from core.timezones.wall_clock import wall
from labs.models import City
from sessions.group_problem import Draft, Problem
from sessions.group_rules import Broken, InTheWay, Member, broken_rules
from sessions.groupings import Settings, members_of, met_before, wanted_slot
from sessions.models import CityGroup, CityGroupMember, CityProfile, Grouping
from sessions.slot_finder import STEP
from sessions.slot_search import Wanted, span_of


@dataclass(frozen=True)
class GroupReport:
    """One group. `common` is the first span of the lab's days in which sessions of the length may be, None without one.

    `met` are pairs that were together in an earlier round.
    """

    group: CityGroup
    members: tuple[CityGroupMember, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    interests: tuple[str, ...]
    mentors: tuple[City, ...]
    common: tuple[datetime, datetime] | None
    broken: tuple[Broken, ...]
    met: tuple[tuple[City, City], ...]

    @property
    def cities(self) -> tuple[City, ...]:
        return tuple(one.city for one in self.members)


@dataclass(frozen=True)
class LeftOver:
    """A city in no group. `reason` is None for one that was taken out by hand."""

    member: CityGroupMember
    reason: InTheWay | None


@dataclass(frozen=True)
class GroupingReport:
    """A whole round. `mentors_are_enough`: each group needs one."""

    groups: tuple[GroupReport, ...]
    left_over: tuple[LeftOver, ...]
    mentors_are_enough: bool

    @property
    def broken(self) -> int:
        """The number of groups that break a rule."""
        return sum(bool(one.broken) for one in self.groups)


def report_of(grouping: Grouping) -> GroupingReport:
    """Return what organisers read of a round. Five queries. Needs the lab."""
    settings = Settings.from_json(grouping.settings)
    rows = list(grouping.members.select_related("city").order_by("city__slug"))
    groups = list(grouping.groups.select_related("session"))
    members = {one.pk: one for one in members_of(grouping.lab, [row.city for row in rows], settings)}
    met = met_before(grouping)
    interests = {
        one.city_id: {interest.casefold(): interest for interest in one.interests}
        for one in CityProfile.objects.filter(programme=grouping.lab.programme_id)
    }
    able = sum(one.is_mentor for one in members.values())
    enough = settings.mentors and 0 < len(groups) <= able
    found = []
    for one in groups:
        some = tuple(row for row in rows if row.group_id == one.pk)
        of_group = [members[row.city_id] for row in some]
        pairs = [
            (a.city, b.city) for a, b in combinations(some, 2) if frozenset((a.city_id, b.city_id)) in met
        ]
        shared = [set(interests.get(row.city_id, ())) for row in some]
        spelt = interests.get(some[0].city_id, {}) if some else {}
        found.append(
            GroupReport(
                one,
                some,
                tuple(sorted({row.city.country for row in some})),
                tuple(sorted(frozenset.intersection(*(each.languages for each in of_group)))) if some else (),
                tuple(sorted(spelt[each] for each in set.intersection(*shared))) if some else (),
                tuple(row.city for row in some if members[row.city_id].is_mentor),
                _common(grouping, settings, of_group),
                tuple(broken_rules(of_group, met, settings.rules, needs_mentor=enough)),
                tuple(pairs),
            )
        )
    return GroupingReport(tuple(found), _left_over(rows, groups, members, met, settings), enough)


def _left_over(
    rows: Sequence[CityGroupMember],
    groups: Sequence[CityGroup],
    members: dict[int, Member],
    met: set[frozenset[int]],
    settings: Settings,
) -> tuple[LeftOver, ...]:
    loose = [row for row in rows if row.group_id is None]
    if not loose:
        return ()
    ordered = sorted(members.values(), key=lambda one: one.pk)
    place_of = {one.pk: place for place, one in enumerate(ordered)}
    drafts = [Draft([place_of[row.city_id] for row in rows if row.group_id == one.pk]) for one in groups]
    able = sum(one.is_mentor for one in ordered)
    enough = settings.mentors and 0 < len(groups) <= able
    problem = Problem(ordered, met, settings.rules, (), 0, enough)
    return tuple(
        LeftOver(row, None if row.is_fixed else problem.why(place_of[row.city_id], drafts)) for row in loose
    )


def _common(
    grouping: Grouping, settings: Settings, members: Sequence[Member]
) -> tuple[datetime, datetime] | None:
    """Return the first span in which a session may be within the humane hours of all, on one day of the lab's zone."""
    bits = reduce(lambda shared, one: shared & one.hours, members, -1)
    if not members or not bits:
        return None
    earliest, _latest = span_of(grouping.lab, wanted_slot((), settings))
    first = (bits & -bits).bit_length() - 1
    zone = grouping.lab.time_zone
    day = wall(earliest + first * STEP, zone).date()
    last = first
    while bits >> (last + 1) & 1 and wall(earliest + (last + 1) * STEP, zone).date() == day:
        last += 1
    return earliest + first * STEP, earliest + last * STEP + Wanted((), settings.minutes).length
