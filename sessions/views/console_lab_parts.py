"""The console of a lab's parts: headings of its days, its tracks, its rooms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.forms import formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from labs import access
from labs.editing import Refused
from labs.forms.base import HouseRows
from labs.forms.labs import RoomForm
from labs.forms.rows import DayRow
from labs.lab_parts import change_room, create_room, delete_room, set_days, set_tracks
from labs.models import Lab, Room
from labs.views.console_programme import has_errors, named_rows
from labs.views.posted import created_once, person
from labs.wall_clock import wall

DaySet: Any = formset_factory(DayRow, formset=HouseRows, extra=0, max_num=400, absolute_max=400)
# With more days than these, only those are listed that have sessions or a heading.
DAYS_LISTED = 31


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def days(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Headings of the lab's days."""
    listed = _days_of(lab)
    titles = dict(lab.days.values_list("on", "title"))
    kwargs = {"prefix": "days", "form_kwargs": {"locales": lab.languages}}
    if request.method == "POST":
        data = request.POST.copy()
        # The days are ours to count, not the browser's.
        data["days-TOTAL_FORMS"] = data["days-INITIAL_FORMS"] = str(len(listed))
        rows = DaySet(data, initial=[{"title": titles.get(on)} for on in listed], **kwargs)
        if rows.is_valid():
            try:
                set_days(
                    lab,
                    {on: form.texts("title") for on, form in zip(listed, rows.forms, strict=True)},
                    person(request),
                )
            except Refused as error:
                for name, found in error.errors.items():
                    rows.forms[int(name.partition(".")[0])].take_over({"title": found})
            else:
                messages.success(request, _("The headings are saved."))
                return redirect("console_days", lab.slug)
    else:
        rows = DaySet(initial=[{"title": titles.get(on)} for on in listed], **kwargs)
    return render(
        request,
        "sessions/console/days.html",
        {
            "lab": lab,
            "section": "settings",
            "tab": "days",
            "rows": rows,
            "days": list(zip(listed, rows.forms, strict=True)),
            "invalid": has_errors(rows),
        },
        status=422 if has_errors(rows) else 200,
    )


def _days_of(lab: Lab) -> list[date]:
    length = (lab.ends_on - lab.starts_on).days + 1
    if length <= DAYS_LISTED:
        return [lab.starts_on + timedelta(days=number) for number in range(length)]
    used = {wall(at, lab.time_zone).date() for at in lab.sessions.values_list("starts_at", flat=True)}
    used |= set(lab.days.values_list("on", flat=True))
    return sorted(on for on in used if lab.starts_on <= on <= lab.ends_on)[:366]


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def tracks(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The lab's thematic areas, in their order."""
    known = {
        track.pk: track for track in lab.tracks.annotate(uses=Count("sessions")).order_by("position", "pk")
    }
    rows = named_rows(request, known.values(), lab.languages)
    if request.method == "POST" and "more" not in request.POST and rows.is_valid():
        plans = rows.plans({pk: track.name for pk, track in known.items()})
        try:
            created_once(
                request,
                "console.tracks",
                lambda: {"tracks": [track.pk for track in set_tracks(lab, plans, rows.removed)]},
            )
        except Refused as error:
            rows.take_over(error.errors)
        else:
            messages.success(request, _("The tracks are saved."))
            return redirect("console_tracks", lab.slug)
    return render(
        request,
        "sessions/console/tracks.html",
        {
            "lab": lab,
            "section": "settings",
            "tab": "tracks",
            "rows": rows,
            "uses": {str(pk): track.uses for pk, track in known.items()},
            "invalid": has_errors(rows),
        },
        status=422 if has_errors(rows) else 200,
    )


@access.organiser
@require_http_methods(["GET", "HEAD"])
def rooms(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Places and online rooms."""
    return render(
        request,
        "sessions/console/rooms.html",
        {
            "lab": lab,
            "section": "settings",
            "tab": "rooms",
            "rooms": lab.rooms.annotate(uses=Count("sessions")).order_by("position", "pk"),
        },
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def room_new(request: HttpRequest, lab: Lab) -> HttpResponse:
    form = RoomForm(request.POST or None, lab=lab)
    if request.method == "POST" and form.is_valid():
        try:
            created_once(
                request, "console.room", lambda: {"room": create_room(lab, form.plan, person(request)).pk}
            )
        except Refused as error:
            form.take_over(error.errors)
        else:
            messages.success(request, _("The room is made. Choose it in the sessions that take place there."))
            return redirect("console_rooms", lab.slug)
    return _room_page(request, lab, form, None)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def room_edit(request: HttpRequest, lab: Lab, room: int) -> HttpResponse:
    found = _room(lab, room)
    form = RoomForm(request.POST or None, lab=lab, room=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_room(found, form.plan, person(request))
        except Refused as error:
            form.take_over(error.errors)
        else:
            messages.success(request, _("The room is saved. Its sessions and their calendars follow."))
            return redirect("console_rooms", lab.slug)
    return _room_page(request, lab, form, found)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def room_delete(request: HttpRequest, lab: Lab, room: int) -> HttpResponse:
    """Ask, then delete a room in which nothing takes place."""
    found = _room(lab, room)
    if request.method == "POST":
        try:
            delete_room(found, person(request))
            messages.success(request, _("The room is deleted."))
        except Refused as error:
            messages.error(request, error.message)
        return redirect("console_rooms", lab.slug)
    used = found.sessions.count()
    facts = (
        [
            ngettext(
                "%(count)d session takes place in it. Give it another room first.",
                "%(count)d sessions take place in it. Give them another room first.",
                used,
            )
            % {"count": used}
        ]
        if used
        else [_("No session takes place in it.")]
    )
    return render(
        request,
        "labs/console/ask.html",
        {
            "lab": lab,
            "section": "settings",
            "question": _("This room cannot be deleted") if used else _("Delete this room"),
            "about": found.name,
            "facts": facts,
            "button": "" if used else _("Delete"),
            "danger": True,
            "back": "console_rooms",
        },
    )


def _room(lab: Lab, pk: int) -> Room:
    """Return a room of this lab, or answer 404."""
    if pk >= 2**63:
        raise Http404
    room = lab.rooms.filter(pk=pk).first()
    if room is None:
        raise Http404
    return room


def _room_page(request: HttpRequest, lab: Lab, form: RoomForm, room: Room | None) -> HttpResponse:
    return render(
        request,
        "sessions/console/room_form.html",
        {"lab": lab, "section": "settings", "tab": "rooms", "form": form, "room": room},
        status=422 if form.errors else 200,
    )
