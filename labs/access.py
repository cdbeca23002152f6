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
404, exactly like a URL that does not exist.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

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
        if found is None or not may(viewer_of(request), found):
            raise Http404
        return view(request, found, *args, **kwargs)

    return for_accounts(allowed, policy)


def organiser(view: View) -> View:
    return _require_lab_right(view, "organiser", lambda viewer, lab: viewer.organises(lab))


def door(view: View) -> View:
    return _require_lab_right(view, "door", lambda viewer, lab: viewer.is_door_staff_of(lab))


def owner(view: View) -> View:
    @functools.wraps(view)
    def allowed(request: HttpRequest, programme: str, *args: object, **kwargs: object) -> HttpResponseBase:
        found = Programme.objects.filter(slug=programme).first()
        if found is None or not viewer_of(request).owns(found.pk):
            raise Http404
        return view(request, found, *args, **kwargs)

    return for_accounts(allowed, "owner")
