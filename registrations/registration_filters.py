"""What the API's list of registrations is asked for."""

from typing import Annotated

from django.db.models import Exists, OuterRef, QuerySet
from ninja import FilterSchema
from pydantic import Field

from core.api.openapi import INLINE_SCHEMA
from registrations.models import Registration, Seat, Tagging
from registrations.search import by_text, in_mode
from sessions.models.seating import Mode

RegistrationState = Annotated[Registration.State, INLINE_SCHEMA]
SeatState = Annotated[Seat.State, INLINE_SCHEMA]
SeatMode = Annotated[Mode, INLINE_SCHEMA]
PhotosChoice = Annotated[Registration.Photos, INLINE_SCHEMA]


class RegistrationFilters(FilterSchema):
    state: RegistrationState | None = Field(None, description="If omitted, any state")
    session: str | None = Field(
        None, max_length=80, description="Slug of a session that the person selected, in any state"
    )
    seat: SeatState | None = Field(None, description="State of the seat, in `session` or in any session")
    mode: SeatMode | None = Field(
        None, description="Mode of a seat or a place on a waiting list, in `session` or in any session"
    )
    city: str | None = Field(None, max_length=60, description="Slug of a city of the programme")
    tag: str | None = Field(None, max_length=40, description="Tag of the organisers")
    photos: PhotosChoice | None = Field(None, description="Choice about photos and recordings")
    search: str | None = Field(
        None,
        max_length=100,
        description="Parts of a name, email or organisation, in any order, or the number",
    )

    def apply(self, rows: QuerySet[Registration]) -> QuerySet[Registration]:
        if self.state is not None:
            rows = rows.filter(state=self.state)
        if self.session is not None or self.seat is not None or self.mode is not None:
            # Asked of each person of the lab: seats of other labs, where slugs may be the same, are not looked at.
            seats = Seat.objects.filter(registration=OuterRef("pk"))
            if self.session is not None:
                seats = seats.filter(session__slug=self.session)
            if self.seat is not None:
                seats = seats.filter(state=self.seat)
            if self.mode is not None:
                seats = in_mode(seats, self.mode, self.seat or "")
            rows = rows.filter(Exists(seats))
        if self.city is not None:
            rows = rows.filter(city__slug=self.city)
        if self.tag is not None:
            tagged = Tagging.objects.filter(registration=OuterRef("pk"), tag__name__iexact=self.tag)
            rows = rows.filter(Exists(tagged))
        if self.photos is not None:
            rows = rows.filter(photos=self.photos)
        if self.search:
            rows = rows.filter(by_text(self.search))
        return rows
