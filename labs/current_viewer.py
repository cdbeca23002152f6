"""Builds the `Viewer` of a request, an account or an API token."""

from dataclasses import replace

from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from core.accounts.models import User
from core.accounts.second_factors import has_second_factor
from labs.models import ApiToken, Delegate, Lab, Programme, Staff
from labs.viewer import VISITOR, Viewer


def viewer_for(user: User) -> Viewer:
    """Build the viewer of an account, in two queries; in up to three more for superusers, and where a programme of
    the account requires a second factor.
    """
    owned, organised, door = set(), set(), set()
    roles = list(
        Staff.objects.filter(user=user).values_list(
            "role",
            "lab_id",
            Coalesce("programme_id", "lab__programme_id"),
            Coalesce("programme__requires_second_factor", "lab__programme__requires_second_factor"),
        )
    )
    withheld = {programme for _role, _lab, programme, requires in roles if requires}
    if user.is_superuser:
        requiring = Programme.objects.filter(requires_second_factor=True)
        withheld |= set(requiring.order_by().values_list("pk", flat=True))
    if withheld and has_second_factor(user):
        withheld = set()
    for role, lab_id, programme_id, _requires in roles:
        if programme_id in withheld:
            continue
        if role == Staff.Role.OWNER:
            owned.add(programme_id)
        elif role == Staff.Role.ORGANISER:
            organised.add(lab_id)
        else:
            door.add(lab_id)
    is_superuser = user.is_superuser
    if is_superuser and withheld:
        is_superuser = False
        owned = set(Programme.objects.exclude(pk__in=withheld).order_by().values_list("pk", flat=True))
    delegations = Delegate.objects.filter(user=user).values_list("programme_id", "city_id")
    return Viewer(
        user_id=user.pk,
        is_superuser=is_superuser,
        owned_programmes=frozenset(owned),
        organised_labs=frozenset(organised),
        door_labs=frozenset(door),
        delegations=frozenset(delegations),
        withheld=frozenset(withheld),
    )


def viewer_for_token(token: ApiToken) -> Viewer:
    """Build the viewer of an API token: its user's rights, limited to the token's lab and scopes."""
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
    """Return the request's viewer, built once. No query for anonymous users."""
    viewer: Viewer | None = getattr(request, "_viewer", None)
    if viewer is None:
        user = request.user
        viewer = viewer_for(user) if user.is_authenticated else VISITOR
        request._viewer = viewer  # type: ignore[attr-defined]
    return viewer


def get_visible_lab_or_404(viewer: Viewer, slug: str, *related: str) -> Lab:
    """Return the lab with its programme, and with what else hangs on it one to one, in one query.

    Raises Http404 if it does not exist or this viewer may not see it.
    """
    return get_object_or_404(Lab.objects.visible_to(viewer).select_related("programme", *related), slug=slug)
