"""Conflicts of a schedule in words."""

from collections.abc import Callable

from django.utils.translation import get_language, gettext, ngettext

from core.timezones import zone_hours
from core.timezones.formatting import long_date
from core.web.localized_fields import text_of
from sessions.conflicts import Conflict, Kind

Said = dict[str, object]


def in_words(conflict: Conflict) -> str:
    """Return what is wrong as a sentence with its parties, in the active language."""
    language = get_language() or "en"
    lab = conflict.sessions[0].lab
    names = [text_of(name, language, lab) for name in conflict.names]
    titles = [text_of(session.title, language, lab) for session in conflict.sessions]
    said: Said = {
        "who": ", ".join(names),
        "first": names[0] if names else "",
        "second": names[-1] if names else "",
        "one": titles[0],
        "other": titles[-1],
        "count": conflict.count,
        "seats": conflict.sessions[0].room_capacity,
    }
    if conflict.due is not None:
        said["day"] = long_date(conflict.due, language)
        said["is_late"] = conflict.is_error
    if conflict.hours is not None:
        said["hours"] = zone_hours.hours(*conflict.hours, conflict.time_zone, language)
    return _SENTENCES[conflict.kind](said) % said


def _room_too_small(said: Said) -> str:
    if said["seats"] is None:
        return gettext("%(who)s holds %(count)d people, but “%(one)s” has no limit of seats in person.")
    return gettext("%(who)s holds %(count)d people, but “%(one)s” offers %(seats)d seats in person.")


def _seats_twice(said: Said) -> str:
    return ngettext(
        "%(count)d person has seats in “%(one)s” and “%(other)s”, which are at the same time.",
        "%(count)d people have seats in “%(one)s” and “%(other)s”, which are at the same time.",
        int(str(said["count"])),
    )


def _interpretation(said: Said) -> str:
    if "day" not in said:
        return gettext("Interpreters for “%(one)s” are not ordered, and it has no deadline for the order.")
    if said["is_late"]:
        return gettext("Interpreters for “%(one)s” had to be ordered by %(day)s. No order is noted.")
    return gettext("Interpreters for “%(one)s” have to be ordered by %(day)s.")


def _language_need(said: Said) -> str:
    words = ngettext(
        "%(count)d person with a seat in “%(one)s” needs this language, which is neither spoken nor interpreted: "
        "%(who)s.",
        "%(count)d people with a seat in “%(one)s” need this language, which is neither spoken nor interpreted: "
        "%(who)s.",
        int(str(said["count"])),
    )
    if "day" in said:
        words += " " + gettext("Interpreters have to be ordered by %(day)s.")
    return words


_SENTENCES: dict[str, Callable[[Said], str]] = {
    Kind.SPEAKER_TWICE: lambda _said: gettext(
        "%(who)s appears in “%(one)s” and “%(other)s” at the same time."
    ),
    Kind.ROOM_TWICE: lambda _said: gettext(
        "%(who)s is in use for “%(one)s” and “%(other)s” at the same time."
    ),
    Kind.ROOM_TOO_SMALL: _room_too_small,
    Kind.CITY_TWICE: lambda _said: gettext(
        "“%(one)s” and “%(other)s” are at the same time, and these cities are invited to both: %(who)s."
    ),
    Kind.SEATS_TWICE: _seats_twice,
    Kind.AGENDA_OVERLAP: lambda _said: gettext(
        "In the agenda of “%(one)s”, “%(first)s” and “%(second)s” are at the same time."
    ),
    Kind.SPEAKER_AWAY: lambda _said: gettext(
        "%(who)s is not available for “%(one)s”, which is at %(hours)s."
    ),
    Kind.SPEAKER_DECLINED: lambda _said: gettext("%(who)s has declined to appear in “%(one)s”."),
    Kind.INTERPRETATION: _interpretation,
    Kind.LANGUAGE_NEED: _language_need,
    Kind.SPEAKER_HOURS: lambda _said: gettext(
        "“%(one)s” is at %(hours)s for %(first)s, by the clocks of this city: %(second)s."
    ),
    Kind.NO_PLACE: lambda _said: gettext("“%(one)s” has no room and no join link."),
    Kind.NO_SPEAKER: lambda _said: gettext("“%(one)s” has no speaker."),
}
