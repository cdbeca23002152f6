"""What a reader may see of a city in a programme: its sessions, and the speakers who come from it."""

from django.db.models import Q, QuerySet

from labs.models import City, Programme
from labs.viewer import Viewer
from sessions.models import Appearance, Session
from sessions.models.agenda import SessionQuerySet


def sessions_of(city: City, programme: Programme, viewer: Viewer) -> SessionQuerySet:
    """Return the sessions of the programme to which the city is invited or in which its speakers appear.

    An audience counts while the session is internal: only then is it told.
    """
    appearing = Appearance.objects.filter(speaker__city=city).values("session")
    invited = Session.audience.through.objects.filter(city=city).values("session")
    return (
        Session.objects.visible_to(viewer)
        .filter(lab__programme=programme)
        .filter(Q(pk__in=appearing) | Q(visibility=Session.Visibility.INTERNAL, pk__in=invited))
    )


def appearances_of(city: City, programme: Programme, viewer: Viewer) -> QuerySet[Appearance]:
    """Return the appearances of the city's speakers in sessions of the programme, in order of time."""
    visible = Session.objects.visible_to(viewer).filter(lab__programme=programme)
    return (
        Appearance.objects.filter(session__in=visible, speaker__city=city)
        .select_related("speaker", "session__lab")
        .order_by("session__starts_at", "session", "position", "pk")
    )
