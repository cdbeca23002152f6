"""Fetches a lab's sessions for lists, in four queries."""

from collections import defaultdict

from django.db.models import Prefetch

from labs.models import Lab
from labs.viewer import Viewer
from sessions.models import AgendaItem, Appearance, Session, Speaker

ROW_FIELDS = (
    "lab",
    "slug",
    "title",
    "starts_at",
    "ends_at",
    "time_zone",
    "visibility",
    "status",
    "cancel_reason",
    "capacity",
    "waiting_list",
    "seats_taken",
    "seats_waiting",
    "track__slug",
    "track__name",
    "track__position",
    "room__name",
    "room__address",
    "room__online",
)


def listed_sessions(lab: Lab, viewer: Viewer) -> list[Session]:
    """Return the sessions that this viewer may see, in order of time, with tracks, rooms, agendas and speakers.

    Each speaker is one object for all appearances.
    """
    agendas: defaultdict[int, list[AgendaItem]] = defaultdict(list)
    for item in (
        AgendaItem.objects.filter(session__lab=lab)
        .only("session", "title", "starts_at", "ends_at")
        .order_by("position", "pk")
    ):
        agendas[item.session_id].append(item)
    appearances: defaultdict[int, list[Appearance]] = defaultdict(list)
    for appearance in (
        Appearance.objects.filter(session__lab=lab)
        .prefetch_related(Prefetch("speaker", Speaker.objects.only("slug", "name", "affiliation")))
        .only("session", "agenda_item", "role", "speaker")
        .order_by("position", "pk")
    ):
        appearances[appearance.session_id].append(appearance)
    found = list(
        Session.objects.filter(lab=lab)
        .visible_to(viewer)
        .select_related("track", "room")
        .only(*ROW_FIELDS)
        .order_by("starts_at", "pk")
    )
    for session in found:
        session.lab = lab
        session.agenda_items = agendas[session.pk]
        session.all_appearances = appearances[session.pk]
    return found
