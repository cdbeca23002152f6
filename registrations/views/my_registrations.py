"""All registrations of an address: the page behind the link that is sent there."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from labs import access
from registrations import asking_for_links, links
from registrations import my_registrations as listing
from registrations.models import Registration
from registrations.views.managing import redirect_done
from registrations.views.private_links import requires_link, show_gone


@access.personal_link
@require_http_methods(["GET", "HEAD", "POST"])
def my_registrations(request: HttpRequest, token: str) -> HttpResponse:
    """The registrations of one address in all labs, by name. POST ends the link."""
    try:
        person = listing.find(token)
    except Http404:
        return show_gone(request)
    if request.method == "POST":
        listing.end_links(person)
        return redirect("registration_link")
    context = {
        "email": person.email,
        "people": listing.registrations_of_address(person.email_key, timezone.now()),
        "days": listing.LINK_DAYS,
    }
    return render(request, "registrations/mine.html", context)


@access.personal_link
@require_POST
@requires_link(links.MANAGE, [Registration.State.CONFIRMED, Registration.State.CANCELLED])
def registration_all(request: HttpRequest, found: Registration, token: str) -> HttpResponse:
    """Send the link to all registrations to this one's address. The page itself shows nothing of other labs."""
    asking_for_links.queue_links(found.email)
    return redirect_done(token, "all")
