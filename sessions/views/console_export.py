"""The console's page of a lab's exports: what each format is for, as everybody sees it and with everything."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from labs import access
from labs.models import Lab
from sessions.views.pages import language_of

# Name, what it is for, and the route; the order is that of the page.
EXPLAINED = (
    (
        "programme.pdf",
        _("Programme (PDF)"),
        _(
            "To print and to send: all days with sessions, rooms, tracks and speakers, in the language of this page."
        ),
        "programme_pdf",
    ),
    (
        "poster.pdf",
        _("Poster (PDF)"),
        _(
            "One page of A4 with the lab’s name, days, place and organiser, and a QR code that leads to its page."
        ),
        "poster_pdf",
    ),
    (
        "programme.xlsx",
        "Excel (.xlsx)",
        _(
            "To work on the programme outside and import it again: sessions, agenda, rooms, tracks and speakers."
        ),
        "programme_xlsx",
    ),
    (
        "programme.csv",
        "CSV",
        _("The sessions alone, for any spreadsheet. Formulas cannot run."),
        "programme_csv",
    ),
    (
        "programme.json",
        "programme.json",
        _("To move a lab to another installation of this service, or to keep a copy that can be imported."),
        "programme_json",
    ),
    (
        "schedule.xml",
        "schedule.xml",
        _("For conference apps, such as Giggity and EventFahrplan. Cancelled sessions are left out."),
        "schedule_xml",
    ),
    (
        "schedule.json",
        "schedule.json",
        _("For programs that read the form of pretalx. Cancelled sessions are left out."),
        "schedule_json",
    ),
)


@access.organiser
@require_safe
def export(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All formats, each twice: as everybody sees it, and with everything."""
    context = {
        "lab": lab,
        "section": "sessions",
        "formats": [
            {"title": title, "purpose": purpose, "route": route, "is_same": name == "poster.pdf"}
            for name, title, purpose, route in EXPLAINED
        ],
        "public": lab.visibility == Lab.Visibility.PUBLIC,
        "language": language_of(),
    }
    return render(request, "sessions/console/export.html", context)
