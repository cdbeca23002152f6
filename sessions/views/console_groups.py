"""Small groups in the console: rounds, a round with its reasons, changes by hand, and the sessions of its groups."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.web.edit_conflicts import EditConflict
from core.web.errors import RuleViolation
from core.web.forms.fields import pk_of
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views.form_posts import ask, create_once, create_with, delete_or_say, person
from sessions.forms.groups import GroupingForm, GroupSessionsForm, default_titles
from sessions.group_rows import group_rows, left_rows
from sessions.group_sessions import SessionsPlan, create_sessions_of, plan_sessions, titles_of
from sessions.group_words import city_name
from sessions.grouping_report import report_of
from sessions.groupings import (
    change_grouping,
    create_grouping,
    delete_grouping,
    regroup,
    set_final,
)
from sessions.models import CityProfile, Grouping
from sessions.slot_words import in_words, local_hours
from sessions.undo import offer_undo_group_sessions

CHANGED = gettext_lazy("Someone else changed these groups in the meantime. They are shown as they are now.")
NOBODY = "-"  # the value of "in no group"
NEW = "new"


@access.organiser
@require_safe
def groupings(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The rounds of the lab."""
    rows = lab.groupings.annotate(
        cities=Count("members", distinct=True),
        made=Count("groups", distinct=True),
        left=Count("members", filter=Q(members__group__isnull=True), distinct=True),
        held=Count("groups__session", distinct=True),
    )
    known = CityProfile.objects.filter(programme=lab.programme_id).exclude(languages=[])
    context = {
        "lab": lab,
        "section": "sessions",
        "rows": rows,
        "is_owner": viewer_of(request).owns(lab.programme_id),
        "cities": lab.programme.cities.count(),
        "known": known.filter(city__programmes=lab.programme_id).count(),
    }
    return render(request, "sessions/console/groupings.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Put cities into groups."""
    form = GroupingForm(request.POST or None, lab=lab)

    def create() -> dict[str, object]:
        values = form.cleaned_data
        made = create_grouping(lab, values["name"], list(values["cities"]), form.settings(), person(request))
        return {"grouping": made.pk}

    if result := create_with(request, form, "console.grouping", create):
        return redirect("console_grouping", lab.slug, result["grouping"])
    return render(
        request,
        "sessions/console/grouping_form.html",
        {"lab": lab, "section": "sessions", "form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


def grouping_of(lab: Lab, pk: int) -> Grouping:
    """Return a round of this lab, or answer 404."""
    found = lab.groupings.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise Http404
    found.lab = lab
    return found


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def grouping(request: HttpRequest, lab: Lab, grouping: int) -> HttpResponse:
    """A round with its groups and the reasons; changes by hand, and the rest made anew."""
    found = grouping_of(lab, grouping)
    if request.method == "POST":
        try:
            _change(request, found)
        except EditConflict:
            messages.error(request, CHANGED)
        except RuleViolation as error:
            messages.error(request, error.message)
        return redirect("console_grouping", lab.slug, found.pk)
    report = report_of(found)
    context = {
        "lab": lab,
        "section": "sessions",
        "grouping": found,
        "report": report,
        "groups": group_rows(report, lab),
        "left_over": left_rows(report, lab),
        "numbers": [one.group.number for one in report.groups if one.group.session_id is None],
        "next_number": len(report.groups) + 1,
        "placed": sum(len(one.members) for one in report.groups),
        "without_session": sum(one.group.session_id is None for one in report.groups),
    }
    return render(request, "sessions/console/grouping.html", context)


def _change(request: HttpRequest, found: Grouping) -> None:
    """Do what the buttons say, with what was changed in the lists. Raises RuleViolation, EditConflict."""
    action = request.POST.get("action", "save")
    version = pk_of(request.POST.get("version", "")) or 0
    places: dict[int, int | None] = {}
    free = len(found.groups.all()) + 1
    for name, value in request.POST.items():
        if name.startswith("city-") and (pk := pk_of(name.removeprefix("city-"))) is not None:
            number = free if value == NEW else pk_of(str(value))
            places[pk] = None if value == NOBODY else (number or 0)
    fixed = {pk for said in request.POST.getlist("fixed") if (pk := pk_of(said)) is not None}
    if action in ("final", "open"):
        set_final(found, action == "final", expected_version=version)
        return
    # Who has no box of this kind in the page, as its group has a session, stays as it is.
    fixed |= set(found.members.filter(is_fixed=True).exclude(city__in=places).values_list("city", flat=True))
    moved = change_grouping(found, places, fixed, expected_version=version)
    if action == "regroup":
        regroup(found, seed=found.seed + 1)
        messages.success(request, _("New groups created. What you keep has stayed."))
    elif moved:
        messages.success(request, _("Groups changed. Cities that you moved stay when you regroup the rest."))
    else:
        messages.success(request, _("Groups saved."))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab, grouping: int) -> HttpResponse:
    """Ask, then delete a round."""
    found = grouping_of(lab, grouping)
    back = reverse("console_groupings", args=[lab.slug])
    if request.method == "POST":
        delete_or_say(request, found, lambda: delete_grouping(found), _("Groups deleted."), back, lab=lab)
        return redirect(back)
    has_sessions = found.groups.filter(session__isnull=False).exists()
    facts = [
        _("These groups have sessions. Delete or cancel the sessions first.")
        if has_sessions
        else _("The cities stay in the programme. Later rounds no longer know who was together in this one.")
    ]
    question = _("These groups cannot be deleted") if has_sessions else _("Delete these groups")
    return ask(
        request,
        lab,
        question,
        facts,
        "" if has_sessions else _("Delete"),
        danger=True,
        about=found.name,
        section="sessions",
        back=reverse("console_grouping", args=[lab.slug, found.pk]),
    )


@access.organiser
@require_safe
def grouping_csv(request: HttpRequest, lab: Lab, grouping: int) -> HttpResponse:
    """The groups as a table, one line a city."""
    found = grouping_of(lab, grouping)
    report = report_of(found)
    file = io.StringIO()
    language = get_language() or "en"
    table = csv.writer(file, delimiter=";" if language in WITH_DECIMAL_COMMA else ",")
    table.writerow([_("Group"), _("City"), _("Country"), _("Mentor"), _("Languages"), _("Session")])
    for row in group_rows(report, lab):
        for city in row["cities"]:
            cells = (
                str(row["group"].number),
                city["name"],
                city["member"].city.country,
                _("Yes") if city["is_mentor"] else "",
                row["languages"],
                row["group"].session.slug if row["group"].session else "",
            )
            table.writerow(map(escaped_cell, cells))
    for left in left_rows(report, lab):
        table.writerow(
            map(escaped_cell, ("", left["name"], left["member"].city.country, "", "", left["why"]))
        )
    return HttpResponse(
        "\ufeff" + file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{lab.slug}-groups-{found.pk}.csv"'},
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest, lab: Lab, grouping: int) -> HttpResponse:
    """The sessions that the groups would get, and creating them as drafts."""
    found = grouping_of(lab, grouping)
    titles = default_titles(lab)
    form = GroupSessionsForm(request.POST or None, lab=lab, titles=titles)
    plan = SessionsPlan(titles)
    if request.method == "POST" and form.is_valid():
        plan = form.plan()
        if "preview" not in request.POST:
            try:
                answer = _created(request, lab, found, plan)
            except EditConflict:
                messages.error(request, CHANGED)
                return redirect("console_group_sessions", lab.slug, found.pk)
            except RuleViolation as error:
                form.add_errors(error.errors)
            else:
                return answer
    try:
        planned = plan_sessions(found, plan)
    except RuleViolation as error:
        planned = []
        messages.error(request, error.message)
    context = {
        "lab": lab,
        "section": "sessions",
        "grouping": found,
        "form": form,
        "planned": [_planned(one, plan, lab) for one in planned],
        "ready": sum(one.slot is not None for one in planned),
    }
    return render(
        request,
        "sessions/console/group_sessions.html",
        context,
        status=422 if form.is_bound and form.errors else 200,
    )


def _created(request: HttpRequest, lab: Lab, found: Grouping, plan: SessionsPlan) -> HttpResponse:
    version = pk_of(request.POST.get("version", "")) or 0

    def create() -> dict[str, Any]:
        made = create_sessions_of(found, plan, person(request), expected_version=version)
        return {"sessions": [one.pk for one in made]}

    result, is_new = create_once(request, "console.group_sessions", create)
    count = len(result["sessions"])
    if is_new and count:
        words = ngettext(
            "%(count)d session created as a draft. Make it internal to show it to the cities.",
            "%(count)d sessions created as drafts. Make them internal to show them to the cities.",
            count,
        )
        offer_undo_group_sessions(request, words % {"count": count}, found, result["sessions"])
    elif is_new:
        messages.info(request, _("No session was created: no group without a session has a time."))
    return redirect("console_grouping", lab.slug, found.pk)


def _planned(one: Any, plan: SessionsPlan, lab: Lab) -> dict[str, object]:
    slot = one.slot or (one.found.misses[0] if one.found.misses else None)
    return {
        "group": one.group,
        "titles": titles_of(lab, plan, one),
        "cities": ", ".join(city_name(city, lab) for city in one.cities),
        "slot": one.slot,
        "near": None if one.slot else slot,
        "room": one.room,
        "hours": local_hours(slot.starts_at, slot.ends_at, one.parties, lab) if slot else [],
        "remarks": [in_words(each, lab) for each in (slot.obstacles or slot.remarks)] if slot else [],
    }
