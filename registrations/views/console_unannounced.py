"""Announcing changes of a lab's sessions: what changed, who gets which email, and sending or not sending them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.mail.rendering import NotRenderable, rendered
from core.web.edit_conflicts import EditConflict
from core.web.errors import RuleViolation
from labs import access
from labs.models import Lab
from labs.views.form_posts import person
from registrations import change_announcements
from registrations.views.email_documents import document, shown_email
from sessions import unannounced_changes
from sessions.models import ChangeDecision
from sessions.unannounced_changes import PendingChange, moves_of

PER_PAGE = 25
LISTED = 20


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def unannounced(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Show the unannounced changes, and who gets which email about those selected; a POST decides."""
    if request.method == "POST":
        return _decided(request, lab)
    return _page(request, lab, _chosen(request.GET, _changes(lab)))


def _changes(lab: Lab) -> list[PendingChange]:
    return unannounced_changes.pending_changes(lab, get_language() or "en")


def _chosen(query: QueryDict, changes: Iterable[PendingChange]) -> set[str]:
    """Return the slugs of the sessions that are selected: at first all whose change people need to know."""
    if "selected" in query:
        return set(query.getlist("session"))
    return {one.session.slug for one in changes if not one.is_minor}


@transaction.atomic
def _decided(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Email people, or note that no one is; only of what the page showed, since it may have changed meanwhile."""
    tell, reason = request.POST.get("answer") != "no", request.POST.get("reason", "")
    # A form without any session is of somebody who selected none.
    shown = dict(text.partition(":")[::2] for text in request.POST.getlist("session"))
    changes = [one for one in _changes(lab) if one.session.slug in shown]
    if not changes:
        messages.info(request, _("Nothing is left to announce of these sessions."))
        return redirect("console_unannounced", lab.slug)
    emails = change_announcements.recipients(moves_of(changes)).count() if tell else 0
    try:
        told = unannounced_changes.decide(
            (one.session for one in changes),
            tell,
            person(request),
            reason=reason,
            states={one.session.pk: shown[one.session.slug] for one in changes},
        )
    except EditConflict:
        return _page(request, lab, set(shown), is_stale=True)
    except RuleViolation as error:
        return _page(request, lab, set(shown), error=error, reason=reason)
    _add_message(request, emails if told else 0)
    return redirect("console_sessions", lab.slug)


def _add_message(request: HttpRequest, emails: int) -> None:
    if not emails:
        messages.success(request, _("No email is sent. Calendars are updated automatically."))
        return
    messages.success(
        request,
        ngettext("Sending %(count)d email.", "Sending %(count)d emails.", emails) % {"count": emails},
    )


def _page(
    request: HttpRequest,
    lab: Lab,
    chosen: set[str],
    *,
    is_stale: bool = False,
    error: RuleViolation | None = None,
    reason: str = "",
) -> HttpResponse:
    changes = _changes(lab)
    selected = [one for one in changes if one.session.slug in chosen]
    moves = moves_of(selected)
    people = change_announcements.recipients(moves)
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    query = QueryDict(mutable=True)
    query.setlist("session", [one.session.slug for one in selected])
    context: dict[str, Any] = {
        "lab": lab,
        "section": "sessions",
        "moved": changes,
        "chosen": {one.session.slug for one in selected},
        "selected": selected,
        "emails": page.paginator.count,
        "languages": change_announcements.by_language(people),
        "page_obj": page,
        "drafts": change_announcements.drafts(list(page.object_list), moves),
        "query": query.urlencode(),
        "decisions": _decisions(lab),
        "is_stale": is_stale,
        "error": error,
        "reason": reason,
        "is_announcing": True,
        "is_draft": lab.visibility != Lab.Visibility.PUBLIC,
    }
    status = 409 if is_stale else 422 if error else 200
    return render(request, "registrations/console/unannounced.html", context, status=status)


def _decisions(lab: Lab) -> Iterable[ChangeDecision]:
    found = ChangeDecision.objects.filter(session__lab=lab).select_related("session", "by")
    return found.order_by("-at", "-pk")[:LISTED]


@access.organiser
@require_safe
def unannounced_email(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """The email that one person would get about the selected sessions, with private links left out."""
    slugs = set(request.GET.getlist("session"))
    # Without any, about all.
    moves = moves_of(one for one in _changes(lab) if not slugs or one.session.slug in slugs)
    who = get_object_or_404(change_announcements.recipients(moves), lab=lab, public_id=registration)
    for _who, message in change_announcements.drafts([who], moves):
        try:
            return shown_email(message, rendered(message, reveal=False))
        except NotRenderable as error:
            return document(str(error), status=422)
    raise Http404
