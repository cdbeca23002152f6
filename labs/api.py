"""Programmes and labs, as the caller may see them."""

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import FilterSchema, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from labs.api_access import lab_in_sight, reader_of
from labs.api_pages import Pages
from labs.models import Lab, Programme
from labs.models.texts import languages_of

router = Router(tags=["Programmes and labs"])

type_of_texts = dict[str, str]


class CityOut(Schema):
    slug: str
    name: type_of_texts = Field(description="Text by language code")
    country: str
    time_zone: str

    @staticmethod
    def resolve_name(city: Any) -> type_of_texts:
        return languages_of(city.name)


class ProgrammeOut(Schema):
    slug: str
    name: type_of_texts
    organiser: type_of_texts
    description: type_of_texts
    cities_total: int | None
    languages: list[str] = Field(description="The default language first")

    @staticmethod
    def resolve_name(programme: Any) -> type_of_texts:
        return languages_of(programme.name)

    @staticmethod
    def resolve_organiser(programme: Any) -> type_of_texts:
        return languages_of(programme.organiser)

    @staticmethod
    def resolve_description(programme: Any) -> type_of_texts:
        return languages_of(programme.description)


class ProgrammeWithCitiesOut(ProgrammeOut):
    cities: list[CityOut]

    @staticmethod
    def resolve_cities(programme: Any) -> list[Any]:
        return list(programme.cities.all())


class LabOut(Schema):
    slug: str
    programme: str = Field(description="The programme's slug")
    title: type_of_texts
    theme: type_of_texts
    description: type_of_texts
    starts_on: date = Field(description="First day, in the lab's zone")
    ends_on: date
    time_zone: str = Field(description="IANA name")
    languages: list[str] = Field(description="The default language first")
    format: str
    venue: type_of_texts
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    revised_at: datetime

    @staticmethod
    def resolve_programme(lab: Any) -> str:
        return lab.programme.slug

    @staticmethod
    def resolve_title(lab: Any) -> type_of_texts:
        return languages_of(lab.title)

    @staticmethod
    def resolve_theme(lab: Any) -> type_of_texts:
        return languages_of(lab.theme)

    @staticmethod
    def resolve_description(lab: Any) -> type_of_texts:
        return languages_of(lab.description)

    @staticmethod
    def resolve_venue(lab: Any) -> type_of_texts:
        return languages_of(lab.venue)


class LabFilters(FilterSchema):
    programme: str | None = Field(None, max_length=60)
    starting_from: date | None = None
    until: date | None = None

    def apply(self, labs: QuerySet[Lab]) -> QuerySet[Lab]:
        if self.programme is not None:
            labs = labs.filter(programme__slug=self.programme)
        if self.starting_from is not None:
            labs = labs.filter(starts_on__gte=self.starting_from)
        if self.until is not None:
            labs = labs.filter(ends_on__lte=self.until)
        return labs


@router.get("/programmes", response=list[ProgrammeOut], url_name="programmes")
@paginate(Pages)
def programmes(request: HttpRequest) -> QuerySet[Programme]:
    """All programmes."""
    return Programme.objects.visible_to(reader_of(request))


@router.get("/programmes/{programme}", response=ProgrammeWithCitiesOut, url_name="programme")
def programme(request: HttpRequest, programme: str) -> Programme:
    """One programme with its cities."""
    found = (
        Programme.objects.visible_to(reader_of(request))
        .filter(slug=programme)
        .prefetch_related("cities")
        .first()
    )
    if found is None:
        raise Http404
    return found


@router.get("/labs", response=list[LabOut], url_name="labs")
@paginate(Pages)
def labs(request: HttpRequest, filters: Query[LabFilters]) -> QuerySet[Lab]:
    """All labs, the latest first."""
    found = Lab.objects.visible_to(reader_of(request)).select_related("programme")
    return filters.apply(found)


@router.get("/labs/{lab}", response=LabOut, url_name="lab")
def lab(request: HttpRequest, lab: str) -> Lab:
    """One lab."""
    return lab_in_sight(request, lab)
