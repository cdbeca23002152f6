"""Which of the sessions in sight a reader asks for: of a track, in a language, with certain words, or the own ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from django.http import QueryDict
from django.utils.translation import gettext

from core.search import fold
from core.web.localized_fields import languages_of
from labs.models import Lab
from labs.viewer import VISITOR, Viewer
from sessions.models import AgendaItem, Session
from sessions.session_languages import can_be_followed_in
from sessions.signals import own_sessions_requested

MAX_WORDS = 100  # characters


@dataclass(frozen=True)
class Wanted:
    """What the address of a programme page asks for; "" for anything. `own` without an account asks for nothing."""

    track: str = ""
    language: str = ""
    words: str = ""
    own: bool = False

    @classmethod
    def of(cls, query: QueryDict, viewer: Viewer) -> Wanted:
        typed = " ".join(query.get("q", "")[: 10 * MAX_WORDS].split())
        words = "".join(sign for sign in typed if sign.isprintable())[:MAX_WORDS]
        own = viewer != VISITOR and query.get("own") == "1"
        return cls(query.get("track", ""), query.get("language", ""), words, own)

    @property
    def is_narrow(self) -> bool:
        return self != Wanted()

    @property
    def nothing(self) -> str:
        """The text in place of an empty list."""
        if self.words:
            return gettext("No session has these words: %(words)s") % {"words": self.words}
        if self.own:
            return gettext("None of these sessions is one of yours.")
        if self.language:
            return gettext("There are no sessions in this language.")
        if self.track:
            return gettext("There are no sessions in this track.")
        return gettext("The programme is not published yet. Its sessions will appear here, day by day.")

    def among(self, sessions: Sequence[Session], lab: Lab, viewer: Viewer) -> list[Session]:
        """Return those of these sessions, which the viewer may see. Two queries for words, two for the own ones."""
        found: Iterable[Session] = sessions
        if self.track:
            found = (one for one in found if one.track is not None and one.track.slug == self.track)
        if self.language:
            found = (one for one in found if can_be_followed_in(one, self.language))
        if self.words:
            found = having(list(found), self.words)
        if self.own:
            own = own_sessions(lab, viewer)
            found = (one for one in found if one.pk in own)
        return list(found)


def having(sessions: Sequence[Session], words: str) -> Iterator[Session]:
    """Yield the sessions with all of these words in title, description, agenda, speakers, room or track.

    All languages of a text count. Needs what `sessions.listing` fetches. Two queries, for the long texts.
    """
    wanted = fold(words).split()
    ids = [session.pk for session in sessions]
    long: dict[int, list[object]] = {pk: [text] for pk, text in _texts(Session, "pk", ids)}
    for pk, text in _texts(AgendaItem, "session", ids):
        long.setdefault(pk, []).append(text)
    for session in sessions:
        text = _folded([*_short_texts(session), *long.get(session.pk, ())])
        if all(word in text for word in wanted):
            yield session


def own_sessions(lab: Lab, viewer: Viewer) -> frozenset[int]:
    """Return the ids of the lab's sessions that are the viewer's own.

    A delegate's are those to which one of the cities is invited; what else makes them so is told by packages above.
    """
    own: set[int] = set()
    cities = viewer.cities_by_programme.get(lab.programme_id)
    if cities:
        invited = Session.audience.through.objects.filter(session__lab=lab, city__in=cities)
        own.update(invited.values_list("session", flat=True))
    if viewer.user_id is not None:
        for _receiver, ids in own_sessions_requested.send(Lab, lab_id=lab.pk, user_id=viewer.user_id):
            own.update(cast("list[int]", ids))
    return frozenset(own)


def _texts(model: type[Session] | type[AgendaItem], key: str, ids: list[int]) -> Iterable[tuple[int, object]]:
    rows = model._default_manager.filter(**{"pk__in" if key == "pk" else "session__in": ids})
    return rows.order_by().values_list(key, "abstract")


def _short_texts(session: Session) -> Iterator[object]:
    yield session.title
    for row in (session.room, session.track):
        if row is not None:
            yield row.name
    for item in session.agenda_items:
        yield item.title
    for appearance in session.all_appearances:
        yield appearance.speaker.name
        yield appearance.speaker.affiliation


def _folded(texts: Iterable[object]) -> str:
    # Word by word: texts share most of their words, and folding is what takes the time.
    words = (word for text in texts for said in languages_of(text).values() for word in said.split())
    return " ".join(map(fold, words))
