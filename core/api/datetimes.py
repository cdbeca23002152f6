"""Dates and instants as the API accepts and writes them: in the form of RFC 3339 only."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, overload

from django.utils.translation import gettext as _
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _require_date_format(value: object) -> object:
    """Return the value if it looks like a date: pydantic reads a number as seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value.strip())):
        raise PydanticCustomError("date_parsing", "not a day")
    return value


def _require_datetime_format(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DAY.match(value.strip())):
        raise PydanticCustomError("datetime_parsing", "not an instant")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Return the instant in UTC; raises ValueError if that is out of datetime's range.

    PostgreSQL accepts fewer offsets than RFC 3339: up to 16 hours.
    """
    try:
        found = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(_("This date is too far away.")) from error
    if not MINYEAR < found.year < MAXYEAR:
        # No zone could show it on its clocks.
        raise ValueError(_("This date is too far away."))
    return found


Day = Annotated[date, BeforeValidator(_require_date_format)]
Instant = Annotated[AwareDatetime, BeforeValidator(_require_datetime_format), AfterValidator(_in_utc)]


@overload
def instant_text(moment: datetime) -> str: ...
@overload
def instant_text(moment: datetime | None) -> str | None: ...
def instant_text(moment: datetime | None) -> str | None:
    """Return an instant in UTC as answers write it, as 2027-04-06T08:30:00Z, with milliseconds if it has any."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds").replace(
        "+00:00", "Z"
    )


def stored_instant(text: str) -> str:
    """Return an instant as answers write it, from the text that the database gives for it: in UTC, as
    2027-04-06 08:30:00 with up to six digits of seconds, and on PostgreSQL its offset +00.
    """
    whole, has_more, more = text.removesuffix("+00").partition(".")
    milliseconds = f"{more:0<3.3}" if has_more else "000"
    fraction = "" if milliseconds == "000" else f".{milliseconds}"
    return f"{whole[:10]}T{whole[11:]}{fraction}Z"
