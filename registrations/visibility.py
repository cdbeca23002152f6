"""The sessions visible through a private link, by `SessionQuerySet.visible_to`."""

from collections.abc import Collection, Iterable

from labs.current_viewer import viewer_for
from labs.viewer import Viewer
from registrations.models import Registration
from sessions.models import Session


def confirming_viewers(registration: Registration, viewer: Viewer) -> tuple[Viewer, ...]:
    """Return whose rights count until an address is confirmed: the reader's, and those of the form's sender.

    A delegate may open the link of the email in another browser, where nobody is signed in. The account's rights are
    those of now: a person who is no delegate any longer gets no seat in an internal session.
    """
    if registration.nominated_until is not None and registration.city_id is not None:
        # Whom a city names sees what its delegates see.
        of_city = frozenset({(registration.lab.programme_id, registration.city_id)})
        return (viewer, Viewer(delegations=of_city))
    sender = registration.submitted_by
    if sender is None or not sender.is_active or sender.pk == viewer.user_id:
        return (viewer,)
    return (viewer, viewer_for(sender))


def visible_ids(lab_id: int, viewers: Iterable[Viewer], session_ids: Collection[int]) -> frozenset[int]:
    """Return those of these sessions of the lab that at least one of the viewers may see. One query per viewer."""
    ids = list(session_ids)
    if not ids:
        return frozenset()
    among = Session.objects.filter(lab=lab_id, pk__in=ids).order_by()
    return frozenset(pk for viewer in viewers for pk in among.visible_to(viewer).values_list("pk", flat=True))
