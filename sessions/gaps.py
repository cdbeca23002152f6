"""What a session still lacks: texts in some of the lab's languages, a description, a place, speakers.

Beside conflicts (`sessions.conflicts`), whose rules it shares: a gap is no mistake, and drafts have many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import languages_of
from sessions.conflicts import Kind, has_no_place
from sessions.models import AgendaItem, Session

# The section of a session's form (`sessions.forms.sessions.SECTIONS`) in which a conflict is mended.
PART_OF_CONFLICT = {
    Kind.SPEAKER_TWICE: "people",
    Kind.ROOM_TWICE: "where",
    Kind.ROOM_TOO_SMALL: "where",
    Kind.CITY_TWICE: "visibility",
    Kind.SEATS_TWICE: "when",
    Kind.AGENDA_OVERLAP: "agenda",
    Kind.SPEAKER_HOURS: "people",
    Kind.SPEAKER_AWAY: "people",
    Kind.SPEAKER_DECLINED: "people",
    Kind.INTERPRETATION: "languages",
    Kind.LANGUAGE_NEED: "languages",
    Kind.NO_PLACE: "where",
    Kind.NO_SPEAKER: "people",
}


class Lack(models.TextChoices):
    DESCRIPTION = "no-description", _("No description")
    PLACE = "no-place", _("No room or join link")
    SPEAKER = "no-speaker", _("No speaker")
    TITLE_IN = "no-title-in", _("Title")
    DESCRIPTION_IN = "no-description-in", _("Description")
    ITEMS_IN = "no-items-in", _("Items")


PART_OF_LACK = {
    Lack.DESCRIPTION: "what",
    Lack.PLACE: "where",
    Lack.SPEAKER: "people",
    Lack.TITLE_IN: "what",
    Lack.DESCRIPTION_IN: "what",
    Lack.ITEMS_IN: "agenda",
}


@dataclass(frozen=True)
class Gap:
    """Something that is missing. `languages` are those in which a text is missing that stands in another one."""

    lack: Lack
    languages: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """The section of the session's form in which it can be filled."""
        return PART_OF_LACK[self.lack]

    @property
    def words(self) -> str:
        if not self.languages:
            return str(self.lack.label)
        codes = ", ".join(code.upper() for code in self.languages)
        return gettext("%(what)s: missing in %(languages)s") % {"what": self.lack.label, "languages": codes}


def gaps_of(session: Session, agenda: Iterable[AgendaItem], *, has_speakers: bool) -> list[Gap]:
    """Return what is missing in a session as it is stored. Needs its lab and room."""
    found = []
    if not languages_of(session.abstract):
        found.append(Gap(Lack.DESCRIPTION))
    if not session.is_cancelled:
        if has_no_place(session):
            found.append(Gap(Lack.PLACE))
        if not has_speakers:
            found.append(Gap(Lack.SPEAKER))
    offered = session.lab.languages
    for lack, texts in (
        (Lack.TITLE_IN, [session.title]),
        (Lack.DESCRIPTION_IN, [session.abstract]),
        (Lack.ITEMS_IN, [text for item in agenda for text in (item.title, item.abstract)]),
    ):
        lacking = {code for text in texts for code in _lacking(text, offered)}
        if lacking:
            found.append(Gap(lack, tuple(code for code in offered if code in lacking)))
    return found


def missing_by_part(gaps: Iterable[Gap]) -> dict[str, list[str]]:
    """Return gaps in words, by the section of the form in which they can be filled."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for gap in gaps:
        parts[gap.part].append(gap.words)
    return parts


def _lacking(text: object, languages: Iterable[str]) -> list[str]:
    written = languages_of(text)
    return [code for code in languages if code not in written] if written else []
