"""Differences of two plans of a session, and its history, as texts for organisers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.search import alphabetical_key
from core.timezones import formatting, zone_hours
from core.timezones.zones import UTC
from core.web.edit_conflicts import Difference
from core.web.localized_fields import languages_of, text_and_language
from labs.models import City, Room, Track
from sessions.languages import language_names
from sessions.models import AgendaItem, Appearance, Session
from sessions.models.session_languages import LANGUAGE_COLUMNS
from sessions.plans import COLUMNS, AgendaPlan, AppearancePlan, SessionPlan
from sessions.session_facts import differences as differences_of_facts

LABELS: dict[str, str | Promise] = {
    "title": _("Title"),
    "abstract": _("Description"),
    "track": _("Track"),
    "room": _("Room"),
    "join_link": _("Join link"),
    "start_date": _("Day"),
    "start_time": _("Starts"),
    "start_fold": _("Which start (clocks go back)"),
    "end_date": _("Last day"),
    "end_time": _("Ends"),
    "end_fold": _("Which end (clocks go back)"),
    "time_zone": _("Time zone"),
    "format": _("Format"),
    "room_capacity": _("Seats in person"),
    "online_capacity": _("Seats online"),
    "waiting_list": _("Waiting list"),
    "needs_approval": _("Approval by organisers"),
    "spoken_languages": _("Spoken languages"),
    "interpreted_languages": _("Interpreted into"),
    "sign_languages": _("Sign languages"),
    "captioned_languages": _("Captions in"),
    "interpretation_order_by": _("Order interpretation by"),
    "interpretation_ordered_on": _("Interpretation ordered on"),
    "is_placed": _("In the schedule"),
    "visibility": _("Who can see it"),
    "status": _("Takes place"),
    "cancel_reason": _("Reason"),
    "audience": _("Cities"),
    "agenda": _("Agenda"),
    "appearances": _("Speakers"),
}
# Any other column of a plan goes by its own name.
LABELS |= {
    column.name: column.verbose_name
    for column in Session._meta.fields
    if column.name in COLUMNS and column.name not in (*LABELS, "slug")
}
CHOICES = {column.name: dict(column.flatchoices) for column in Session._meta.fields if column.choices}
# In display order; "audience" is a separate table.
HISTORY_COLUMNS = tuple(name for name in LABELS if name not in ("audience", "agenda", "appearances"))
TEXTS = ("title", "abstract", "cancel_reason")
# The table with the audience of each historical version.
AUDIENCE = "historicalsession_audience_set"
AGENDA_COLUMNS = ("title", "abstract", "start_time", "end_time")


@dataclass(frozen=True)
class Event:
    """One save of a session or of an agenda item. `by` is empty if no person did it."""

    at: datetime
    by: str
    what: str
    differences: tuple[Difference, ...] = ()


def differences(before: SessionPlan, after: SessionPlan) -> list[Difference]:
    """Return what differs between two plans, in the order of the form."""
    found = []
    for name, label in LABELS.items():
        if name not in SessionPlan.__dataclass_fields__:
            continue
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        # Folds matter only for ambiguous times.
        if name in ("start_fold", "end_fold") and new is None:
            continue
        said, meant = value_texts(name, old, new)
        if said != meant:
            found.append(Difference(str(label), said, meant))
    return found


def value_texts(name: str, old: Any, new: Any) -> tuple[str, str]:
    """Return two values of a session as text; of multilingual texts, only the languages that differ."""
    if name not in TEXTS:
        return value_text(name, old), value_text(name, new)
    before, after = languages_of(old), languages_of(new)
    differing = {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}
    return (
        value_text(name, {code: text for code, text in before.items() if code in differing}),
        value_text(name, {code: text for code, text in after.items() if code in differing}),
    )


def value_text(name: str, value: Any) -> str:
    """Return a value of a session as text, "–" if it is empty."""
    if name in TEXTS:
        return "\n".join(f"{code}: {text}" for code, text in sorted(languages_of(value).items())) or "–"
    if name == "agenda":
        return "\n".join(_item_text(item) for item in value or ()) or "–"
    if name == "appearances":
        return "\n".join(_appearance_text(one) for one in value or ()) or "–"
    if name in LANGUAGE_COLUMNS:
        return language_names(value or ()) or "–"
    if name in ("waiting_list", "needs_approval", "is_placed"):
        return gettext("Yes") if value else gettext("No")
    if name in ("start_fold", "end_fold"):
        return gettext("The second") if value else gettext("The first")
    if name == "status":
        return gettext("No, cancelled") if value == Session.Status.CANCELLED else gettext("Yes")
    if name in CHOICES and value:
        return str(CHOICES[name].get(value, value))
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, time):
        return formatting.clock(value)
    if isinstance(value, date):
        return formatting.long_date(value, get_language() or "en")
    return "–" if value in (None, "") else str(value)


def _localized(texts: object, fallback: str = "") -> str:
    """Return a multilingual text in the active language, "" if there is none."""
    return text_and_language(texts, get_language() or "en", fallback)[0]


def _item_text(item: AgendaPlan) -> str:
    hours = (
        formatting.hours(item.start_time, item.end_time) + " " if item.start_time and item.end_time else ""
    )
    title = _localized(dict(item.title)) or "–"
    people = ", ".join(_appearance_text(one) for one in item.appearances)
    about = _localized(dict(item.abstract))
    return f"{hours}{title}" + (f" ({people})" if people else "") + (f": {about}" if about else "")


def _appearance_text(one: AppearancePlan) -> str:
    return f"{one.speaker} ({Appearance.Role(one.role).label})"


def history_of(session: Session, limit: int = 100) -> list[Event]:
    """Return the history of a session, latest first, in a constant number of queries."""
    records = list(
        session.history.select_related("history_user")
        .prefetch_related(AUDIENCE)
        .order_by("-history_date", "-history_id")[: limit + 1]
    )
    people = _names(User, (record.history_user_id for record in records))
    tracks = _names(Track, (record.track_id for record in records))
    rooms = _names(Room, (record.room_id for record in records))
    cities = _names(City, (row.city_id for record in records for row in _audience(record)))
    events = []
    for record, older in zip(records, [*records[1:], None], strict=True):
        by = people.get(record.history_user_id, "")
        if older is None:
            if len(records) <= limit:
                events.append(Event(record.history_date, by, gettext("Created")))
            continue
        changes = []
        for name in HISTORY_COLUMNS:
            column = f"{name}_id" if name in ("track", "room") else name
            old, new = getattr(older, column), getattr(record, column)
            if name in ("track", "room"):
                lookup = tracks if name == "track" else rooms
                said, meant = _name_of(lookup, old), _name_of(lookup, new)
            else:
                said, meant = value_texts(name, old, new)
            if old != new and said != meant:
                changes.append(Difference(str(LABELS[name]), said, meant))
        said, meant = (
            ", ".join(sorted((_name_of(cities, row.city_id) for row in _audience(one)), key=alphabetical_key))
            or gettext("All")
            for one in (older, record)
        )
        if said != meant:
            changes.append(Difference(str(LABELS["audience"]), said, meant))
        what = gettext("Changed")
        if (record.history_change_reason or "").startswith("tzdata"):
            # The clock on the wall is the same; its instant is not.
            what = gettext("New time zone rules")
            moments = [
                zone_hours.moment(one.starts_at, UTC, get_language() or "en") for one in (older, record)
            ]
            changes.append(Difference(gettext("Start"), *moments))
        if changes:
            events.append(Event(record.history_date, by, what, tuple(changes)))
    events += _agenda_events(session, limit)
    events += _appearance_events(session, limit)
    events += _decision_events(session, limit)
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _agenda_events(session: Session, limit: int) -> list[Event]:
    """Return the history of the agenda items."""
    records = list(
        AgendaItem.history.filter(session_id=session.pk).order_by("-history_date", "-history_id")[: limit * 2]
    )
    people = _names(User, (record.history_user_id for record in records))
    by_item: defaultdict[int, list[Any]] = defaultdict(list)
    for record in records:
        by_item[record.id].append(record)
    events = []
    for versions in by_item.values():
        for record, older in zip(versions, [*versions[1:], None], strict=True):
            by = people.get(record.history_user_id, "")
            title = _localized(record.title, session.lab.default_language) or "–"
            if record.history_type == "-":
                what = gettext("Agenda item “%(title)s” removed")
            elif record.history_type == "+":
                what = gettext("Agenda item “%(title)s” added")
            elif older is not None:
                what = gettext("Agenda item “%(title)s” changed")
            else:
                continue
            pairs = {
                name: value_texts(name, getattr(older, name), getattr(record, name))
                for name in AGENDA_COLUMNS
                if record.history_type == "~" and older is not None
            }
            changes = tuple(
                Difference(str(LABELS[name]), said, meant)
                for name, (said, meant) in pairs.items()
                if said != meant
            )
            if record.history_type != "~" or changes:
                events.append(Event(record.history_date, by, what % {"title": title}, changes))
    return events


def _appearance_events(session: Session, limit: int) -> list[Event]:
    rows = session.appearance_changes.select_related("by").order_by("-at", "-pk")[:limit]
    return [
        Event(
            row.at,
            str(row.by or ""),
            gettext("Speakers changed"),
            (
                Difference(
                    str(LABELS["appearances"]), *(_people_text(one, session) for one in (row.was, row.now))
                ),
            ),
        )
        for row in rows
    ]


def _people_text(rows: list[dict[str, Any]], session: Session) -> str:
    lines, fallback = [], session.lab.default_language
    for row in rows:
        line = f"{_localized(row['speaker'], fallback)} ({Appearance.Role(row['role']).label})"
        item = _localized(row["item"], fallback) if row["item"] else ""
        lines.append(f"{item}: {line}" if item else line)
    return "\n".join(lines) or "–"


def _decision_events(session: Session, limit: int) -> list[Event]:
    """Return what was announced of the session, and what was not, with what was and what is."""
    events = []
    for row in session.change_decisions.select_related("by").order_by("-at", "-pk")[:limit]:
        said = differences_of_facts(
            row.was, row.now, session.lab.time_zone, get_language() or "en", join_link=True
        )
        what = gettext("No one emailed about the change")
        if row.is_told:
            what = ngettext("%(count)s person emailed", "%(count)s people emailed", row.people) % {
                "count": row.people
            }
        elif row.reason:
            what = f"{what}: {row.reason}"
        events.append(Event(row.at, str(row.by or ""), what, tuple(said)))
    return events


def _audience(record: Any) -> list[Any]:
    """Return the prefetched audience rows of one version."""
    return list(getattr(record, AUDIENCE).all())


def _names(model: type[Model], ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of these rows, in one query."""
    wanted = {pk for pk in ids if pk is not None}
    return {row.pk: str(row) for row in model._default_manager.filter(pk__in=wanted)} if wanted else {}


def _name_of(names: Mapping[int | None, str], pk: int | None) -> str:
    return "–" if pk is None else names.get(pk, gettext("deleted in the meantime"))
