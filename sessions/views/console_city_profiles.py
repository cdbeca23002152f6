"""What the cities of a programme bring to small groups: the list, one city, and all of them as a table."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.search import alphabetical_key
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs import access
from labs.models import City, Programme
from labs.revisions import lock_row
from labs.views.form_posts import edit_row, form_page, person
from sessions.city_profiles import as_csv, import_profiles, set_profile
from sessions.forms.groups import CityProfileForm, ProfilesFileForm
from sessions.languages import language_names
from sessions.models import CityProfile


def _name(city: City, programme: Programme) -> str:
    return text_and_language(city.name, get_language() or "en", programme.default_language)[0]


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def profiles(request: HttpRequest, programme: Programme) -> HttpResponse:
    """All cities with what is known of them; a table sent here sets many at once."""
    form = ProfilesFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = import_profiles(programme, form.cleaned_data["file"], person(request))
        except RuleViolation as error:
            form.add_errors(error.errors)
        else:
            words = ngettext(
                "%(count)d profile read, %(changed)d changed.",
                "%(count)d profiles read, %(changed)d changed.",
                done.rows,
            )
            messages.success(request, words % {"count": done.rows, "changed": done.changed})
            return redirect("console_city_profiles", programme.slug)
    stored = {one.city_id: one for one in CityProfile.objects.filter(programme=programme)}
    rows = [
        {
            "city": city,
            "profile": (one := stored.get(city.pk)),
            "languages": language_names(one.languages) if one else "",
        }
        for city in programme.cities.all()
    ]
    rows.sort(key=lambda row: alphabetical_key(_name(row["city"], programme)))  # type: ignore[arg-type]
    return render(
        request,
        "sessions/console/city_profiles.html",
        {
            "programme": programme,
            "tab": "profiles",
            "form": form,
            "rows": rows,
            "without": sum(not row["languages"] for row in rows),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@access.owner
@require_safe
def profiles_csv(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The same as a table, to be filled in and sent back."""
    names = {city.pk: _name(city, programme) for city in programme.cities.all()}
    return HttpResponse(
        "\ufeff" + as_csv(programme, names),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{programme.slug}-cities.csv"'},
    )


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, programme: Programme, city: str) -> HttpResponse:
    """What one city brings."""
    found = programme.cities.filter(slug=city).first()
    if found is None:
        raise Http404

    def form_of(data: object, _locked: Programme) -> CityProfileForm:
        stored = CityProfile.objects.filter(programme=programme, city=found).first()
        return CityProfileForm(data, profile=stored)

    form, is_saved = edit_row(
        request,
        programme,
        lock_row,
        form_of,
        lambda form: set_profile(programme, found, form.plan, person(request)),
    )
    if is_saved:
        messages.success(request, _("Profile saved."))
        return redirect("console_city_profiles", programme.slug)
    template = "sessions/console/city_profile.html"
    return form_page(request, template, form, programme=programme, tab="profiles", city=found)
