"""Fetches a lab's sessions for lists, in six queries."""

from collections import defaultdict

from labs.models import Lab
from labs.viewer import Viewer
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.models.seating import SEATING_FIELDS
from sessions.models.session_languages import LANGUAGE_COLUMNS

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
    *SEATING_FIELDS,
    *LANGUAGE_COLUMNS,
    "track",
    "room",
)


def listed_sessions(lab: Lab, viewer: Viewer) -> list[Session]:
    """Return the sessions that this viewer may see, in order of time, with tracks, rooms, agendas and speakers.

    Each speaker, track and room is one object for all its sessions: creating objects is what takes the time. What is
    referred to is asked after what refers to it, and left out if it was deleted in between.
    """
    found = list(
        Session.objects.filter(lab=lab).visible_to(viewer).only(*ROW_FIELDS).order_by("starts_at", "pk")
    )
    tracks = {track.pk: track for track in lab.tracks.only("lab", "slug", "name", "position")}
    rooms = {room.pk: room for room in lab.rooms.only("lab", "name", "address", "online", "position")}
    agendas: defaultdict[int, list[AgendaItem]] = defaultdict(list)
    for item in (
        AgendaItem.objects.filter(session__lab=lab)
        .only("session", "title", "starts_at", "ends_at")
        .order_by("position", "pk")
    ):
        agendas[item.session_id].append(item)
    appearing = Appearance.objects.filter(session__lab=lab)
    in_order = list(appearing.only("session", "agenda_item", "role", "speaker").order_by("position", "pk"))
    speakers = Speaker.objects.filter(pk__in=appearing.values("speaker")).only(
        "slug", "name", "affiliation", "photo", "photo_alt"
    )
    by_id = {speaker.pk: speaker for speaker in speakers}
    appearances: defaultdict[int, list[Appearance]] = defaultdict(list)
    for appearance in in_order:
        if speaker := by_id.get(appearance.speaker_id):
            appearance.speaker = speaker
            appearances[appearance.session_id].append(appearance)
    for session in found:
        session.lab = lab
        session.track = tracks.get(session.track_id) if session.track_id else None
        session.room = rooms.get(session.room_id) if session.room_id else None
        session.agenda_items = agendas[session.pk]
        session.all_appearances = appearances[session.pk]
    return found
