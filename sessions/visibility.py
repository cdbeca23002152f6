"""The one doorway for visibility: who sees which session, and through it which speaker, item, feed line or API row.

Page, list, search, feed, API, sitemap, JSON-LD, mail and export all ask here and nowhere else.
"""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from labs.models import Lab
from labs.viewer import Viewer

if TYPE_CHECKING:
    from sessions.models import AgendaItem, Session, Speaker  # noqa: F401  (also named in strings)


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

    def held(self) -> Self:
        """Keep only the sessions that take place: neither cancelled nor drafts. Nobody attends the others."""
        return self.filter(status="scheduled").exclude(visibility="draft")

    def over(self) -> Self:
        """Keep only the sessions that took place: held, and at an end. Certificates attest no others."""
        return self.held().filter(ends_at__lte=timezone.now())

    def for_pages(self) -> Self:
        """Fetch with each session what its page and calendars show, in a constant number of queries.

        Lab and programme cost two more unless they are known: `lab.sessions` knows its lab.
        """
        from sessions.models import AgendaItem, Speaker

        return self._with_parts(AgendaItem.objects.all(), Speaker.objects.all())

    def for_lists(self) -> Self:
        """Like `for_pages`, without the long texts and whatever else a list does not show."""
        from sessions.models import AgendaItem, Speaker

        return self.for_short_lists()._with_parts(
            AgendaItem.objects.defer("abstract"), Speaker.objects.defer("biography", "website")
        )

    def for_short_lists(self) -> Self:
        """Fetch what a line about each session shows, without agenda and people."""
        return self.select_related("track", "room").defer(
            "abstract", "uid", "join_link", "created_at", "cancelled_at", "room__join_link"
        )

    def _with_parts(
        self, agenda: "models.QuerySet[AgendaItem]", speakers: "models.QuerySet[Speaker]"
    ) -> Self:
        from sessions.models import Appearance

        # One object per speaker, however often he or she appears.
        appearances = Appearance.objects.prefetch_related(Prefetch("speaker", queryset=speakers))
        return self.select_related("track", "room").prefetch_related(
            "lab__programme",
            Prefetch("agenda", queryset=agenda.order_by("position", "id"), to_attr="agenda_items"),
            Prefetch(
                "appearances", queryset=appearances.order_by("position", "id"), to_attr="all_appearances"
            ),
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
