"""Tags, notes and saved filters in the console."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.web.forms.base import BaseForm
from core.web.forms.fields import pk_of
from labs import access
from labs.models import Lab
from labs.views.form_posts import create_with, person
from registrations import search, tags, undo
from registrations.console_people_forms import FilterNameForm, NoteForm, TagForm
from registrations.models import Note, Registration, SavedFilter


@access.organiser
@require_POST
def tag(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Give a person a tag; with `remove`, take that one away."""
    found = _person(lab, registration)
    if name := request.POST.get("remove", ""):
        if tags.untag(found, name):
            messages.success(request, _("Tag removed."))
        return _back(found)
    form = TagForm(request.POST)

    def give() -> dict[str, object]:
        return {"tag": tags.tag(found, form.cleaned_data["tag"])}

    if create_with(request, form, "console.tag", give) is None:
        _say(request, form)
    return _back(found)


@access.organiser
@require_POST
def note(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Write a note about a person."""
    found = _person(lab, registration)
    form = NoteForm(request.POST)

    def write() -> dict[str, object]:
        return {"note": tags.write_note(found, form.cleaned_data["text"], person(request)).pk}

    if create_with(request, form, "console.note", write) is None:
        _say(request, form)
    else:
        messages.success(request, _("Note saved."))
    return _back(found)


@access.organiser
@require_POST
def delete_note(request: HttpRequest, lab: Lab, registration: UUID, note: int) -> HttpResponse:
    """Delete a note, which can be undone."""
    found = _person(lab, registration)
    rows = Note.objects.filter(registration=found)
    row = get_object_or_404(rows, pk=note) if note < 2**63 else None
    if row is not None:
        undo.delete_note(request, row)
    return _back(found)


@access.organiser
@require_POST
def save_filter(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Save the filters of the list under a name; with `delete`, delete that one."""
    query = tags.filter_query(request.POST.get("filters", "")[:1000])
    user = person(request)
    if pk := pk_of(request.POST.get("delete", "")):
        gone: Any = SavedFilter.objects.filter(user=user, lab=lab, pk=pk).delete()
        if gone[0]:
            messages.success(request, _("Filter deleted."))
        return _list(lab, query)
    form = FilterNameForm(request.POST)

    def save() -> dict[str, object]:
        return {"filter": tags.save_filter(user, lab, form.cleaned_data["name"], query).pk}

    if not tags.saved_query(query):
        messages.error(request, _("Choose filters first, then save them. What you search for is not saved."))
    elif create_with(request, form, "console.filter", save) is None:
        _say(request, form)
    else:
        messages.success(request, _("Filter saved."))
    return _list(lab, query)


def _say(request: HttpRequest, form: BaseForm) -> None:
    """Say what is wrong with a form of one field."""
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))


def _person(lab: Lab, public_id: UUID) -> Registration:
    return get_object_or_404(
        search.registrations_of(lab).select_related("lab__programme"), public_id=public_id
    )


def _back(found: Registration) -> HttpResponse:
    return redirect("console_registration", found.lab.slug, found.public_id)


def _list(lab: Lab, query: str) -> HttpResponse:
    return redirect(reverse("console_registrations", args=[lab.slug]) + (f"?{query}" if query else ""))
