from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from core.timezones.zone_hours import city_words
from core.timezones.zones import (
    canonical_of,
    canonical_zones,
    city_of,
    is_canonical,
    known_zones,
    offset_text,
    validate_zone,
    zone_choices,
)

SUMMER = datetime(2027, 7, 1, 12, tzinfo=UTC)
WINTER = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Sofia",
        "Europe/Ljubljana",
        "Europe/Zagreb",
        "Europe/Amsterdam",
        "Europe/Kyiv",
        "Asia/Kolkata",
        "UTC",
    ],
)
def test_the_zone_of_each_country_is_offered(zone: str) -> None:
    assert is_canonical(zone)
    validate_zone(zone)


@pytest.mark.parametrize(
    "name",
    [
        "Singapore",
        "Asia/Calcutta",
        "US/Pacific",
        "Europe/Kiev",
        "Etc/UTC",
        "GMT",
        "EET",
        "europe/sofia",
        "Europe/Sofia ",
        "Europe",
        "Factory",
        "",
        "../../etc/passwd",
        "Europe/Sofia\r\nX-EVIL:1",
        "Europe/Sofia\0",
        "E" * 100_000,
    ],
)
def test_links_and_inventions_are_refused_by_name(name: str) -> None:
    assert not is_canonical(name)
    with pytest.raises(ValidationError) as refused:
        validate_zone(name)
    assert refused.value.code == "unknown_zone"
    assert refused.value.messages == [
        f"“{name[:60]}” is not in the list of time zones. Choose one such as Europe/Sofia."
    ]


def test_every_zone_offered_has_rules() -> None:
    zones = canonical_zones()
    assert len(zones) == len(set(zones)) > 400
    assert set(zones) <= known_zones()
    for zone in zones:
        assert ZoneInfo(zone).utcoffset(SUMMER.replace(tzinfo=None)) is not None


@pytest.mark.parametrize("language", ["en", "bg", "el"])
def test_the_choices_hold_every_zone_once_and_no_two_cities_of_a_region_look_alike(language: str) -> None:
    choices = zone_choices(language)
    assert sorted(zone for _, zones in choices for zone, _ in zones) == sorted(canonical_zones())
    for _, zones in choices:
        names = [city for _, city in zones]
        assert len(names) == len(set(names))
        assert all(names)
    assert [zone for zone, _ in choices[-1][1]] == ["UTC"]


def test_cities_of_a_region_stand_in_the_order_of_the_readers_alphabet() -> None:
    europe = dict(zone_choices("el"))["Ευρώπη"]
    assert [city for _, city in europe[:3]] == ["Άγιος Μαρίνος", "Αθήνα", "Άμστερνταμ"]


@pytest.mark.parametrize(
    ("zone", "names"),
    [
        ("Europe/Sofia", ("Sofia", "София", "Σόφια")),
        ("Europe/Kyiv", ("Kyiv", "Киев", "Κίεβο")),
        ("Asia/Kolkata", ("Kolkata", "Колката", "Καλκούτα")),
        ("America/Argentina/Buenos_Aires", ("Buenos Aires", "Буенос Айрес", "Μπουένος Άιρες")),
        ("UTC", ("UTC", "UTC", "UTC")),
    ],
)
def test_cities_are_named_in_the_readers_language(zone: str, names: tuple[str, str, str]) -> None:
    assert tuple(city_of(zone, language) for language in ("en", "bg", "el")) == names


def test_a_language_without_names_falls_back_to_english() -> None:
    assert city_of("Europe/Sofia", "xx-nonsense") == "Sofia"


def test_a_place_has_its_abbreviation_and_its_offset() -> None:
    assert city_words("Europe/Sofia", [SUMMER], "bg") == "София (EEST, UTC+3)"
    assert city_words("Europe/Sofia", [WINTER], "en") == "Sofia (EET, UTC+2)"


def test_a_zone_without_an_abbreviation_has_its_offset_alone() -> None:
    assert city_words("America/Sao_Paulo", [SUMMER], "en") == "Sao Paulo (UTC−3)"
    assert city_words("UTC", [SUMMER], "en") == "UTC"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "UTC"), (180, "UTC+3"), (330, "UTC+5:30"), (345, "UTC+5:45"), (-570, "UTC−9:30"), (840, "UTC+14")],
)
def test_offsets_read_as_people_write_them(minutes: int, text: str) -> None:
    assert offset_text(timedelta(minutes=minutes)) == text


def test_every_name_that_a_device_may_have_leads_to_a_zone_with_its_rules():
    months = [datetime(2027, month, 1, tzinfo=UTC) for month in range(1, 13)]
    for name in known_zones() - {"Factory"}:
        found = canonical_of(name)
        assert found, name
        offsets = [[at.astimezone(ZoneInfo(zone)).utcoffset() for at in months] for zone in (name, found)]
        assert offsets[0] == offsets[1], (name, found)


def test_offsets_of_no_place_are_for_readers_alone():
    with pytest.raises(ValidationError):
        validate_zone("Etc/GMT-3")
    assert "Etc/GMT-3" not in str(zone_choices("en"))
    assert zone_choices("en", offsets=True)[-1][1][:2] == (("UTC", "UTC"), ("Etc/GMT+12", "UTC−12"))


def test_old_names_that_browsers_use_lead_to_the_zone_that_they_mean():
    names = (
        "Europe/Kiev",
        "Asia/Calcutta",
        "Europe/Kyiv",
        "Europe/Sofia",
        "Europe/Atlantis",
        "",
        "US/../etc",
    )
    assert [canonical_of(name) for name in names] == [
        "Europe/Kyiv", "Asia/Kolkata", "Europe/Kyiv", "Europe/Sofia", "", "", "",
    ]  # fmt: skip
