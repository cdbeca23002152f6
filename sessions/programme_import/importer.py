"""Carrying out what a programme file says: in one transaction, or not at all.

The file is the truth about what it mentions and silent about everything else: a key that is missing leaves the
column as it is, languages that it lacks stay, and rows that it does not name are never deleted (agenda and speakers
of a session that the file lists are taken as the whole list). So loading the same file twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from i18nfield.fields import I18nCharField, I18nTextField

from core.accounts.models import User
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import languages_of
from labs.lab_editing import save
from labs.lab_parts import ROOM_COLUMNS, RoomPlan, change_room, create_room
from labs.models import City, Lab, LabDay, Programme, Room, StakeholderGroup, Track
from labs.revisions import public_parts, touch, touch_all
from sessions import place_changes, publishing, scheduling, unannounced_changes
from sessions.lab_dates import sessions_outside
from sessions.models import Session, Speaker
from sessions.plans import SessionPlan
from sessions.programme_import import Problem, ProgrammeFileError, schema
from sessions.programme_import.plans import given, lab_values, programme_values, session_plan
from sessions.speakers import touch_labs_of

if TYPE_CHECKING:
    from django.utils.functional import Promise

NAMES: dict[type[models.Model], str | Promise] = {
    City: gettext_lazy("cities"),
    Programme: gettext_lazy("programmes"),
    StakeholderGroup: gettext_lazy("types of organisation"),
    Lab: gettext_lazy("labs"),
    LabDay: gettext_lazy("days"),
    Track: gettext_lazy("tracks"),
    Room: gettext_lazy("rooms"),
    Speaker: gettext_lazy("speakers"),
    Session: gettext_lazy("sessions"),
}
Row = TypeVar("Row", bound=models.Model)
# Where a plan's field came from in the file.
_MEMBERS = {
    "start_date": "starts", "start_time": "starts", "end_date": "ends", "end_time": "ends", "appearances": "speakers",
}  # fmt: skip


@dataclass
class Report:
    """How many rows of each kind were created, changed and left alone."""

    created: Counter[type[models.Model]] = field(default_factory=Counter)
    changed: Counter[type[models.Model]] = field(default_factory=Counter)
    unchanged: Counter[type[models.Model]] = field(default_factory=Counter)

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.changed)


@transaction.atomic
def load(file: schema.ProgrammeFile, by: User | None = None, *, tell: bool = False) -> Report:
    """Make the database say what the file says. `tell` asks for participants of moved sessions to be told.

    Raises ProgrammeFileError for what only the database could know; nothing is changed then.
    """
    began = timezone.now()
    loading = _Loading(by)
    loading.load(file)
    if loading.problems:
        raise ProgrammeFileError(loading.problems)
    if tell:
        # One answer for each lab, so that a person hears once of all that moved.
        moved = unannounced_changes.pending_sessions(
            Session.objects.filter(revised_at__gte=began).order_by("lab_id", "pk")
        )
        for _lab, sessions in groupby(moved, key=attrgetter("lab_id")):
            unannounced_changes.decide(sessions, tell=True)
    return loading.report


class _Loading:
    """One run of `load`. Problems are gathered; the caller rolls back."""

    def __init__(self, by: User | None) -> None:
        self.by = by
        self.report = Report()
        self.problems: list[Problem] = []
        self.cities: dict[str, City] = {}

    def load(self, file: schema.ProgrammeFile) -> None:
        """Go through the file from above: all cities, programmes and speakers, then all labs, lowest id first."""
        changed: set[int] = set()
        for city in file.cities:
            values = given(city, "name", "country", "time_zone")
            row = City.objects.filter(slug=city.slug).first()
            if row is None:
                self._create(City(slug=city.slug), values)
            elif self._change(row, values):
                changed.update(Lab.objects.filter(programme__cities=row).values_list("pk", flat=True))
        self.cities = {city.slug: city for city in City.objects.all()}
        # Held in one order, whatever that of the file.
        slugs = [programme.slug for programme in file.programmes]
        held = Programme.objects.select_for_update(no_key=True).filter(slug__in=slugs).order_by("pk")
        programmes = {programme.slug: programme for programme in held}
        found = [(self._programme(one, programmes.get(one.slug), changed), one) for one in file.programmes]
        speaking = [speaker for programme, one in found for speaker in self._speakers(programme, one)]
        # In any of them somebody may be letting one of these appear.
        shown = Lab.objects.filter(programme__speakers__in=speaking).values_list("pk", flat=True)
        labs = [lab.slug for programme in file.programmes for lab in programme.labs]
        named = Lab.objects.filter(slug__in=labs).values_list("pk", flat=True)
        concerned = changed | set(shown) | set(named)
        list(Lab.objects.select_for_update(no_key=True).filter(pk__in=concerned).order_by("pk"))
        sessions = Session.objects.select_for_update(no_key=True).filter(lab__in=set(named))
        list(sessions.order_by("pk").values_list("pk"))
        touch_all(Lab.objects.filter(pk__in=changed))
        touch_labs_of(speaking)
        for programme, one in found:
            speakers = {speaker.slug: speaker for speaker in programme.speakers.all()}
            for lab in one.labs:
                self._lab(programme, lab, speakers)

    # Rows that are a few columns and no more

    def _create(self, row: models.Model, values: Mapping[str, Any]) -> None:
        save(_assigned(row, values), self.by)
        self.report.created[type(row)] += 1

    def _change(self, row: models.Model, values: Mapping[str, Any]) -> bool:
        """Give the row the values that are not None; save it only if that makes a difference."""
        differs = False
        for name, value in values.items():
            if value is None:
                continue
            old = getattr(row, name)
            if isinstance(row._meta.get_field(name), I18nCharField | I18nTextField):
                old = languages_of(old)
                value = old | value
            if value != old:
                setattr(row, name, value)
                differs = True
        if differs:
            save(row, self.by)
        self._count(row, differs)
        return differs

    def _count(self, row: models.Model, differs: bool) -> None:
        (self.report.changed if differs else self.report.unchanged)[type(row)] += 1

    def _put(self, row: models.Model | None, fresh: models.Model, values: Mapping[str, Any]) -> bool:
        """Change `row`, or create `fresh` where there is none; tell whether anything is different now."""
        if row is not None:
            return self._change(row, values)
        self._create(fresh, values)
        return True

    # Programmes

    def _programme(
        self, facts: schema.Programme, programme: Programme | None, changed: set[int]
    ) -> Programme:
        """Return the programme as the file says it, without its labs; those that show what is new are `changed`."""
        values = programme_values(facts)
        is_new = programme is None
        if programme is None:
            values["visibility"] = facts.first_visibility
            values["languages"] = facts.languages or _languages_in(facts.name)
            programme = Programme(slug=facts.slug)
            self._create(programme, values)
            different = False
        else:
            different = self._change(programme, values)
        cities = [self.cities[slug] for slug in facts.cities]
        added = set(cities) - set(programme.cities.all())
        programme.cities.add(*added)
        if added and not is_new and not different:
            self.report.unchanged[Programme] -= 1
            self.report.changed[Programme] += 1
            different = True
        groups = {group.slug: group for group in programme.stakeholder_groups.all()}
        for position, group in enumerate(facts.stakeholder_groups):
            fresh = StakeholderGroup(programme=programme, slug=group.slug)
            different |= self._put(groups.get(group.slug), fresh, {"name": group.name, "position": position})
        if different and not is_new:
            changed.update(programme.labs.values_list("pk", flat=True))
        return programme

    def _speakers(self, programme: Programme, facts: schema.Programme) -> list[Speaker]:
        """Make and change the speakers, and return those that were there and are different now."""
        different, new = [], []
        known = {speaker.slug: speaker for speaker in programme.speakers.all()}
        for speaker in facts.speakers:
            values = given(speaker, "name", "affiliation", "biography", "website")
            values["city"] = self.cities[speaker.city] if speaker.city else None
            values["languages"] = None if speaker.languages is None else list(speaker.languages)
            row = known.get(speaker.slug)
            if row is None:
                new.append(_assigned(Speaker(programme=programme, slug=speaker.slug), values))
            elif self._change(row, values):
                different.append(row)
        self.report.created.update(map(type, Speaker.objects.bulk_create(new)))
        return different

    # Labs

    def _lab(self, programme: Programme, facts: schema.Lab, speakers: Mapping[str, Speaker]) -> None:
        lab = Lab.objects.select_related("programme").filter(slug=facts.slug).first()
        if lab is not None and lab.programme_id != programme.pk:
            self._object(
                f"{facts.path}.slug",
                _("The programme “%(programme)s” already has a lab with this slug. Choose another.")
                % {"programme": lab.programme.slug},
            )
            return
        values = lab_values(facts)
        is_new = lab is None
        was_public = lab is not None and lab.visibility == Lab.Visibility.PUBLIC
        if lab is None:
            values["visibility"] = facts.first_visibility
            values["languages"] = facts.languages or _languages_in(facts.title)
            lab = Lab(programme=programme, slug=facts.slug)
            self._create(lab, values)
            different = False
        else:
            as_it_was = copy(lab)
            try:
                different = self._change(lab, values)
            except InvalidFields as error:
                # After a draw of the order in which people register.
                self._object(f"{facts.path}.registration.opens", error.message)
                return
            if different:
                place_changes.apply_venue_change(lab, before=as_it_was, by=self.by)
            self._check_sessions_left_outside(lab, facts)
        before = public_parts(lab)
        other_parts = self._lab_parts(lab, facts)
        if different or other_parts or is_new:
            public = different or is_new or public_parts(lab) != before
            touch(lab.pk, public=public, withdrawn=facts.visibility == "draft" and was_public)
        known = list(lab.rooms.all())
        rooms = {room.slug: self._room(lab, room, place, known) for place, room in enumerate(facts.rooms)}
        tracks = {track.slug: track for track in lab.tracks.all()}
        self._sessions(lab, facts.sessions, tracks, rooms, speakers)

    def _lab_parts(self, lab: Lab, facts: schema.Lab) -> bool:
        different = False
        days, tracks = (
            {day.on: day for day in lab.days.all()},
            {track.slug: track for track in lab.tracks.all()},
        )
        for day in sorted(facts.days, key=attrgetter("on")):
            different |= self._put(days.get(day.on), LabDay(lab=lab, on=day.on), {"title": day.title})
        for position, track in enumerate(facts.tracks):
            values = {"name": track.name, "position": position}
            different |= self._put(tracks.get(track.slug), Track(lab=lab, slug=track.slug), values)
        return different

    def _room(self, lab: Lab, facts: schema.Room, position: int, known: Iterable[Room]) -> Room:
        """Return the room among those of the lab that has this name in any language, made if there is none."""
        values = given(facts, "name", "address", "online", "join_link", "capacity") | {"position": position}
        values = {name: value for name, value in values.items() if value is not None}
        named = facts.name.items()
        room = next((room for room in known if named & languages_of(room.name).items()), None)
        if room is None:
            self.report.created[Room] += 1
            return create_room(lab, RoomPlan(**values), self.by)
        stored = {name: getattr(room, name) for name in ROOM_COLUMNS} | {"name": languages_of(room.name)}
        values["name"] = stored["name"] | facts.name
        differs = stored | values != stored
        if differs:
            change_room(room, RoomPlan(**stored | values), self.by)
        self._count(room, differs)
        return room

    def _check_sessions_left_outside(self, lab: Lab, facts: schema.Lab) -> None:
        """New dates of a lab must not leave sessions behind that the file does not move with them."""
        named = {session.slug for session in facts.sessions}
        left = sessions_outside(lab, lab.sessions.filter(is_placed=True).exclude(slug__in=named))
        if left:
            self._object(
                f"{facts.path}.starts_on",
                ngettext(
                    "With these dates a session that is not in the file would be outside the lab: %(slugs)s.",
                    "With these dates sessions that are not in the file would be outside the lab: %(slugs)s.",
                    len(left),
                )
                % {"slugs": ", ".join(session.slug for session in left[:20])},
            )

    # Sessions

    def _sessions(
        self,
        lab: Lab,
        listed: Sequence[schema.Session],
        tracks: Mapping[str, Track],
        rooms: Mapping[str, Room],
        speakers: Mapping[str, Speaker],
    ) -> None:
        """Change the sessions of a locked lab that are there, and create the others together."""
        slugs = [facts.slug for facts in listed]
        rows = (
            lab.sessions.select_related("track", "room").prefetch_related("audience").filter(slug__in=slugs)
        )
        known = {session.slug: session for session in rows}
        plans = scheduling.plans_of(list(known.values()))
        new: list[tuple[schema.Session, scheduling.NewSession]] = []
        for facts in listed:
            session = known.get(facts.slug)
            before = plans[session.pk] if session else None
            plan = session_plan(lab, facts, before, tracks, rooms, speakers)
            if session and before:
                self._change_session(session, before, plan, facts)
            else:
                visibility = facts.visibility or Session.Visibility.DRAFT
                cities = facts.audience or () if visibility == Session.Visibility.INTERNAL else ()
                audience = tuple(self.cities[slug] for slug in dict.fromkeys(cities))
                new.append((facts, scheduling.NewSession(plan, visibility, audience)))
        try:
            created = scheduling.create_sessions(lab, [wanted for _facts, wanted in new], self.by)
        except InvalidFields as error:
            for name, messages in error.errors.items():
                place, _dot, field = name.partition(".")
                self._fields(new[int(place)][0], {field: messages})
        else:
            self.report.created.update(map(type, created))

    def _change_session(
        self, session: Session, before: SessionPlan, plan: SessionPlan, facts: schema.Session
    ) -> None:
        revised_at = session.revised_at
        try:
            different = scheduling.change_locked_session(session, before, plan, self.by)
            self._show(session, facts)
        except InvalidFields as error:
            self._fields(facts, error.errors)
        except RuleViolation as error:
            self._object(f"{facts.path}.visibility", error.message)
        else:
            self._count(session, different or session.revised_at != revised_at)

    def _show(self, session: Session, facts: schema.Session) -> None:
        """Give the session the visibility and the audience that the file says, where it has others."""
        audience = list(session.audience.all())
        wanted = audience if facts.audience is None else [self.cities[slug] for slug in facts.audience]
        if facts.visibility == Session.Visibility.INTERNAL:
            if not session.is_internal or set(wanted) != set(audience):
                publishing.make_internal(session, wanted, self.by)
        elif facts.visibility in (None, session.visibility):
            return
        elif facts.visibility == Session.Visibility.PUBLIC:
            publishing.publish(session, self.by)
        else:
            publishing.unpublish(session, self.by)

    def _fields(self, facts: schema.Session, errors: Mapping[str, Sequence[str]]) -> None:
        """Report what is wrong with the fields of a plan where they stand in the file."""
        for name, messages in errors.items():
            first, dot, rest = name.partition(".")
            if first.endswith("_capacity") and facts.online_capacity is None:
                first = "capacity"
            for message in messages:
                self._object(f"{facts.path}.{_MEMBERS.get(first, first)}{dot}{rest}", message)

    def _object(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))


def _assigned(row: Row, values: Mapping[str, Any]) -> Row:
    """Return the row with the values that are not None, unsaved."""
    for name, value in values.items():
        if value is not None:
            setattr(row, name, value)
    return row


def _languages_in(texts: Mapping[str, str]) -> list[str]:
    """Return the languages in which a title stands: what a lab or programme speaks where the file does not say."""
    return [*texts] or ["en"]
