"""Small groups of cities: no hard rule is broken whatever comes in, and the same input gives the same groups."""

import random
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessions.city_groups import group
from sessions.group_rules import Broken, Grouped, InTheWay, Member, Pair, Rules, broken_rules

LANGUAGES = [f"l{number}" for number in range(24)]
ALL_DAY = (1 << 40) - 1


def member(pk: int, **more: object) -> Member:
    given_: dict[str, object] = {"country": "BG", "languages": frozenset({"en"}), "hours": ALL_DAY}
    return Member(pk, **{**given_, **more})  # type: ignore[arg-type]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Member], set[Pair], Rules]:
    count = draw(st.integers(0, 40))
    variety = draw(st.integers(1, 6))  # of languages; few make groups possible
    zones = [draw(st.integers(0, ALL_DAY)) for _zone in range(draw(st.integers(1, 5)))] + [ALL_DAY]
    shuffled = random.Random(draw(st.integers(0, 10**6)))
    members = [
        member(
            pk,
            country=shuffled.choice(["BG", "IT", "ES", "GR", "SI"]),
            languages=frozenset(shuffled.sample(LANGUAGES[:variety], shuffled.randint(0, min(2, variety)))),
            hours=shuffled.choice(zones),
            interests=frozenset(shuffled.sample(["data", "energy", "water"], shuffled.randint(0, 3))),
            is_mentor=shuffled.random() < draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])),
        )
        for pk in range(count)
    ]
    pairs = list(combinations(range(count), 2))
    met = {frozenset(pair) for pair in shuffled.sample(pairs, len(pairs) * draw(st.integers(0, 60)) // 100)}
    smallest = draw(st.integers(2, 4))
    wanted = draw(st.integers(smallest, 5))
    return members, met, Rules(smallest, wanted, draw(st.integers(wanted, 6)), draw(st.booleans()))


def check(members: list[Member], met: set[Pair], rules: Rules, found: Grouped) -> None:
    """Fail unless every city is in one group or left over with a reason, and no group breaks a hard rule."""
    by_pk = {one.pk: one for one in members}
    assert sorted([*(pk for some in found.groups for pk in some), *found.left_over]) == sorted(by_pk)
    mentors = sum(one.is_mentor for one in members)
    needs_mentor = rules.mentors and 0 < len(found.groups) <= mentors
    for some in found.groups:
        assert broken_rules([by_pk[pk] for pk in some], met, rules, needs_mentor=needs_mentor) == []


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(0, 5))
def test_no_hard_rule_is_ever_broken_and_the_result_is_the_same_again(
    world: tuple[list[Member], set[Pair], Rules], seed: int
) -> None:
    members, met, rules = world
    found = group(members, met, rules, seed=seed)
    check(members, met, rules, found)
    assert group(list(reversed(members)), sorted(met, key=sorted), rules, seed=seed) == found


@settings(max_examples=30, deadline=None)
@given(worlds(), st.data())
def test_groups_made_by_hand_stay_and_what_is_added_breaks_no_rule(
    world: tuple[list[Member], set[Pair], Rules], data: st.DataObject
) -> None:
    members, met, rules = world
    if len(members) < 4:
        return
    chosen = data.draw(st.permutations([one.pk for one in members]))
    kept = [chosen[:2], chosen[2:3]]
    found = group(members, met, rules, kept=kept)
    by_pk = {one.pk: one for one in members}
    assert sorted([*(pk for some in found.groups for pk in some), *found.left_over]) == sorted(by_pk)
    for number, some in enumerate(found.groups):
        by_hand = kept[number] if number < len(kept) else []
        assert set(by_hand) <= set(some)
        before = broken_rules([by_pk[pk] for pk in by_hand], met, rules)
        after = broken_rules([by_pk[pk] for pk in some], met, rules)
        may = {Broken.TOO_SMALL} if by_hand else set()
        assert set(after) <= {*before, *may}


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_cities_that_are_left_over_neither_fit_a_group_nor_make_one(
    world: tuple[list[Member], set[Pair], Rules],
) -> None:
    members, met, rules = world
    rules = Rules(rules.smallest, rules.wanted, rules.largest, mentors=False)
    found = group(members, met, rules)
    by_pk = {one.pk: one for one in members}
    left = sorted(found.left_over)
    for pk, some in ((pk, some) for pk in left for some in found.groups):
        assert broken_rules([by_pk[each] for each in (*some, pk)], met, rules)
    for some in combinations(left, rules.smallest):
        assert broken_rules([by_pk[each] for each in some], met, rules)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8, 11, 13, 136])
def test_all_cities_are_placed_where_nothing_is_in_the_way(count: int) -> None:
    found = group([member(pk, country=str(pk % 30)) for pk in range(count)])
    assert found.left_over == {}
    assert {len(some) for some in found.groups} <= {3, 4, 5}


def test_rounds_follow_one_another_without_a_pair_that_met() -> None:
    members = [member(pk, country=str(pk % 6), is_mentor=pk < 8) for pk in range(32)]
    met: set[Pair] = set()
    for _round in range(4):
        found = group(members, met)
        check(members, met, Rules(), found)
        assert found.left_over == {}
        met |= {frozenset(pair) for some in found.groups for pair in combinations(some, 2)}


def test_countries_are_spread_and_interests_shared() -> None:
    members = [
        member(pk, country="BG" if pk < 6 else "IT", interests=frozenset({"water" if pk % 2 else "energy"}))
        for pk in range(12)
    ]
    found = group(members, rules=Rules(wanted=4))
    for some in found.groups:
        assert {members[pk].country for pk in some} == {"BG", "IT"}
    assert any(len({members[pk].interests for pk in some}) == 1 for some in found.groups)


def test_each_group_has_a_mentor_where_there_are_enough_and_one_at_most_where_there_are_few() -> None:
    enough = [member(pk, country=str(pk % 9), is_mentor=pk < 9) for pk in range(36)]
    found = group(enough)
    assert found.mentors_are_enough
    assert sorted(sum(pk < 9 for pk in some) for some in found.groups) == [1] * 9
    few = [member(pk, country=str(pk % 9), is_mentor=pk < 4) for pk in range(36)]
    found = group(few)
    assert not found.mentors_are_enough
    assert sorted(sum(pk < 4 for pk in some) for some in found.groups)[-4:] == [1] * 4


@pytest.mark.parametrize(
    ("odd", "met", "reason"),
    [
        ({"languages": frozenset()}, (), InTheWay.NO_LANGUAGES_KNOWN),
        ({"hours": 0}, (), InTheWay.NO_HOURS),
        ({"languages": frozenset({"is"})}, (), InTheWay.NOBODY_SHARES_A_LANGUAGE),
        ({"hours": 1 << 60}, (), InTheWay.NOBODY_SHARES_HOURS),
        ({}, [(0, pk) for pk in range(1, 8)], InTheWay.MET_ALL_BEFORE),
        ({}, [(0, pk) for pk in range(2, 8)], InTheWay.TOO_FEW_PARTNERS),
    ],
)
def test_a_city_that_is_left_over_is_told_why(
    odd: dict[str, object], met: list[tuple[int, int]], reason: InTheWay
) -> None:
    members = [member(0, **odd), *(member(pk) for pk in range(1, 8))]
    found = group(members, {frozenset(pair) for pair in met})
    assert found.left_over == {0: reason}


def test_two_cities_are_no_group() -> None:
    found = group([member(1), member(2)])
    assert (found.groups, set(found.left_over.values())) == ((), {InTheWay.TOO_FEW_CITIES})


@example(3, 2, 5)
@example(3, 6, 5)
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_sizes_that_fall_are_refused(smallest: int, wanted: int, largest: int) -> None:
    if 2 <= smallest <= wanted <= largest:
        Rules(smallest, wanted, largest)
    else:
        with pytest.raises(ValueError, match="sizes"):
            Rules(smallest, wanted, largest)
