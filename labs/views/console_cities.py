"""The cities of a programme in the console: the list, and creating and changing one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.search import alphabetical_key
from core.web.localized_fields import text_and_language
from labs import access
from labs.cities import change_city, create_city, may_change
from labs.current_viewer import viewer_of
from labs.forms.cities import CityForm
from labs.models import City, Programme
from labs.revisions import lock_row
from labs.views.form_posts import create_with, edit_row, form_page, person


@dataclass(frozen=True)
class Row:
    city: City
    may_change: bool


@access.owner
@require_http_methods(["GET", "HEAD"])
def cities(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The cities that take part in the programme, by name."""
    viewer, language = viewer_of(request), get_language() or "en"
    found = programme.cities.prefetch_related("programmes")
    rows = sorted(
        (Row(city, may_change(viewer, city)) for city in found),
        key=lambda row: alphabetical_key(text_and_language(row.city.name, language)[0]),
    )
    return render(
        request,
        "labs/console/cities.html",
        {
            "programme": programme,
            "tab": "cities",
            "rows": rows,
            "others": City.objects.exclude(programmes=programme).count(),
            "has_labs": programme.labs.exists(),
        },
    )


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Create a city that takes part in the programme."""
    form = CityForm(request.POST or None, programme=programme)
    if create_with(
        request,
        form,
        "console.city",
        lambda: {"city": create_city(programme, form.plan, person(request)).slug},
    ):
        messages.success(request, _("City created and added to the programme."))
        return redirect("console_cities", programme.slug)
    return _page(request, programme, form, None)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, programme: Programme, city: str) -> HttpResponse:
    """Change a city, where it takes part in no programme of somebody else."""
    found = programme.cities.filter(slug=city).first()
    if found is None or not may_change(viewer_of(request), found):
        raise Http404
    form, is_saved = edit_row(
        request,
        found,
        lock_row,
        lambda data, city: CityForm(data, city=city),
        lambda form: change_city(found, form.plan, person(request)),
    )
    if is_saved:
        messages.success(request, _("City saved."))
        return redirect("console_cities", programme.slug)
    return _page(request, programme, form, found)


def _page(request: HttpRequest, programme: Programme, form: CityForm, city: City | None) -> HttpResponse:
    template = "labs/console/city_form.html"
    return form_page(request, template, form, programme=programme, tab="cities", city=city)
