"""Time zones people may choose: one canonical IANA name per place, and how each is called.

The list comes from the zone tables of the pinned `tzdata` package, so every machine offers the same. Links kept
for old data ("Asia/Calcutta", "US/Pacific", "Singapore") are not in those tables; country zones that tzdb has
merged since ("Europe/Ljubljana") are.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources

import tzdata
from babel.core import get_global
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.search import alphabetical
from core.timezones.formatting import locale_of

UTC = "UTC"
# Zones of no place, from UTC−12 to UTC+14. Their names count westward, as POSIX does.
OFFSETS = (
    *(f"Etc/GMT+{hours}" for hours in range(12, 0, -1)),
    *(f"Etc/GMT-{hours}" for hours in range(1, 15)),
)
# The names under which CLDR gathers all others for UTC.
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

# As Django's grouped choices: (region, ((zone, city), …)).
ZoneChoices = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class ZoneLabel:
    """A zone at one instant as a reader sees it: "Sofia", "EEST", "UTC+3".

    `abbreviation` is empty where IANA has only a number for it (America/Sao_Paulo): the offset then says all.
    """

    city: str
    abbreviation: str
    offset: str

    @property
    def detail(self) -> str:
        """Return what stands in brackets behind the city: "EEST, UTC+3", or the offset alone."""
        return f"{self.abbreviation}, {self.offset}" if self.abbreviation else self.offset

    def __str__(self) -> str:
        return self.city if self.city == self.detail else f"{self.city} ({self.detail})"


def rules_version() -> str:
    """Return which release of the `tzdata` package this process takes its zone rules from: "2026.6"."""
    return str(tzdata.__version__)


@lru_cache(maxsize=1)
def canonical_zones() -> tuple[str, ...]:
    """Return the names offered to people, sorted: those of tzdb's zone tables, and UTC."""
    return tuple(sorted({UTC, *_zones_of_table("zone.tab"), *_zones_of_table("zone1970.tab")}))


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Return every name whose rules are at hand, old links included.

    Stored rows are read with this wider list: a name that was canonical when it was chosen must keep working
    after tzdb renames it.
    """
    return frozenset(zoneinfo.available_timezones()) | frozenset(canonical_zones())


def is_canonical(name: str) -> bool:
    """Tell whether `name` is one of the zones offered."""
    return name in _canonical_set()


def is_offset(name: str) -> bool:
    """Tell whether `name` is a zone of whole hours and of no place: "Etc/GMT-3" is UTC+3."""
    return name in OFFSETS


def canonical_of(name: str) -> str:
    """Return the zone that a reader means by a name that devices have for it, or "".

    A canonical one ("Europe/Kyiv" for "Europe/Kiev", "UTC" for "Etc/UTC" and "GMT"), or one of OFFSETS.
    """
    if is_canonical(name) or is_offset(name):
        return name
    found = get_global("zone_aliases").get(name, name)
    if found in _UNIVERSAL:
        return UTC
    return found if is_canonical(found) else ""


def validate_readers_zone(name: str) -> None:
    """Django validator for the zone in which somebody reads hours: a place, or an offset that a device may have."""
    if not is_offset(name):
        validate_zone(name)


def validate_zone(name: str) -> None:
    """Django validator: raises ValidationError (code "unknown_zone") for a name that is not offered for sessions."""
    if not is_canonical(name):
        raise ValidationError(
            _("“%(zone)s” is not a time zone from the list. Choose a place such as Europe/Sofia."),
            code="unknown_zone",
            # A hostile name may be long; the beginning is enough to recognise it.
            params={"zone": str(name)[:60]},
        )


@lru_cache(maxsize=16)
def zone_choices(language: str, *, offsets: bool = False) -> ZoneChoices:
    """Return the zones for a select: (region, ((zone, city), …)), regions and cities in `language`, by alphabet.

    With `offsets` those of no place follow UTC: for readers, whose devices may have one, not for sessions.
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
                tuple(sorted(zones, key=lambda choice: alphabetical(choice[1]))),
            )
            for region, zones in regions.items()
        ]
        # Universal time stands apart from the places, at the end.
        return (
            *sorted(places, key=lambda group: alphabetical(group[0])),
            (str(_REGIONS[UTC]), tuple(universal)),
        )


@lru_cache(maxsize=4096)
def city_of(zone: str, language: str) -> str:
    """Return the zone's city in `language`: "Sofia", "София", "Σόφια".

    Where CLDR has no name for it, the last part of the IANA name; "UTC+3" for a zone of no place.
    """
    if is_offset(zone):
        return offset_text(zoneinfo.ZoneInfo(zone).utcoffset(None) or timedelta())
    cities = locale_of(language).time_zones
    for name in (zone, *_cldr_names().get(zone, ())):
        city = cities.get(name, {}).get("city")
        if city:
            return str(city)
    return zone.rpartition("/")[2].replace("_", " ")


def zone_label(zone: str, instant: datetime, language: str) -> ZoneLabel:
    """Return how `zone` is named at `instant` (an aware datetime), in `language`."""
    local = instant.astimezone(zoneinfo.ZoneInfo(zone))
    name = local.tzname() or ""
    return ZoneLabel(
        city=city_of(zone, language),
        abbreviation=name if name.isalpha() and name != UTC else "",
        offset=offset_text(local.utcoffset() or timedelta()),
    )


def offset_text(offset: timedelta) -> str:
    """Return "UTC+3", "UTC+5:30", "UTC−3" (with a minus sign), "UTC"."""
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return UTC
    whole, rest = divmod(abs(minutes), 60)
    return f"{UTC}{'+' if minutes > 0 else '−'}{whole}" + (f":{rest:02d}" if rest else "")


def _zones_of_table(file_name: str) -> Iterator[str]:
    """Yield the zone names of one of tzdb's tables; the third column holds them (see its own header)."""
    table = resources.files("tzdata").joinpath("zoneinfo", file_name).read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")[2]


@lru_cache(maxsize=1)
def _canonical_set() -> frozenset[str]:
    return frozenset(canonical_zones())


@lru_cache(maxsize=1)
def _cldr_names() -> dict[str, tuple[str, ...]]:
    """Return for an IANA name those under which CLDR may still file it ("Asia/Kolkata": "Asia/Calcutta")."""
    names: dict[str, tuple[str, ...]] = {}
    for old, new in get_global("zone_aliases").items():
        names[new] = (*names.get(new, ()), old)
    return names
