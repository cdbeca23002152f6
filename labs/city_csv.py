"""Lists of cities as CSV: names by language, country and time zone. Text to rows for `labs.cities.add_cities`."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext

from labs.cities import CityPlan, CityRow, understand
from labs.csv_lists import rows_of
from labs.models import Programme

LANGUAGES = [code for code, _name in settings.LANGUAGES]
COLUMNS = (*(f"name_{code}" for code in LANGUAGES), "country", "time_zone")


def parse(text: str, programme: Programme) -> list[CityRow]:
    """Return the rows of a list with the columns of `COLUMNS`. Raises ValidationError for a text that is no such list.

    The zone of a city that exists may be left out.
    """
    rows = []
    for number, cells, is_longer in rows_of(text, COLUMNS, ("country",)):
        names = {code: cells.get(f"name_{code}", "") for code in LANGUAGES}
        plan = CityPlan(
            name={code: name for code, name in names.items() if name},
            country=cells.get("country", "").upper()[:3],
            time_zone=cells.get("time_zone", ""),
        )
        row = CityRow(number, plan)
        if is_longer:
            row.errors["country"] = gettext("The row has more cells than the list has columns.")
        rows.append(row)
    understand(programme, rows)
    return rows
