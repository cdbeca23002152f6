"""The one doorway for visibility: who sees which session, and through it which speaker, item, feed line or API row.

Page, list, search, feed, API, sitemap, JSON-LD, mail and export all ask here and nowhere else.
"""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q

from labs.models import Lab
from labs.viewer import Viewer

if TYPE_CHECKING:
    pass


def visible_sessions(viewer: Viewer) -> Q:
    """Return the condition under which a session may be seen by this viewer.

    Public: everyone. Internal: delegates of the programme, or only of the audience's cities where it has any;
    people who hold a seat in it. Draft: organisers of the lab and owners of its programme. Door staff see what is
    not a draft. Nothing of a lab that is itself a draft, except for its organisers.
    """
    from sessions.models import Session

    if viewer.is_superuser:
        return Q()
    condition = Q(lab__visibility="public", visibility="public")
    if viewer.delegations:
        audience = Session.audience.through.objects.filter(session=OuterRef("pk"))
        for programme, cities in viewer.cities_by_programme.items():
            condition |= Q(lab__visibility="public", visibility="internal", lab__programme=programme) & (
                ~Exists(audience) | Exists(audience.filter(city__in=cities))
            )
    if viewer.seated_sessions:
        condition |= ~Q(visibility="draft") & Q(lab__visibility="public", pk__in=viewer.seated_sessions)
    if viewer.door_labs:
        condition |= ~Q(visibility="draft") & Q(lab__in=viewer.door_labs)
    if viewer.organised_labs:
        condition |= Q(lab__in=viewer.organised_labs)
    if viewer.owned_programmes:
        condition |= Q(lab__programme__in=viewer.owned_programmes)
    return condition


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only the sessions that this viewer may see."""
        return self.filter(visible_sessions(viewer))

    def for_pages(self) -> Self:
        """Fetch with each session what a list of sessions shows, in a constant number of queries.

        Lab and programme cost two more unless they are known: `lab.sessions` knows its lab. Appearances are read
        by `Session.appearances_in`.
        """
        from sessions.models import Appearance

        appearances = Appearance.objects.select_related("speaker").order_by("position", "id")
        return self.select_related("track", "room").prefetch_related(
            "lab__programme", "agenda", Prefetch("appearances", queryset=appearances)
        )


class SpeakerQuerySet(models.QuerySet["Speaker"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only speakers who appear in a session that this viewer may see, or in a programme that is theirs."""
        from sessions.models import Appearance, Session

        if viewer.is_superuser:
            return self
        in_sight = Appearance.objects.filter(session__in=Session.objects.visible_to(viewer))
        condition = Q(pk__in=in_sight.values("speaker"))
        if viewer.owned_programmes:
            condition |= Q(programme__in=viewer.owned_programmes)
        if viewer.organised_labs:
            organised = Lab.objects.filter(pk__in=viewer.organised_labs)
            condition |= Q(programme__in=organised.values("programme"))
        return self.filter(condition)
