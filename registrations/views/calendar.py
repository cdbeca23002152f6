"""Personal calendar feeds of registrations and of delegates, by private link."""

from django.http import Http404, HttpRequest, HttpResponse

from core.web.http_caching import read_only_endpoint
from labs import access
from registrations import links, personal_calendar
from registrations.models import Registration, Seat
from registrations.models.seats import ACTIVE
from sessions.calendar_links import user_of_delegate_token
from sessions.views.feeds import delegate_feed, private_calendar


@access.personal_link
@read_only_endpoint
def personal_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The personal calendar feed. That of a cancelled registration is empty."""
    try:
        registration = links.find(token, links.FEED)
    except Http404:
        user = user_of_delegate_token(token)
        if user is None:
            raise
        return delegate_feed(request, user)
    own = list(Seat.objects.filter(registration=registration).order_by("pk"))
    held = [seat for seat in own if seat.state in ACTIVE]
    if registration.state != Registration.State.CONFIRMED:
        held = []
    return private_calendar(request, personal_calendar.feed(registration, held), registration.language)
