"""Words of tables that people write, in the languages of the service: headings, roles, yes and no."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import override

from labs.models import Lab
from sessions.models import Appearance, Session

# By the column of `sessions.table_columns`. "date", "end_date" and "duration" are understood beside starts and ends.
HEADINGS: dict[str, tuple[str, ...]] = {
    "session": (
        "session", "id", "key", "code", "slug", "session id", "guid", "сесия", "номер", "код", "адрес на сесията",
        "συνεδρία", "κωδικός",
    ),
    "title": (
        "title", "session title", "name of session", "topic", "name", "заглавие", "тема", "заглавие на сесията",
        "име на сесията", "τίτλος", "τίτλος συνεδρίας", "θέμα",
    ),
    "abstract": (
        "abstract", "description", "summary", "описание", "резюме", "анотация", "περιγραφή", "περίληψη",
    ),
    "visibility": ("visibility", "who can see it", "видимост", "ορατότητα"),
    "status": ("status", "state", "състояние", "статус", "κατάσταση"),
    "starts": (
        "starts", "start", "start time", "begin", "begins", "from", "time", "starts at", "начало", "начален час", "час",
        "от", "έναρξη", "ώρα έναρξης", "ώρα", "από",
    ),
    "ends": (
        "ends", "end", "end time", "until", "to", "finish", "ends at", "край", "краен час", "до", "λήξη", "ώρα λήξης",
        "έως",
    ),
    "date": ("date", "day", "start date", "дата", "ден", "ημερομηνία", "ημέρα"),
    "end_date": ("end date", "last day", "крайна дата", "ημερομηνία λήξης"),
    "duration": (
        "duration", "length", "minutes", "duration min", "продължителност", "минути", "διάρκεια", "λεπτά",
    ),
    "time_zone": ("time zone", "timezone", "zone", "tz", "часова зона", "ζώνη ώρας"),
    "track": ("track", "theme", "thread", "stream", "тематично направление", "направление", "θεματική", "ενότητα"),
    "room": ("room", "place", "location", "venue", "hall", "зала", "място", "помещение", "αίθουσα", "χώρος"),
    "format": ("format", "mode", "формат", "μορφή"),
    "room_capacity": (
        "room capacity", "capacity", "seats", "seats in person", "места", "места в залата", "капацитет", "θέσεις",
        "χωρητικότητα",
    ),
    "online_capacity": ("online capacity", "seats online", "места онлайн", "διαδικτυακές θέσεις"),
    "waiting_list": ("waiting list", "списък на чакащите", "λίστα αναμονής"),
    "needs_approval": ("needs approval", "approval", "одобрение", "έγκριση"),
    "audience": ("audience", "cities", "градове", "аудитория", "πόλεις"),
    "speakers": (
        "speakers", "speaker", "people", "who", "presenters", "лектори", "лектор", "говорители", "участници",
        "ομιλητές", "ομιλητής", "ομιλητές τριες", "εισηγητές",
    ),
    "join_link": ("join link", "link", "meeting link", "url", "връзка", "линк", "σύνδεσμος"),
    "position": ("position", "order", "number", "позиция", "ред", "σειρά"),
    "address": ("address", "адрес", "διεύθυνση"),
    "online": ("online", "онлайн", "διαδικτυακά"),
    "capacity": ("capacity", "seats", "капацитет", "места", "χωρητικότητα", "θέσεις"),
    "speaker": ("speaker", "id", "code", "лектор", "ομιλητής"),
    "affiliation": ("affiliation", "organisation", "organization", "организация", "φορέας", "οργανισμός"),
    "biography": ("biography", "bio", "биография", "βιογραφικό"),
    "city": ("city", "град", "πόλη"),
    "website": ("website", "web site", "web", "уебсайт", "сайт", "ιστότοπος"),
    "name": ("name", "име", "наименование", "όνομα", "ονομασία", "ονοματεπώνυμο"),
}  # fmt: skip

SHEET_NAMES: dict[str, tuple[str, ...]] = {
    "Sessions": (
        "sessions",
        "programme",
        "program",
        "schedule",
        "сесии",
        "програма",
        "συνεδρίες",
        "πρόγραμμα",
    ),
    "Agenda": ("agenda", "agenda items", "items", "дневен ред", "ημερήσια διάταξη"),
    "Rooms": ("rooms", "зали", "места", "αίθουσες"),
    "Tracks": ("tracks", "themes", "направления", "тематични направления", "θεματικές", "θεματικές ενότητες"),
    "Speakers": ("speakers", "people", "лектори", "ομιλητές"),
}

_YES = {"yes", "y", "true", "1", "x", "да", "ναι", "ναί", "истина", "αληθές", "вярно", "✓", "✔"}
_NO = {"no", "n", "false", "0", "не", "όχι", "οχι", "невярно", "ψευδές", "ложь", "-", "–"}
_ROLES = {
    "chair": "moderator", "facilitator": "moderator", "водещ": "moderator", "модератор": "moderator",
    "συντονιστής": "moderator", "συντονίστρια": "moderator", "panelist": "panellist", "панелист": "panellist",
    "presenter": "speaker", "лектор": "speaker", "ομιλητής": "speaker", "ομιλήτρια": "speaker", "домакин": "host",
}  # fmt: skip


def folded(text: str) -> str:
    """Return a word of a table without case, marks and doubled spaces, for comparison."""
    return re.sub(r"[\s_\-:/.*?()\[\]]+", " ", text.casefold()).strip()


def sheet_called(name: str) -> str:
    """Return the sheet that a file calls so, or ""."""
    said = folded(name)
    return next((sheet for sheet, names in SHEET_NAMES.items() if said in names), "")


def yes_or_no(cell: str) -> bool | None:
    """Return what a cell says, None where it is neither."""
    said = cell.strip().casefold()
    return True if said in _YES else False if said in _NO else None


@lru_cache(maxsize=8)
def _labels_of(table: str) -> dict[str, str]:
    choices = {"role": Appearance.Role, "visibility": Session.Visibility, "status": Session.Status}
    offered = choices.get(table, Lab.Format)
    found: dict[str, str] = {folded(value): value for value in offered.values}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found |= {folded(str(one.label)): one.value for one in list[Any](offered)}
    if table == "role":
        found |= {word: role for word, role in _ROLES.items() if word not in found}
    if table == "format":
        found |= {"in person": "in-person", "on site": "in-person", "virtual": "online", "both": "hybrid"}
    return found


def choice_called(table: str, word: str) -> str:
    """Return the choice ("role", "visibility", "status", "format") that a word means in any language, or ""."""
    return _labels_of(table).get(folded(word), "")


def offered(table: str) -> str:
    """Return the values that a cell may have, for messages."""
    choices = {"role": Appearance.Role, "visibility": Session.Visibility, "status": Session.Status}
    return ", ".join(choices.get(table, Lab.Format).values)
