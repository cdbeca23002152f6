"""Cities and programmes in a programme file, and the document around them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import slugify
from django.utils.translation import gettext as _

from labs.models import City, Programme, StakeholderGroup
from sessions.programme_import.document import Record
from sessions.programme_import.facts import CityFacts, FileFacts, GroupFacts, ProgrammeFacts
from sessions.programme_import.ground import Ground, column, languages_of, slug_of, zone_of
from sessions.programme_import.labs import LabReader, tracks_of
from sessions.programme_import.speakers import Speakers


def document_facts(document: Record, ground: Ground) -> FileFacts:
    """Read the whole document. What is wrong is noted with the ground."""
    with document:
        document.text("about")
        ground.read_sources(document)
        ground.provenance(document)
        if "programmes" not in document and "cities" not in document:
            document.note("programmes", _("is missing."))
        # Cities first: everything else may refer to them, even to those in which something is wrong.
        city_records = list(document.records("cities"))
        cities = [city for record in city_records if (city := _city(record, ground))]
        programmes = [
            programme
            for record in document.records("programmes", at_most=200)
            if (programme := _programme(record, ground))
        ]
    ground.no_doubles((city.path, city.slug) for city in cities)
    ground.no_doubles((programme.path, programme.slug) for programme in programmes)
    ground.no_doubles(ground.labs)
    return FileFacts(tuple(cities), tuple(programmes), tuple(ground.notices))


def _city(record: Record, ground: Ground) -> CityFacts | None:
    with record:
        ground.provenance(record)
        slug = slug_of(record, column(City, "slug"))
        name = record.texts("name", column(City, "name"), required=True)
        country = record.text("country", required=True)
        if country and not (
            len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()
        ):
            record.note("country", _("Two capital letters belong here, such as BG."))
        zone = zone_of(record)
    if slug:
        ground.cities.add(slug)
    if slug and name and country and zone:
        return CityFacts(record.path, slug, name, country, zone)
    return None


def _programme(record: Record, ground: Ground) -> ProgrammeFacts | None:
    with record:
        ground.provenance(record)
        slug = slug_of(record, column(Programme, "slug"))
        name = record.texts("name", column(Programme, "name"), required=True)
        organiser = record.texts("organiser", column(Programme, "organiser"), required=True)
        visibility = record.choice("visibility", tuple(Programme.Visibility.values))
        languages = languages_of(record)
        description = record.texts("description", column(Programme, "description"))
        runs = record.texts("runs", column(Programme, "runs"))
        cities_total = record.number("cities_total")
        cities = ground.city_slugs(record, "cities") or ()
        groups = tuple(_groups(record, ground))
        speakers = Speakers(ground)
        speakers.read_list(record)
        labs = LabReader(ground, tracks_of(record, ground), speakers)
        found = tuple(lab for item in record.records("labs", at_most=200) if (lab := labs.read(item)))
    if not (slug and name and organiser):
        return None
    return ProgrammeFacts(
        path=record.path,
        slug=slug,
        name=name,
        organiser=organiser,
        languages=languages,
        visibility=visibility,
        description=description,
        runs=runs,
        cities_total=cities_total,
        cities=tuple(dict.fromkeys([*cities, *labs.cities])),
        stakeholder_groups=groups,
        speakers=tuple(speakers.found.values()),
        labs=found,
    )


def _groups(programme: Record, ground: Ground) -> Iterator[GroupFacts]:
    """Yield groups from a list of names or of objects, or from an object that holds such a list beside its source."""
    name = "stakeholder_groups"
    holder = programme.record(name) if programme.is_object(name) else None
    if holder is None:
        yield from _group_list(programme, name, ground)
        return
    with holder:
        ground.provenance(holder)
        yield from _group_list(holder, "list", ground)


def _group_list(holder: Record, name: str, ground: Ground) -> Iterator[GroupFacts]:
    slugs = []
    limits = column(StakeholderGroup, "name")
    for index, entry in enumerate(holder.entries(name, at_most=100) or ()):
        place = f"{name}[{index}]"
        if isinstance(entry, str):
            texts = holder.as_texts(place, entry, limits, required=True)
            slug = slugify(entry)[:60] or None
            if slug is None:
                holder.note(
                    place, _("An object with slug and name belongs here: no slug can be made of this.")
                )
        elif item := holder.as_record(place, entry):
            with item:
                texts = item.texts("name", limits, required=True)
                slug = slug_of(item, column(StakeholderGroup, "slug"), named=texts)
        else:
            continue
        if slug and texts:
            slugs.append((holder.at(place), slug))
            yield GroupFacts(slug, texts)
    ground.no_doubles(slugs)
