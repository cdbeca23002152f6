"""The console's list of people, and its export."""

import logging
from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.timezones.wall_clock import wall
from labs import access
from labs.models import Lab
from registrations import search, statistics
from registrations.console_forms import PeopleSearchForm
from registrations.export import csv_lines, for_export
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

logger = logging.getLogger(__name__)

PAGE_SIZE = 50


@access.organiser
@require_safe
def registrations(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The list of registrations, with search, filters, order and page in the query."""
    form = _form(request, lab)
    found = search.find(lab, form.search)
    page = Paginator(search.with_seats(found), PAGE_SIZE).get_page(request.GET.get("page"))
    now = timezone.now()
    totals = statistics.totals(lab)
    context = {
        "lab": lab,
        "section": "registrations",
        "form": form,
        "invalid": bool(form.errors),
        "session": form.narrowed_to,
        "page_obj": page,
        "rows": search.rows(page, form.narrowed_to),
        "totals": totals,
        "sort": form.search.order,
        "shows_attended": lab.starts_on <= wall(now, lab.time_zone).date(),
        "takes_registrations": lab.takes_registrations(now),
        "now": now,
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/list.html", context)


@access.organiser
@require_safe
def registrations_csv(request: HttpRequest, lab: Lab) -> StreamingHttpResponse:
    """All registrations of the list as CSV."""
    form = _form(request, lab)
    found = search.find(lab, form.search)
    logger.info("user %s exports registrations of lab %s", request.user.pk, lab.pk)
    name = f"{lab.slug}-registrations-{wall(timezone.now(), lab.time_zone):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        _lines(lab, list(form.sessions.values()), found, get_language() or "en"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(lab: Lab, sessions: list[Session], found: RegistrationQuerySet, language: str) -> Iterator[str]:
    """Yield the lines in the reader's language, which is no longer active while streaming."""
    with translation.override(language):
        yield from csv_lines(lab, sessions, for_export(found), language)


def _form(request: HttpRequest, lab: Lab) -> PeopleSearchForm:
    sessions = list(Session.objects.filter(lab=lab).order_by("starts_at", "pk"))
    return PeopleSearchForm(request.GET, lab=lab, sessions=sessions)
