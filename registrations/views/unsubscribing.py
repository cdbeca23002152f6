"""Unsubscribing from reminders and announcements of organisers: a button on a page, or one click in a mail program."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from labs import access
from registrations import links
from registrations.models import Registration
from registrations.unsubscribing import set_unsubscribed
from registrations.views.private_links import requires_link

AGAIN = "again"


@access.one_click
@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
@requires_link(links.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, registration: Registration, token: str) -> HttpResponse:
    """Ask whether to unsubscribe, or to subscribe again; a POST does it, and GET changes nothing."""
    if request.method == "POST":
        set_unsubscribed(registration, request.POST.get("action") != AGAIN)
        if not access.is_one_click(request):
            return redirect("registration_unsubscribe", token)
    context = {"registration": registration, "lab": registration.lab, "token": token}
    return render(request, "registrations/unsubscribe.html", context)
