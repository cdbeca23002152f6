"""What becomes of sessions when their room, or their lab's venue or format, changes."""

from django.db import transaction

from core.accounts.models import User
from labs.models import Lab, Room
from labs.revisions import touch
from sessions import public_changes, unannounced_changes
from sessions.models import Session
from sessions.models.seating import MODES, Mode, default_format
from sessions.publishing import Change, send_session_changed
from sessions.revisions import save_session
from sessions.session_facts import Facts, facts_of


@transaction.atomic
def apply_room_change(room: Room, *, before: Room, moved: bool, seen: bool, by: User | None = None) -> None:
    """Update the sessions in a room after a change of its name, address or join link.

    `before` is the room as it was. `moved` if the place or join link has changed; `seen` if it is not the join link
    alone. A place that has changed increments SEQUENCE.
    """
    public = False
    sessions = list(Session.objects.select_for_update(no_key=True).filter(room=room).order_by("pk"))
    for session in sessions:
        public |= seen and session.is_public
        session.sequence += moved and seen
        session.lab = before.lab
        reformatted = _follow_place(
            session, was=default_format(room.lab, before), now=default_format(room.lab, room)
        )
        save_session(session, by, seen=seen, reformatted=reformatted)
        if moved:
            session.lab = before.lab
            session.room = before
            was = facts_of(session)
            session.room = room
            _record(session, was)
            send_session_changed(session, Change.MOVED)
        else:
            send_session_changed(session, Change.EDITED)
    touch(room.lab_id, public=public, sessions=[session.pk for session in sessions])


@transaction.atomic
def apply_venue_change(lab: Lab, *, before: Lab, by: User | None = None) -> None:
    """Update the sessions whose place depends on the lab's venue or format.

    `before` is the lab as it was. The caller touches the lab.
    """
    found = Session.objects.select_for_update(no_key=True, of=("self",)).filter(lab=lab)
    for session in found.select_related("room").order_by("pk"):
        session.lab = before
        was = facts_of(session)
        session.lab = lab
        reformatted = session.room is None and _follow_place(session, was=before.format, now=lab.format)
        if not reformatted and facts_of(session)["place"] == was["place"]:
            continue
        session.sequence += 1
        save_session(session, by, seen=True, reformatted=reformatted)
        _record(session, was)
        send_session_changed(session, Change.MOVED)


def _record(session: Session, was: Facts) -> None:
    """Collect the new place for the participants, and for visitors who read what changed."""
    now = facts_of(session)
    unannounced_changes.collect(session, was, now)
    public_changes.record(session, was, now)


def _follow_place(session: Session, *, was: str, now: str) -> bool:
    """Give a session that had the format of its place the new one, with its limits; tell whether it changed."""
    if session.format == now or session.format != was:
        return False
    limits = [session.room_capacity, session.online_capacity]
    session.set_format(now)
    session.room_capacity = session.online_capacity = None
    if len(MODES[was]) == len(MODES[now]) == 1:
        [mode] = MODES[now]
        setattr(session, f"{mode}_capacity", next((limit for limit in limits if limit is not None), None))
    elif Mode.ROOM in MODES[was] and Mode.ROOM in MODES[now]:
        session.room_capacity = limits[0]
    return True
