"""Sessions for small groups: planned at the best time of each, created as drafts with those audiences, taken back.

The sessions are drafts, which nobody but organisers sees, with the cities of the group as their audience: making one
internal shows it to their delegates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.accounts.models import User
from core.timezones.wall_clock import fold_of, wall
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of, text_of
from core.web.slugs import unique_slug
from labs.lab_editing import Findings
from labs.models import City, Lab, Room
from sessions.groupings import Settings, lock, wanted_slot
from sessions.models import CityGroup, Grouping, Session
from sessions.plans import SessionPlan
from sessions.scheduling import NewSession, create_sessions, delete_session, may_be_deleted
from sessions.slot_finder import Busy, Found, Party, Slot, find_slots
from sessions.slot_search import query_of

# What titles may say in braces, replaced once.
NUMBER, CITIES = "{number}", "{cities}"
TITLE_LIMIT = 300


@dataclass(frozen=True)
class SessionsPlan:
    """How the sessions are called (texts by language, with `{number}` and `{cities}`), and where they are.

    `rooms` are those that may be used; without any the sessions are online, with `join_link` where it is given.
    """

    title: Mapping[str, str]
    rooms: tuple[Room, ...] = ()
    join_link: str = ""


@dataclass(frozen=True)
class PlannedSession:
    """One group with its time; `slot` is None where there is none, and `found` then has the nearest misses."""

    group: CityGroup
    cities: tuple[City, ...]
    parties: tuple[Party, ...]
    found: Found
    slot: Slot | None = None
    room: Room | None = None


def plan_sessions(grouping: Grouping, plan: SessionsPlan) -> list[PlannedSession]:
    """Return the groups without a session, each with its best time; rooms are given to one group at a time.

    Needs the lab. The same rows give the same times. Raises InvalidFields.
    """
    lab, settings = grouping.lab, Settings.from_json(grouping.settings)
    by_group: dict[int, list[City]] = {}
    members = grouping.members.filter(group__isnull=False).select_related("city").order_by("city__slug")
    for member in members:
        by_group.setdefault(member.group_id or 0, []).append(member.city)
    groups = [one for one in grouping.groups.filter(session__isnull=True) if one.pk in by_group]
    everybody = [city for one in groups for city in by_group[one.pk]]
    if not everybody:
        return []
    wanted = replace(wanted_slot(everybody, settings), rooms=plan.rooms)
    # One reading for all groups: each looks with its own cities, and what was given to groups before it is taken.
    query = query_of(lab, wanted)
    parties = {city.pk: party for city, party in zip(everybody, query.cities, strict=True)}
    rooms = {room.slug: room for room in query.rooms}
    by_id = {str(room.pk): room for room in plan.rooms}
    planned = []
    for one in groups:
        cities = by_group[one.pk]
        asked = replace(query, cities=tuple(parties[city.pk] for city in cities), rooms=tuple(rooms.values()))
        found = find_slots(asked)
        slot = found.slots[0] if found.slots else None
        room = by_id.get(slot.rooms[0].slug) if slot and slot.rooms and plan.rooms else None
        if slot and room:
            taken = rooms[str(room.pk)]
            rooms[taken.slug] = _taken(taken, slot)
        planned.append(PlannedSession(one, tuple(cities), asked.cities, found, slot, room))
    return planned


def _taken(room: Party, slot: Slot) -> Party:
    return replace(room, busy=(*room.busy, Busy(slot.starts_at, slot.ends_at, {})))


@transaction.atomic
def create_sessions_of(
    grouping: Grouping, plan: SessionsPlan, by: User, *, expected_version: int | None = None
) -> list[Session]:
    """Create a draft for each group that has no session and has a time, and make the round final.

    Groups that have one already get no second one. Raises InvalidFields, RuleViolation, EditConflict.
    """
    lock(grouping, expected_version)
    lab = grouping.lab
    check_title(lab, plan)
    planned = [one for one in plan_sessions(grouping, plan) if one.slot is not None]
    taken = set(lab.sessions.values_list("slug", flat=True))
    wanted = []
    for one in planned:
        titles = titles_of(lab, plan, one)
        slug = unique_slug(titles, taken, limit=80, otherwise="session")
        taken.add(slug)
        wanted.append(NewSession(_session_plan(lab, plan, one, titles, slug), audience=one.cities))
    sessions = create_sessions(lab, wanted, by)
    for one, session in zip(planned, sessions, strict=True):
        one.group.session = session
    CityGroup.objects.bulk_update([one.group for one in planned], ["session"])
    if sessions:
        grouping.final_at = grouping.final_at or timezone.now()
        grouping.save()
    return sessions


def check_title(lab: Lab, plan: SessionsPlan) -> None:
    """Raise InvalidFields for a title with other braces than those that are replaced."""
    findings = Findings()
    findings.check_columns(Session(lab=lab, title=dict(plan.title)), ["title"])
    for text in languages_of(dict(plan.title)).values():
        rest = text.replace(NUMBER, "").replace(CITIES, "")
        if "{" in rest or "}" in rest:
            words = gettext("Only %(number)s and %(cities)s are replaced. Remove other braces.")
            findings.add("title", words % {"number": NUMBER, "cities": CITIES})
            break
    findings.raise_errors()


def titles_of(lab: Lab, plan: SessionsPlan, planned: PlannedSession) -> dict[str, str]:
    """Return the title of a group's session in each language. Names are put in once, never read again."""
    found = {}
    for language, text in languages_of(dict(plan.title)).items():
        cities = ", ".join(text_of(city.name, language, lab) for city in planned.cities)
        parts = [part.replace(NUMBER, str(planned.group.number)) for part in text.split(CITIES)]
        found[language] = cities.join(parts)[:TITLE_LIMIT]
    return found


def _session_plan(
    lab: Lab, plan: SessionsPlan, planned: PlannedSession, titles: Mapping[str, str], slug: str
) -> SessionPlan:
    slot = planned.slot
    if slot is None:
        raise ValueError("a session needs a time")
    starts, ends = wall(slot.starts_at, lab.time_zone), wall(slot.ends_at, lab.time_zone)
    return SessionPlan(
        slug=slug,
        title=titles,
        start_date=starts.date(),
        start_time=starts.time(),
        start_fold=fold_of(slot.starts_at, lab.time_zone),
        end_date=ends.date(),
        end_time=ends.time(),
        end_fold=fold_of(slot.ends_at, lab.time_zone),
        time_zone=lab.time_zone,
        room=planned.room,
        join_link=plan.join_link,
        format="" if planned.room else Lab.Format.ONLINE,
    )


@transaction.atomic
def take_back_sessions(grouping: Grouping, sessions: Sequence[int], by: User) -> int:
    """Delete the drafts (ids) that were made for groups, as long as nobody saw them; return how many.

    Raises RuleViolation where one was shown to others or is used; then nothing is deleted.
    """
    lock(grouping)
    found = list(
        Session.objects.filter(pk__in=sessions, city_group__grouping=grouping).select_related(
            "lab__programme"
        )
    )
    for session in found:
        if not may_be_deleted(session):
            raise RuleViolation(
                "was_seen",
                gettext("“%(title)s” has been visible to others. Cancel it instead.")
                % {"title": session.title},
            )
    for session in sorted(found, key=lambda one: one.pk):
        delete_session(session, by)
    if found and not grouping.groups.filter(session__isnull=False).exists():
        grouping.final_at = None
    if found:
        grouping.save()
    return len(found)
