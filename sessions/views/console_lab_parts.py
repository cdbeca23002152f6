"""The console of a lab's parts: headings of its days, its tracks, its rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.timezones.wall_clock import wall
from core.web.edit_conflicts import Difference
from core.web.errors import RuleViolation
from core.web.forms.editing import was_edited
from labs import access
from labs.forms.rooms import RoomForm
from labs.forms.rows import DayRow, DayRows
from labs.lab_parts import change_room, create_room, delete_room, set_days, set_tracks
from labs.models import Lab, Room
from labs.revisions import lock_row
from labs.views.console_programme import has_errors, named_rows
from labs.views.form_posts import ask, create_with, delete_or_say, edit_row, form_page, person
from sessions.models import Session
from sessions.unannounced_changes import asks_at_once

# With more days than these, only those are listed that have sessions or a heading.
DAYS_LISTED = 31


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def days(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Headings of the lab's days."""
    conflict: list[Difference] = []
    with transaction.atomic():
        rows = _day_rows(lab)
        if request.method == "POST":
            lock_row(lab)
            rows = DayRows(request.POST, prefix="days", lab=lab)
            if rows.is_valid():
                conflict = rows.conflict()
                if conflict:
                    rows = _day_rows(lab, rows.titles())
                else:
                    try:
                        set_days(lab, rows.titles(), person(request))
                    except RuleViolation as error:
                        rows.add_errors(error.errors)
                    else:
                        messages.success(request, _("Headings saved."))
                        return redirect("console_days", lab.slug)
    invalid = has_errors(rows)
    return render(
        request,
        "sessions/console/days.html",
        {
            "lab": lab,
            "section": "settings",
            "tab": "days",
            "rows": rows,
            "conflict": conflict,
            "invalid": invalid,
        },
        status=409 if conflict else 422 if invalid else 200,
    )


def _day_rows(lab: Lab, typed: Mapping[date, object] | None = None) -> object:
    """Return the rows of the lab's days with the stored headings, or with those that were `typed`."""
    typed, stored = typed or {}, dict(lab.days.values_list("on", "title"))
    initial = [
        {"on": on, **DayRow.opened(stored.get(on), lab.languages), "title": typed.get(on, stored.get(on))}
        for on in sorted({*_days_of(lab), *typed})
    ]
    return DayRows(prefix="days", lab=lab, initial=initial)


def _days_of(lab: Lab) -> list[date]:
    length = (lab.ends_on - lab.starts_on).days + 1
    if length <= DAYS_LISTED:
        return [lab.starts_on + timedelta(days=number) for number in range(length)]
    starts = lab.sessions.filter(is_placed=True).values_list("starts_at", flat=True)
    used = {wall(at, lab.time_zone).date() for at in starts}
    used |= set(lab.days.values_list("on", flat=True))
    return sorted(on for on in used if lab.starts_on <= on <= lab.ends_on)[:366]


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def tracks(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The lab's thematic areas, in their order."""
    return named_rows(
        request,
        lab,
        lab.tracks.order_by("position", "pk"),
        lambda plans, gone: set_tracks(lab, plans, gone),
        legend=_("Track"),
        saved=_("Tracks saved."),
        page=("sessions/console/tracks.html", {"lab": lab, "section": "settings", "tab": "tracks"}),
        whose={"lab": lab},
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
    form = RoomForm(request.POST or None, locales=lab.languages)

    def create() -> dict[str, object]:
        return {"room": create_room(lab, form.plan, person(request)).pk}

    if create_with(request, form, "console.room", create):
        messages.success(request, _("Room created. Choose it in the sessions that take place there."))
        return redirect("console_rooms", lab.slug)
    return _room_page(request, lab, form, None)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def room_edit(request: HttpRequest, lab: Lab, room: int) -> HttpResponse:
    try:
        found = _room(lab, room)
        form, is_saved = edit_row(
            request,
            found,
            lock_row,
            lambda data, room: RoomForm(data, locales=lab.languages, row=room),
            lambda form: change_room(found, form.plan, person(request)),
        )
    except Http404:
        if not was_edited(request):
            raise Http404 from None
        # What was written is kept; sent from there, it makes a new room.
        form = RoomForm(request.POST, locales=lab.languages)
        form.forget_errors()
        return _room_page(request, lab, form, None, gone=True)
    if is_saved:
        messages.success(request, _("Room saved. Its sessions and their calendars are updated."))
        has_unannounced = asks_at_once(Session.objects.filter(room=found))
        return redirect("console_unannounced" if has_unannounced else "console_rooms", lab.slug)
    return _room_page(request, lab, form, found)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def room_delete(request: HttpRequest, lab: Lab, room: int) -> HttpResponse:
    """Ask, then delete a room in which nothing takes place."""
    found = _room(lab, room)
    back = reverse("console_rooms", args=[lab.slug])
    if request.method == "POST":
        words = _("Room deleted.")
        delete_or_say(request, found, lambda: delete_room(found, person(request)), words, back, lab=lab)
        return redirect(back)
    used = found.sessions.count()
    facts = (
        [
            ngettext(
                "%(count)d session takes place in it. Choose another room for it first.",
                "%(count)d sessions take place in it. Choose another room for them first.",
                used,
            )
            % {"count": used}
        ]
        if used
        else [_("No session takes place in it.")]
    )
    question = _("This room cannot be deleted") if used else _("Delete this room")
    button = "" if used else _("Delete")
    return ask(request, lab, question, facts, button, danger=True, about=found.name, back=back)


def _room(lab: Lab, pk: int) -> Room:
    """Return a room of this lab, or answer 404."""
    if pk >= 2**63:
        raise Http404
    room = lab.rooms.filter(pk=pk).first()
    if room is None:
        raise Http404
    return room


def _room_page(
    request: HttpRequest, lab: Lab, form: RoomForm, room: Room | None, *, gone: bool = False
) -> HttpResponse:
    template = "sessions/console/room_form.html"
    return form_page(request, template, form, gone=gone, lab=lab, section="settings", tab="rooms", room=room)
