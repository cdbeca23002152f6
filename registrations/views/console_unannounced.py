"""The page on which organisers decide whether participants are emailed about changes of sessions."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import access
from labs.models import Lab
from registrations import notifications
from sessions import unannounced_changes


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def unannounced(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Show the unannounced changes; a POST decides."""
    moved = unannounced_changes.pending_changes(lab, get_language() or "en")
    if request.method == "POST":
        tell = request.POST.get("answer") != "no"
        # Only what the page showed: another session may have been moved since.
        shown = set(request.POST.getlist("session"))
        told = unannounced_changes.decide((one.session for one in moved if one.session.slug in shown), tell)
        _add_message(request, notifications.how_many(told))
        return redirect("console_sessions", lab.slug)
    if not moved:
        return redirect("console_sessions", lab.slug)
    emails = notifications.how_many([one.session for one in moved])
    context = {"lab": lab, "section": "sessions", "moved": moved, "emails": emails}
    return render(request, "registrations/console/unannounced.html", context)


def _add_message(request: HttpRequest, emails: int) -> None:
    if not emails:
        messages.success(request, _("No email is sent. Calendars are updated automatically."))
        return
    messages.success(
        request,
        ngettext("Sending %(count)d email.", "Sending %(count)d emails.", emails) % {"count": emails},
    )
