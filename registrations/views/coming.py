"""The page that asks whether somebody is still coming."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from labs import access
from registrations import still_coming
from registrations.models import Registration
from registrations.views.managing import redirect_done
from registrations.views.private_links import context_of, requires_confirmed


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_confirmed
def registration_coming(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Keep or release all seats in sessions to come, in one press."""
    if request.method == "POST":
        keep = request.POST.get("answer") != "release"
        still_coming.answer(found, keep=keep)
        return redirect_done(token, "kept" if keep else "sessions")
    context = context_of(found, token, seats=still_coming.seats_of(found, timezone.now()))
    return render(request, "registrations/coming.html", context)
