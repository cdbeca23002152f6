"""Who is looking, as a plain value. `labs.current_viewer` builds it for a request, an account or an API token."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol


class LabKeys(Protocol):
    """What rights in a lab hang on."""

    pk: int

    @property
    def programme_id(self) -> int: ...


@dataclass(frozen=True)
class Viewer:
    """A reader's rights, as plain ids. The default is a visitor, who has none.

    `delegations` are (programme id, city id) pairs. `seated_sessions` are the sessions in which the holder of a
    registration's private link has a seat or waits for one. `scopes` is None for people and a set for API tokens.
    """

    user_id: int | None = None
    is_superuser: bool = False
    owned_programmes: frozenset[int] = frozenset()
    organised_labs: frozenset[int] = frozenset()
    door_labs: frozenset[int] = frozenset()
    delegations: frozenset[tuple[int, int]] = frozenset()
    seated_sessions: frozenset[int] = frozenset()
    scopes: frozenset[str] | None = field(default=None)

    @cached_property
    def cities_by_programme(self) -> dict[int, frozenset[int]]:
        cities: dict[int, set[int]] = defaultdict(set)
        for programme, city in self.delegations:
            cities[programme].add(city)
        return {programme: frozenset(ids) for programme, ids in cities.items()}

    @property
    def is_visitor(self) -> bool:
        """Whether this viewer sees exactly what everybody sees, so that answers may be shared in caches."""
        return self == VISITOR

    @property
    def is_staff_anywhere(self) -> bool:
        return self.is_superuser or bool(self.owned_programmes or self.organised_labs or self.door_labs)

    def owns(self, programme_id: int) -> bool:
        return self.is_superuser or programme_id in self.owned_programmes

    def organises(self, lab: LabKeys) -> bool:
        """Organisers of the lab, and owners of its programme."""
        return self.owns(lab.programme_id) or lab.pk in self.organised_labs

    def keeps_door_of(self, lab: LabKeys) -> bool:
        """Door staff of the lab, and everyone who organises it."""
        return self.organises(lab) or lab.pk in self.door_labs

    def with_seats(self, session_ids: frozenset[int]) -> "Viewer":
        """Return this viewer, who now also holds the private link of a registration with these sessions."""
        return replace(self, seated_sessions=self.seated_sessions | session_ids)


VISITOR = Viewer()
