"""From a row of a file to the plan of a session, room, track or speaker, on top of what is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django.core.validators import slug_re
from django.utils.translation import gettext as _

from core.timezones.wall_clock import AmbiguousTime, WallClockError, instant, wall
from core.web.localized_fields import languages_of
from core.web.slugs import unique_slug
from labs.models import City, Lab
from sessions.models import Session
from sessions.models.seating import MODES, default_format
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.plans import AgendaPlan, AppearancePlan, SessionPlan
from sessions.schedule_import.document import Kind, Local, Row, Texts, When
from sessions.schedule_import.html_texts import plain_text
from sessions.schedule_import.matching import Matches, UnknownReference

# Sources that know no roles, nor the people of single agenda items.
WITHOUT_ROLES = {"frab", "pretalx", "icalendar"}
_PLAIN = (
    "join_link", "waiting_list", "needs_approval", "room_capacity", "online_capacity", *LANGUAGE_COLUMNS,
    *ORDER_COLUMNS,
)  # fmt: skip
# A session without a day has a length alone, from this hour on the lab's first day.
_FIRST_HOUR = time(9)
_USUAL_LENGTH = timedelta(hours=1)


def merged_texts(stored: object, given: Mapping[str, str], *, single: bool) -> Texts:
    """Return stored texts with those of the file over them; "" removes a language.

    What differs in spaces alone stays as it is; with `single` also what equals the text in another language.
    """
    texts = languages_of(stored)
    for code, text in given.items():
        if single and any(plain_text(known) == text for known in texts.values()):
            continue
        if not text:
            texts.pop(code, None)
        elif plain_text(texts.get(code, "")) != plain_text(text):
            texts[code] = text
    return texts


def named_values(row: Row, stored: Any, *, single: bool) -> dict[str, Any]:
    """Return the columns of a track, room or speaker that the file gives, texts merged with those stored."""
    values = {}
    for name, value in row.values.items():
        if isinstance(value, dict):
            values[name] = merged_texts(getattr(stored, name), value, single=single)
        else:
            values[name] = value
    return values


class SessionPlanner:
    """Makes the plans of a file's sessions. What is wrong is noted on the row."""

    def __init__(
        self, lab: Lab, matches: Matches, cities: Mapping[str, City], taken: Collection[str]
    ) -> None:
        self.lab = lab
        self.matches = matches
        self.cities = cities
        self.taken = set(taken)
        self.single = matches.document.is_single_language
        self.source = matches.document.source

    def plan(self, row: Row, session: Session | None, before: SessionPlan | None) -> SessionPlan | None:
        """Return the plan that a row asks for; None if it cannot be made."""
        if session is not None and self.source == "icalendar" and row.uid == session.uid:
            # An entry of our own calendars, whose description and place are made from the session.
            for name in ("abstract", "room", "join_link", *(["title"] if session.is_cancelled else [])):
                row.values.pop(name, None)
        title = merged_texts(before.title if before else {}, row.values.get("title", {}), single=self.single)
        if not title:
            row.error("title", _("Enter a title."))
        times = self._times(row, session, before)
        if before is None and times is None:
            if row.errors or "when" in row.values:
                return None
            times = self._without_day(row)
        elif before is not None and row.values.get("when") and not before.is_placed:
            times = {**(times or {}), "is_placed": True}
        if before is not None:
            plan = replace(before, title=title, **(times or {}))
        else:
            plan = SessionPlan(slug=self._slug(row, title), title=title, **(times or {}))
        if row.values.get("abstract") is not None:
            abstract = merged_texts(plan.abstract, row.values["abstract"], single=self.single)
            plan = replace(plan, abstract=abstract)
        changes: dict[str, Any] = {name: row.values[name] for name in _PLAIN if name in row.values}
        for name, kind in (("track", Kind.TRACK), ("room", Kind.ROOM)):
            if name in row.values:
                changes[name] = self._refer(row, kind, row.values[name], name) if row.values[name] else None
        if "people" in row.values:
            changes["appearances"] = self._people(row, row.values["people"], before)
        if "agenda" in row.values:
            changes["agenda"] = self._agenda(row, before)
        return self._with_format(row, replace(plan, **changes), before)

    def _slug(self, row: Row, title: Mapping[str, str]) -> str:
        slug = row.slug.lower()
        if not (slug and len(slug) <= 80 and slug_re.fullmatch(slug)) or slug in self.taken:
            slug = unique_slug(title, self.taken, limit=80, otherwise="session")
        self.taken.add(slug)
        return slug

    def _refer(self, row: Row, kind: Kind, text: str, column: str) -> Any:
        try:
            return self.matches.refer(kind, text, row, column)
        except UnknownReference as error:
            row.error(column, str(error))
            return None

    # Times

    def _times(self, row: Row, session: Session | None, before: SessionPlan | None) -> dict[str, Any] | None:
        """Return the columns of date, time and zone; None where the file leaves them alone or they are wrong."""
        when: When | None = row.values.get("when")
        if when is None:
            zone = row.values.get("time_zone")
            return {"time_zone": zone} if zone and before else None
        zone = when.zone or (before.time_zone if before else "") or when.fallback or self.lab.time_zone
        try:
            start = self._wall(row, "starts", when.starts, zone, _start_of(before))
            end = when.ends
            if isinstance(end, timedelta):
                starts_at = instant(start.on, start.at, zone, start.fold)
                end = starts_at + end
            end = self._wall(row, "ends", end, zone, _end_of(before))
        except WallClockError as error:
            row.error("starts", _with_hint(error))
            return None
        except OverflowError:
            row.error("ends", _("The date is too far away."))
            return None
        if session is not None and before is not None and not when.zone:
            # The same instants in another zone say nothing new.
            at = [_instant_of(one, zone) for one in (start, end)]
            if at == [session.starts_at, session.ends_at]:
                return None
        return {
            "start_date": start.on, "start_time": start.at, "start_fold": start.fold,
            "end_date": end.on, "end_time": end.at, "end_fold": end.fold, "time_zone": zone,
        }  # fmt: skip

    def _without_day(self, row: Row) -> dict[str, Any]:
        """Return the columns of a new session that waits in the list of those without a day."""
        start = datetime.combine(self.lab.starts_on, _FIRST_HOUR)
        end = start + row.values.get("length", _USUAL_LENGTH)
        if row.values.get("visibility", Session.Visibility.DRAFT) != Session.Visibility.DRAFT:
            row.error("starts", _("Enter when the session starts and ends. Only drafts can go without."))
        row.note("starts", _("No time is given: the session is added to those without a day."))
        return {
            "start_date": start.date(), "start_time": start.time(), "end_date": end.date(), "end_time": end.time(),
            "start_fold": 0, "end_fold": 0, "time_zone": row.values.get("time_zone") or self.lab.time_zone,
            "is_placed": False,
        }  # fmt: skip

    def _wall(self, row: Row, name: str, at: Local | datetime, zone: str, stored: Local | None) -> Local:
        """Return a time on the clocks of `zone`, with the fold that stands where it is the time that stands."""
        if isinstance(at, datetime):
            found = wall(at, zone)
            return Local(found.date(), found.time().replace(tzinfo=None, fold=0), found.fold)
        if at.fold is None and stored and (at.on, at.at) == (stored.on, stored.at):
            return stored
        try:
            instant(at.on, at.at, zone, at.fold)
        except WallClockError as error:
            row.error(name, _with_hint(error))
        return at

    # People and agenda

    def _people(
        self, row: Row, people: list[tuple[str, str]], before: SessionPlan | None
    ) -> tuple[AppearancePlan, ...]:
        found = self._appearances(row, people, "speakers")
        if before is None or self.source not in WITHOUT_ROLES:
            return found
        stored = {one.speaker.pk for one in before.appearances}
        with_agenda = stored | {one.speaker.pk for item in before.agenda for one in item.appearances}
        given = {one.speaker.pk for one in found}
        if given in (stored, with_agenda):
            return before.appearances
        kept = tuple(one for one in before.appearances if one.speaker.pk in given)
        elsewhere = with_agenda - stored
        return kept + tuple(one for one in found if one.speaker.pk not in stored | elsewhere)

    def _appearances(
        self, row: Row, people: list[tuple[str, str]], column: str
    ) -> tuple[AppearancePlan, ...]:
        found = []
        for text, role in people:
            speaker = self._refer(row, Kind.SPEAKER, text, column)
            if speaker is not None:
                found.append(AppearancePlan(speaker, role))
        return tuple(dict.fromkeys(found))

    def _agenda(self, row: Row, before: SessionPlan | None) -> tuple[AgendaPlan, ...]:
        """Return the file's agenda; an item that shares a title with one that stands keeps its row and what is not
        given.
        """
        unclaimed = list(before.agenda) if before else []
        agenda: list[AgendaPlan] = []
        for item in row.values["agenda"]:
            title = {code: text for code, text in item.title.items() if text}
            same = next((old for old in unclaimed if old.title.items() & title.items()), None)
            if same:
                unclaimed.remove(same)
            if not merged_texts(same.title if same else {}, item.title, single=False):
                row.places["agenda"] = item.place
                row.error("agenda", _("Enter a title."))
                continue
            row.places[f"agenda.{len(agenda)}"] = item.place
            agenda.append(
                AgendaPlan(
                    title=merged_texts(same.title if same else {}, item.title, single=False),
                    abstract=merged_texts(same.abstract if same else {}, item.abstract or {}, single=False),
                    start_time=item.starts,
                    end_time=item.ends,
                    appearances=self._appearances(row, item.people, f"agenda.{len(agenda)}")
                    if item.people is not None
                    else (same.appearances if same else ()),
                    item=same.item if same else None,
                )
            )
        return tuple(agenda)

    # Format and seats

    def _with_format(self, row: Row, plan: SessionPlan, before: SessionPlan | None) -> SessionPlan:
        """Return the plan with the file's format; without a word about it, a session takes place as its room does."""
        usual = default_format(self.lab, plan.room)
        if row.values.get("format"):
            plan = replace(plan, format=row.values["format"])
        else:
            is_kept = before is not None and (
                plan.room == before.room or plan.format in (Lab.Format.HYBRID, usual)
            )
            if "format" in row.values or not is_kept:
                plan = replace(plan, format=usual)
        modes = MODES.get(plan.format, ())
        if len(modes) == 1:
            # "Seats" without a word about the way to attend are those of the only one.
            own, other = (
                f"{modes[0]}_capacity",
                "online_capacity" if modes[0] == "room" else "room_capacity",
            )
            if own not in row.values and row.values.get(other) is not None:
                plan = replace(plan, **{own: row.values[other], other: None})
                return plan
        if plan.format in MODES:
            # A capacity of seats that the format does not have goes, unless the file itself asks for it.
            gone: dict[str, Any] = {
                name: None
                for name, mode in (("room_capacity", "room"), ("online_capacity", "online"))
                if mode not in MODES[plan.format] and not row.values.get(name)
            }
            plan = replace(plan, **gone)
        return plan

    def audience(self, row: Row) -> tuple[City, ...] | None:
        """Return the cities that the row names, by slug or name; None if it does not say."""
        if "audience" not in row.values:
            return None
        found = []
        for text in row.values["audience"]:
            city = self.cities.get(text) or self.cities.get(text.casefold())
            if city is None:
                row.error("audience", _("“%(city)s” is not a city of this programme.") % {"city": text[:60]})
            else:
                found.append(city)
        return tuple(dict.fromkeys(found))


def _with_hint(error: WallClockError) -> str:
    if not isinstance(error, AmbiguousTime):
        return error.message
    texts = [
        f"{error.on.isoformat()} {error.at.isoformat('minutes')}{_offset(offset)}" for offset in error.offsets
    ]
    hint = _("Enter it with the offset: %(first)s or %(second)s.")
    return f"{error.message} {hint % {'first': texts[0], 'second': texts[1]}}"


def _offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _start_of(plan: SessionPlan | None) -> Local | None:
    return None if plan is None else Local(plan.start_date, plan.start_time, plan.start_fold)


def _end_of(plan: SessionPlan | None) -> Local | None:
    return None if plan is None else Local(plan.end_date, plan.end_time, plan.end_fold)


def _instant_of(at: Local, zone: str) -> datetime | None:
    try:
        return instant(at.on, at.at, zone, at.fold)
    except WallClockError:
        return None


def is_new(model: Any) -> bool:
    """Tell whether a track, room or speaker of a plan is not stored yet."""
    return model is not None and model.pk < 0


def new_models(plan: SessionPlan) -> set[int]:
    """Return the ids of what a plan needs that is not stored yet."""
    people = [*plan.appearances, *(one for item in plan.agenda for one in item.appearances)]
    used: list[Any] = [plan.track, plan.room, *(one.speaker for one in people)]
    return {model.pk for model in used if is_new(model)}
