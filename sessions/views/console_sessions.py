"""The console's sessions: the list, the form with agenda and people, the history."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.timezones.wall_clock import wall
from core.timezones.zones import city_of
from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.forms.fields import pk_of
from core.web.forms.sections import LANGUAGE_SHOWN, language_shown, section_states
from core.web.localized_fields import text_and_language
from core.web.slugs import unique_slug
from labs import access
from labs.models import Lab, LabDay
from labs.revisions import lock_lab
from labs.views.form_posts import create_once, person
from sessions import diff, timezone_hints
from sessions.conflicts import Conflict, Kind, conflicts_of
from sessions.forms.sessions import SECTIONS, SessionForm
from sessions.gaps import PART_OF_CONFLICT, gaps_of, missing_by_part
from sessions.models import Session
from sessions.scheduling import change_session, create_session, may_be_deleted, plan_of
from sessions.session_languages import needs_of
from sessions.unannounced_changes import asks_at_once
from sessions.undo import offer_undo_save
from sessions.views.console_conflicts import shown
from sessions.views.session_desk import NOT_COMPLETE, Desk
from sessions.zone_changes import without_zone

# Conflicts that are gaps, which the index of sections names already.
GAPS = (Kind.NO_PLACE, Kind.NO_SPEAKER)


@access.organiser
@require_http_methods(["GET", "HEAD"])
def sessions(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All sessions of the lab by day, drafts and internal ones included."""
    rows = list(
        lab.sessions.select_related("track", "room").prefetch_related("audience").order_by("starts_at", "pk")
    )
    titles = dict(LabDay.objects.filter(lab=lab).values_list("on", "title"))

    def day_of(session: Session) -> date:
        return wall(session.starts_at, lab.time_zone).date()

    days = [
        {"on": on, "title": titles.get(on), "sessions": list(found)}
        for on, found in groupby((row for row in rows if row.is_placed), key=day_of)
    ]
    return render(
        request,
        "sessions/console/sessions.html",
        {
            "lab": lab,
            "section": "sessions",
            "days": days,
            "unplaced": [session for session in rows if not session.is_placed],
            "count": len(rows),
            "drafts": sum(session.visibility == Session.Visibility.DRAFT for session in rows),
            "shown": rows,
            "conflicts": len(conflicts_of(lab)),
        },
    )


def session_of(lab: Lab, slug: str) -> Session:
    """Return a session of this lab, or answer 404."""
    session = lab.sessions.select_related("track", "room").filter(slug=slug).first()
    if session is None:
        raise Http404
    session.lab = lab
    return session


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Make a session."""
    if request.method != "POST":
        return _page(request, Desk.of(lab, None).prefilled(request.GET))
    desk = Desk.of(lab, None, request.POST)
    if desk.wants_more_rows:
        desk.forget_errors()
        return _page(request, desk)
    if desk.is_valid():

        def create() -> dict[str, object]:
            # Held, so that two sessions made at once do not choose the same address.
            lock_lab(lab.pk)
            taken = set(lab.sessions.values_list("slug", flat=True))
            slug = unique_slug(desk.form.texts("title"), taken, limit=80, otherwise="session")
            return {"session": create_session(lab, desk.plan(slug), person(request)).slug}

        try:
            result, is_new = create_once(request, "console.session", create)
        except InvalidFields as error:
            desk.add_errors(error)
        except RuleViolation as error:
            desk.form.add_errors(error.errors)
        else:
            session = session_of(lab, result["session"])
            if is_new:
                messages.success(
                    request, _("Session “%(title)s” created as a draft.") % {"title": session.title}
                )
            return redirect(_next_page(desk.form, session, request.POST.get(LANGUAGE_SHOWN, "")))
    return _page(request, desk)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Change a session. What somebody else saved meanwhile is shown, never overwritten unseen."""
    found = session_of(lab, session)
    if request.method != "POST":
        return _page(request, Desk.of(lab, found).prefilled(request.GET))
    desk = Desk.of(lab, found, request.POST)
    if desk.wants_more_rows:
        desk.forget_errors()
        return _page(request, desk)
    if desk.is_valid():
        plan = desk.plan(found.slug)
        version = pk_of(str(desk.form["version"].value()))
        if version is None:
            desk.form.add_errors({"": [NOT_COMPLETE]})
            return _page(request, desk)
        before, waited = plan_of(found), found.seats_waiting
        # Another zone is asked about on the next page (`sessions.views.console_zone`).
        zone = plan.time_zone if plan.time_zone != found.time_zone else ""
        try:
            changed = change_session(
                found,
                without_zone(found, plan),
                person(request),
                expected_version=version,
                carry_agenda=True,
            )
        except InvalidFields as error:
            desk.add_errors(error)
        except EditConflict:
            desk = Desk.of(lab, found, request.POST)  # against the session as it is by now
            desk.is_valid()
            desk.renew()
            return _page(request, desk, diff.differences(plan_of(found), plan))
        else:
            if changed.version == version:
                messages.success(request, _("Session saved."))
            else:
                offer_undo_save(request, changed, before)
            _tell_who_was_seated(request, changed, waited)
            return redirect(_next_page(desk.form, changed, request.POST.get(LANGUAGE_SHOWN, ""), zone))
    return _page(request, desk)


def _tell_who_was_seated(request: HttpRequest, session: Session, waited: int) -> None:
    """Say how many came off the waiting list, where more seats were set: they are emailed at once."""
    left = Session.objects.get(pk=session.pk).seats_waiting
    if left < waited:
        words = ngettext(
            "%(count)d person came off the waiting list and gets an email.",
            "%(count)d people came off the waiting list and get an email.",
            waited - left,
        )
        messages.success(request, words % {"count": waited - left})


def _next_page(form: SessionForm, session: Session, language: str, zone: str = "") -> str:
    """Return where to go after saving: to the question what another `zone` means, who sees it, or whether people are
    told, where there is one.

    Else back to the form, whose texts are shown in the same `language`.
    """
    lab = session.lab.slug
    wanted = form.cleaned_data["visibility"]
    cities = {city.pk for city in form.cleaned_data["audience"]}
    then, query = "", []
    if wanted == Session.Visibility.INTERNAL:
        if not session.is_internal or cities != set(session.audience.values_list("pk", flat=True)):
            then, query = "internal", [("city", pk) for pk in sorted(cities)]
    elif wanted != session.visibility:
        then = "publish" if wanted == Session.Visibility.PUBLIC else "unpublish"
    if zone:
        asked = [("zone", zone), *([("then", then)] if then else []), *query]
        return f"{reverse('console_session_zone', args=[lab, session.slug])}?{urlencode(asked)}"
    if then:
        address = reverse(f"console_session_{then}", args=[lab, session.slug])
        return f"{address}?{urlencode(query)}" if query else address
    if asks_at_once(Session.objects.filter(pk=session.pk)):
        return reverse("console_unannounced", args=[lab])
    shown = language_shown(language, session.lab.languages)
    query = f"?{LANGUAGE_SHOWN}={shown}" if shown != session.lab.languages[0] else ""
    return reverse("console_session_edit", args=[lab, session.slug]) + query


def _clock_changes(session: Session) -> list[str]:
    """Say where clocks change within a day of the session: in its zone, and in the cities that it is for."""
    language = get_language() or "en"
    if not session.is_placed:
        return []
    cities = session.audience.all() if session.is_internal else session.lab.programme.cities.all()
    places = {(city_of(session.time_zone, language), session.time_zone): None}
    for city in cities:
        if city.time_zone != session.time_zone:
            places[text_and_language(city.name, language)[0], city.time_zone] = None
    return timezone_hints.clock_change_sentences(session.starts_at, session.ends_at, places, language)


def _page(request: HttpRequest, desk: Desk, conflict: list[Difference] | None = None) -> HttpResponse:
    session = desk.session
    last = (
        session.history.select_related("history_user").first() if conflict is not None and session else None
    )
    conflicts = [one for one in conflicts_of(desk.lab) if session in one.sessions] if session else []
    by_part: defaultdict[str, list[Conflict]] = defaultdict(list)
    for one in conflicts:
        by_part[PART_OF_CONFLICT.get(one.kind, "when")].append(one)
    notes = {part: shown(found) for part, found in by_part.items()}
    missing = _missing(desk)
    for part, found in by_part.items():
        kinds = dict.fromkeys(one.kind for one in found if one.kind not in GAPS)
        missing[part] += [str(kind.label) for kind in kinds]
    return render(
        request,
        "sessions/console/session_form.html",
        {
            "lab": desk.lab,
            "section": "sessions",
            "session": session,
            "form": desk.form,
            "agenda": desk.agenda,
            "people": desk.people,
            "added": desk.added,
            "language": language_shown(
                request.POST.get(LANGUAGE_SHOWN) or request.GET.get(LANGUAGE_SHOWN, ""), desk.lab.languages
            ),
            "sections": section_states(
                desk.form, SECTIONS, {"agenda": desk.agenda, "people": desk.people}, missing
            ),
            "notes": notes,
            "clock_changes": _clock_changes(session) if session else [],
            "language_needs": [(need, need.is_met(session)) for need in needs_of(session)] if session else [],
            "conflict": conflict,
            "conflict_by": last.history_user if last else None,
            "audience_size": (session.seats_taken + session.seats_waiting) if session else 0,
            "has_speakers": bool(desk.speakers),
            "may_be_deleted": session is not None and may_be_deleted(session),
            "invalid": desk.has_errors,
            "is_prefilled": desk.is_prefilled,
        },
        status=409 if conflict is not None else 422 if desk.form.is_bound and desk.has_errors else 200,
    )


def _missing(desk: Desk) -> defaultdict[str, list[str]]:
    """Return what the session lacks as it is stored, in words, by section; nothing for one that is new."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    if desk.session is not None:
        appears = desk.session.appearances.exists()
        found.update(missing_by_part(gaps_of(desk.session, desk.items.values(), has_speakers=appears)))
    return found


@access.organiser
@require_http_methods(["GET", "HEAD"])
def history(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Who changed what, and when."""
    found = session_of(lab, session)
    return render(
        request,
        "sessions/console/session_history.html",
        {"lab": lab, "section": "sessions", "session": found, "events": diff.history_of(found)},
    )
