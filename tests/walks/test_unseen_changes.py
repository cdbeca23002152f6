"""What a reader may not see changes, and every answer that the reader gets stays as it is: bytes, dates and validators.

All stamps are set back by weeks first, so that a date which moves shows it, whatever its precision.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models import F

from labs import lab_editing, lab_parts
from labs.lab_parts import NamedPlan, RoomPlan
from labs.models import City, Lab, Programme, Track
from registrations.models import Registration
from sessions import calendar_links, calendar_texts, publishing, scheduling, speakers
from sessions.models import Session
from sessions.speakers import SpeakerPlan
from tests import factories as f
from tests.walks import world as w
from tests.walks.canaries import canary
from tests.walks.exploring import body_of, walked
from tests.walks.routes import addresses

pytestmark = pytest.mark.django_db

# Whom the changes below are nothing to. The delegate is of Trikala; what is only for cities is Sofia's.
READERS = ("visitor", "participant", "delegatetrikala", "api_delegatetrikala")
FAST = {"visitor", "api_delegatetrikala"}  # whom `make test-fast` asks as
WEEKS = timedelta(weeks=8)
# Keys of forms and tokens against other sites are new each time, and so is the moment of a check.
_FRESH = re.compile(
    r'name="(?:form_key|csrfmiddlewaretoken)" value="[^"]*"|X-CSRFToken[^}]*|Checked on [^.]*'
)
Snapshot = dict[str, tuple[int, dict[str, str], str]]


def set_back() -> None:
    for model in (Lab, Session, Programme, Registration):
        stamps = {
            field.name: F(field.name) - WEEKS
            for field in model._meta.fields
            if field.name.endswith("revised_at") or field.name == "created_at"
        }
        model.objects.update(**stamps)
    calendar_texts.write(Session.objects.all())


def snapshot(world: w.World, name: str) -> Snapshot:
    """GET every address that a reader may have, and all that the sitemap names."""
    kind = world.kinds[name]
    client = kind.client()
    values = {**world.values, "token": [*world.values["token"], *kind.tokens]}
    if kind.user is not None:
        token = calendar_links.delegate_calendar_url(kind.user).rsplit("/", 1)[1].removesuffix(".ics")
        values["token"] = [token]
    found: Snapshot = {}
    for route in walked():
        if route.path.startswith(("organise/", "accounts/", "metrics", "health")):
            continue
        if kind.api_token and not route.path.startswith("api/"):
            continue
        for address in addresses(route, values, world.homes):
            response = client.get(address, headers=kind.headers)
            headers = {name: value for name, value in response.headers.items() if name != "Expires"}
            body = _FRESH.sub("", body_of(response).decode("latin-1"))
            found[address] = (response.status_code, headers, body)
    assert sum(status == 200 for status, _headers, _body in found.values()) > (9 if kind.api_token else 30)
    return found


def capacity_of(session: Session, seats: int) -> dict[str, int]:
    return {f"{session.modes[0]}_capacity": seats}


def hidden(secret: str) -> Session:
    return Session.objects.get(slug=canary(secret, "slug"))


def a_session_for_another_city_is_edited() -> None:
    session = hidden("sofia")
    plan = scheduling.plan_of(session)
    scheduling.change_session(session, replace(plan, title={"en": "Renamed"}, **capacity_of(session, 21)))
    scheduling.change_session(session, replace(scheduling.plan_of(session), agenda=(), appearances=()))
    scheduling.change_session(
        session, replace(scheduling.plan_of(session), start_date=plan.start_date + timedelta(days=1),
                         end_date=plan.end_date + timedelta(days=1))
    )  # fmt: skip


def a_session_for_another_city_is_called_off_and_restored() -> None:
    publishing.cancel(hidden("sofia"), "Storm")
    publishing.restore(hidden("sofia"))


def a_session_for_another_city_goes_back_to_the_drafts_and_returns() -> None:
    session = hidden("sofia")
    Session.objects.filter(pk=session.pk).update(**{f"{session.modes[0]}_taken": 0})
    publishing.unpublish(session)
    publishing.make_internal(session, [City.objects.get(slug="sofia")])


def a_draft_is_made_edited_and_deleted() -> None:
    lab = Lab.objects.get(slug="main-lab")
    plan = replace(scheduling.plan_of(hidden("draft")), slug="a-new-draft", agenda=(), appearances=())
    session = scheduling.create_session(lab, plan)
    scheduling.change_session(session, replace(plan, title={"en": "Again"}))
    publishing.make_internal(session, [City.objects.get(slug="sofia")])


def a_room_of_hidden_sessions_is_moved() -> None:
    for secret in ("sofia", "draft"):
        room = hidden(secret).room
        assert room is not None
        lab_parts.change_room(room, RoomPlan(name={"en": "Cellar"}, address="Elsewhere 1"))


def rooms_come_and_go() -> None:
    lab = Lab.objects.get(slug="main-lab")
    room = lab_parts.create_room(lab, RoomPlan(name={"en": "Attic"}))
    lab_parts.change_room(room, RoomPlan(name={"en": "Attic"}, capacity=4))
    lab_parts.delete_room(room)


def only_people_with_a_seat_may_know_a_link() -> None:
    """The link of a public session, and of the room of another."""
    session = Session.objects.get(slug="open-room")
    plan = scheduling.plan_of(session)
    scheduling.change_session(session, replace(plan, join_link="https://meet.example.org/new"))
    room = session.room
    assert room is not None
    kept = {name: getattr(room, name) for name in ("online", "address", "capacity", "position")}
    lab_parts.change_room(
        room, RoomPlan(name=room.name.data, join_link="https://meet.example.org/other", **kept)
    )


def tracks_of_hidden_sessions_are_renamed_and_reordered() -> None:
    lab = Lab.objects.get(slug="main-lab")
    rows = {track.slug: track for track in lab.tracks.all()}
    plans = [
        NamedPlan({"en": "New and empty"}),
        NamedPlan({"en": "Renamed"}, rows[canary("sofia", "trackslug")].pk),
    ]
    lab_parts.set_tracks(lab, plans)
    empty = Track.objects.get(name__contains="New and empty")
    lab_parts.set_tracks(lab, [], remove=[empty.pk])


def a_day_with_hidden_sessions_alone_gets_another_heading() -> None:
    lab = Lab.objects.get(slug="main-lab")
    lab_parts.set_days(lab, {hidden("draft").start_date: {"en": "Another heading"}})


def speakers_of_hidden_sessions_change() -> None:
    programme = Programme.objects.get(slug="main-programme")
    speaker = speakers.create_speaker(programme, SpeakerPlan(name={"en": "Demo Speaker"}))
    for each in (speaker, programme.speakers.get(slug=canary("draft", "speakerslug"))):
        speakers.change_speaker(each, SpeakerPlan(name={"en": "Renamed"}))
    speakers.delete_speaker(speaker)


def an_unpublished_lab_changes() -> None:
    programme = Programme.objects.get(slug="main-programme")
    main = Lab.objects.get(slug="main-lab")
    plan = lab_editing.LabPlan(
        title={"en": "Next year"}, starts_on=main.starts_on, ends_on=main.ends_on, time_zone="Europe/Sofia",
        languages=("en",),
    )  # fmt: skip
    lab = lab_editing.create_lab(programme, plan)
    lab_editing.change_lab(lab, replace(plan, title={"en": "In two years"}))
    f.SessionFactory(lab=lab, visibility="public")
    lab_parts.create_room(lab, RoomPlan(name={"en": "Attic"}))


CHANGES: tuple[Callable[[], None], ...] = (
    a_session_for_another_city_is_edited,
    a_session_for_another_city_is_called_off_and_restored,
    a_session_for_another_city_goes_back_to_the_drafts_and_returns,
    a_draft_is_made_edited_and_deleted,
    a_room_of_hidden_sessions_is_moved,
    rooms_come_and_go,
    only_people_with_a_seat_may_know_a_link,
    tracks_of_hidden_sessions_are_renamed_and_reordered,
    a_day_with_hidden_sessions_alone_gets_another_heading,
    speakers_of_hidden_sessions_change,
    an_unpublished_lab_changes,
)


def differing(before: Snapshot, after: Snapshot) -> list[str]:
    found = []
    for key in sorted(before.keys() | after.keys()):
        (status, headers, body), (status_now, headers_now, body_now) = before[key], after[key]
        names = [name for name in headers | headers_now if headers.get(name) != headers_now.get(name)]
        lines = [
            f"{line} -> {line_now}"
            for line, line_now in zip(body.splitlines(), body_now.splitlines(), strict=False)
            if line != line_now
        ]
        if status != status_now or names or body != body_now:
            found.append(f"{key}: {status} {status_now} {names} {lines[:2]}"[:600])
    return found


@pytest.mark.parametrize(
    "reader", [pytest.param(name, marks=[pytest.mark.slow] if name not in FAST else []) for name in READERS]
)
def test_no_answer_moves_with_what_its_reader_may_not_see(reader: str) -> None:
    world = w.build()
    set_back()
    cache.clear()
    before = snapshot(world, reader)
    assert differing(before, snapshot(world, reader)) == []
    for change in CHANGES:
        change()
    assert "\n".join(differing(before, snapshot(world, reader))) == ""


def test_what_a_visitor_sees_does_move_them() -> None:
    """The positive control: the same stamps and validators follow what is public."""
    world = w.build()
    set_back()
    cache.clear()
    before = snapshot(world, "visitor")
    publishing.cancel(Session.objects.get(slug="open"), "Storm")
    after = snapshot(world, "visitor")
    for address, told in (
        ("/labs/main-lab/calendar.ics", {"ETag", "Last-Modified"}),
        ("/programmes/main-programme/calendar.ics", {"ETag", "Last-Modified"}),
        ("/labs/main-lab/tracks/open-track/calendar.ics", {"ETag", "Last-Modified"}),
        ("/labs/main-lab/sessions/open/calendar.ics", {"ETag", "Last-Modified"}),
        ("/api/v1/labs/main-lab", {"ETag"}),
        ("/sitemap.xml", set()),
    ):
        was, now = before[address], after[address]
        assert was[2] != now[2]
        assert {name for name in told if was[1][name] == now[1][name]} == set()
