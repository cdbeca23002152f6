"""Programmes and labs, as the caller may see them."""

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import FilterSchema, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.api.datetimes import Day
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination
from core.web.localized_fields import languages_of
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from labs.models import Lab, Programme

router = Router(tags=["Programmes and labs"])

LocalizedText = Annotated[dict[str, str], Field(description="Text by language code")]


class NamedOut(Schema):
    slug: str
    name: LocalizedText

    @staticmethod
    def resolve_name(row: Any) -> LocalizedText:
        return languages_of(row.name)


class CityOut(NamedOut):
    country: str = Field(description="ISO 3166 code of two letters")
    time_zone: str = Field(description="IANA name")


class ProgrammeOut(Schema):
    slug: str
    address: str = Field(description="Its page")
    visibility: Annotated[Programme.Visibility, INLINE_SCHEMA] = Field(
        description="A draft is seen by those who work on it"
    )
    name: LocalizedText
    organiser: LocalizedText
    description: LocalizedText
    cities_total: int | None = Field(
        description="How many cities take part, those without an entry here included"
    )
    languages: list[str] = Field(description="The default language first")

    @staticmethod
    def resolve_address(programme: Any) -> str:
        return page_address("programme", programme.slug)

    @staticmethod
    def resolve_name(programme: Any) -> LocalizedText:
        return languages_of(programme.name)

    @staticmethod
    def resolve_organiser(programme: Any) -> LocalizedText:
        return languages_of(programme.organiser)

    @staticmethod
    def resolve_description(programme: Any) -> LocalizedText:
        return languages_of(programme.description)


class WholeProgrammeOut(ProgrammeOut):
    cities: list[CityOut]
    stakeholder_groups: list[NamedOut] = Field(
        description="One of them is asked of everybody who registers, where there are any"
    )

    @staticmethod
    def resolve_cities(programme: Any) -> list[Any]:
        return list(programme.cities.all())

    @staticmethod
    def resolve_stakeholder_groups(programme: Any) -> list[Any]:
        return list(programme.stakeholder_groups.all())


class LabOut(Schema):
    slug: str
    programme: str = Field(description="The programme's slug")
    address: str = Field(description="Its page")
    calendar: str = Field(description="Its public iCalendar feed")
    visibility: Annotated[Lab.Visibility, INLINE_SCHEMA] = Field(
        description="A draft is seen by those who work on it"
    )
    title: LocalizedText
    theme: LocalizedText
    description: LocalizedText
    starts_on: date = Field(description="First day, in the lab's zone")
    ends_on: date = Field(description="Last day")
    time_zone: str = Field(description="IANA name")
    languages: list[str] = Field(description="The default language first")
    format: Annotated[Lab.Format, INLINE_SCHEMA]
    venue: LocalizedText
    registration_opens_at: datetime | None = Field(description="Null: registration is not planned yet")
    registration_closes_at: datetime | None = Field(description="Null: it stays open")
    revised_at: datetime = Field(description="When anything that everybody may see of it changed last")

    @staticmethod
    def resolve_programme(lab: Any) -> str:
        return lab.programme.slug

    @staticmethod
    def resolve_revised_at(lab: Any) -> datetime:
        # A draft has no public date, and is visible to its staff only.
        return lab.public_revised_at or lab.revised_at

    @staticmethod
    def resolve_address(lab: Any) -> str:
        return page_address("lab", lab.slug)

    @staticmethod
    def resolve_calendar(lab: Any) -> str:
        return page_address("lab_feed", lab.slug)

    @staticmethod
    def resolve_title(lab: Any) -> LocalizedText:
        return languages_of(lab.title)

    @staticmethod
    def resolve_theme(lab: Any) -> LocalizedText:
        return languages_of(lab.theme)

    @staticmethod
    def resolve_description(lab: Any) -> LocalizedText:
        return languages_of(lab.description)

    @staticmethod
    def resolve_venue(lab: Any) -> LocalizedText:
        return languages_of(lab.venue)


def page_address(name: str, *parts: str) -> str:
    """Return the absolute URL of a page or feed, built from BASE_URL and never from a request."""
    return settings.BASE_URL + reverse(name, args=parts)


class LabFilters(FilterSchema):
    programme: str | None = Field(None, max_length=60, description="Slug of a programme: its labs")
    starting_from: Day | None = Field(None, description="Labs that begin on this day or later")
    until: Day | None = Field(None, description="Labs that end on this day or earlier")

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
def programmes(request: HttpRequest) -> QuerySet[Programme]:
    """All programmes."""
    return Programme.objects.visible_to(reader_of(request))


@router.get(
    "/programmes/{programme}",
    response=WholeProgrammeOut,
    url_name="programme",
    openapi_extra=FOR_EVERYBODY,
)
def programme(request: HttpRequest, programme: str) -> Programme:
    """One programme with its cities and stakeholder groups."""
    found = Programme.objects.visible_to(reader_of(request)).filter(slug=programme).first()
    if found is None:
        raise Http404
    return found


@router.get("/labs", response=list[LabOut], url_name="labs", openapi_extra=FOR_EVERYBODY)
@paginate(BoundedPagination)
def labs(request: HttpRequest, filters: Query[LabFilters]) -> QuerySet[Lab]:
    """All labs, the latest first."""
    found = Lab.objects.visible_to(reader_of(request)).select_related("programme")
    return filters.apply(found)


@router.get("/labs/{lab}", response=LabOut, url_name="lab", openapi_extra=FOR_EVERYBODY)
def lab(request: HttpRequest, lab: str) -> Lab:
    """One lab."""
    return get_visible_lab_or_404(reader_of(request), lab)
