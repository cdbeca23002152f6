"""Decorators that declare who may use a view. Those that need a lab are in `labs.access`."""

import functools
import hmac
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponseBase]


def declare(view: View, policy: str) -> View:
    """Set the policy as an attribute of the view, for the test that walks all routes."""
    cast(Any, view).access = policy
    return view


def public(view: View) -> View:
    return declare(view, "public")


def personal_link(view: View) -> View:
    """For private links: never cached, never sent as a referrer to other sites."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        keep_private(response)
        return response

    return declare(guarded, "personal-link")


def one_click(view: View) -> View:
    """Take the POST of a mail program's button (RFC 8058 §3.2), which has no cookie, origin or form key.

    For a private link alone, whose token says who it is; any other POST is guarded as everywhere.
    """
    cast(Any, view).takes_one_click = True
    return view


def is_one_click(request: HttpRequest) -> bool:
    """Tell whether a request is that POST."""
    return request.POST.get("List-Unsubscribe") == "One-Click"


def keep_private(response: HttpResponseBase) -> None:
    """Set headers against caching, indexing and sending the address as a referrer.

    `strict-origin` sends the origin and never the path, also to this server, whose proxies may log the Referer.
    `no-referrer` would have browsers post `Origin: null` (Fetch, "append a request Origin header"), which Django's
    CSRF check refuses from people who are signed in.
    """
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"


def for_accounts(view: View, policy: str) -> View:
    """Redirect people who are not signed in to the sign-in page. No answer is cached."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return declare(never_cache(guarded), policy)


def signed_in(view: View) -> View:
    return for_accounts(view, "signed-in")


def superuser(view: View) -> View:
    """For what belongs to no programme, such as emails about accounts."""

    @functools.wraps(view)
    def allowed(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return for_accounts(allowed, "superuser")


def monitoring(view: View) -> View:
    """Allow requests with `Authorization: Bearer METRICS_TOKEN`; none if the setting is empty."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not is_monitoring(request):
            raise Http404
        return view(request, *args, **kwargs)

    return declare(guarded, "monitoring")


def is_monitoring(request: HttpRequest) -> bool:
    """Tell whether a request has METRICS_TOKEN; False if the setting is empty."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(
        sent.encode(), settings.METRICS_TOKEN.encode()
    )
