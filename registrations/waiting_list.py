"""Where people stand in the waiting lists of sessions."""

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Subquery

from registrations.models import Seat


def waiting_positions(seats: Iterable[Seat]) -> dict[int, int]:
    """Return for each waiting seat how many stand in line up to and with it: {seat id: 1 for the next}. One query."""
    waiting = [seat.pk for seat in seats if seat.state == Seat.State.WAITING]
    if not waiting:
        return {}
    ahead = (
        Seat.objects.filter(
            session=OuterRef("session"), state=Seat.State.WAITING, place__lte=OuterRef("place")
        )
        .order_by()
        .values("session")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return dict(
        Seat.objects.filter(pk__in=waiting).order_by().annotate(n=Subquery(ahead)).values_list("pk", "n")
    )
