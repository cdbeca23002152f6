"""Pages that every page links to: contact, privacy, accessibility and help; and the help of the console."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from core.timezones.formatting import locale_of
from core.web.accessibility_run import last_run
from labs import access
from labs.current_viewer import viewer_of
from labs.enforcement_bodies import ALL_BODIES, enforcement_body
from labs.models import Programme
from labs.organisation import operator

# The European Data Protection Board's list of the authorities of all member states.
AUTHORITIES = "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"


def _whom_to_ask(request: HttpRequest) -> dict[str, Any]:
    """Return the operator, and the programmes that this reader sees."""
    return {"operator": operator(), "programmes": Programme.objects.visible_to(viewer_of(request))}


@access.public
@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Who runs the service, and whom to write to about each programme."""
    return render(request, "pages/contact.html", _whom_to_ask(request))


@access.public
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement, after the model of Commission Implementing Decision (EU) 2018/1523."""
    run, whom = last_run(), _whom_to_ask(request)
    names = [locale_of(get_language() or "en").languages[code] for code in run.languages]
    context = {
        **whom,
        "run": run,
        "run_languages": gettext(" and ").join([", ".join(names[:-1]), names[-1]]),
        "body": enforcement_body(whom["operator"]),
        "all_bodies": ALL_BODIES,
    }
    return render(request, "pages/accessibility.html", context)


@access.public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html", {**_whom_to_ask(request), "authorities": AUTHORITIES})


@access.public
@require_safe
def participants_help(request: HttpRequest) -> HttpResponse:
    """Help for participants."""
    return render(request, "pages/help.html")


@access.signed_in
@require_safe
def organisers_help(request: HttpRequest) -> HttpResponse:
    """Help for organisers."""
    return render(request, "labs/console/help.html")
