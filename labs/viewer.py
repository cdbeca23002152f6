"""Who is looking: built once per request from account, roles, a person's own link, or an API token."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from core.accounts.models import User
    from labs.models import ApiToken, Lab


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

    def organises(self, lab: "Lab") -> bool:
        """Organisers of the lab, and owners of its programme."""
        return self.owns(lab.programme_id) or lab.pk in self.organised_labs

    def keeps_door_of(self, lab: "Lab") -> bool:
        """Door staff of the lab, and everyone who organises it."""
        return self.organises(lab) or lab.pk in self.door_labs

    def with_seats(self, session_ids: frozenset[int]) -> "Viewer":
        """Return this viewer, who now also holds the private link of a registration with these sessions."""
        return replace(self, seated_sessions=self.seated_sessions | session_ids)


VISITOR = Viewer()


def viewer_for(user: "User") -> Viewer:
    """Build the viewer of an account, in two queries."""
    from labs.models import Delegate, Staff

    owned, organised, door = set(), set(), set()
    for role, programme_id, lab_id in Staff.objects.filter(user=user).values_list(
        "role", "programme_id", "lab_id"
    ):
        if role == Staff.Role.OWNER:
            owned.add(programme_id)
        elif role == Staff.Role.ORGANISER:
            organised.add(lab_id)
        else:
            door.add(lab_id)
    delegations = Delegate.objects.filter(user=user).values_list("programme_id", "city_id")
    return Viewer(
        user_id=user.pk,
        is_superuser=user.is_superuser,
        owned_programmes=frozenset(owned),
        organised_labs=frozenset(organised),
        door_labs=frozenset(door),
        delegations=frozenset(delegations),
    )


def viewer_for_token(token: "ApiToken") -> Viewer:
    """Build the viewer of an API token: its user's rights, narrowed to the token's lab and scopes."""
    viewer = replace(viewer_for(token.user), scopes=frozenset(token.scopes))
    if token.lab is None:
        return viewer
    return replace(
        viewer,
        is_superuser=False,
        owned_programmes=frozenset(),
        organised_labs=frozenset([token.lab.pk]) if viewer.organises(token.lab) else frozenset(),
        door_labs=viewer.door_labs & {token.lab.pk},
        delegations=frozenset(pair for pair in viewer.delegations if pair[0] == token.lab.programme_id),
    )


def viewer_of(request: HttpRequest) -> Viewer:
    """Return who is looking at this request, built once. Costs no query where nobody is signed in."""
    viewer: Viewer | None = getattr(request, "_viewer", None)
    if viewer is None:
        user = request.user
        viewer = viewer_for(user) if user.is_authenticated else VISITOR
        request._viewer = viewer  # type: ignore[attr-defined]
    return viewer
