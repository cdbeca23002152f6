"""The console's list of people, and its export."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.search import by_name
from core.timezones.wall_clock import wall
from core.web.unavailable import Unavailable
from core.web.workbooks import MEDIA_TYPE
from labs import access
from labs.models import Lab
from labs.views.form_posts import person
from registrations import search, statistics, tags
from registrations.console_forms import PeopleSearchForm
from registrations.console_people_forms import BulkForm, FilterNameForm
from registrations.export import csv_chunks
from registrations.export_xlsx import workbook_chunks
from registrations.models.people import RegistrationQuerySet
from sessions.models import Session

logger = logging.getLogger(__name__)

PAGE_SIZE = 100
MAX_PRINTED = 1500
# What a row of the list shows of a person.
_SHOWN = (
    "public_id", "state", "name", "email", "city_text", "created_at", "city__name", "stakeholder_group__name", "photos",
)  # fmt: skip
# Exports take seconds: these many may run in a process at once, so that threads are left for everybody else.
_exporting = threading.BoundedSemaphore(2)


@access.organiser
@require_safe
def registrations(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The list of registrations, with search, filters, order and page in the query."""
    form = _form(request, lab)
    found = search.find(lab, form.search)
    totals = statistics.totals(lab)
    pages = Paginator(found.only(*_SHOWN), PAGE_SIZE)
    if not form.search.narrows:
        pages.count = totals.listed
    page = pages.get_page(request.GET.get("page"))
    now = timezone.now()
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
        "filters": tags.filter_query(request.GET.urlencode()),
        "saved": tags.filters_of(person(request), lab),
        "name_form": FilterNameForm(auto_id="filter_%s"),
        "bulk_form": BulkForm(
            auto_id="bulk_%s",
            lab=lab,
            sessions=[one for one in form.sessions.values() if _takes_people(one, now)],
        ),
        "shows_attended": lab.starts_on <= wall(now, lab.time_zone).date(),
        "takes_registrations": lab.takes_registrations(now),
        "now": now,
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/list.html", context)


def _takes_people(session: Session, now: datetime) -> bool:
    is_shown = session.visibility != Session.Visibility.DRAFT
    return is_shown and not session.is_cancelled and not session.is_over(now)


@access.organiser
@require_safe
def registrations_csv(request: HttpRequest, lab: Lab) -> HttpResponse | StreamingHttpResponse:
    """All registrations of the list as CSV; 503 while as many exports run in this process as may."""
    return _export(request, lab, "csv", "text/csv; charset=utf-8", csv_chunks)


@access.organiser
@require_safe
def registrations_xlsx(request: HttpRequest, lab: Lab) -> HttpResponse | StreamingHttpResponse:
    """The same as a workbook for spreadsheets."""
    return _export(request, lab, "xlsx", MEDIA_TYPE, workbook_chunks)


Export = Callable[[Lab, list[Session], RegistrationQuerySet, str], Iterator[str | bytes]]


def _export(
    request: HttpRequest, lab: Lab, suffix: str, media_type: str, export: Export
) -> HttpResponse | StreamingHttpResponse:
    form = _form(request, lab)
    found = search.find(lab, form.search)
    name = f"{lab.slug}-registrations-{wall(timezone.now(), lab.time_zone):%Y-%m-%d}.{suffix}"
    pieces = _pieces(export, lab, list(form.sessions.values()), found, get_language() or "en")
    if not _exporting.acquire(blocking=False):
        busy = {"unavailable": Unavailable(cannot_write=False)}
        response = render(request, "errors/503.html", busy, status=503)
        response["Retry-After"] = "10"
        return response
    next(pieces)
    logger.info("user %s exports registrations of lab %s", request.user.pk, lab.pk)
    return StreamingHttpResponse(
        pieces,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _pieces(
    export: Export, lab: Lab, sessions: list[Session], found: RegistrationQuerySet, language: str
) -> Generator[str | bytes]:
    """Yield nothing once, then the export in the reader's language, which is no longer active while streaming.

    Once begun, the place among the exports is given back however this ends: read to the end, closed, or forgotten.
    """
    try:
        yield ""
        with translation.override(language):
            yield from export(lab, sessions, found, language)
    finally:
        _exporting.release()


@access.organiser
@require_safe
def printed(request: HttpRequest, lab: Lab) -> HttpResponse:
    """The people of the list on one page to print, with a box to tick and room for a signature."""
    form = _form(request, lab)
    found = search.find(lab, form.search)
    if not request.GET.get("sort"):
        found = found.order_by(*by_name())
    people = list(found.only(*_SHOWN, "organisation")[: MAX_PRINTED + 1])
    context = {
        "lab": lab,
        "section": "registrations",
        "form": form,
        "session": form.narrowed_to,
        "rows": search.rows(people[:MAX_PRINTED], form.narrowed_to),
        "is_cut": len(people) > MAX_PRINTED,
        "most": MAX_PRINTED,
        "now": timezone.now(),
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/print.html", context)


def _form(request: HttpRequest, lab: Lab) -> PeopleSearchForm:
    sessions = list(Session.objects.filter(lab=lab).order_by("starts_at", "pk"))
    return PeopleSearchForm(request.GET, lab=lab, sessions=sessions)
