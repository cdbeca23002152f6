"""The log of an endpoint as organisers read it: deliveries, newest first, and what became of them in words."""

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.webhooks.egress import ERRORS
from core.webhooks.event_types import EventType
from core.webhooks.models import Delivery, Endpoint

State = Delivery.State
# The states behind each value of the filter.
FILTERS: dict[str, tuple[str, ...]] = {
    "queued": (State.QUEUED, State.SENDING),
    "delivered": (State.DELIVERED,),
    "failed": (State.FAILED,),
}
_FAILURES: dict[str, str | Promise] = {
    **ERRORS,
    "disabled": _("The webhook was switched off."),
    "crash": _("Sending was interrupted too often."),
}


def deliveries_of(endpoint: Endpoint, state: str = "") -> QuerySet[Delivery]:
    """Return the deliveries of an endpoint, newest first, without what they say."""
    found = Delivery.objects.filter(endpoint=endpoint).order_by("-created_at", "-pk").defer("body")
    return found.filter(state__in=FILTERS[state]) if state else found


def counts_of(endpoint: Endpoint) -> dict[str, int]:
    """Return how many deliveries there are by value of the filter; "" for all. One query."""
    counted = {name: Count("pk", filter=Q(state__in=states)) for name, states in FILTERS.items()}
    found = Delivery.objects.filter(endpoint=endpoint).aggregate(**counted)
    return {"": sum(found.values()), **found}


def failure_in_words(code: str) -> str:
    """Return why a try failed; `code` is a status of HTTP, or a code of `ERRORS`. Empty where none failed."""
    if not code:
        return ""
    if code.isdecimal():
        return gettext("The server answered with status %(status)s.") % {"status": code}
    return str(_FAILURES.get(code, code))


def event_in_words(event: str) -> str:
    """Return what an event tells."""
    return str(EventType(event).label) if event in EventType.values else gettext("A test")
