"""Who may use a route. Every view carries one of these declarations; a test fails the build for any that lacks one.

    @access.public                      everybody
    @access.personal_link               whoever holds the private link; the view itself resolves the token
    @access.signed_in                   an account, any role
    @access.organiser                   organisers of the lab named in the address; the view gets the `Lab`
    @access.door                        door staff of that lab, and its organisers; likewise
    @access.owner                       owners of the programme named in the address; the view gets the `Programme`
    @access.superuser                   whoever runs the service
    @access.monitoring                  the operator's probes: a token, never the public

Without an account a guarded route leads to the sign-in page; with an account but without the right it answers 404,
exactly like an address that does not exist.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from core.web.access import (
    View,
    declare,
    keep_private,
    monitoring,
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
    "keep_private",
    "monitoring",
    "organiser",
    "owner",
    "personal_link",
    "public",
    "signed_in",
    "superuser",
]


def _of_lab(view: View, policy: str, may: Callable[[Any, Lab], bool]) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, lab: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = Lab.objects.select_related("programme").filter(slug=lab).first()
        if found is None or not may(viewer_of(request), found):
            raise Http404
        return view(request, found, *args, **kwargs)

    return declare(never_cache(guarded), policy)


def organiser(view: View) -> View:
    return _of_lab(view, "organiser", lambda viewer, lab: viewer.organises(lab))


def door(view: View) -> View:
    return _of_lab(view, "door", lambda viewer, lab: viewer.keeps_door_of(lab))


def owner(view: View) -> View:
    @functools.wraps(view)
    def guarded(request: HttpRequest, programme: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = Programme.objects.filter(slug=programme).first()
        if found is None or not viewer_of(request).owns(found.pk):
            raise Http404
        return view(request, found, *args, **kwargs)

    return declare(never_cache(guarded), "owner")
