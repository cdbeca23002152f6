"""Views that a participant's private link opens."""

import functools
from collections.abc import Callable, Collection

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from core.web.access import View
from core.web.errors import RuleViolation
from core.web.localized_fields import text_of
from labs.current_viewer import viewer_of
from registrations import links
from registrations.models import Registration
from registrations.models.nominations import nominating_city
from registrations.timeline import history_of, how_it_ended

State = Registration.State


def requires_link(
    purpose: links.Purpose, states: Collection[str] | None = None
) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """Pass the registration of the link's token to the view, if it is in one of `states`.

    An invalid or revoked link shows a page about it. A POST for a registration that was cancelled or erased since
    redirects to its page.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest, token: str, **parts: str) -> HttpResponseBase:
            try:
                found = links.find(token, purpose)
            except Http404:
                return show_gone(request)
            if states is None or found.state in states:
                try:
                    return view(request, found, token, **parts)
                except RuleViolation:
                    return redirect("registration", token=token)
            if found.state == State.CANCELLED:
                return _show_cancelled(request, found, token)
            return show_gone(request)

        return answer

    return decorate


def _show_cancelled(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Say who cancelled the registration and how it came to that."""
    language = get_language() or "en"
    city = nominating_city(found)
    context = context_of(
        found,
        token,
        how=how_it_ended(found, text_of(city.name, language, found.lab) if city else ""),
        is_own_doing=found.cancelled_as in ("", "by-person", "transferred"),
        events=history_of(found, viewer_of(request), language),
        takes_registrations=found.lab.takes_registrations(timezone.now()),
        is_sent=request.GET.get("done") == "all",
    )
    return render(request, "registrations/cancelled.html", context)


def show_gone(request: HttpRequest) -> HttpResponse:
    return render(request, "registrations/link_gone.html", status=404)


# For confirmed registrations.
requires_confirmed = requires_link(links.MANAGE, [State.CONFIRMED])


def context_of(found: Registration, token: str, **more: object) -> dict[str, object]:
    kept = {"kept_form": "answers"} if "form" in more else {}
    return {"lab": found.lab, "registration": found, "token": token, **kept, **more}
