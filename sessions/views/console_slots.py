"""The slot finder in the console: the best times for a session, and from there to its form."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.timezones.wall_clock import is_ambiguous, wall
from core.web.errors import InvalidFields
from labs import access
from labs.models import Lab
from sessions.forms.slots import SlotForm
from sessions.slot_finder import Found, Party, Slot, find_slots
from sessions.slot_search import Wanted, days_of, query_of
from sessions.slot_words import in_words, local_hours, names_of
from sessions.views.console_sessions import session_of

# Times that begin so near to a better one of the same day are left out of the first list.
APART = timedelta(minutes=60)
SHOWN = 12
MOST_SHOWN = 200


@access.organiser
@require_safe
def slots(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The best times for chosen cities, speakers and rooms; where nothing fits, the nearest misses and why."""
    slug = request.GET.get("session", "")
    moved = session_of(lab, slug) if slug else None
    is_sent = "minutes" in request.GET or "cities" in request.GET
    form = SlotForm(request.GET if is_sent else None, lab=lab, moved=moved)
    context: dict[str, object] = {"lab": lab, "section": "sessions", "form": form, "moved": moved}
    if is_sent and form.is_valid():
        wanted = form.wanted()
        try:
            query = query_of(lab, wanted)
        except InvalidFields as error:
            form.add_errors(error.errors)
        else:
            found = find_slots(query)
            context |= _results(found, query.cities, wanted, lab, everything="all" in request.GET)
    return render(
        request, "sessions/console/slots.html", context, status=422 if is_sent and form.errors else 200
    )


def _results(
    found: Found, cities: tuple[Party, ...], wanted: Wanted, lab: Lab, *, everything: bool
) -> dict[str, object]:
    first, last = days_of(lab, wanted)
    each = max(1, SHOWN // ((last - first).days + 1))
    of_days = found.best_of_days(lab.time_zone, each, APART)
    best = found.slots[:MOST_SHOWN] if everything else of_days[:SHOWN]
    return {
        "is_searched": True,
        "slots": [_shown(slot, cities, wanted, lab) for slot in best],
        "misses": [_shown(slot, cities, wanted, lab) for slot in found.misses],
        "count": len(found.slots),
        "instants": [at for slot in best or found.misses for at in (slot.starts_at, slot.ends_at)],
        "days": (first, last),
        "is_cut": last < (wanted.last_day or lab.ends_on),
    }


def _shown(slot: Slot, cities: tuple[Party, ...], wanted: Wanted, lab: Lab) -> dict[str, object]:
    return {
        "slot": slot,
        "hours": local_hours(slot.starts_at, slot.ends_at, cities, lab),
        "reasons": [in_words(one, lab) for one in slot.remarks],
        "obstacles": [in_words(one, lab) for one in slot.obstacles],
        "rooms": names_of(slot.rooms, lab),
        "address": address_of(slot, wanted, lab),
    }


def address_of(slot: Slot, wanted: Wanted, lab: Lab) -> str:
    """Return the address of the form of a new session, or of the one to move, filled in with this time."""
    moved = wanted.moved
    zone = moved.time_zone if moved else lab.time_zone
    said: list[tuple[str, object]] = [("time_zone", zone)]
    for which, at in (("start", slot.starts_at), ("end", slot.ends_at)):
        local = wall(at, zone)
        said += [(f"{which}_date", local.date()), (f"{which}_time", local.strftime("%H:%M"))]
        if is_ambiguous(local.date(), local.time(), zone):
            said.append((f"{which}_fold", local.fold))
    free = [room.slug for room in slot.rooms]
    if moved is None:
        if wanted.rooms and free:
            said.append(("room", free[0]))
        said += [("city", city.pk) for city in wanted.cities]
        return reverse("console_session_new", args=[lab.slug]) + "?" + urlencode(said)
    if wanted.rooms and free and str(moved.room_id) not in free:
        said.append(("room", free[0]))
    return reverse("console_session_edit", args=[lab.slug, moved.slug]) + "?" + urlencode(said)
