"""The `Viewer`, a value object. `labs.current_viewer` builds it for a request, an account or an API token."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol


class LabKeys(Protocol):
    """The fields of a lab that rights depend on."""

    pk: int

    @property
    def programme_id(self) -> int: ...


@dataclass(frozen=True)
class Viewer:
    """A reader's rights, as ids. The default is a visitor, who has none.

    `delegations` are (programme id, city id) pairs. `seated_sessions` are the sessions in which the reader's
    registration has a seat or is on the waiting list. `scopes` is None for people and a set for API tokens.

    `withheld` are the programmes in which the account has a role that it lacks a second factor for: the rights of that
    role are in none of the other fields. With `within` the viewer sees no session that this other one does not see.
    """

    user_id: int | None = None
    is_superuser: bool = False
    owned_programmes: frozenset[int] = frozenset()
    organised_labs: frozenset[int] = frozenset()
    door_labs: frozenset[int] = frozenset()
    delegations: frozenset[tuple[int, int]] = frozenset()
    seated_sessions: frozenset[int] = frozenset()
    scopes: frozenset[str] | None = field(default=None)
    withheld: frozenset[int] = frozenset()
    within: "Viewer | None" = field(default=None)

    @cached_property
    def cities_by_programme(self) -> dict[int, frozenset[int]]:
        cities: dict[int, set[int]] = defaultdict(set)
        for programme, city in self.delegations:
            cities[programme].add(city)
        return {programme: frozenset(ids) for programme, ids in cities.items()}

    @property
    def is_staff_anywhere(self) -> bool:
        return self.is_superuser or bool(self.owned_programmes or self.organised_labs or self.door_labs)

    def owns(self, programme_id: int) -> bool:
        return self.is_superuser or programme_id in self.owned_programmes

    def organises(self, lab: LabKeys) -> bool:
        """Tell whether the viewer is an organiser of the lab or an owner of its programme."""
        return self.owns(lab.programme_id) or lab.pk in self.organised_labs

    def is_door_staff_of(self, lab: LabKeys) -> bool:
        """Tell whether the viewer is door staff of the lab or organises it."""
        return self.organises(lab) or lab.pk in self.door_labs

    def with_seats(self, session_ids: frozenset[int]) -> "Viewer":
        """Return this viewer with these sessions added to `seated_sessions`."""
        return replace(self, seated_sessions=self.seated_sessions | session_ids)


VISITOR = Viewer()
