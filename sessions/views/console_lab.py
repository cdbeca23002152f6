"""The console of a lab itself: what it says, who sees it, headings of its days, its tracks and rooms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from labs import access, editing
from labs.editing import Refused
from labs.forms.labs import LabForm, RoomForm
from labs.forms.rows import DayRow
from labs.lab_parts import change_room, create_room, delete_room, set_days, set_tracks
from labs.models import Lab, Programme, Room
from labs.viewer import viewer_of
from labs.views.console_programme import has_errors, named_rows
from labs.views.posted import created_once, person
from labs.wall_clock import wall
from sessions import lab_frames
from sessions.models import Session

DaySet: Any = formset_factory(DayRow, formset=BaseFormSet, extra=0, max_num=400, absolute_max=400)
# With more days than these, only those are listed that have sessions or a heading.
DAYS_LISTED = 31


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Make a lab."""
    form = LabForm(request.POST or None, request.FILES or None, programme=programme)
    if request.method == "POST" and form.is_valid():
        by = person(request)

        def create() -> dict[str, Any]:
            lab = editing.create_lab(programme, form.plan, by)
            if form.logo_bytes is not None:
                editing.set_logo(lab, form.logo_bytes, by)
            return {"lab": lab.slug}

        try:
            result, _new = created_once(request, "console.lab", create)
        except Refused as error:
            form.take_over(error.errors)
        else:
            messages.success(
                request,
                _(
                    "The lab is made, as a draft: only you and other organisers see it. Add its sessions next."
                ),
            )
            return redirect("console_lab", result["lab"])
    return render(
        request,
        "sessions/console/lab_form.html",
        {"programme": programme, "form": form, "new": True},
        status=422 if form.errors else 200,
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What the lab says of itself."""
    form = LabForm(request.POST or None, request.FILES or None, programme=lab.programme, lab=lab)
    if request.method == "POST" and form.is_valid():
        zone, colour = lab.time_zone, lab.colour
        try:
            with transaction.atomic():
                editing.change_lab(lab, form.plan, person(request))
                if form.logo_bytes is not None:
                    editing.set_logo(lab, form.logo_bytes, person(request))
                elif form.cleaned_data.get("remove_logo") and lab.logo:
                    editing.set_logo(lab, None, person(request))
        except Refused as error:
            form.take_over(error.errors)
            lab.refresh_from_db()
        else:
            messages.success(request, _("The lab is saved."))
            _say_what_follows(request, lab, zone, colour)
            return redirect("console_lab_edit", lab.slug)
    return render(
        request,
        "sessions/console/lab_form.html",
        {
            "lab": lab,
            "programme": lab.programme,
            "form": form,
            "section": "settings",
            "tab": "lab",
            "zone_note": lab_frames.why_zone_matters(lab),
        },
        status=422 if form.errors else 200,
    )


def _say_what_follows(request: HttpRequest, lab: Lab, zone: str, colour: str) -> None:
    """Tell what else a new zone or colour means."""
    if lab.time_zone != zone:
        messages.info(request, lab_frames.why_zone_matters(lab))
    if lab.colour and lab.colour != colour and lab.theme_values.get("lab") != lab.colour:
        messages.info(
            request,
            _("White words need a darker ground than %(picked)s, so pages use %(used)s.")
            % {"picked": lab.colour, "used": lab.theme_values.get("lab")},
        )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then show the lab to everybody."""
    if request.method == "POST":
        editing.publish_lab(lab, person(request))
        messages.success(request, _("The lab is public."))
        return redirect("console_lab", lab.slug)
    sessions = lab.sessions.all()
    public = sessions.filter(visibility=Session.Visibility.PUBLIC).count()
    facts = [
        ngettext(
            "Everybody sees its pages and %(count)d public session.",
            "Everybody sees its pages and %(count)d public sessions.",
            public,
        )
        % {"count": public},
        _("Its calendars can be subscribed to, and search engines find it."),
        _("Drafts and internal sessions stay hidden."),
    ]
    if lab.registration_opens_at is None:
        facts.append(_("Nobody can register yet: you have not said when registration opens."))
    return _ask(request, lab, _("Publish this lab"), facts, _("Publish"))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def unpublish(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then take the lab back into the drafts."""
    if request.method == "POST":
        editing.unpublish_lab(lab, person(request))
        messages.success(request, _("The lab is a draft again."))
        return redirect("console_lab", lab.slug)
    seats = lab_frames.seats_of(lab)
    facts = [
        _("Only its organisers see its pages, calendars and registration until you publish it again."),
        _("Nobody is written to."),
    ]
    if seats:
        facts.insert(
            1,
            ngettext(
                "%(count)d seat is taken in its sessions. Who has it keeps it, and cannot see the lab meanwhile.",
                "%(count)d seats are taken in its sessions. Who has them keeps them, and cannot see the lab meanwhile.",
                seats,
            )
            % {"count": seats},
        )
    return _ask(request, lab, _("Make this lab a draft"), facts, _("Make it a draft"), danger=True)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then delete a lab in which nothing has happened; for owners of the programme."""
    if not viewer_of(request).owns(lab.programme_id):
        raise Http404
    if request.method == "POST":
        title = str(lab.title)
        try:
            editing.delete_lab(lab, person(request))
        except Refused as error:
            messages.error(request, error.message)
            return redirect("console_lab_edit", lab.slug)
        messages.success(request, _("The lab “%(title)s” is deleted.") % {"title": title})
        return redirect("organise")
    if not editing.is_empty(lab):
        facts = [
            _("This lab has sessions, registrations or mails. Only a lab without any can be deleted."),
            _("Make it a draft instead: then only its organisers see it."),
        ]
        return _ask(request, lab, _("This lab cannot be deleted"), facts, "")
    facts = [
        _("Its settings, headings, tracks, rooms and roles are gone for good."),
        _("Its address may be given to another lab."),
    ]
    return _ask(request, lab, _("Delete this lab"), facts, _("Delete for good"), danger=True)


def _ask(
    request: HttpRequest, lab: Lab, question: str, facts: list[str], button: str, *, danger: bool = False
) -> HttpResponse:
    return render(
        request,
        "labs/console/ask.html",
        {
            "lab": lab,
            "section": "settings",
            "question": question,
            "facts": facts,
            "button": button,
            "danger": danger,
            "back": "console_lab_edit",
        },
    )


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
