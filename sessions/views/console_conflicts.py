"""The console's list of what is wrong in a lab's schedule."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labs import access
from labs.models import Lab
from sessions.conflict_words import in_words
from sessions.conflicts import Conflict, conflicts_of


@access.organiser
@require_safe
def conflicts(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All conflicts of the lab, errors first; each leads to its sessions, where it can be mended."""
    found = conflicts_of(lab)
    context = {
        "lab": lab,
        "section": "sessions",
        "errors": shown(one for one in found if one.is_error),
        "warnings": shown(one for one in found if not one.is_error),
    }
    return render(request, "sessions/console/conflicts.html", context)


def shown(found: Iterable[Conflict]) -> list[dict[str, object]]:
    """Return what templates show of conflicts: each with its sentence."""
    return [{"kind": one.kind, "sentence": in_words(one), "sessions": one.sessions} for one in found]
