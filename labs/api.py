"""Programmes and labs, as the caller may see them."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import FilterSchema, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import Day, instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import languages_of
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import City, Lab, Programme

router = Router(tags=["Programmes and labs"])

LocalizedText = Annotated[dict[str, str], Field(description="Text by language code")]


class NamedOut(Schema):
    slug: str
    name: LocalizedText


class CityOut(NamedOut):
    country: str = Field(description="Two-letter ISO 3166 code")
    time_zone: str = Field(description="IANA name")


class ProgrammeOut(Schema):
    slug: str
    address: str = Field(description="Address of the page")
    visibility: Annotated[Programme.Visibility, INLINE_SCHEMA] = Field(
        description="Drafts are visible to their team only"
    )
    name: LocalizedText
    organiser: LocalizedText
    description: LocalizedText
    cities_total: int | None = Field(description="Total number of cities, including those not listed here")
    participation: LocalizedText = Field(description="Who may attend and what it costs")
    contact_email: str = Field(description="May be empty")
    imprint: LocalizedText = Field(description="Legal name and address of the organiser")
    eu_funded: bool = Field(description="Whether the European Union funds it")
    grant_number: str = Field(description="Number of the EU grant agreement, may be empty")
    languages: list[str] = Field(description="Language codes, the default language first")


class LogoOut(Schema):
    address: str = Field(description="The picture, SVG or PNG")
    alternative_text: LocalizedText
    link: str = Field(description="Web address that the logo links to. May be empty")


class WholeProgrammeOut(ProgrammeOut):
    cities: list[CityOut]
    stakeholder_groups: list[NamedOut] = Field(
        description="Types of organisation. If there are any, people choose one when they register"
    )
    logos: list[LogoOut] = Field(description="Logos of the organisations behind it, in their order")


class LabOut(Schema):
    slug: str
    programme: str = Field(description="The programme's slug")
    address: str = Field(description="Address of the page")
    calendar: str = Field(description="Address of the public iCalendar feed")
    visibility: Annotated[Lab.Visibility, INLINE_SCHEMA] = Field(
        description="Drafts are visible to their team only"
    )
    title: LocalizedText
    theme: LocalizedText
    description: LocalizedText
    starts_on: date = Field(description="First day, in the lab's zone")
    ends_on: date = Field(description="Last day")
    time_zone: str = Field(description="IANA name")
    languages: list[str] = Field(description="Language codes, the default language first")
    format: Annotated[Lab.Format, INLINE_SCHEMA]
    venue: LocalizedText
    registration_opens_at: datetime | None = Field(description="Null: not set yet")
    registration_closes_at: datetime | None = Field(description="Null: no closing time")
    revised_at: datetime = Field(description="Last change of public data")


def addresses_of(name: str, *parts: str) -> Callable[[str], str]:
    """Return the `absolute_url` of many pages, by their slug, which is the last part: reversed once for all."""
    before, _slug, after = absolute_url(name, *parts, "SLUG").rpartition("SLUG")
    return lambda slug: f"{before}{slug}{after}"


def named_data(row: Any) -> dict[str, Any]:
    return {"slug": row.slug, "name": languages_of(row.name)}


def city_data(city: City) -> dict[str, Any]:
    return {**named_data(city), "country": city.country, "time_zone": city.time_zone}


def programme_data(programme: Programme) -> dict[str, Any]:
    return {
        "slug": programme.slug,
        "address": absolute_url("programme", programme.slug),
        "visibility": programme.visibility,
        "name": languages_of(programme.name),
        "organiser": languages_of(programme.organiser),
        "description": languages_of(programme.description),
        "cities_total": programme.cities_total,
        "participation": languages_of(programme.participation),
        "contact_email": programme.contact_email,
        "imprint": languages_of(programme.imprint),
        "eu_funded": programme.eu_funded,
        "grant_number": programme.grant_number,
        "languages": programme.languages,
    }


def lab_data(lab: Lab) -> dict[str, Any]:
    """Return a lab as the API shows it. Needs its programme."""
    return {
        "slug": lab.slug,
        "programme": lab.programme.slug,
        "address": absolute_url("lab", lab.slug),
        "calendar": absolute_url("lab_feed", lab.slug),
        "visibility": lab.visibility,
        "title": languages_of(lab.title),
        "theme": languages_of(lab.theme),
        "description": languages_of(lab.description),
        "starts_on": lab.starts_on,
        "ends_on": lab.ends_on,
        "time_zone": lab.time_zone,
        "languages": lab.languages,
        "format": lab.format,
        "venue": languages_of(lab.venue),
        "registration_opens_at": instant_text(lab.registration_opens_at),
        "registration_closes_at": instant_text(lab.registration_closes_at),
        # A draft has no public date, and is visible to its staff only.
        "revised_at": instant_text(lab.public_revised_at or lab.revised_at),
    }


class LabFilters(FilterSchema):
    programme: str | None = Field(None, max_length=60, description="Slug of the programme")
    starting_from: Day | None = Field(None, description="Labs that start on this date or later")
    until: Day | None = Field(None, description="Labs that end on this date or earlier")

    def apply(self, labs: QuerySet[Lab]) -> QuerySet[Lab]:
        if self.programme is not None:
            labs = labs.filter(programme__slug=self.programme)
        if self.starting_from is not None:
            labs = labs.filter(starts_on__gte=self.starting_from)
        if self.until is not None:
            labs = labs.filter(ends_on__lte=self.until)
        return labs


@router.get("/programmes", response=list[ProgrammeOut], url_name="programmes", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def programmes(request: HttpRequest) -> Listing:
    """List programmes."""
    return Listing(Programme.objects.visible_to(reader_of(request)), partial(map, programme_data))


@router.get(
    "/programmes/{programme}",
    response=WholeProgrammeOut,
    url_name="programme",
    openapi_extra=FOR_EVERYBODY,
)
def programme(request: HttpRequest, programme: str) -> dict[str, Any]:
    """Get a programme with its cities, types of organisation and logos."""
    found = Programme.objects.visible_to(reader_of(request)).filter(slug=programme).first()
    if found is None:
        raise Http404
    return programme_data(found) | {
        "cities": [city_data(city) for city in found.cities.all()],
        "stakeholder_groups": [named_data(group) for group in found.stakeholder_groups.all()],
        "logos": [
            {
                "address": absolute_url("programme_logo", found.slug, str(logo.pk)),
                "alternative_text": languages_of(logo.alt),
                "link": logo.link,
            }
            for logo in found.logos.all()
        ],
    }


@router.get("/labs", response=list[LabOut], url_name="labs", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def labs(request: HttpRequest, filters: Query[LabFilters]) -> Listing:
    """List labs, the latest first."""
    found = Lab.objects.visible_to(reader_of(request)).select_related("programme")
    return Listing(filters.apply(found), partial(map, lab_data))


@router.get("/labs/{lab}", response=LabOut, url_name="lab", openapi_extra=FOR_EVERYBODY)
def lab(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get a lab."""
    return lab_data(get_visible_lab_or_404(reader_of(request), lab))
