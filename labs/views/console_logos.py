"""The logos of a programme in the console: the list, and adding, changing and removing one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labs import access
from labs.forms.logos import LogoForm
from labs.models import Programme, ProgrammeLogo
from labs.programme_logos import add_logo, change_logo, remove_logo, shown_logos
from labs.revisions import lock_row
from labs.views.form_posts import create_with, delete_or_say, edit_row, form_page, person


@access.owner
@require_safe
def logos(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The logos as visitors see them, in their order."""
    context = {"programme": programme, "tab": "logos", "logos": shown_logos(programme)}
    return render(request, "labs/console/logos.html", context)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, programme: Programme) -> HttpResponse:
    form = LogoForm(request.POST or None, request.FILES or None, programme=programme)

    def create() -> dict[str, object]:
        return {"logo": add_logo(programme, form.plan, form.cleaned_data["picture"], person(request)).pk}

    if create_with(request, form, "console.logo", create):
        messages.success(request, _("Logo added."))
        return redirect("console_logos", programme.slug)
    return _page(request, programme, form, None)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, programme: Programme, logo: int) -> HttpResponse:
    found = _logo(programme, logo)
    form, is_saved = edit_row(
        request,
        found,
        lock_row,
        lambda data, logo: LogoForm(data, request.FILES or None, programme=programme, logo=logo),
        lambda form: change_logo(found, form.plan, form.cleaned_data["picture"], person(request)),
    )
    if is_saved:
        messages.success(request, _("Logo saved."))
        return redirect("console_logos", programme.slug)
    if form.is_bound:
        found.refresh_from_db()
    return _page(request, programme, form, found)


@access.owner
@require_POST
def remove(request: HttpRequest, programme: Programme, logo: int) -> HttpResponse:
    """Remove a logo, which can be undone."""
    found = _logo(programme, logo)
    back = reverse("console_logos", args=[programme.slug])
    words = _("Logo removed.")
    delete_or_say(
        request, found, lambda: remove_logo(found, person(request)), words, back, programme=programme
    )
    return redirect(back)


def _logo(programme: Programme, pk: int) -> ProgrammeLogo:
    """Return a logo of this programme, or answer 404."""
    found = programme.logos.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, programme: Programme, form: LogoForm, logo: ProgrammeLogo | None
) -> HttpResponse:
    template = "labs/console/logo_form.html"
    return form_page(request, template, form, programme=programme, tab="logos", logo=logo)
