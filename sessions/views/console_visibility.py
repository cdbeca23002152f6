"""The console's answer to who sees a session, and where; and an overview of all sessions of a lab."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labs import access
from labs.models import Lab
from sessions.models import Session
from sessions.views.console_sessions import session_of
from sessions.visibility_report import (
    Group,
    Reader,
    audiences_of,
    group_words,
    reasons_of,
    report_of,
    who_would_see,
)


@access.organiser
@require_safe
def of_session(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Where one session appears and for whom, why, and what would be different."""
    found = session_of(lab, session)
    report = report_of(found)
    context = {
        "lab": lab,
        "section": "sessions",
        "session": found,
        "reasons": reasons_of(found),
        "groups": [group_words(group, lab) for group in report.groups],
        "places": [
            {
                "place": row.place,
                "addresses": row.addresses,
                "found": [number in row.groups for number in range(len(report.groups))],
            }
            for row in report.places
        ],
        "changes": [
            {"visibility": Session.Visibility(visibility), "groups": _who_sees(groups, lab)}
            for visibility, groups in who_would_see(found).items()
        ],
    }
    return render(request, "sessions/console/session_visibility.html", context)


def _who_sees(groups: tuple[Group, ...], lab: Lab) -> list[str]:
    return [group_words(group, lab) for group in groups if group.sees]


@access.organiser
@require_safe
def of_lab(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All sessions of the lab, and who sees each."""
    rows: list[dict[str, Any]] = []
    for session, groups in audiences_of(lab):
        session.lab = lab
        delegates = [group for group in groups if group.reader == Reader.DELEGATE]
        rows.append(
            {
                "session": session,
                "delegates": next((group_words(group, lab) for group in delegates if group.sees), ""),
                **{group.reader.value: group.sees for group in groups if group.reader != Reader.DELEGATE},
            }
        )
    context = {"lab": lab, "section": "sessions", "rows": rows}
    return render(request, "sessions/console/visibility.html", context)
