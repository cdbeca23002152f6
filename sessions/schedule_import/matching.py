"""Which stored track, room, speaker or session a row of a file is, and what references in it mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from typing import Any

from django.utils.translation import gettext as _
from i18nfield.strings import LazyI18nString

from core.web.localized_fields import languages_of
from labs.models import Lab, Room, Track
from sessions.exports import identifiers
from sessions.models import ImportedKey, Session, Speaker
from sessions.schedule_import.document import Document, Kind, Row

TABLES: dict[Kind, type[Track | Room | Speaker | Session]] = {
    Kind.TRACK: Track,
    Kind.ROOM: Room,
    Kind.SPEAKER: Speaker,
    Kind.SESSION: Session,
}
# Words with hyphens in lower case: an address that was mistyped, not the name of somebody new.
_ADDRESS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


class UnknownReference(Exception):
    """A reference that names nothing; its text is the sentence for people."""


def names_of(row: Any) -> list[str]:
    """Return how a stored row is called in each language, for comparison."""
    texts = row.title if isinstance(row, Session) else row.name
    return [_folded(text) for text in languages_of(texts).values()]


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


class Index:
    """The stored rows of one kind in a lab: by address, key of a source, identifier in our own exports, and name."""

    def __init__(self, kind: Kind, rows: Iterable[Any], keys: dict[str, int], programme: str) -> None:
        self.kind = kind
        self.rows = {row.pk: row for row in rows}
        self.by_key = {key: self.rows[pk] for key, pk in keys.items() if pk in self.rows}
        self.by_slug = {} if kind == Kind.ROOM else {row.slug: row for row in self.rows.values()}
        self.by_name: defaultdict[str, list[Any]] = defaultdict(list)
        for row in self.rows.values():
            for name in dict.fromkeys(names_of(row)):
                self.by_name[name].append(row)
        self.by_uid: dict[str, Any] = {}
        for row in self.rows.values():
            if kind == Kind.SESSION:
                self.by_uid |= {row.uid: row, str(identifiers.session_guid(row)): row}
            elif kind == Kind.ROOM:
                self.by_uid[str(identifiers.room_guid(row))] = row
            elif kind == Kind.SPEAKER:
                self.by_uid[str(identifiers.speaker_guid(row, programme))] = row

    def identified(self, row: Row) -> Any | None:
        """Return the stored row with this identity; None if there is none, whatever has the same name."""
        return (
            (self.by_uid.get(row.uid) if row.uid else None)
            or (self.by_key.get(row.key) if row.key else None)
            or (self.by_slug.get(row.slug) if row.slug else None)
        )

    def named(self, names: Iterable[str], claimed: Container[int]) -> Any | None:
        """Return the only row that is called so and whose id is not claimed."""
        found = {row.pk: row for name in names if name for row in self.by_name.get(_folded(name), ())}
        free = [row for pk, row in found.items() if pk not in claimed]
        return free[0] if len(free) == 1 else None

    def called(self, text: str) -> Any | None:
        """Return the row that a reference means: by address, key or name. Raises UnknownReference for two of a name."""
        found = self.by_slug.get(text) or self.by_key.get(text)
        if found is not None:
            return found
        same = self.by_name.get(_folded(text), [])
        if len(same) > 1:
            message = _("%(count)d are called “%(name)s”. Enter the address (the slug) instead.")
            raise UnknownReference(message % {"count": len(same), "name": text[:60]})
        return same[0] if same else None


class Matches:
    """The rows of a document with the stored rows that they are, and new rows for what references alone name.

    New tracks, rooms and speakers are models that are not saved, with negative ids, so that plans can hold them.
    """

    def __init__(self, lab: Lab, document: Document, sessions: Iterable[Session]) -> None:
        self.lab = lab
        self.document = document
        keys: dict[Kind, dict[str, int]] = {kind: {} for kind in Kind}
        for one in ImportedKey.objects.filter(lab=lab, source=document.source):
            keys[Kind(one.kind)][one.key] = getattr(one, f"{one.kind}_id")
        stored: dict[Kind, Iterable[Any]] = {
            Kind.TRACK: lab.tracks.all(),
            Kind.ROOM: lab.rooms.all(),
            Kind.SPEAKER: lab.programme.speakers.select_related("city"),
            Kind.SESSION: sessions,
        }
        self.indexes = {kind: Index(kind, stored[kind], keys[kind], lab.programme.slug) for kind in Kind}
        self.stored: dict[int, Any] = {}  # by the id() of the row
        self.models: dict[int, Any] = {}  # the stored or new model of a row, by its id()
        self._references: dict[Kind, dict[str, Row]] = {kind: {} for kind in Kind}
        self._next = -1
        # What the file says of the sessions in a room, by the room's name.
        self._formats: dict[str, set[str]] = {}
        for row in document.of(Kind.SESSION):
            if row.values.get("room") and row.values.get("format"):
                self._formats.setdefault(_folded(row.values["room"]), set()).add(row.values["format"])
        for kind in Kind:
            self._match(kind)

    def _match(self, kind: Kind) -> None:
        """Find the rows with an identity first, so that none of them is taken for another by its name."""
        index = self.indexes[kind]
        claimed: dict[int, Any] = {}
        rows = self.document.of(kind)
        for find in (index.identified, self._by_name(index, claimed)):
            for row in rows:
                if id(row) in self.stored:
                    continue
                found = find(row)
                if found is None:
                    continue
                if found.pk in claimed:
                    message = _("This is the same as %(place)s of the file. Keep one.")
                    row.error("key", message % {"place": claimed[found.pk]})
                else:
                    claimed[found.pk] = row.place
                self.stored[id(row)] = found
        for row in rows:
            self._add(row)

    def _by_name(self, index: Index, claimed: dict[int, Any]) -> Callable[[Row], Any | None]:
        def find(row: Row) -> Any | None:
            texts = row.values.get("title" if index.kind == Kind.SESSION else "name", {})
            names = [*texts.values()] + ([row.key] if index.kind != Kind.SESSION else [])
            return index.named(names, claimed)

        return find

    def _add(self, row: Row) -> None:
        """Make what references in the file find the row by."""
        model = self.stored.get(id(row))
        if model is None and row.kind != Kind.SESSION:
            model = self._new(row)
        self.models[id(row)] = model
        known = self._references[row.kind]
        names = row.values.get("name", {}).values()
        for name in (row.key, row.slug, *(_folded(name) for name in names)):
            if name:
                known.setdefault(name, row)

    def _new(self, row: Row) -> Any:
        table: Any = TABLES[row.kind]
        owner = {"programme": self.lab.programme} if row.kind == Kind.SPEAKER else {"lab": self.lab}
        model = table(pk=self._next, **owner)
        self._next -= 1
        if row.kind == Kind.ROOM:
            model.online = self._is_online(row)
        name = {code: text for code, text in row.values.get("name", {}).items() if text}
        if not name and row.key and not row.key.startswith("title:"):
            row.values["name"] = name = {self.lab.default_language: row.key}
        model.name = LazyI18nString(name)
        return model

    def _is_online(self, room: Row) -> bool:
        """Tell whether a new room is online: as the file says, else as its sessions there are, else as the lab is."""
        said: bool | None = room.values.get("online")
        if said is not None:
            return said
        names = {room.key, *room.values.get("name", {}).values()}
        formats = set().union(*(self._formats.get(_folded(name), ()) for name in names))
        return (formats or {self.lab.format}) == {Lab.Format.ONLINE}

    def refer(self, kind: Kind, text: str, source: Row, column: str) -> Any:
        """Return the stored or new model that a reference names. Raises UnknownReference.

        What is in neither file nor lab is added to the file, where it is a name.
        """
        row = self._references[kind].get(text) or self._references[kind].get(_folded(text))
        if row is not None:
            return self.models[id(row)]
        found = self.indexes[kind].called(text)
        if found is not None:
            return found
        if kind != Kind.ROOM and _ADDRESS.fullmatch(text):
            message = (
                _("“%(slug)s” is not a track of this lab.")
                if kind == Kind.TRACK
                else _("“%(slug)s” is not a speaker of this programme.")
            )
            raise UnknownReference(message % {"slug": text[:60]})
        values = {"name": {self.lab.default_language: text}}
        row = Row(kind, source.place_of(column), key=text[:240], values=values)
        self.document.rows.append(row)
        self._add(row)
        return self.models[id(row)]

    def missing_sessions(self) -> list[Session]:
        """Return the stored sessions that no row is."""
        found = {self.stored[id(row)].pk for row in self.document.of(Kind.SESSION) if id(row) in self.stored}
        return [session for pk, session in self.indexes[Kind.SESSION].rows.items() if pk not in found]
