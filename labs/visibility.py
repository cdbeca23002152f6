"""Who sees which lab. Sessions have their own doorway in `sessions.visibility`."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from labs.viewer import Viewer

if TYPE_CHECKING:
    from labs import models as tables  # noqa: F401  (named in the strings below)


def visible_labs(viewer: Viewer) -> Q:
    """Return the condition under which a lab may be seen: public to all, a draft only to those who work on it."""
    if viewer.is_superuser:
        return Q()
    if not viewer.is_staff_anywhere:
        return Q(visibility="public")
    return (
        Q(visibility="public")
        | Q(pk__in=viewer.organised_labs | viewer.door_labs)
        | Q(programme__in=viewer.owned_programmes)
    )


class LabQuerySet(models.QuerySet["tables.Lab"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep only the labs that this viewer may see."""
        return self.filter(visible_labs(viewer))

    def worked_on_by(self, viewer: Viewer) -> Self:
        """Keep only the labs in whose console this viewer has a place, be it the door's."""
        if viewer.is_superuser:
            return self
        return self.filter(
            Q(pk__in=viewer.organised_labs | viewer.door_labs) | Q(programme__in=viewer.owned_programmes)
        )


class ProgrammeQuerySet(models.QuerySet["tables.Programme"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Keep public programmes, one's own, and those of which a lab is in sight."""
        from labs.models import Lab

        if viewer.is_superuser:
            return self
        in_sight = Lab.objects.visible_to(viewer).filter(programme=OuterRef("pk"))
        return self.filter(Q(visibility="public") | Q(pk__in=viewer.owned_programmes) | Exists(in_sight))
