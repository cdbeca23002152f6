"""Actions on many registrations: what is asked before, and how far one is."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.mail.delivery import summary
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs import access
from labs.models import Lab
from labs.views.form_posts import create_once, person
from registrations import alerts, bulk, search, tags
from registrations.console_forms import PeopleSearchForm
from registrations.console_people_forms import BulkForm
from registrations.models import BulkAction
from sessions.models import Session
from sessions.models.agenda import to_come

Kind = BulkAction.Kind
MAX_IDS = 200


@dataclass(frozen=True)
class Selection:
    """Who is selected: the ids that were ticked, or everybody in the list with these filters."""

    ids: tuple[int, ...]
    ticked: tuple[UUID, ...]
    query: str
    is_all: bool


@access.organiser
@require_POST
def bulk_action(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask whether to do it to the selected people; with `confirmed`, do it."""
    back = _list(lab, request.POST.get("filters", ""))
    selection = _selection(request, lab)
    if not selection.ids:
        messages.error(request, _("Select at least one person."))
        return redirect(back)
    sessions = list(Session.objects.filter(to_come(timezone.now()), lab=lab).order_by("starts_at", "pk"))
    form = BulkForm(request.POST, lab=lab, sessions=sessions)
    if not form.is_valid():
        return _question(request, lab, form, selection, back, status=422)
    if request.POST.get("confirmed") != str(len(selection.ids)):
        return _question(request, lab, form, selection, back)

    def start() -> dict[str, Any]:
        values = form.cleaned_data
        kind = Kind(values["action"])
        made = bulk.start(
            lab,
            person(request),
            kind,
            selection.ids,
            session=form.chosen if kind == Kind.GIVE_SEAT else None,
            tag=values["tag"] if kind in (Kind.TAG, Kind.UNTAG) else "",
        )
        return {"action": str(made.public_id)}

    try:
        started, is_new = create_once(request, "console.bulk", start)
    except RuleViolation as error:
        form.add_errors(error.errors)
        return _question(request, lab, form, selection, back, status=422)
    action = BulkAction.objects.get(public_id=started["action"])
    if is_new and action.task_id is None:
        bulk.run(action)
    return redirect("console_bulk_progress", lab.slug, action.public_id)


def _selection(request: HttpRequest, lab: Lab) -> Selection:
    query = tags.filter_query(request.POST.get("filters", "")[:1000])
    if request.POST.get("everybody"):
        form = PeopleSearchForm(
            QueryDict(query), lab=lab, sessions=list(Session.objects.filter(lab=lab).order_by("starts_at"))
        )
        found = search.find(lab, form.search).order_by("pk").values_list("pk", flat=True)
        return Selection(tuple(found[: bulk.MAX_PEOPLE + 1]), (), query, True)
    ticked = []
    for text in request.POST.getlist("person")[:MAX_IDS]:
        try:
            ticked.append(UUID(text))
        except ValueError:
            continue
    people = search.registrations_of(lab).filter(public_id__in=ticked).order_by("pk")
    rows = list(people.values_list("pk", "public_id"))
    return Selection(tuple(pk for pk, _id in rows), tuple(public for _pk, public in rows), query, False)


def _question(
    request: HttpRequest, lab: Lab, form: BulkForm, selection: Selection, back: str, status: int = 200
) -> HttpResponse:
    count = len(selection.ids)
    is_asked = not form.errors
    context = {
        "lab": lab,
        "section": "registrations",
        "form": form,
        "selection": selection,
        "count": count,
        "is_asked": is_asked,
        "question": _words(form, count) if is_asked else _("Selected people"),
        "facts": _facts(form) if is_asked else [],
        "danger": is_asked and form.cleaned_data["action"] == Kind.CANCEL,
        "tags": tags.tags_of(lab),
        "back": back,
    }
    return render(request, "registrations/console/bulk.html", context, status=status)


def _words(form: BulkForm, count: int) -> str:
    action = form.cleaned_data["action"]
    said = {
        Kind.CONFIRM: ngettext("Confirm %(count)d registration?", "Confirm %(count)d registrations?", count),
        Kind.CANCEL: ngettext("Cancel %(count)d registration?", "Cancel %(count)d registrations?", count),
        Kind.GIVE_SEAT: ngettext(
            "Add %(count)d person to the session?", "Add %(count)d people to the session?", count
        ),
        Kind.SEND_LINK: ngettext(
            "Resend the link to %(count)d person?", "Resend the link to %(count)d people?", count
        ),
        Kind.TAG: ngettext("Add the tag to %(count)d person?", "Add the tag to %(count)d people?", count),
        Kind.UNTAG: ngettext(
            "Remove the tag from %(count)d person?", "Remove the tag from %(count)d people?", count
        ),
    }
    return said[Kind(action)] % {"count": count}


def _facts(form: BulkForm) -> list[str]:
    """Say what will happen, who is emailed, and whether it can be undone."""
    action = form.cleaned_data["action"]
    here = get_language() or "en"
    if action == Kind.CONFIRM:
        return [
            _("On your word, the addresses count as confirmed. Seats are taken as far as there are some."),
            _("Each person gets the confirmation by email. Registration need not be open."),
            _("Nothing changes for people who are confirmed already."),
            _("Nominees are left out: they accept themselves."),
        ]
    if action == Kind.CANCEL:
        return [
            _("Their seats go to the next people on the waiting lists."),
            _("Each person gets an email. This cannot be undone."),
        ]
    if action == Kind.GIVE_SEAT:
        session = form.chosen
        title = text_and_language(session.title, here)[0] if session else ""
        return [
            title,
            _("If the session is full, people join the end of its waiting list."),
            _("Each person gets an email. Nothing changes for people who have a seat already."),
        ]
    if action == Kind.SEND_LINK:
        return [
            _("Registered people get their private link; others are asked again to confirm."),
            _("People who got such an email in the last 20 minutes get none."),
        ]
    return [form.cleaned_data["tag"], _("No one is emailed. Only organisers see tags.")]


@access.organiser
@require_safe
def progress(request: HttpRequest, lab: Lab, action: UUID) -> HttpResponse:
    """How far an action is, and for whom nothing was done."""
    found = get_object_or_404(BulkAction.objects.select_related("session", "task"), lab=lab, public_id=action)
    failed = [(bulk.FAILURES.get(code, code), count) for code, count in sorted(found.failures.items())]
    context = {
        "lab": lab,
        "section": "registrations",
        "action": found,
        "failed": failed,
        "is_stalled": found.finished_at is None and alerts.worker_is_late(summary()),
        "zone": lab.time_zone,
        "now": timezone.now(),
    }
    return render(request, "registrations/console/bulk_progress.html", context)


@access.organiser
@require_POST
def undo(request: HttpRequest, lab: Lab, action: UUID) -> HttpResponse:
    """Take back what an action changed, where nobody was told of it."""
    found = get_object_or_404(BulkAction, lab=lab, public_id=action)
    try:
        bulk.undo(found)
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Change undone."))
    return redirect("console_bulk_progress", lab.slug, action)


def _list(lab: Lab, filters: str) -> str:
    query = tags.filter_query(filters[:1000])
    return reverse("console_registrations", args=[lab.slug]) + (f"?{query}" if query else "")
