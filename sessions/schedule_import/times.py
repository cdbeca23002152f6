"""Times as files write them: wall times, with an offset or `Z`, and the numbers of Excel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from babel.core import get_global
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import from_excel

from core.timezones.zones import canonical_of
from sessions.schedule_import.document import Local, Row, When

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.I,
)
# Days first, as everywhere in the three languages: 1.3.2027 and 01/03/2027 are the first of March.
_EUROPEAN = re.compile(
    r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:\s*г\.?)?(?:[,T ]+(\d{1,2})[:.](\d{2})(?::(\d{2}))?)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?",
    re.I,
)
_HOUR = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?:\s*([ap])\.?m\.?)?", re.I)
_NUMBER = re.compile(r"\d{1,5}(?:[.,]\d+)?")
_EXCEL = range(20_000, 80_000)  # days from 1900: 1954 to 2119


class UnreadableTime(ValueError):
    """A cell that holds no time; its text is the sentence for people."""


def zone_called(name: str) -> str:
    """Return the canonical zone of an IANA name or of a name of Windows, or ""."""
    return canonical_of(name) or canonical_of(get_global("windows_zone_mapping").get(name, ""))


def read_moment(cell: Any) -> datetime | date | time | None:
    """Return what a cell says: a naive or aware time, a day alone, an hour alone; None if it is empty.

    Raises UnreadableTime.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, datetime):
        return _rounded(cell)
    if isinstance(cell, date | time):
        return cell
    if isinstance(cell, timedelta):
        return _hour_of(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _from_number(float(cell))
    text = re.sub(r"\s+", " ", str(cell)).strip()
    for pattern, order in ((_ISO, (1, 2, 3)), (_EUROPEAN, (3, 2, 1))):
        if found := pattern.fullmatch(text):
            return _moment(found, order, text)
    if found := _HOUR.fullmatch(text):
        return _clock(found, text)
    if _NUMBER.fullmatch(text):
        return _from_number(float(text.replace(",", ".")))
    raise UnreadableTime(_unreadable(text))


def is_number(cell: Any) -> bool:
    """Tell whether a time is written as a number, as Excel stores them."""
    return (isinstance(cell, int | float) and not isinstance(cell, bool)) or (
        isinstance(cell, str) and bool(_NUMBER.fullmatch(cell.strip()))
    )


def _unreadable(text: str) -> str:
    return _("“%(text)s” is not a date and time. Enter it like 2027-03-01 09:30.") % {"text": text[:60]}


def _moment(found: re.Match[str], order: tuple[int, int, int], text: str) -> datetime | date:
    year, month, day = (int(found[group]) for group in order)
    try:
        on = date(year, month, day)
        if found[4] is None:
            if found[7]:
                raise ValueError
            return on
        if int(found[4]) == 24 and int(found[5]) == 0:
            return datetime.combine(on + timedelta(days=1), time(0), _offset(found[7]))
        return datetime.combine(on, time(int(found[4]), int(found[5]), int(found[6] or 0)), _offset(found[7]))
    except (ValueError, OverflowError):
        raise UnreadableTime(_unreadable(text)) from None


def _offset(text: str | None) -> Any:
    if not text:
        return None
    return UTC if text in "Zz" else datetime.strptime(text.replace(":", ""), "%z").tzinfo


def _clock(found: re.Match[str], text: str) -> time:
    hour, half = int(found[1]), (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        raise UnreadableTime(_unreadable(text))
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        raise UnreadableTime(_unreadable(text)) from None


def _from_number(number: float) -> datetime | date | time:
    """Return what a number means in Excel: days since 1900, of which the fraction is the hour."""
    if 0 <= number < 1:
        return _hour_of(timedelta(days=number))
    if int(number) not in _EXCEL:
        raise UnreadableTime(_unreadable(f"{number:g}"))
    found = from_excel(number)
    return _rounded(found) if isinstance(found, datetime) else found


def _rounded(at: datetime) -> datetime:
    """Return a time of Excel to the second: as fractions of days they are seldom exact."""
    return (at + timedelta(milliseconds=500)).replace(microsecond=0)


def _hour_of(since_midnight: timedelta) -> time:
    seconds = round(since_midnight.total_seconds())
    if not 0 <= seconds < 86_400:
        raise UnreadableTime(_unreadable(str(since_midnight)))
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def read_minutes(cell: Any) -> timedelta | None:
    """Return a duration: minutes, "1:30" or "01:30:00"; None if the cell is empty. Raises UnreadableTime."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, timedelta):
        return cell
    if isinstance(cell, time):
        return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    text = str(cell).strip().replace(",", ".")
    if found := re.fullmatch(r"(\d{1,3}):(\d{2})(?::(\d{2}))?", text):
        length = timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3] or 0))
        if length:
            return length
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:min|мин|λεπτά|m)?\.?", text):
        number = float(found[1])
        length = timedelta(days=number) if 0 < number < 1 else timedelta(minutes=number)
        if timedelta(0) < length <= timedelta(days=31):
            return timedelta(seconds=round(length.total_seconds()))
    raise UnreadableTime(_("“%(text)s” is not a duration. Enter minutes, or 1:30.") % {"text": text[:60]})


def take_hour(row: Row, column: str, cell: Any) -> time | None:
    """Return the hour that a cell of an agenda says; what is wrong with it is noted on the row."""
    try:
        moment = read_moment(cell)
    except UnreadableTime as error:
        row.error(column, str(error))
        return None
    if isinstance(moment, datetime):
        return moment.time()
    if isinstance(moment, date):
        row.error(column, _("Enter an hour, like 09:30."))
        return None
    return moment


def take_day(row: Row, column: str, cell: Any) -> None:
    """Set a column of days; what is wrong with it is noted on the row."""
    try:
        moment = read_moment(cell)
    except UnreadableTime as error:
        row.error(column, str(error))
        return
    if isinstance(moment, time):
        row.error(column, _("Enter a day, like 2027-03-01."))
        return
    row.values[column] = moment.date() if isinstance(moment, datetime) else moment


def take_when(row: Row, cells: Mapping[str, Any]) -> None:
    """Set `when` of a session from its cells, where the table has columns for it."""
    given = [name for name in ("starts", "ends", "date", "end_date", "duration") if name in cells]
    if "time_zone" in cells and (said := str(cells["time_zone"] or "").strip()):
        zone = zone_called(said)
        if not zone:
            message = _("“%(zone)s” is not a known time zone. Choose one such as Europe/Sofia.")
            row.error("time_zone", message % {"zone": said[:60]})
            return
        row.values["time_zone"] = zone
    if not given:
        return
    read: dict[str, Any] = {}
    is_wrong = False
    for name in given:
        try:
            read[name] = read_minutes(cells[name]) if name == "duration" else read_moment(cells[name])
        except UnreadableTime as error:
            row.error(name, str(error))
            is_wrong = True
            continue
        if read[name] is not None and name != "duration" and is_number(cells[name]):
            shown = read[name].isoformat(" ") if isinstance(read[name], datetime) else read[name].isoformat()
            row.note(name, _("The number was read as %(time)s, as in Excel.") % {"time": shown})
    if read.get("duration"):
        row.values["length"] = read["duration"]
    if is_wrong or not any(value for name, value in read.items() if name != "duration"):
        return
    starts = _joined(row, "starts", read.get("starts"), read.get("date"))
    if starts is None:
        return
    zone, ends = row.values.get("time_zone", ""), read.get("ends")
    if ends is None and read.get("duration"):
        row.values["when"] = When(_said(starts), read["duration"], zone)
        return
    if ends is None:
        row.error("ends", _("Enter when the session ends."))
        return
    moment = _joined(row, "ends", ends, read.get("end_date") or starts.date())
    if moment is not None:
        row.values["when"] = When(_said(starts), _said(moment), zone)


def _said(moment: datetime) -> Local | datetime:
    return moment if moment.tzinfo else Local(moment.date(), moment.time())


def _joined(row: Row, name: str, moment: Any, day: Any) -> datetime | None:
    """Return a date and time from a cell, with the day from another one where it has an hour alone."""
    if isinstance(moment, datetime):
        return moment
    on = day.date() if isinstance(day, datetime) else day
    if isinstance(moment, time) and isinstance(on, date):
        return datetime.combine(on, moment)
    if name == "starts" and moment is None and isinstance(day, datetime):
        return day
    if moment is None:
        row.error(name, _("Enter when the session starts."))
    elif isinstance(moment, time):
        row.error(name, _("Enter the day as well, like 2027-03-01 09:30."))
    else:
        row.error(name, _("Enter the hour as well, like 2027-03-01 09:30."))
    return None
