"""Cities of many zones: a time for a session of some of them, and all of them in small groups."""

from datetime import timedelta

from benchmarks import world
from benchmarks.measuring import Line, cpu_rounds, queries_of
from core.accounts.models import User
from core.timezones.zones import known_zones
from labs.models import City, Lab, Programme
from sessions.city_groups import group
from sessions.groupings import Settings, create_grouping, members_of, met_before, set_final
from sessions.languages import SPOKEN
from sessions.models import CityProfile, Grouping
from sessions.slot_search import Wanted, slots_of

CITIES, ZONES, LANGUAGES = 136, 40, 24
GROUPS_LIMIT = 5_000  # milliseconds
SLOTS_LIMIT = 300  # milliseconds


def groups(of: Programme) -> list[Line]:
    """Put 136 cities of 40 zones and 24 languages into a second round, after all met others in a first one."""
    lab = world.lab(of, "bench-groups", 40)
    cities = _cities(of)
    settings = Settings()
    by = User.objects.create(email="bench-groups@example.org")
    set_final(create_grouping(lab, "Round 1", cities, settings, by), True)
    members, met = members_of(lab, cities, settings), met_before(Grouping(lab=lab))
    found = group(members, met)
    taken = cpu_rounds(lambda: group(members, met))
    return [
        Line(
            f"{CITIES} cities in small groups",
            str(taken),
            f"{len(found.groups)} groups, {len(found.left_over)} left over",
            f"at most {GROUPS_LIMIT} ms",
            taken.median <= GROUPS_LIMIT,
            "",
            taken,
        ),
        _slots(lab, cities[:20]),
    ]


def _slots(lab: Lab, cities: list[City]) -> Line:
    Lab.objects.filter(pk=lab.pk).update(ends_on=lab.starts_on + timedelta(days=10))
    lab.refresh_from_db()
    wanted = Wanted(cities[:3], 60, list(lab.programme.speakers.all()[:3]), list(lab.rooms.all()))
    found = len(slots_of(lab, wanted).slots)
    taken = cpu_rounds(lambda: slots_of(lab, wanted))
    return Line(
        "times for three cities in eleven days",
        str(taken),
        f"{found:,} times",
        f"at most {SLOTS_LIMIT} ms",
        taken.median <= SLOTS_LIMIT,
        str(queries_of(lambda: slots_of(lab, wanted))),
        taken,
    )


def _cities(of: Programme) -> list[City]:
    """Return cities in zones around Europe and some far away; most of them also work in English."""
    near = [zone for zone in sorted(known_zones()) if zone.startswith("Europe/")]
    far = ["America/New_York", "Asia/Tbilisi", "Atlantic/Azores", "Asia/Kolkata"]
    zones = [*near[: ZONES - len(far)], *far]
    made = [
        City.objects.create(
            slug=f"groups-{number}",
            name={"en": f"Groups city {number}"},
            country=["BG", "IT", "ES", "GR", "PT", "SI", "PL", "HR"][number % 8],
            time_zone=zones[number % ZONES],
        )
        for number in range(CITIES)
    ]
    of.cities.add(*made)
    spoken = [code for code in SPOKEN if code != "en"][: LANGUAGES - 1]
    CityProfile.objects.bulk_create(
        CityProfile(
            programme=of,
            city=city,
            languages=[spoken[number % len(spoken)], *(["en"] if number % 4 else [])],
            interests=[f"Interest {number % 5}", f"Interest {number % 7}"],
            is_mentor=number % 3 == 0,
        )
        for number, city in enumerate(made)
    )
    return made
