"""Rounds of small groups: made, made anew around what was changed by hand, marked as final, deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, time
from itertools import combinations
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.working_hours import spans_within_hours, start_bits
from core.web.edit_conflicts import DeletedMeanwhile, EditConflict
from core.web.errors import InvalidFields, RuleViolation
from labs.lab_editing import Findings
from labs.models import City, Lab
from labs.revisions import lock_lab
from sessions.city_groups import group
from sessions.group_rules import Grouped, Member, Pair, Rules
from sessions.models import CityGroup, CityGroupMember, CityProfile, Grouping
from sessions.slot_finder import STEP
from sessions.slot_search import LONGEST, SHORTEST, Wanted, span_of

MOST_CITIES = 400
MOST_GROUPINGS = 100
LARGEST = 12


@dataclass(frozen=True)
class Settings:
    """What groups are made by. No `first_day` or `last_day` means the lab's. Hours are those of each city."""

    smallest: int = 3
    wanted: int = 4
    largest: int = 5
    mentors: bool = True
    minutes: int = 60
    day_begins: time = time(8)
    day_ends: time = time(18)
    first_day: date | None = None
    last_day: date | None = None

    @property
    def rules(self) -> Rules:
        return Rules(self.smallest, self.wanted, self.largest, self.mentors)

    def as_json(self) -> dict[str, object]:
        """Return the settings as `Grouping.settings` stores them."""
        return {
            name: value.isoformat() if isinstance(value, time | date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Settings:
        """Return the settings of `Grouping.settings`."""
        values = {one.name: stored[one.name] for one in fields(cls) if one.name in stored}
        for name in ("day_begins", "day_ends"):
            if name in values:
                values[name] = time.fromisoformat(values[name])
        for name in ("first_day", "last_day"):
            if values.get(name):
                values[name] = date.fromisoformat(values[name])
        return cls(**values)


@transaction.atomic
def create_grouping(
    lab: Lab, name: str, cities: Collection[City], settings: Settings, by: User, *, seed: int = 1
) -> Grouping:
    """Put cities into groups and store them as a new round. Raises InvalidFields."""
    lab = lock_lab(lab.pk)
    check(lab, name, cities, settings)
    if lab.groupings.count() >= MOST_GROUPINGS:
        raise RuleViolation("too_many", gettext("This lab has enough groupings. Delete one first."))
    grouping = Grouping(lab=lab, name=name.strip(), seed=seed, settings=settings.as_json(), created_by=by)
    grouping.save()
    found = group(members_of(lab, cities, settings), met_before(grouping), settings.rules, seed=seed)
    _write(grouping, found, fixed={}, mentors=_mentors(lab, cities))
    return grouping


@transaction.atomic
def regroup(grouping: Grouping, *, seed: int | None = None, expected_version: int | None = None) -> Grouping:
    """Make the groups anew, but for cities that were put into theirs by hand and groups that have a session.

    Profiles and the lab's days are read as they are now. Raises RuleViolation, EditConflict.
    """
    lock(grouping, expected_version)
    settings = Settings.from_json(grouping.settings)
    lab = grouping.lab
    members = list(grouping.members.select_related("city", "group"))
    cities = [one.city for one in members]
    check(lab, grouping.name, cities, settings)
    groups = list(grouping.groups.all())
    fixed: dict[int, list[int]] = {
        one.number: [
            member.city_id
            for member in members
            if member.group_id == one.pk and (member.is_fixed or one.session_id is not None)
        ]
        for one in groups
    }
    kept = {number: some for number, some in sorted(fixed.items()) if some}
    # A group that has a session is not added to either: its cities are told of it.
    closed = {one.number for one in groups if one.session_id is not None and one.number in kept}
    standing = {pk for number in closed for pk in kept[number]}
    open_groups = {number: some for number, some in kept.items() if number not in closed}
    left_out = {one.city_id for one in members if one.is_fixed and one.group_id is None}
    free = [city for city in cities if city.pk not in standing | left_out]
    grouping.seed = seed if seed is not None else grouping.seed
    found = group(
        members_of(lab, free, settings),
        met_before(grouping),
        settings.rules,
        kept=list(open_groups.values()),
        seed=grouping.seed,
    )
    grouping.save()
    _write(
        grouping,
        found,
        fixed=dict.fromkeys((*left_out, *(pk for some in open_groups.values() for pk in some)), True),
        mentors=_mentors(lab, cities),
        closed={number: kept[number] for number in closed},
        left_out=left_out,
        fixed_in_closed={one.city_id for one in members if one.is_fixed},
    )
    return grouping


@transaction.atomic
def change_by_hand(
    grouping: Grouping, places: Mapping[int, int | None], *, expected_version: int | None = None
) -> bool:
    """Put cities (ids) into groups by their numbers, None for no group; tell whether any moved.

    A number that no group has yet begins one. What was moved stays when the rest is made anew. Rules that are broken
    are told, not refused. Raises InvalidFields, RuleViolation, EditConflict.
    """
    lock(grouping, expected_version)
    members = {one.city_id: one for one in grouping.members.select_related("group")}
    groups = {one.number: one for one in grouping.groups.all()}
    if not set(places) <= set(members):
        raise InvalidFields({"": [gettext("Choose cities of this grouping.")]})
    moved = []
    for pk, number in places.items():
        member = members[pk]
        before = member.group.number if member.group else None
        if number == before:
            continue
        if number is not None and not 1 <= number <= MOST_CITIES:
            raise InvalidFields({"": [gettext("Choose a group from the list.")]})
        for one in (before, number):
            if one is not None and one in groups and groups[one].session_id is not None:
                words = gettext("Group %(number)d has a session already. Change the cities of the session.")
                raise RuleViolation("has_session", words % {"number": one})
        if number is not None and number not in groups:
            groups[number] = CityGroup.objects.create(grouping=grouping, number=number)
        member.group = groups[number] if number is not None else None
        member.is_fixed = True
        moved.append(member)
    if moved:
        CityGroupMember.objects.bulk_update(moved, ["group", "is_fixed"])
        _number_anew(grouping)
        grouping.save()
    return bool(moved)


@transaction.atomic
def change_grouping(
    grouping: Grouping,
    places: Mapping[int, int | None],
    fixed: Collection[int] | None = None,
    is_final: bool | None = None,
    *,
    expected_version: int | None = None,
) -> bool:
    """Change what is given, all of it or nothing; tell whether cities moved. As the three verbs that it calls."""
    lock(grouping, expected_version)
    if fixed is not None:
        set_fixed(grouping, fixed)
    moved = change_by_hand(grouping, places)
    if is_final is not None:
        set_final(grouping, is_final)
    return moved


@transaction.atomic
def set_fixed(grouping: Grouping, cities: Collection[int], *, expected_version: int | None = None) -> None:
    """Say which cities (ids) stay where they are when the rest is made anew. Raises EditConflict."""
    lock(grouping, expected_version)
    changed = []
    for member in grouping.members.all():
        if member.is_fixed != (member.city_id in cities):
            member.is_fixed = not member.is_fixed
            changed.append(member)
    if changed:
        CityGroupMember.objects.bulk_update(changed, ["is_fixed"])
        grouping.save()


@transaction.atomic
def set_final(grouping: Grouping, is_final: bool, *, expected_version: int | None = None) -> Grouping:
    """Say whether the groups of a round count as having met. Raises EditConflict."""
    lock(grouping, expected_version)
    if bool(grouping.final_at) != is_final:
        grouping.final_at = timezone.now() if is_final else None
        grouping.save()
    return grouping


@transaction.atomic
def delete_grouping(grouping: Grouping) -> None:
    """Delete a round without sessions. Raises RuleViolation."""
    lock(grouping)
    if grouping.groups.filter(session__isnull=False).exists():
        raise RuleViolation(
            "has_sessions", gettext("These groups have sessions. Delete or cancel the sessions first.")
        )
    grouping.delete()


def lock(grouping: Grouping, expected_version: int | None = None) -> Grouping:
    """Lock the lab and the round and bring it up to date. Raises EditConflict, DeletedMeanwhile."""
    lab = lock_lab(grouping.lab_id)
    found = Grouping.objects.select_for_update(no_key=True, of=("self",)).filter(pk=grouping.pk)
    try:
        grouping.refresh_from_db(from_queryset=found)
    except Grouping.DoesNotExist:
        raise DeletedMeanwhile from None
    grouping.lab = lab
    if expected_version is not None and grouping.version != expected_version:
        raise EditConflict
    return grouping


def check(lab: Lab, name: str, cities: Collection[City], settings: Settings) -> None:
    """Raise InvalidFields for what no groups can be made of."""
    findings = Findings()
    findings.check_columns(Grouping(lab=lab, name=name.strip()), ["name"])
    if not 2 <= settings.smallest <= settings.wanted <= settings.largest <= LARGEST:
        words = gettext("Enter sizes from 2 to %(most)d, the smallest first.")
        findings.add("wanted", words % {"most": LARGEST})
    if not SHORTEST <= settings.minutes <= LONGEST:
        words = gettext("Enter a length from %(least)d to %(most)d minutes.")
        findings.add("minutes", words % {"least": SHORTEST, "most": LONGEST})
    if settings.day_begins >= settings.day_ends:
        findings.add("day_ends", gettext("The end is not after the start. Choose a later end."))
    for which, on in (("first_day", settings.first_day), ("last_day", settings.last_day)):
        if on is not None and not lab.starts_on <= on <= lab.ends_on:
            findings.add(which, gettext("Choose one of the lab's days."))
    if settings.first_day and settings.last_day and settings.last_day < settings.first_day:
        findings.add("last_day", gettext("Choose the first day or a later one."))
    if len({city.pk for city in cities}) < settings.smallest:
        words = gettext("Choose at least %(count)d cities.")
        findings.add("cities", words % {"count": settings.smallest})
    if len(cities) > MOST_CITIES:
        findings.add("cities", gettext("Choose at most %(count)d cities.") % {"count": MOST_CITIES})
    findings.raise_errors()


def members_of(lab: Lab, cities: Iterable[City], settings: Settings) -> list[Member]:
    """Return the cities as grouping sees them, with their profiles and the humane hours of their zones. One query."""
    profiles = {one.city_id: one for one in CityProfile.objects.filter(programme=lab.programme_id)}
    bits = hours_by_zone(lab, {city.time_zone for city in cities}, settings)
    found = []
    for city in cities:
        one = profiles.get(city.pk) or CityProfile()
        found.append(
            Member(
                city.pk,
                city.country,
                frozenset(one.languages),
                bits[city.time_zone],
                frozenset(interest.casefold() for interest in one.interests),
                one.is_mentor,
            )
        )
    return found


def hours_by_zone(lab: Lab, zones: Iterable[str], settings: Settings) -> dict[str, int]:
    """Return the starts, as bits, at which a session of the wanted length is within the humane hours of each zone."""
    earliest, latest = span_of(lab, wanted_slot((), settings))
    length = Wanted((), settings.minutes).length
    return {
        zone: start_bits(
            spans_within_hours(zone, settings.day_begins, settings.day_ends, earliest, latest),
            earliest,
            STEP,
            length,
        )
        for zone in zones
    }


def wanted_slot(cities: Sequence[City], settings: Settings) -> Wanted:
    """Return what a slot is looked for with, for cities of one group."""
    return Wanted(
        cities,
        settings.minutes,
        first_day=settings.first_day,
        last_day=settings.last_day,
        day_begins=settings.day_begins,
        day_ends=settings.day_ends,
    )


def met_before(grouping: Grouping) -> set[Pair]:
    """Return the pairs of cities (ids) that were together in an earlier final round of the programme. One query.

    For a round that is final itself, those of rounds that became final before it.
    """
    programme = grouping.lab.programme_id
    rounds = Grouping.objects.filter(lab__programme=programme, final_at__isnull=False).exclude(pk=grouping.pk)
    if grouping.final_at:
        rounds = rounds.filter(final_at__lt=grouping.final_at)
    by_group: dict[int, list[int]] = {}
    rows = CityGroupMember.objects.filter(grouping__in=rounds, group__isnull=False)
    for group_id, city_id in rows.values_list("group", "city"):
        by_group.setdefault(group_id, []).append(city_id)
    return {frozenset(pair) for some in by_group.values() for pair in combinations(some, 2)}


def _mentors(lab: Lab, cities: Iterable[City]) -> set[int]:
    able = CityProfile.objects.filter(programme=lab.programme_id, is_mentor=True)
    return set(able.values_list("city", flat=True)) & {city.pk for city in cities}


def _write(
    grouping: Grouping,
    found: Grouped,
    *,
    fixed: Mapping[int, bool],
    mentors: Collection[int],
    closed: Mapping[int, Sequence[int]] | None = None,
    left_out: Collection[int] = (),
    fixed_in_closed: Collection[int] = (),
) -> None:
    """Replace the groups of a round, except those that are `closed`, by number; numbers follow one another."""
    closed = closed or {}
    standing = {one.number: one for one in grouping.groups.filter(number__in=closed)}
    grouping.groups.exclude(number__in=closed).delete()
    grouping.members.all().delete()
    numbers = iter(number for number in range(1, MOST_CITIES + 1) if number not in closed)
    made = CityGroup.objects.bulk_create(
        CityGroup(grouping=grouping, number=next(numbers)) for _some in found.groups
    )
    homes: dict[int, CityGroup | None] = dict.fromkeys([*found.left_over, *left_out])
    for number, some in closed.items():
        homes |= dict.fromkeys(some, standing[number])
    for one, some in zip(made, found.groups, strict=True):
        homes |= dict.fromkeys(some, one)
    CityGroupMember.objects.bulk_create(
        CityGroupMember(
            grouping=grouping,
            group=home,
            city_id=pk,
            is_mentor=pk in mentors,
            is_fixed=fixed.get(pk, pk in fixed_in_closed),
        )
        for pk, home in sorted(homes.items())
    )


def _number_anew(grouping: Grouping) -> None:
    """Delete groups without cities and without a session, and close the gaps in the numbers of the others."""
    grouping.groups.filter(members__isnull=True, session__isnull=True).delete()
    for number, one in enumerate(grouping.groups.order_by("number"), 1):
        if one.number != number:
            one.number = number
            one.save(update_fields=["number"])
