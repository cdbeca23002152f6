"""Time zones people may choose: one canonical IANA name per place.

The list comes from the zone tables of the pinned `tzdata` package, so every machine offers the same. Backward links
("Asia/Calcutta", "US/Pacific", "Singapore") are not in those tables; merged country zones ("Europe/Ljubljana") are.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from importlib import resources

import tzdata
from babel.core import get_global
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.search import alphabetical_key
from core.timezones.formatting import locale_of

UTC = "UTC"
# Zones that are offsets, from UTC−12 to UTC+14. Their names count westward, as POSIX does.
OFFSETS = (
    *(f"Etc/GMT+{hours}" for hours in range(12, 0, -1)),
    *(f"Etc/GMT-{hours}" for hours in range(1, 15)),
)
# CLDR's canonical names of UTC.
_UNIVERSAL = ("Etc/UTC", "Etc/GMT")

_REGIONS = {
    UTC: _("Universal time"),
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic Ocean"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}

_GREEK_GENITIVES = {
    "Αζόρες": "Αζορών",
    "Βατικανό": "Βατικανού",
    "Βελιγράδι": "Βελιγραδίου",
    "Βερολίνο": "Βερολίνου",
    "Βουκουρέστι": "Βουκουρεστίου",
    "Βρυξέλλες": "Βρυξελλών",
    "Δουβλίνο": "Δουβλίνου",
    "Κάιρο": "Καΐρου",
    "Κανάρια": "Κανάριων",
    "Κίεβο": "Κιέβου",
    "Λονδίνο": "Λονδίνου",
    "Λουξεμβούργο": "Λουξεμβούργου",
    "Νέα Υόρκη": "Νέας Υόρκης",
    "Παρίσι": "Παρισιού",
    "Σαράγεβο": "Σαράγεβου",
    "Σκόπια": "Σκοπίων",
    "Τίρανα": "Τιράνων",
}

# As Django's grouped choices: (region, ((zone, city), …)).
ZoneChoices = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def rules_version() -> str:
    """Return the release of the `tzdata` package that this process uses: "2026.6"."""
    return str(tzdata.__version__)


@lru_cache(maxsize=1)
def canonical_zones() -> tuple[str, ...]:
    """Return the names offered to people, sorted: those of tzdb's zone tables, and UTC."""
    return tuple(sorted({UTC, *_zones_of_table("zone.tab"), *_zones_of_table("zone1970.tab")}))


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Return every name with rules, backward links included.

    Stored rows are read with this list: a name must keep working after tzdb renames it.
    """
    return frozenset(zoneinfo.available_timezones()) | frozenset(canonical_zones())


def is_canonical(name: str) -> bool:
    """Tell whether `name` is in `canonical_zones`."""
    return name in _canonical_set()


def is_offset(name: str) -> bool:
    """Tell whether `name` is an offset of whole hours: "Etc/GMT-3" is UTC+3."""
    return name in OFFSETS


def canonical_of(name: str) -> str:
    """Return the canonical zone of a name that a device reports, or "".

    "Europe/Kyiv" for "Europe/Kiev", "UTC" for "Etc/UTC" and "GMT"; names in OFFSETS stay.
    """
    if is_canonical(name) or is_offset(name):
        return name
    found = get_global("zone_aliases").get(name, name)
    if found in _UNIVERSAL:
        return UTC
    return found if is_canonical(found) else ""


def validate_readers_zone(name: str) -> None:
    """Django validator for a reader's zone: a place, or an offset that a device may have."""
    if not is_offset(name):
        validate_zone(name)


def validate_zone(name: str) -> None:
    """Django validator: raises ValidationError (code "unknown_zone") unless the name is canonical."""
    if not is_canonical(name):
        raise ValidationError(
            _("“%(zone)s” is not in the list of time zones. Choose one such as Europe/Sofia."),
            code="unknown_zone",
            # A hostile name may be long.
            params={"zone": str(name)[:60]},
        )


@lru_cache(maxsize=16)
def zone_choices(language: str, *, offsets: bool = False) -> ZoneChoices:
    """Return the zones for a select: (region, ((zone, city), …)), sorted in `language`.

    With `offsets`, OFFSETS follow UTC: for readers, whose devices may have one, not for sessions.
    """
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone in canonical_zones():
        regions.setdefault(zone.partition("/")[0], []).append((zone, city_of(zone, language)))
    universal = regions.pop(UTC)
    if offsets:
        universal += [(zone, city_of(zone, language)) for zone in OFFSETS]
    with override(language):
        places = [
            (
                str(_REGIONS.get(region, region)),
                tuple(sorted(zones, key=lambda choice: alphabetical_key(choice[1]))),
            )
            for region, zones in regions.items()
        ]
        # UTC comes last.
        return (
            *sorted(places, key=lambda group: alphabetical_key(group[0])),
            (str(_REGIONS[UTC]), tuple(universal)),
        )


@lru_cache(maxsize=4096)
def city_of(zone: str, language: str) -> str:
    """Return the zone's city in `language`: "Sofia", "София", "Σόφια".

    The last part of the IANA name if CLDR has none; "UTC+3" for an offset.
    """
    if is_offset(zone):
        return offset_text(zoneinfo.ZoneInfo(zone).utcoffset(None) or timedelta())
    cities = locale_of(language).time_zones
    for name in (zone, *_cldr_names().get(zone, ())):
        city = cities.get(name, {}).get("city")
        if city:
            return str(city)
    return zone.rpartition("/")[2].replace("_", " ")


def greek_genitive(city: str) -> str:
    """Return the genitive of a city's Greek name: "Σόφιας" of "Σόφια".

    One word in -α or -η is feminine, except for the plurals in `_GREEK_GENITIVES`; other names that are not in the
    table are foreign and stay as they are, "ώρα Ελσίνκι".
    """
    declined = f"{city}ς" if city.endswith(("α", "η")) and " " not in city else city
    return _GREEK_GENITIVES.get(city, declined)


def offset_text(offset: timedelta) -> str:
    """Return "UTC+3", "UTC+5:30", "UTC−3" (with a minus sign), "UTC"."""
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return UTC
    whole, rest = divmod(abs(minutes), 60)
    return f"{UTC}{'+' if minutes > 0 else '−'}{whole}" + (f":{rest:02d}" if rest else "")


def _zones_of_table(file_name: str) -> Iterator[str]:
    """Yield the zone names of one of tzdb's tables, its third column."""
    table = resources.files("tzdata").joinpath("zoneinfo", file_name).read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")[2]


@lru_cache(maxsize=1)
def _canonical_set() -> frozenset[str]:
    return frozenset(canonical_zones())


@lru_cache(maxsize=1)
def _cldr_names() -> dict[str, tuple[str, ...]]:
    """Return the older names that CLDR may use for an IANA name ("Asia/Kolkata": "Asia/Calcutta")."""
    names: dict[str, tuple[str, ...]] = {}
    for old, new in get_global("zone_aliases").items():
        names[new] = (*names.get(new, ()), old)
    return names
