"""The statistics of a lab in the console."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from core.timezones.wall_clock import wall
from labs import access
from labs.models import Lab
from registrations import breakdowns, statistics
from registrations.chart_svg import chart


@access.organiser
@require_safe
def lab_statistics(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Registrations over time, by city, type of organisation, session and mode, and how far people got."""
    language = get_language() or "en"
    now = timezone.now()
    sessions = breakdowns.by_session(lab)
    counts = statistics.by_day(lab)
    steps = breakdowns.steps(lab)
    until = min(wall(now, lab.time_zone).date(), lab.ends_on)
    context = {
        "lab": lab,
        "section": "registrations",
        "totals": statistics.totals(lab),
        "chart": chart(counts, max([until, *(day for day, _count in counts)])),
        "cities": breakdowns.by_city(lab, language),
        "groups": breakdowns.by_group(lab, language),
        "sessions": sessions,
        "absences": breakdowns.absences(lab, now),
        "modes": breakdowns.by_mode(sessions),
        "funnel": breakdowns.funnel(steps),
        "by_programs": steps.by_programs,
        "now": now,
        "zone": lab.time_zone,
    }
    return render(request, "registrations/console/statistics.html", context)
