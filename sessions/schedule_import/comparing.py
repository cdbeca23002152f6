"""What a document would change in a lab: one entry for each of its rows, and for sessions that it lacks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from core.search import alphabetical_key
from core.timezones import formatting
from core.timezones.wall_clock import wall
from core.timezones.zones import city_of, offset_text
from core.web.edit_conflicts import Difference
from core.web.errors import InvalidFields
from core.web.localized_fields import languages_of, text_and_language
from labs.lab_editing import Findings
from labs.models import City, Lab
from sessions import diff
from sessions.models import ImportEntry, Session
from sessions.models.seating import default_format
from sessions.plans import Instants, SessionPlan, check_plan
from sessions.schedule_import.document import Document, Kind, Row
from sessions.schedule_import.matching import Matches
from sessions.schedule_import.planning import SessionPlanner, is_new, named_values, new_models
from sessions.scheduling import plans_of

State = ImportEntry.State
STEP = 100  # sessions between two notes of progress
LABELS = {
    "name": lazy("Name"), "address": lazy("Address"), "online": lazy("Online"), "capacity": lazy("Capacity"),
    "join_link": lazy("Join link"), "affiliation": lazy("Organisation"), "biography": lazy("Biography"),
    "city": lazy("City"), "website": lazy("Website"),
}  # fmt: skip
# Where a plan's field stands in a table.
_MEMBERS = {
    "start_date": "starts", "start_time": "starts", "end_date": "ends", "end_time": "ends", "appearances": "speakers",
    "slug": "key",
}  # fmt: skip


@dataclass
class Entry:
    """What becomes of one row. `values` are columns of a track, room or speaker, `plan` is of a session.

    `needs` are the (negative) ids of new tracks, rooms and speakers that a session's plan holds.
    """

    kind: Kind
    state: State
    label: str
    row: Row | None = None
    stored: Any = None
    model: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    plan: SessionPlan | None = None
    before: SessionPlan | None = None
    visibility: str = ""
    audience: tuple[City, ...] | None = None
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    when: str = ""
    can_choose: bool = False

    @property
    def needs(self) -> set[int]:
        return new_models(self.plan) if self.plan else set()

    @property
    def errors(self) -> list[str]:
        return [str(one) for one in self.row.errors] if self.row else []

    @property
    def fingerprint(self) -> str:
        """Return what changes as soon as the entry would do something else."""
        said = [self.kind, self.state, self.label, self.when, self.visibility, self.stored and self.stored.pk]
        said += [[one.label, one.before, one.after] for one in self.differences]
        return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def compare(lab: Lab, document: Document, progress: Callable[[int, int], None] | None = None) -> list[Entry]:
    """Return what the document would change, tracks, rooms and speakers first. Nothing is changed.

    `progress` is told how many of how many sessions are done. A constant number of queries.
    """
    return _Comparison(lab, document).entries(progress)


class _Comparison:
    def __init__(self, lab: Lab, document: Document) -> None:
        self.lab = lab
        self.document = document
        rows = (
            lab.sessions.select_related("track", "room")
            .prefetch_related("audience")
            .order_by("starts_at", "pk")
        )
        self.sessions = list(rows)
        for session in self.sessions:
            session.lab = lab
        self.matches = Matches(lab, document, self.sessions)
        self.plans = plans_of(self.sessions)
        self.cities: dict[str, City] = {}
        for city in lab.programme.cities.all():
            self.cities |= {text.casefold(): city for text in languages_of(city.name).values()} | {
                city.slug: city
            }
        self.taken = {session.slug for session in self.sessions}
        self.planner = SessionPlanner(lab, self.matches, self.cities, self.taken)

    def entries(self, progress: Callable[[int, int], None] | None) -> list[Entry]:
        listed = self.document.of(Kind.SESSION)
        sessions = []
        for number, row in enumerate(listed):
            if progress and number % STEP == 0:
                progress(number, len(listed))
            sessions.append(self._session(row))
        sessions += [self._missing(session, shown) for session, shown in self._left()]
        # After the sessions, whose references add to the rows.
        parts = [
            self._named(row)
            for kind in (Kind.TRACK, Kind.ROOM, Kind.SPEAKER)
            for row in self.document.of(kind)
        ]
        if progress:
            progress(len(listed), len(listed))
        return [*parts, *sessions]

    # Tracks, rooms, speakers

    def _named(self, row: Row) -> Entry:
        stored = self.matches.stored.get(id(row))
        model = self.matches.models[id(row)]
        values = named_values(row, stored or model, single=self.document.is_single_language)
        values.pop("position", None)
        if row.kind == Kind.SPEAKER and "city" in values:
            values["city"] = self._city(row, values["city"])
        if "name" in values and not values["name"]:
            row.error("name", _("Enter a name."))
        entry = Entry(
            row.kind,
            State.NEW,
            self._label(values.get("name") or model.name, row),
            row,
            stored,
            model,
            values,
        )
        self._check_named(entry)
        blank = type(model)() if stored is None else stored
        for name, value in values.items():
            before = getattr(blank, name)
            if isinstance(value, dict):
                before = languages_of(before)
            if before != value and not (before in ("", None) and value in ("", None)):
                said, meant = _pair(before, value)
                entry.differences.append(Difference(str(LABELS.get(name, name)), said, meant))
        return self._settled(entry)

    def _city(self, row: Row, text: str) -> City | None:
        found = self.cities.get(text) or self.cities.get(text.casefold()) if text else None
        if text and found is None:
            row.error("city", _("“%(city)s” is not a city of this programme.") % {"city": text[:60]})
        return found

    def _check_named(self, entry: Entry) -> None:
        """Check the columns as the verb does that writes them."""
        model, row = entry.model, entry.row
        candidate = type(model)(
            **{column.attname: getattr(model, column.attname) for column in model._meta.concrete_fields}
        )
        names = [name for name in entry.values if name != "city"]
        for name in names:
            setattr(candidate, name, entry.values[name])
        findings = Findings()
        findings.check_columns(candidate, names)
        for name, messages in findings.errors.items():
            for message in messages:
                if row is not None:
                    row.error(name, message)

    # Sessions

    def _session(self, row: Row) -> Entry:
        session = self.matches.stored.get(id(row))
        before = self.plans[session.pk] if session else None
        plan = self.planner.plan(row, session, before)
        audience = self.planner.audience(row)
        label = self._label((plan and plan.title) or row.values.get("title", {}), row)
        entry = Entry(Kind.SESSION, State.NEW, label, row, session, None, plan=plan, before=before)
        self._show(entry, audience)
        if plan is not None:
            found = self._checked(entry)
            if found is not None:
                entry.when = when_text(found, plan.time_zone) if plan.is_placed else _("Without a day")
                entry.plan = plan = self._settled_plan(plan, found)
        if plan is not None and before is not None:
            entry.differences += diff.differences(before, plan)
        elif plan is not None:
            entry.differences += _details(plan)
        self._note_status(entry)
        return self._settled(entry)

    def _settled_plan(self, plan: SessionPlan, found: Instants) -> SessionPlan:
        format = plan.format or default_format(self.lab, plan.room)
        return replace(plan, format=format, start_fold=found.start_fold, end_fold=found.end_fold)

    def _checked(self, entry: Entry) -> Instants | None:
        """Return the instants of a plan that the verbs will take; what is wrong with it is noted on the row."""
        row, plan = entry.row, entry.plan
        if row is None or plan is None:
            return None
        session = entry.stored or Session(lab=self.lab)
        try:
            return check_plan(session, plan, self.taken)
        except InvalidFields as error:
            said = {one.message for one in row.errors}
            for name, messages in error.errors.items():
                place = name
                if name.startswith("agenda."):
                    place = ".".join(name.split(".")[:2])
                for message in messages:
                    # An ambiguous or skipped time is said already, with how to write it.
                    if not any(one.startswith(message) for one in said):
                        row.error(_MEMBERS.get(place, place), message)
            return None

    def _show(self, entry: Entry, audience: tuple[City, ...] | None) -> None:
        """Set who will see the session, and what that changes."""
        row, session = entry.row, entry.stored
        if row is None:
            return
        stored = session.visibility if session else Session.Visibility.DRAFT
        wanted = row.values.get("visibility") or stored
        before = tuple(session.audience.all()) if session else ()
        is_internal = wanted == Session.Visibility.INTERNAL
        after = before if audience is None else audience
        if audience and not is_internal:
            row.error("audience", _("Only internal sessions can be limited to cities."))
        if (
            session
            and wanted == Session.Visibility.DRAFT != stored
            and session.seats_taken + session.seats_waiting
        ):
            row.error(
                "visibility",
                _("People have seats in the session. Cancel it instead, so that they are notified."),
            )
        entry.visibility, entry.audience = wanted, after if is_internal else ()
        if wanted != stored:
            said, meant = diff.value_texts("visibility", stored if session else "", wanted)
            entry.differences.append(Difference(str(diff.LABELS["visibility"]), said, meant))
        if is_internal and set(after) != set(before):
            said, meant = _cities(before) if session else "–", _cities(after)
            entry.differences.append(Difference(str(diff.LABELS["audience"]), said, meant))

    def _note_status(self, entry: Entry) -> None:
        status = entry.row.values.get("status") if entry.row else None
        if not status or status == (entry.stored.status if entry.stored else Session.Status.SCHEDULED):
            return
        if status == Session.Status.CANCELLED:
            entry.notes.append(
                _("The file says that the session is cancelled. Imports cancel nothing: do it on its page.")
            )
        else:
            entry.notes.append(_("The file says that the session takes place. Restore it on its page."))

    def _left(self) -> list[tuple[Session, bool]]:
        """Return the sessions that the file lacks, and whether anybody but organisers saw them."""
        left = self.matches.missing_sessions()
        if not left:
            return []
        public = Lab.Visibility.PUBLIC
        was_public = self.lab.visibility == public or self.lab.history.filter(visibility=public).exists()
        ids = [session.pk for session in left] if len(left) < 500 else None
        history: Any = Session.history.filter(lab_id=self.lab.pk).exclude(visibility=Session.Visibility.DRAFT)
        shown = set((history.filter(id__in=ids) if ids else history).values_list("id", flat=True).distinct())
        return [(session, was_public and session.pk in shown) for session in left]

    def _missing(self, session: Session, was_seen: bool) -> Entry:
        label = self._label(languages_of(session.title), None)
        entry = Entry(Kind.SESSION, State.MISSING, label, stored=session)
        plan = self.plans[session.pk]
        if session.is_placed:
            spans = Instants(session.starts_at, session.ends_at, 0, 0)
            entry.when = when_text(spans, plan.time_zone)
        entry.can_choose = session.visibility == Session.Visibility.DRAFT and not was_seen
        if not entry.can_choose:
            entry.notes.append(
                _("Others have seen this session. It stays: cancel it on its page if it is not held.")
            )
        return entry

    # All

    def _label(self, texts: object, row: Row | None) -> str:
        text = text_and_language(texts, get_language() or "en", self.lab.default_language)[0]
        return (text or (row.key if row else "") or "–")[:400]

    def _settled(self, entry: Entry) -> Entry:
        """Set the state of an entry, now that all is known about it."""
        if entry.row is not None:
            entry.notes += [str(one) for one in entry.row.findings if not one.is_error]
        if entry.errors:
            entry.state = State.ERROR
        elif entry.stored is not None:
            entry.state = State.CHANGED if entry.differences else State.UNCHANGED
        entry.can_choose = entry.state in (State.NEW, State.CHANGED)
        return entry


def when_text(found: Instants, zone: str) -> str:
    """Return when a session takes place, with zone and offset: what was understood."""
    language = get_language() or "en"
    starts, ends = wall(found.starts_at, zone), wall(found.ends_at, zone)
    offset = starts.utcoffset()
    said = f"{formatting.span(starts, ends, language)}, {city_of(zone, language)}"
    return f"{said} ({offset_text(offset)})" if offset is not None else said


# When it takes place is said in one line; what every new session has is not said.
_SAID_ELSEWHERE = {
    "start_date", "start_time", "start_fold", "end_date", "end_time", "end_fold", "time_zone", "waiting_list", "slug",
    "is_placed",
}  # fmt: skip


def _details(plan: SessionPlan) -> list[Difference]:
    """Return what a new session has."""
    found = []
    for name, label in diff.LABELS.items():
        value = getattr(plan, name, None)
        if value and name not in _SAID_ELSEWHERE:
            text = diff.value_text(name, value)
            if text != "–":
                found.append(Difference(str(label), "–", text))
    return found


def _cities(cities: tuple[City, ...]) -> str:
    return ", ".join(sorted((str(city) for city in cities), key=alphabetical_key)) or _("All")


def _pair(before: Any, after: Any) -> tuple[str, str]:
    """Return two values as text; of texts, only the languages that differ."""
    if isinstance(after, dict):
        return diff.value_texts("title", before, after)
    if isinstance(after, bool):
        return diff.value_text("waiting_list", before), diff.value_text("waiting_list", after)
    return diff.value_text("", before), diff.value_text("", after)


def needed_by(entries: list[Entry]) -> set[int]:
    """Return the ids of new rows that these sessions need."""
    return {pk for entry in entries for pk in entry.needs}


def new_model_of(entry: Entry) -> int:
    """Return the id under which plans hold the entry's new row, 0 for one that is stored."""
    return int(entry.model.pk) if entry.model is not None and is_new(entry.model) else 0
