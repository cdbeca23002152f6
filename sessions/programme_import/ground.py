"""What all parts of a programme file share: its sources and cities, and the kinds of value that stand anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext as _

from core.timezones.zones import validate_zone
from core.web.slugs import in_latin
from sessions.programme_import.document import Problem, Problems, Record

if TYPE_CHECKING:
    Column = models.Field[Any, Any]

_web_address = URLValidator(schemes=["http", "https"])


def column(model: type[models.Model], name: str) -> Column:
    """Return a column, whose limits are the file's limits."""
    return cast("Column", model._meta.get_field(name))


@dataclass
class Ground:
    """Grows while the document is walked. `cities` are the slugs that may be referred to."""

    problems: Problems
    cities: set[str]
    sources: set[str] | None = None
    notices: list[Problem] = field(default_factory=list)
    labs: list[tuple[str, str]] = field(default_factory=list)

    def read_sources(self, document: Record) -> None:
        record = document.record("sources")
        if record is not None:
            with record:
                self.sources = set(record.names())
                for name in record.names():
                    record.text(name, required=True)

    def provenance(self, record: Record) -> None:
        """Check the remarks that may stand anywhere: `source`, `assumed` and `…_note`. They change nothing."""
        record.text("assumed")
        for name in record.names():
            if name.endswith("_note"):
                record.text(name)
        value = record.value("source")
        for name in [value] if isinstance(value, str) else record.strings("source") or ():
            if self.sources is not None and name not in self.sources:
                record.note("source", _("“%(name)s” is not among the file's sources.") % {"name": name[:60]})

    def no_doubles(self, slugs: Iterable[tuple[str, str]]) -> None:
        """Note every slug that stands at more than one path; takes (path, slug) pairs."""
        first: dict[str, str] = {}
        for path, slug in slugs:
            if slug in first:
                self.problems.note(
                    f"{path}.slug",
                    _("“%(slug)s” is used already at %(place)s. Choose another.")
                    % {"slug": slug, "place": first[slug]},
                )
            else:
                first[slug] = path

    def city_slugs(self, record: Record, name: str) -> tuple[str, ...] | None:
        slugs = record.strings(name)
        for index, slug in enumerate(slugs or ()):
            self._check_city(record, f"{name}[{index}]", slug)
        return None if slugs is None else tuple(slugs)

    def city_slug(self, record: Record, name: str) -> str | None:
        slug = record.text(name)
        if slug:
            self._check_city(record, name, slug)
        return slug or None

    def _check_city(self, record: Record, name: str, slug: str) -> None:
        if slug not in self.cities:
            record.note(
                name, _("“%(city)s” is not a city of this file, nor known already.") % {"city": slug[:60]}
            )


def slug_of(record: Record, limits: Column, *, named: Mapping[str, str] | None = None) -> str | None:
    """Return the record's part of the address; where it gives none, the one that its name gives."""
    if "slug" in record or not named:
        return record.text("slug", limits, required=True) or None
    record.value("slug")
    slug = in_latin(named)[: limits.max_length].rstrip("-")
    if not slug:
        record.note("slug", _("is missing, and the name has no letters to create it from."))
    return slug or None


def zone_of(record: Record, *, required: bool = True) -> str | None:
    zone = record.text("time_zone", required=required)
    if not zone:
        return None
    try:
        validate_zone(zone)
    except ValidationError as error:
        record.note("time_zone", error.messages[0])
        return None
    return zone


def languages_of(record: Record) -> tuple[str, ...] | None:
    """Return language codes, the default language first."""
    offered = [code for code, _name in settings.LANGUAGES]
    codes = record.strings("languages")
    for index, code in enumerate(codes or ()):
        if code not in offered:
            record.note(
                f"languages[{index}]",
                _("is not one of the languages %(languages)s.") % {"languages": ", ".join(offered)},
            )
    if codes == []:
        record.note("languages", _("is empty."))
    return tuple(codes) if codes else None


def web_address(record: Record, name: str, limits: Column) -> str | None:
    """Return an address that begins with http or https; "" clears it."""
    address = record.text(name)
    if address:
        try:
            _web_address(address)
            limits.run_validators(address)
        except ValidationError:
            record.note(
                name,
                _("A web address of at most %(limit)s characters belongs here, such as https://example.org/.")
                % {"limit": limits.max_length},
            )
            return None
    return address
