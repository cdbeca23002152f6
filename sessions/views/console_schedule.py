"""The schedule in the console: the grid with what is still to be placed and the conflicts, and moving one session.

The page's script sends the same form as the page for one session, and asks for JSON: then the answer carries the
session as it is now, and the HTML of what stands beside the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.search import alphabetical_key
from core.timezones.formatting import short_day, short_span
from core.timezones.wall_clock import wall
from core.timezones.zones import city_of
from core.web.edit_conflicts import EditConflict
from core.web.errors import InvalidFields
from core.web.forms.fields import pk_of
from core.web.localized_fields import text_and_language
from labs import access
from labs.models import City, Lab
from labs.views.form_posts import person
from sessions.conflicts import Conflict, conflicts_of
from sessions.forms.placing import MoveForm
from sessions.models import Session
from sessions.placing import move_session, take_out
from sessions.plans import SessionPlan
from sessions.schedule_grid import (
    MAX_RULERS,
    By,
    Grid,
    Ruler,
    count_conflicts,
    entry_data,
    entry_of,
    grid_of,
    rulers_of,
    session_data,
)
from sessions.scheduling import plan_of
from sessions.unannounced_changes import pending_sessions
from sessions.undo import offer_undo_save
from sessions.views.console_conflicts import shown
from sessions.views.console_sessions import session_of
from sessions.views.session_desk import NOT_COMPLETE

# As many days side by side as can be told apart.
MAX_DAYS_AT_ONCE = 14


@dataclass(frozen=True)
class Chosen:
    """What the address of the page says: columns, the day (None for all), and cities whose hours are shown too."""

    by: By
    day: date | None
    cities: tuple[City, ...]

    @classmethod
    def of(cls, query: QueryDict, lab: Lab, cities: list[City]) -> Chosen:
        wanted = query.getlist("city")[:MAX_RULERS]
        by: By = "track" if query.get("by") == "track" else "room"
        try:
            day = date.fromisoformat(query.get("day", ""))
        except ValueError:
            day = None
        return cls(by, day, tuple(city for city in cities if city.slug in wanted))

    def query(self, day: date | str | None = None) -> str:
        """Return the query string of the page with these choices, and of another day."""
        on = day or self.day
        pairs = [("by", self.by), *([("day", str(on))] if on else [])]
        return urlencode([*pairs, *(("city", city.slug) for city in self.cities)])


def _cities_of(lab: Lab) -> list[City]:
    language = get_language() or "en"
    return sorted(
        lab.programme.cities.all(),
        key=lambda city: alphabetical_key(text_and_language(city.name, language)[0]),
    )


@access.organiser
@require_safe
def schedule(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Days and rooms or tracks with their sessions; with script a grid in which they are moved, without it tables."""
    language = get_language() or "en"
    cities = _cities_of(lab)
    chosen = Chosen.of(request.GET, lab, cities)
    grid = grid_of(lab, chosen.by, language)
    all_days = [day.on for day in grid.days]
    at_once = len(all_days) <= MAX_DAYS_AT_ONCE
    day = None if request.GET.get("day") == "all" and at_once else _day_of(grid, chosen.day, lab)
    place = all_days.index(day) if day in all_days else None
    rulers = rulers_of(lab, chosen.cities, all_days, language)
    context = _beside(lab, grid.conflicts) | {
        "section": "schedule",
        "chosen": chosen,
        "day": day,
        "days": [(one.on, short_day(one.on, language), len(one.entries)) for one in grid.days],
        "at_once": at_once and len(all_days) > 1,
        "before": chosen.query(all_days[place - 1]) if place else "",
        "after": chosen.query(all_days[place + 1]) if place is not None and place + 1 < len(all_days) else "",
        "shown": [one for one in grid.days if day in (None, one.on)],
        "columns": {column.key: column.name for column in grid.columns},
        "cities": [(city, city in chosen.cities) for city in cities],
        "rulers": rulers,
        "unplaced": grid.unplaced,
        "query": chosen.query(day or "all"),
        "sessions": [entry.session for entry in grid.entries],
        "data": _data(grid, chosen, day, language) | {"rulers": [_ruler_data(one) for one in rulers]},
    }
    return render(request, "sessions/console/schedule.html", context)


def _day_of(grid: Grid, wanted: date | None, lab: Lab) -> date:
    """Return the day to show: the one that is asked for, else the first with a session to come, or with any."""
    if wanted in {day.on for day in grid.days} and wanted is not None:
        return wanted
    today = wall(timezone.now(), lab.time_zone).date()
    busy = [day.on for day in grid.days if day.entries]
    return next((on for on in busy if on >= today), busy[0] if busy else grid.days[0].on)


def _data(grid: Grid, chosen: Chosen, day: date | None, language: str) -> dict[str, Any]:
    """Return what the page's script starts from."""
    days = [one.on.isoformat() for one in grid.days]
    return {
        "by": grid.by,
        "zone": grid.lab.time_zone,
        "day": day.isoformat() if day else None,
        "days": days,
        "dayNames": [short_day(one.on, language) for one in grid.days],
        "columns": [{"id": column.key, "title": column.name} for column in grid.columns],
        "sessions": [entry_data(entry, language) for entry in grid.entries],
        "unplaced": [session_data(session, language) for session in grid.unplaced],
        "query": chosen.query(day or "all"),
        "words": _script_words(grid),
    }


def _script_words(grid: Grid) -> dict[str, str]:
    """Return the sentences that the page's script says, with {names} to fill in."""
    return {
        "now": _("{title}: {day}, {time}, {column}."),
        "errors": _("Conflict"),
        "warnings": _("Warning"),
        "cancelled": _("Cancelled"),
        "draft": _("Draft"),
        "internal": _("Internal"),
        "public": _("Public"),
        "own": _("{time} local time"),
        "saving": _("Saving…"),
        "failed": _(
            "This move was not saved: the service did not answer. Check your connection and try again."
        ),
        "refused": _("This move was not saved. See what is wrong beside the schedule."),
        "edge": _("There is nothing further in this direction."),
        "taken": _("Only drafts can be taken out of the schedule."),
        "cancelledKey": _("Not moved: the session is where it was."),
        "place": city_of(grid.lab.time_zone, get_language() or "en"),
    }


def _ruler_data(ruler: Ruler) -> dict[str, Any]:
    """Return a ruler, each list of hours once: most days have the same."""
    kinds = list(dict.fromkeys(ruler.hours.values()))
    days = {on.isoformat(): kinds.index(hours) for on, hours in ruler.hours.items()}
    return {"name": ruler.name, "hours": kinds, "days": days}


def _beside(lab: Lab, found: tuple[Conflict, ...] | list[Conflict]) -> dict[str, Any]:
    """Return what stands beside the grid: conflicts, and whether people are still to be told."""
    return {
        "lab": lab,
        "errors": shown(one for one in found if one.is_error),
        "warnings": shown(one for one in found if not one.is_error),
        "unannounced": len(pending_sessions(Session.objects.filter(lab=lab))),
    }


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Move one session, or take a draft out of the schedule. What somebody else saved meanwhile is shown first."""
    found = session_of(lab, session)
    chosen = Chosen.of(request.GET, lab, _cities_of(lab))
    if request.method != "POST":
        return _form_page(request, chosen, found, MoveForm(session=found))
    form = MoveForm(request.POST, session=found)
    version = pk_of(request.POST.get("version", ""))
    before = plan_of(found)
    was_on = wall(found.starts_at, lab.time_zone).date() if found.is_placed else None
    leaving = "take_out" in request.POST
    if version is None:
        form.add_errors({"": [NOT_COMPLETE]})
    elif leaving or form.is_valid():
        try:
            if leaving:
                take_out(found, person(request), expected_version=version)
            else:
                move_session(found, form.placement, person(request), expected_version=version)
        except InvalidFields as error:
            form.is_valid()
            form.add_errors(error.errors)
        except EditConflict:
            return _conflict_page(request, chosen, session_of(lab, session))
        else:
            return _done(request, chosen, found, before, was_on, changed=found.version != version)
    return _form_page(request, chosen, found, form)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _done(
    request: HttpRequest,
    chosen: Chosen,
    session: Session,
    before: SessionPlan,
    was_on: date | None,
    *,
    changed: bool,
) -> HttpResponse:
    """Say where the session is now, with an undo that goes back to the day where it was."""
    lab = session.lab
    words = _place_words(session)
    on = wall(session.starts_at, lab.time_zone).date() if session.is_placed else chosen.day
    address = reverse("console_schedule", args=[lab.slug])
    if changed:
        offer_undo_save(
            request, session, before, words, f"{address}?{chosen.query(was_on or on)}#session-{session.slug}"
        )
    if not _wants_json(request):
        return HttpResponseRedirect(f"{address}?{chosen.query(on)}")
    found = conflicts_of(lab)
    return _json(request, chosen, session, found, said=words)


def _place_words(session: Session) -> str:
    """Return where a session is now, as a sentence."""
    lab, language = session.lab, get_language() or "en"
    title = text_and_language(session.title, language, lab.default_language)[0]
    if not session.is_placed:
        return _("“%(title)s” is not in the schedule any longer.") % {"title": title}
    first, last = (wall(at, lab.time_zone) for at in (session.starts_at, session.ends_at))
    said = {"title": title, "time": short_span(first, last, language)}
    if session.room is None:
        return _("“%(title)s” is now at %(time)s, without a room.") % said
    room = text_and_language(session.room.name, language, lab.default_language)[0]
    return _("“%(title)s” is now at %(time)s, %(room)s.") % {**said, "room": room}


def _conflict_page(request: HttpRequest, chosen: Chosen, session: Session) -> HttpResponse:
    """Show what somebody else saved beside what was asked for; sent again, it replaces that."""
    form = MoveForm(request.POST, session=session)
    conflict = form.differences() if form.is_valid() else []
    form.renew()
    last = session.history.select_related("history_user").first()
    by = last.history_user if last else None
    return _form_page(request, chosen, session, form, conflict=conflict, by=by)


def _form_page(
    request: HttpRequest, chosen: Chosen, session: Session, form: MoveForm, **conflict: Any
) -> HttpResponse:
    status = 409 if conflict else 422 if form.is_bound and form.errors else 200
    context = {
        "lab": session.lab,
        "section": "schedule",
        "session": session,
        "form": form,
        "query": chosen.query(),
        "is_conflict": bool(conflict),
        "invalid": status != 200,
        **conflict,
    }
    if not _wants_json(request):
        return render(request, "sessions/console/move.html", context, status=status)
    return _json(request, chosen, session, conflicts_of(session.lab), status=status, form=context)


def _json(
    request: HttpRequest,
    chosen: Chosen,
    session: Session,
    found: list[Conflict],
    *,
    said: str = "",
    status: int = 200,
    form: dict[str, Any] | None = None,
) -> JsonResponse:
    """Answer the page's script: the session as it is, the numbers of conflicts, and what stands beside the grid."""
    language = get_language() or "en"
    slugs = {one.pk: one.slug for conflict in found for one in conflict.sessions}
    errors, warnings = count_conflicts(found)
    data = (
        entry_data(entry_of(session, found), language)
        if session.is_placed
        else session_data(session, language)
    )
    beside = _beside(session.lab, found) | {"renewed": True}
    shown_form = render_to_string("sessions/console/move_form.html", form, request) if form else ""
    body = {
        "session": data | {"placed": session.is_placed},
        "conflicts": {slug: [errors.get(pk, 0), warnings.get(pk, 0)] for pk, slug in slugs.items()},
        "beside": render_to_string("sessions/console/schedule_beside.html", beside, request),
        "form": shown_form,
        "said": said,
    }
    return JsonResponse(body, status=status)
