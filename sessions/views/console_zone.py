"""Another time zone for a session or a lab: what stays is asked, and both answers are shown before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.timezones import formatting, zone_hours
from core.timezones.wall_clock import wall
from core.web.errors import InvalidFields, RuleViolation
from core.web.forms.fields import pk_of
from core.web.localized_fields import text_and_language
from labs import access
from labs.models import Lab
from labs.revisions import lock_row
from labs.views.form_posts import person
from sessions import timezone_hints, zone_changes
from sessions.forms.zones import KeepForm, ZoneForm
from sessions.models import Session
from sessions.scheduling import plan_of
from sessions.unannounced_changes import asks_at_once
from sessions.undo import folds_of, offer_undo_save
from sessions.undo_zones import offer_undo_lab_zone
from sessions.views.console_sessions import session_of
from sessions.zone_changes import Keep, ZoneChange, ZoneStep

# What may still be asked of a session once its zone is decided.
THEN = frozenset({"publish", "internal", "unpublish"})


@dataclass(frozen=True)
class Cell:
    """The hours of a session in words: by the clock that counts, elsewhere, of its agenda, and in cities."""

    hours: str = ""
    elsewhere: str = ""
    agenda: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True)
class Row:
    """A session before, and after with each answer."""

    session: Session
    title: str
    now: Cell
    clock: Cell
    instant: Cell
    is_along: bool


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def session_zone(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Ask what stays when a session gets another zone, then change it."""
    return _answer(request, lab, session_of(lab, session))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def lab_zone(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The same for a lab, with those of its sessions that use its zone and are taken along."""
    return _answer(request, lab, None)


def _answer(request: HttpRequest, lab: Lab, session: Session | None) -> HttpResponse:
    if request.method == "POST":
        return _changed(request, lab, session)
    if "zone" not in request.GET:
        return _page(request, lab, session, ZoneForm())
    form = ZoneForm(request.GET)
    return _page(request, lab, session, form, _both(lab, session, form))


def _both(lab: Lab, session: Session | None, form: ZoneForm) -> dict[Keep, ZoneChange]:
    """Return what each answer would mean; empty where what is wrong is noted on the form."""
    if not form.is_valid():
        return {}
    zone = form.cleaned_data["zone"]
    try:
        if session is not None:
            return {keep: zone_changes.plan_session(session, zone, keep) for keep in Keep}
        return {keep: zone_changes.plan_lab(lab, zone, keep) for keep in Keep}
    except InvalidFields as error:
        form.add_errors({"zone": error.errors.get("time_zone", [error.message])})
        return {}


@transaction.atomic
def _changed(request: HttpRequest, lab: Lab, session: Session | None) -> HttpResponse:
    """Change the zone, unless things are not as the page showed them; then it is shown again."""
    lock_row(lab)
    if session is not None:
        session = session_of(lab, session.slug)
    form = ZoneForm(request.POST)
    both = _both(lab, session, form)
    if not both:
        return _page(request, lab, session, form)
    zone = form.cleaned_data["zone"]
    answers = KeepForm(request.POST, zone=zone, steps=both[Keep.CLOCK].steps)
    along = {pk for text in request.POST.getlist("along") if (pk := pk_of(text)) is not None}
    is_stale = request.POST.get("versions") != _versions(lab, both)
    if is_stale or not answers.is_valid():
        return _page(request, lab, session, form, both, answers, along=along, is_stale=is_stale)
    keep = Keep(answers.cleaned_data["keep"])
    try:
        if session is not None:
            before = plan_of(session)
            changed = zone_changes.change_session_zone(
                session, zone, keep, person(request), folds=answers.folds
            )
            offer_undo_save(request, changed, before)
            return redirect(_next_page(request, changed))
        was, folds = lab.time_zone, folds_of(lab)
        change = zone_changes.change_lab_zone(
            lab, zone, keep, person(request), folds=answers.folds, along=along
        )
        offer_undo_lab_zone(request, lab, change, was, folds)
    except RuleViolation as error:
        answers.add_errors({"": [error.message]})
        return _page(request, lab, session, form, both, answers, along=along)
    return redirect("console_lab_edit", lab.slug)


def _next_page(request: HttpRequest, session: Session) -> str:
    """Return what is still asked of the session, if the form before asked for it, else the form."""
    lab, then = session.lab.slug, request.POST.get("then", "")
    if then in THEN:
        cities = urlencode([("city", pk) for text in request.POST.getlist("city") if (pk := pk_of(text))])
        return reverse(f"console_session_{then}", args=[lab, session.slug]) + (f"?{cities}" if cities else "")
    if asks_at_once(Session.objects.filter(pk=session.pk)):
        return reverse("console_unannounced", args=[lab])
    return reverse("console_session_edit", args=[lab, session.slug])


def _versions(lab: Lab, both: dict[Keep, ZoneChange]) -> str:
    """Return what tells whether the lab and its sessions are still as the page of this zone showed them."""
    change = both[Keep.CLOCK]
    sessions = " ".join(f"{step.session.pk}.{step.session.version}" for step in change.steps)
    return f"{change.zone} {lab.version} {sessions}".strip()


def _page(
    request: HttpRequest,
    lab: Lab,
    session: Session | None,
    form: ZoneForm,
    both: dict[Keep, ZoneChange] | None = None,
    answers: KeepForm | None = None,
    *,
    along: set[int] | None = None,
    is_stale: bool = False,
) -> HttpResponse:
    is_wrong = bool(form.errors or (answers is not None and answers.errors))
    context: dict[str, Any] = {
        "lab": lab,
        "session": session,
        "section": "sessions" if session else "settings",
        "tab": "lab",
        "form": form,
        "answers": answers,
        "is_stale": is_stale,
        "zone": session.time_zone if session else lab.time_zone,
    }
    if both:
        clock, moment = both[Keep.CLOCK], both[Keep.INSTANT]
        if answers is None:
            context["answers"] = KeepForm(zone=clock.zone, steps=clock.steps)
        said = request.GET if request.method != "POST" else request.POST
        context |= {
            "change": clock,
            "rows": _rows(clock, moment, session.time_zone if session else lab.time_zone, along),
            "openings": _openings(lab, clock, moment) if session is None else [],
            "problems": list(dict.fromkeys([*clock.problems, *moment.problems])),
            "versions": _versions(lab, both),
            "then": then if (then := said.get("then", "")) in THEN else "",
            "cities": [pk for text in said.getlist("city") if (pk := pk_of(text)) is not None],
        }
    status = 422 if is_wrong else 409 if is_stale else 200
    return render(request, "sessions/console/zone.html", context, status=status)


def _rows(clock: ZoneChange, moment: ZoneChange, old: str, along: set[int] | None) -> list[Row]:
    language, found = get_language() or "en", []
    sessions = [step.session for step in clock.steps]
    prefetch_related_objects(sessions, "audience")
    for one, other in zip(clock.steps, moment.steps, strict=True):
        session = one.session
        cities = [
            (text_and_language(city.name, language)[0], city.time_zone) for city in session.audience.all()
        ]
        now = _cell((session.starts_at, session.ends_at), old, clock.zone, cities, language)
        found.append(
            Row(
                session,
                text_and_language(session.title, language, session.lab.default_language)[0],
                now,
                _cell_of(one, clock.zone, old, cities, language),
                _cell_of(other, clock.zone, old, cities, language),
                along is None or session.pk in along,
            )
        )
    return found


def _cell_of(step: ZoneStep, zone: str, old: str, cities: list[tuple[str, str]], language: str) -> Cell:
    span = step.span()
    if span is None:
        return Cell(obstacle=step.obstacle)
    lines = tuple(
        f"{formatting.hours(item.start_time, item.end_time)} "
        f"{text_and_language(dict(item.title), language, step.session.lab.default_language)[0]}"
        for item in step.plan.agenda
        if item.start_time and item.end_time
    )
    return _cell(span, zone, old, cities, language, lines)


def _cell(
    span: tuple[datetime, datetime],
    zone: str,
    other: str,
    cities: list[tuple[str, str]],
    language: str,
    agenda: tuple[str, ...] = (),
) -> Cell:
    clocks = timezone_hints.city_clocks(*span, cities, None, language) if cities else []
    return Cell(
        _span(span, zone, language),
        _span(span, other, language),
        agenda,
        tuple(f"{one.hours}: {', '.join(name for name, _own in one.cities)}" for one in clocks),
    )


def _span(span: tuple[datetime, datetime], zone: str, language: str) -> str:
    """Return "Tue 6 Apr, 10:00–11:00, Sofia time"."""
    first, last = (wall(at, zone).replace(tzinfo=None) for at in span)
    return f"{formatting.short_span(first, last, language)}, {zone_hours.zone_time(zone, language)}"


def _openings(lab: Lab, clock: ZoneChange, moment: ZoneChange) -> list[tuple[str, str, str, str]]:
    """Return what becomes of the opening and closing of registration: (what, now, clock stays, moment stays)."""
    language = get_language() or "en"
    found = []
    for name, words in (("opens_at", _("Registration opens")), ("closes_at", _("Registration closes"))):
        at = getattr(lab, f"registration_{name}")
        if at:
            now = zone_hours.moment(at, lab.time_zone, language)
            later, same = (
                zone_hours.moment(getattr(change, name), clock.zone, language) for change in (clock, moment)
            )
            found.append((words, now, later, same))
    return found
