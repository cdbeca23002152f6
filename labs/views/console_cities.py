"""The cities of a programme in the console: the list, and creating and changing one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.search import alphabetical_key
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs import access, city_csv
from labs.cities import CityRow, add_cities, change_city, create_city, may_change
from labs.current_viewer import viewer_of
from labs.forms.cities import CityForm
from labs.forms.lists import list_form
from labs.models import City, Programme
from labs.programmes import first_steps
from labs.revisions import lock_row
from labs.views.form_posts import create_once, create_with, edit_row, form_page, person


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
            "steps": first_steps(programme),
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


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def by_list(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Let many cities take part by a list, which is shown first; those that do not exist are created."""
    form, has_file = list_form(request)
    rows: list[CityRow] = []
    if form.is_bound and form.is_valid():
        try:
            rows = city_csv.parse(form.cleaned_data["rows"], programme)
        except ValidationError as error:
            form.add_error("rows", error)
        is_seen = request.POST.get("action") == "apply" and not has_file
        if rows and is_seen and not any(row.errors for row in rows):
            try:
                done, _is_new = create_once(
                    request, "console.cities", lambda: vars(add_cities(programme, rows, person(request)))
                )
            except RuleViolation as error:
                form.add_error(None, error.message)
            else:
                words = ngettext("%(count)d city created,", "%(count)d cities created,", done["created"])
                more = ngettext("%(count)d added.", "%(count)d added.", done["added"])
                said = (words % {"count": done["created"]}, more % {"count": done["added"]})
                messages.success(request, " ".join(said))
                return redirect("console_cities", programme.slug)
    wrong = sum(bool(row.errors) for row in rows)
    taking_part = set(programme.cities.values_list("pk", flat=True)) if rows else set()
    context = {
        "programme": programme,
        "tab": "cities",
        "form": form,
        "rows": rows,
        "wrong": wrong,
        "taking_part": taking_part,
        "columns": city_csv.COLUMNS,
    }
    status = 422 if form.errors or wrong else 200
    return render(request, "labs/console/cities_list.html", context, status=status)
