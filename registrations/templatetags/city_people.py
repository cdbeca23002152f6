"""The tag for how many people of a city are registered, for the pages of organisers."""

from dataclasses import dataclass

from django import template

from labs.current_viewer import viewer_of
from labs.models import City, Lab, Programme
from registrations.models import Registration, Seat

register = template.Library()


@dataclass(frozen=True)
class CityPeople:
    """The people of a city who are registered, and the seats that they hold."""

    registered: int
    seats: int


@register.simple_tag(takes_context=True)
def people_from(context: template.Context, city: City, programme: Programme) -> CityPeople | None:
    """Return the numbers over the labs of the programme that the reader organises; None for all other readers."""
    viewer = viewer_of(context["request"])
    labs = Lab.objects.filter(programme=programme)
    if not viewer.owns(programme.pk):
        labs = labs.filter(pk__in=viewer.organised_labs)
        if not viewer.organised_labs or not labs.exists():
            return None
    people = Registration.objects.filter(lab__in=labs, city=city, state=Registration.State.CONFIRMED)
    seats = Seat.objects.filter(registration__in=people, state=Seat.State.CONFIRMED)
    return CityPeople(people.count(), seats.count())
