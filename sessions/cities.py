"""What a reader may see of a city in a programme: its sessions, the labs in it, and the speakers who come from it."""

import re

from django.db.models import Exists, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from core.web.localized_fields import languages_of
from labs.models import City, Lab, Programme
from labs.viewer import Viewer
from sessions.models import Appearance, Session
from sessions.models.agenda import SessionQuerySet


def sessions_of(city: City, programme: Programme, viewer: Viewer) -> SessionQuerySet:
    """Return the sessions of the programme to which the city is invited or in which its speakers appear.

    Internal sessions without an audience invite every city. An audience counts while the session is internal: only then
    is it told.
    """
    appearing = Appearance.objects.filter(speaker__city=city).values("session")
    invitations = Session.audience.through.objects.filter(session=OuterRef("pk"))
    invited = Exists(invitations.filter(city=city)) | ~Exists(invitations)
    return (
        Session.objects.visible_to(viewer)
        .filter(lab__programme=programme)
        .filter(Q(pk__in=appearing) | Q(visibility=Session.Visibility.INTERNAL) & invited)
    )


def labs_in(city: City, programme: Programme, viewer: Viewer) -> list[Lab]:
    """Return the labs of the programme that take place in the city, the latest first.

    Those are the ones whose venue names it, as a word of its own, in any language.
    """
    names = "|".join(re.escape(name) for name in languages_of(city.name).values())
    named = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    labs = Lab.objects.visible_to(viewer).filter(programme=programme).order_by("-starts_on", "pk")
    return [
        lab
        for lab in labs
        if lab.format != Lab.Format.ONLINE
        and any(named.search(venue) for venue in languages_of(lab.venue).values())
    ]


def first_appearances_of(city: City, programme: Programme, viewer: Viewer) -> QuerySet[Appearance]:
    """Return the first appearance of each of the city's speakers in the programme's sessions, in order of time."""
    visible = Session.objects.visible_to(viewer).filter(lab__programme=programme)
    in_order = ("session__starts_at", "session", "position", "pk")
    place = Window(RowNumber(), partition_by="speaker", order_by=in_order)
    return (
        Appearance.objects.filter(session__in=visible, speaker__city=city)
        .annotate(place=place)
        .filter(place=1)
        .order_by(*in_order)
    )
