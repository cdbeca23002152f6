"""Days and instants as the API takes them: in the form of RFC 3339, and in no other that a parser might guess."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_as_day(said: object) -> object:
    """Let through what looks like a day: pydantic takes a number for seconds since 1970."""
    if isinstance(said, str) and not _DAY.fullmatch(said.strip()):
        raise PydanticCustomError("date_parsing", "not a day")
    return said


def _written_as_instant(said: object) -> object:
    if isinstance(said, str) and not _DAY.match(said.strip()):
        raise PydanticCustomError("datetime_parsing", "not an instant")
    return said


def _in_utc(moment: datetime) -> datetime:
    """Return the instant in UTC; raises ValueError where that lies outside the years that there are.

    Databases take fewer offsets than RFC 3339 has: PostgreSQL stops at 16 hours.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(_("This moment lies too far away.")) from error


Day = Annotated[date, BeforeValidator(_written_as_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_as_instant), AfterValidator(_in_utc)]
