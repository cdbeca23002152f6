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
import hmac
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from labs.models import Lab, Programme
from labs.viewer import viewer_of

type_of_view = Callable[..., HttpResponseBase]


def declare(view: type_of_view, policy: str) -> type_of_view:
    """Write the policy on a view, for the test that walks all routes."""
    cast(Any, view).access = policy
    return view


def public(view: type_of_view) -> type_of_view:
    return declare(view, "public")


def personal_link(view: type_of_view) -> type_of_view:
    """Private links: never cached, never told to other sites."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        keep_private(response)
        return response

    return declare(guarded, "personal-link")


def keep_private(response: HttpResponseBase) -> None:
    """Have an answer to a private link kept by nobody and its address told to nobody.

    `strict-origin` sends the origin and never the path, also to our own server, whose proxies may log the Referer.
    `no-referrer` would have browsers post `Origin: null` (Fetch, "append a request Origin header"), which Django's
    guard refuses from people who are signed in.
    """
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"


def signed_in(view: type_of_view) -> type_of_view:
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return declare(never_cache(guarded), "signed-in")


def _of_lab(view: type_of_view, policy: str, may: Callable[[Any, Lab], bool]) -> type_of_view:
    @functools.wraps(view)
    def guarded(request: HttpRequest, lab: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = Lab.objects.select_related("programme").filter(slug=lab).first()
        if found is None or not may(viewer_of(request), found):
            raise Http404
        return view(request, found, *args, **kwargs)

    return declare(never_cache(guarded), policy)


def organiser(view: type_of_view) -> type_of_view:
    return _of_lab(view, "organiser", lambda viewer, lab: viewer.organises(lab))


def door(view: type_of_view) -> type_of_view:
    return _of_lab(view, "door", lambda viewer, lab: viewer.keeps_door_of(lab))


def owner(view: type_of_view) -> type_of_view:
    @functools.wraps(view)
    def guarded(request: HttpRequest, programme: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = Programme.objects.filter(slug=programme).first()
        if found is None or not viewer_of(request).owns(found.pk):
            raise Http404
        return view(request, found, *args, **kwargs)

    return declare(never_cache(guarded), "owner")


def superuser(view: type_of_view) -> type_of_view:
    """What belongs to no programme: mails about accounts, for example."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not viewer_of(request).is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return declare(never_cache(guarded), "superuser")


def monitoring(view: type_of_view) -> type_of_view:
    """Allow whoever sends `Authorization: Bearer METRICS_TOKEN`; where no token is set nobody may."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_monitoring(request):
            raise Http404
        return view(request, *args, **kwargs)

    return declare(guarded, "monitoring")


def is_monitoring(request: HttpRequest) -> bool:
    """Tell whether a request comes with METRICS_TOKEN; nobody's does where none is set."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(
        sent.encode(), settings.METRICS_TOKEN.encode()
    )
