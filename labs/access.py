"""Decorators that declare who may use a view. A test fails for any view without one.

    @access.public                      everybody
    @access.personal_link               people with the private link; the view resolves the token
    @access.signed_in                   an account, any role
    @access.organiser                   organisers of the lab in the URL; the view gets the `Lab`
    @access.door                        door staff of that lab, and its organisers; likewise
    @access.owner                       owners of the programme in the URL; the view gets the `Programme`
    @access.superuser                   superusers
    @access.monitoring                  the operator's probes, with a token

Without an account a protected view redirects to the sign-in page; with an account but without the right it answers
404, exactly like a URL that does not exist. Staff without a second factor, where the programme requires one, is led to
setting it up.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from core.web.access import (
    View,
    declare,
    for_accounts,
    is_one_click,
    keep_private,
    monitoring,
    one_click,
    personal_link,
    public,
    signed_in,
    superuser,
)
from labs.current_viewer import viewer_of
from labs.models import Lab, Programme

__all__ = [
    "declare",
    "door",
    "is_one_click",
    "keep_private",
    "monitoring",
    "one_click",
    "organiser",
    "owner",
    "personal_link",
    "public",
    "signed_in",
    "superuser",
]


def _require_lab_right(view: View, policy: str, may: Callable[[Any, Lab], bool]) -> View:
    @functools.wraps(view)
    def allowed(request: HttpRequest, lab: str, *args: object, **kwargs: object) -> HttpResponseBase:
        found = Lab.objects.select_related("programme").filter(slug=lab).first()
        if found is not None and may(viewer_of(request), found):
            return view(request, found, *args, **kwargs)
        return _refuse(request, found.programme_id if found else None)

    return for_accounts(allowed, policy)


def organiser(view: View) -> View:
    return _require_lab_right(view, "organiser", lambda viewer, lab: viewer.organises(lab))


def door(view: View) -> View:
    return _require_lab_right(view, "door", lambda viewer, lab: viewer.is_door_staff_of(lab))


def owner(view: View) -> View:
    @functools.wraps(view)
    def allowed(request: HttpRequest, programme: str, *args: object, **kwargs: object) -> HttpResponseBase:
        found = Programme.objects.filter(slug=programme).first()
        if found is not None and viewer_of(request).owns(found.pk):
            return view(request, found, *args, **kwargs)
        return _refuse(request, found.pk if found else None)

    return for_accounts(allowed, "owner")


def _refuse(request: HttpRequest, programme_id: int | None) -> HttpResponseBase:
    """Lead to setting up a second factor where that alone is missing. Raises Http404 otherwise."""
    if programme_id is None or programme_id not in viewer_of(request).withheld:
        raise Http404
    return redirect(f"{reverse('mfa_index')}?required")
