"""Put cities into small groups. Pure: no queries, no clock, and the same input and seed give the same groups.

Hard rules, which no group breaks by itself: a size from `smallest` to `largest`; nobody with a partner of an earlier
round; a working language that all share; a time on the lab's days at which a session of the wanted length is within the
humane hours of every city, by its own clocks; a mentor in each group where there are enough of them. Cities that cannot
be placed without breaking one are left over, each with what is in its way. Soft: many countries in a group, interests
in common, a size near the wanted one.

Languages and times are bits of an integer, so that what a group shares is one `&`. Work is bounded by counts of steps
and never by the clock, as results would depend on the machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from sessions.group_problem import Draft, Problem
from sessions.group_rules import Grouped, Member, Pair, Rules

# While cities are left over: how often all groups are made, and some made anew. How many partners are tried for one
# of them. How often all pairs are improved.
ATTEMPTS = 4
ANEW = 2000
PARTNER_STEPS = 400
SWEEPS = 6


def group(
    members: Iterable[Member],
    met: Collection[Pair] = (),
    rules: Rules | None = None,
    *,
    kept: Sequence[Collection[int]] = (),
    seed: int = 0,
) -> Grouped:
    """Return the groups. `met` are pairs of earlier rounds, `kept` groups made by hand, which only grow.

    A group that is kept may break rules by itself; no further city is added to it that breaks one more.
    """
    rules = rules or Rules()
    given = sorted({one.pk: one for one in members}.values(), key=lambda one: one.pk)
    mentors = {one.pk for one in given if one.is_mentor}
    enough = rules.mentors and bool(mentors) and len(mentors) >= -(-len(given) // rules.largest)
    found = _Search(given, met, rules, kept, seed, enough).done()
    if rules.mentors and not enough and mentors and len(mentors) >= len(found.groups):
        # So many cities are left over that there are enough mentors for the groups.
        found = _Search(given, met, rules, kept, seed, True).done()
    return found


class _Search(Problem):
    """One run: the steps of the search."""

    def done(self) -> Grouped:
        """Search, and return the best that was found."""
        best: list[Draft] = []
        best_rating: tuple[int, float] | None = None
        kept = [Draft(list(some), len(some)) for some in self.kept]
        for _attempt in range(ATTEMPTS):
            groups = self._attempt([Draft(list(one.places), one.kept) for one in kept])
            rating = len(self.missing(groups)), -sum(map(self.score, groups))
            if best_rating is None or rating < best_rating:
                best, best_rating = groups, rating
            if not best_rating[0]:
                break
        if self.missing(best):
            best = self._made_anew(best)
        self._improve(best)
        for place in self.missing(best):
            self._repair(best, place)
        made = [one for one in best if not one.kept and one.places]
        made.sort(key=lambda one: min(one.places))
        stayed = [one for one in best if one.kept]
        stayed.sort(key=lambda one: self.kept.index(one.places[: one.kept]))
        groups = tuple(
            tuple(sorted(self.members[place].pk for place in one.places)) for one in (*stayed, *made)
        )
        left = {self.members[place].pk: self.why(place, best) for place in self.missing(best)}
        return Grouped(groups, left, self.mentors_are_enough)

    def _made_anew(self, groups: list[Draft]) -> list[Draft]:
        """Break up some groups around a city that is left over and make them anew, as often as is allowed.

        What is not worse is kept, also where it is equal, so that the search does not stay where it is.
        """
        everything = self.universe
        for _time in range(ANEW):
            missing = self.missing(groups)
            if not missing:
                break
            place = self.random.choice(missing)
            near = [one for one in groups if any(self.fits[place] >> each & 1 for each in one.places)]
            chosen = self.random.sample(near, min(len(near), self.random.randint(2, 5)))
            others = [one for one in groups if one not in chosen]
            loose = [each for each in missing if each != place]
            self.random.shuffle(loose)
            self.universe = sorted({place, *loose[:8], *(each for one in chosen for each in one.places)})
            before = len(self.missing(chosen))
            rebuilt = self._attempt([Draft(one.places[: one.kept], one.kept) for one in chosen if one.kept])
            if len(self.missing(rebuilt)) <= before:
                groups = [*others, *rebuilt]
            self.universe = everything
        return groups

    def _attempt(self, groups: list[Draft]) -> list[Draft]:
        """Return groups of the cities in play, those that are kept first: seeds, then the rest, then repairs."""
        if len(self.universe) < self.rules.smallest:
            return groups
        free = self.missing(groups)
        free = self._seeded(groups, free)
        for place in free:
            self._place(groups, place)
        for _round in range(3):
            self._dissolve_small(groups)
            missing = self.missing(groups)
            self.random.shuffle(missing)
            if not missing or not sum(self._repair(groups, place) for place in missing):
                break
        self._dissolve_small(groups)
        self._settle_mentors(groups)
        return groups

    def _seeded(self, groups: list[Draft], free: list[int]) -> list[int]:
        """Begin the groups that are wanted, with a mentor each; return the others, the hardest to place first."""
        kept = [one for one in groups if one.places]
        room = sum(max(0, self.rules.wanted - len(one.places)) for one in kept)
        count = max(0, round((len(free) - room) / self.rules.wanted))
        if not kept and len(free) >= self.rules.smallest:
            count = max(1, count)
        least = -(-max(0, len(free) - sum(self.room(one) for one in kept)) // self.rules.largest)
        count = max(count, least)
        order = {place: (self.fits[place].bit_count(), self.random.random()) for place in free}
        free.sort(key=order.__getitem__)
        spare = [place for place in free if self.is_mentor[place]]
        if self.mentors_are_enough:
            for one in kept:
                if spare and not self.has_mentor(one.places):
                    found = next((place for place in spare if self.can_join(one, place)), None)
                    if found is not None:
                        one.places.append(found)
                        spare.remove(found)
            count = min(count, len(spare))
        joined = {place for one in kept for place in one.places}
        seeds = spare[:count] if self.rules.mentors else []
        rest = [place for place in free if place not in joined and place not in seeds]
        seeds += rest[: count - len(seeds)]
        groups.extend(Draft([place]) for place in seeds)
        taken = {place for one in groups for place in one.places}
        return [place for place in free if place not in taken]

    def _place(self, groups: list[Draft], place: int) -> bool:
        """Put a city where it gains most among those that need members; tell whether there is such a place."""
        best, best_gain = None, (0, 0.0)
        for one in groups:
            if not self.can_join(one, place):
                continue
            size = len(one.places)
            gain = self.score(Draft([*one.places, place])) - self.score(one)
            need = (size < self.rules.wanted) + (size < self.rules.smallest)
            if best is None or (need, gain) > best_gain:
                best, best_gain = one, (need, gain)
        if best is None:
            return False
        best.places.append(place)
        return True

    def _dissolve_small(self, groups: list[Draft]) -> None:
        """Fill groups that are too small from others, or give their members to others."""
        for one in sorted(groups, key=lambda one: -len(one.places)):
            while 0 < len(one.places) < self.rules.smallest:
                if not self._draw(groups, one):
                    break
        for one in [one for one in groups if len(one.places) < self.rules.smallest]:
            loose = one.places[one.kept :]
            del one.places[one.kept :]
            if not one.kept:
                groups.remove(one)
            others = [other for other in groups if other is not one]
            for place in loose:
                self._place(others, place)

    def _draw(self, groups: list[Draft], into: Draft) -> bool:
        """Move a city into a group from one that is larger than the smallest, or take one that is in none."""
        for place in self.missing(groups):
            if self.can_join(into, place):
                into.places.append(place)
                return True
        for other in sorted(groups, key=lambda one: -len(one.places)):
            if other is into or len(other.places) <= self.rules.smallest:
                continue
            for place in other.places[other.kept :]:
                rest = [one for one in other.places if one != place]
                if self.can_join(into, place) and (not self.mentors_are_enough or self.has_mentor(rest)):
                    other.places.remove(place)
                    into.places.append(place)
                    return True
        return False

    def _repair(self, groups: list[Draft], place: int) -> bool:
        """Place a city that is left over: directly, by moving one member on, or in a group of others left over."""
        if any(place in one.places for one in groups):
            return False  # it was taken along
        if self._place(groups, place):
            return True
        for one in groups:
            for member in one.places[one.kept :]:
                rest = [each for each in one.places if each != member]
                if not self.takes(rest, place):
                    continue
                if self.mentors_are_enough and not self.has_mentor([*rest, place]):
                    continue
                if self._moves_on(groups, one, member, place):
                    return True
        return self._found_group(groups, place)

    def _moves_on(self, groups: list[Draft], one: Draft, member: int, instead: int) -> bool:
        """Put a city in the place of a member that joins another group, or takes a third one's place there."""
        for other in groups:
            if other is one:
                continue
            if self.can_join(other, member):
                other.places.append(member)
                one.places[one.places.index(member)] = instead
                return True
        for other in groups:
            if other is one:
                continue
            for third in other.places[other.kept :]:
                rest = [each for each in other.places if each != third]
                if not self.takes(rest, member):
                    continue
                if self.mentors_are_enough and not self.has_mentor([*rest, member]):
                    continue
                for last in groups:
                    if last is not one and last is not other and self.can_join(last, third):
                        last.places.append(third)
                        other.places[other.places.index(third)] = member
                        one.places[one.places.index(member)] = instead
                        return True
        return False

    def _found_group(self, groups: list[Draft], place: int) -> bool:
        """Begin a group with a city that is left over, others like it, and members that large groups can spare."""
        if self.mentors_are_enough and len(groups) >= sum(self.is_mentor[each] for each in self.universe):
            return False
        homes = {each: one for one in groups for each in one.places}
        loose = [each for each in self.missing(groups) if each != place]
        spare = [
            each for one in groups if len(one.places) > self.rules.smallest for each in one.places[one.kept :]
        ]
        likely = [each for each in (*loose, *spare) if self.fits[place] >> each & 1]
        steps = [PARTNER_STEPS]
        new = self._completed([place], likely, homes, steps)
        if not new:
            return False
        for one in groups:
            one.places[one.kept :] = [each for each in one.places[one.kept :] if each not in new]
        groups.append(Draft(new))
        return True

    def _completed(
        self, begun: list[int], likely: Sequence[int], homes: Mapping[int, Draft], steps: list[int]
    ) -> list[int]:
        """Return the smallest group that some likely partners complete; empty if none, or after too many steps."""
        if len(begun) == self.rules.smallest:
            return begun if self.is_sound(begun) else []
        for number, each in enumerate(likely):
            if steps[0] <= 0:
                break
            steps[0] -= 1
            if not self.takes(begun, each) or not self._can_leave(each, begun, homes):
                continue
            if found := self._completed([*begun, each], likely[number + 1 :], homes, steps):
                return found
        return []

    def _can_leave(self, place: int, leaving: Sequence[int], homes: Mapping[int, Draft]) -> bool:
        """Tell whether a group can spare a member beside those who leave already."""
        home = homes.get(place)
        if home is None:
            return True
        rest = [each for each in home.places if each != place and each not in leaving]
        return len(rest) >= self.rules.smallest and (not self.mentors_are_enough or self.has_mentor(rest))

    def _settle_mentors(self, groups: list[Draft]) -> None:
        """Where there are enough mentors, keep no group without one: exchange members, or give the group up."""
        if not self.mentors_are_enough:
            return
        for one in list(groups):
            if not one.places or self.has_mentor(one.places) or self._fetch_mentor(groups, one):
                continue
            loose = one.places[one.kept :]
            del one.places[one.kept :]
            if not one.kept:
                groups.remove(one)
            for place in loose:
                self._place([other for other in groups if other is not one], place)

    def _fetch_mentor(self, groups: list[Draft], into: Draft) -> bool:
        """Bring a mentor into a group: one left over, one that another group can spare, or in exchange."""
        for place in self.missing(groups):
            if self.is_mentor[place]:
                if self.can_join(into, place):
                    into.places.append(place)
                    return True
                for member in into.places[into.kept :]:
                    if self.takes([each for each in into.places if each != member], place):
                        into.places[into.places.index(member)] = place
                        return True
        for other in groups:
            mentors = [place for place in other.places if self.is_mentor[place]]
            if other is into or len(mentors) < 2:
                continue
            for mentor in mentors:
                if mentor not in other.places[other.kept :]:
                    continue
                rest = [each for each in other.places if each != mentor]
                if len(rest) >= self.rules.smallest and self.can_join(into, mentor):
                    other.places.remove(mentor)
                    into.places.append(mentor)
                    return True
                for member in into.places[into.kept :]:
                    others = [each for each in into.places if each != member]
                    if self.takes(others, mentor) and self.takes(rest, member):
                        other.places[other.places.index(mentor)] = member
                        into.places[into.places.index(member)] = mentor
                        return True
        return False

    def _improve(self, groups: list[Draft]) -> None:
        """Exchange and move members as long as that makes groups better and breaks no rule."""
        for _sweep in range(SWEEPS):
            changed = False
            for one, other in combinations(groups, 2):
                changed |= self._exchange(one, other)
                changed |= self._shift(one, other) or self._shift(other, one)
            if not changed:
                return

    def _exchange(self, one: Draft, other: Draft) -> bool:
        before = self.score(one) + self.score(other)
        for mine in one.places[one.kept :]:
            rest = [each for each in one.places if each != mine]
            for theirs in other.places[other.kept :]:
                others = [each for each in other.places if each != theirs]
                if self.score(Draft([*rest, theirs])) + self.score(Draft([*others, mine])) <= before + 1e-9:
                    continue
                if not (self.takes(rest, theirs) and self.takes(others, mine)):
                    continue
                if self.mentors_are_enough and not (
                    self.has_mentor([*rest, theirs]) and self.has_mentor([*others, mine])
                ):
                    continue
                one.places[one.places.index(mine)] = theirs
                other.places[other.places.index(theirs)] = mine
                return True
        return False

    def _shift(self, source: Draft, into: Draft) -> bool:
        """Move one member where both groups are better for it."""
        if len(source.places) <= self.rules.smallest or not into.places or not self.room(into):
            return False
        before = self.score(source) + self.score(into)
        for place in source.places[source.kept :]:
            rest = [each for each in source.places if each != place]
            if self.score(Draft(rest)) + self.score(Draft([*into.places, place])) <= before + 1e-9:
                continue
            if self.mentors_are_enough and not self.has_mentor(rest):
                continue
            if self.takes(into.places, place):
                source.places.remove(place)
                into.places.append(place)
                return True
        return False
