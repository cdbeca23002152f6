"""Attendance in the console: a list of sessions, then a list of people with a button each."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views import form_posts
from registrations import attendance, door, protected_answers
from registrations.console_forms import DoorSearchForm
from registrations.models import Registration
from registrations.search import registrations_of
from sessions.models import Session

PAGE_SIZE = 100
# The key in the Django session of the people marked by the last “all of them”, for undo.
LAST_MARKED = "attendance_last_marked"


@access.door
@require_safe
def attendances(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The sessions of the lab, today's first."""
    now = timezone.now()
    context = {
        "lab": lab,
        "section": "attendance",
        "doors": door.sessions_by_day(lab, viewer_of(request), now),
        "protected_sets": protected_answers.readable_sets(viewer_of(request), lab),
        "now": now,
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/attendance.html", context)


@access.door
@require_http_methods(["GET", "HEAD", "POST"])
def attendance_of_session(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """The people of one session. A POST marks one of them: `present` or `absent` is a registration's id."""
    found = _session(request, lab, session)
    if request.method == "POST":
        return _mark(request, lab, found)
    form, page = _people(request, found)
    mode = _mode(request, found)
    now = timezone.now()
    context = {
        **_context(lab, found),
        "form": form,
        "invalid": bool(form.errors),
        "searched": form.text,
        "page_obj": page,
        "guests": [door.guest(person) for person in page],
        "marked": _last_marked(request, found),
        "begins_later": found.starts_at > now,
        "mode": mode,
        **_shown(form, page, mode),
    }
    return render(request, "registrations/console/attendance_session.html", context)


def _shown(form: DoorSearchForm, page: Page[Registration], mode: str) -> dict[str, Any]:
    """Return how many of the people on this page are not marked, and the query that shows the page again."""
    return {
        "unmarked": sum(getattr(person, "since", None) is None for person in page),
        "query": _query(form, page, mode),
    }


def _query(form: DoorSearchForm, page: Page[Registration], mode: str) -> str:
    return urlencode({"q": form.text, "page": page.number} | ({"mode": mode} if mode else {}))


def _mode(request: HttpRequest, session: Session) -> str:
    """Return the mode that the list is narrowed to, "" for all: of a session with both only."""
    asked = request.GET.get("mode", "")
    return asked if session.is_hybrid and asked in session.modes else ""


def _mark(request: HttpRequest, lab: Lab, session: Session) -> HttpResponse:
    """Mark one person as present or absent; respond with the row for htmx, else with the page."""
    was_there = "absent" not in request.POST
    person = _registered(lab, request.POST.get("present" if was_there else "absent", ""))
    if was_there:
        attendance.record(person, session, form_posts.person(request))
    else:
        attendance.remove(person, session, form_posts.person(request))
    if getattr(request, "htmx", False):
        guest = door.guest(door.get_person(session, person))
        return render(
            request,
            "registrations/console/attendance_answer.html",
            {
                **_context(lab, session),
                **_shown(*_people(request, session), _mode(request, session)),
                "guest": guest,
            },
        )
    query = urlencode({name: request.GET[name] for name in ("q", "page", "mode") if request.GET.get(name)})
    return redirect(f"{_address(lab, session)}?{query}#p-{person.public_id}")


@access.door
@require_http_methods(["GET", "HEAD", "POST"])
def attendance_of_all(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Mark everybody on one page of the list as present, after a confirmation page with their names."""
    found = _session(request, lab, session)
    if request.method == "POST":
        people = _all_registered(lab, request.POST.getlist("person")[:PAGE_SIZE])
        new = attendance.record_all(people, found, form_posts.person(request))
        request.session[LAST_MARKED] = {
            "session": found.pk,
            "people": [str(person.public_id) for person in new],
        }
        words = ngettext(
            "%(count)d person marked as present.", "%(count)d people marked as present.", len(new)
        )
        messages.success(request, words % {"count": len(new)})
        return redirect(_address(lab, found))
    form, page = _people(request, found)
    guests = [door.guest(person) for person in page]
    context = {
        **_context(lab, found),
        "guests": [guest for guest in guests if guest.since is None],
        "query": _query(form, page, _mode(request, found)),
        "begins_later": found.starts_at > timezone.now(),
    }
    return render(request, "registrations/console/attendance_all.html", context)


@access.door
@require_POST
def attendance_undo(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Undo the last “all of them” of this session."""
    found = _session(request, lab, session)
    marked = _last_marked(request, found)
    people = registrations_of(lab).filter(public_id__in=marked)
    taken_back = attendance.remove_all(people, found, form_posts.person(request))
    request.session.pop(LAST_MARKED, None)
    if taken_back:
        words = ngettext(
            "%(count)d person no longer marked as present.",
            "%(count)d people no longer marked as present.",
            taken_back,
        )
        messages.success(request, words % {"count": taken_back})
    else:
        messages.info(request, _("There is nothing to undo."))
    return redirect(_address(lab, found))


def _session(request: HttpRequest, lab: Lab, slug: str) -> Session:
    """Return the session if attendance is taken for it and this viewer may see it."""
    session = get_object_or_404(door.sessions_to_take(lab, viewer_of(request)), slug=slug)
    session.lab = lab
    return session


def _people(request: HttpRequest, session: Session) -> tuple[DoorSearchForm, Page[Registration]]:
    form = DoorSearchForm(request.GET)
    people = door.people(session, form.text, _mode(request, session))
    if form.text:
        people = people[: door.MAX_FOUND]
    return form, Paginator(people, PAGE_SIZE).get_page(request.GET.get("page"))


def _registered(lab: Lab, public_id: str) -> Registration:
    """Return a person who is registered in this lab, by the id that a button or a hidden field sent."""
    [person] = _all_registered(lab, [public_id])
    return person


def _all_registered(lab: Lab, public_ids: Iterable[str]) -> list[Registration]:
    """Return people who are registered in this lab, in one query; 404 if one of them is not."""
    try:
        wanted = {UUID(public_id) for public_id in public_ids}
    except ValueError:
        raise Http404 from None
    people = list(registrations_of(lab).filter(public_id__in=wanted, state=Registration.State.CONFIRMED))
    if len(people) != len(wanted):
        raise Http404
    return people


def _last_marked(request: HttpRequest, session: Session) -> list[str]:
    """Return the ids of the people marked by the last “all of them” of this session."""
    marked: dict[str, Any] = request.session.get(LAST_MARKED) or {}
    return list(marked.get("people", [])) if marked.get("session") == session.pk else []


def _context(lab: Lab, session: Session) -> dict[str, Any]:
    return {
        "lab": lab,
        "section": "attendance",
        "session": session,
        "headcount": door.count(session),
        "now": timezone.now(),
        "zone": lab.time_zone,
    }


def _address(lab: Lab, session: Session) -> str:
    return reverse("console_attendance_session", args=[lab.slug, session.slug])
