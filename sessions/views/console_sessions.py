"""The console's sessions: the list, the form with agenda and people, the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from core.search import alphabetical_key
from core.timezones.wall_clock import wall
from core.web.edit_conflicts import Difference, EditConflict
from core.web.errors import InvalidFields, RuleViolation
from core.web.forms.fields import pk_of
from core.web.forms.rows import with_more_rows
from core.web.slugs import unique_slug
from labs import access
from labs.models import Lab, LabDay
from labs.revisions import lock_lab
from labs.views.console_programme import has_errors
from labs.views.form_posts import create_once, person
from sessions import diff
from sessions.conflicts import conflicts_of
from sessions.forms.agenda import (
    AgendaSet,
    AppearanceSet,
    agenda_choices,
    agenda_initial,
    appearances_initial,
)
from sessions.forms.choices import Choices, named
from sessions.forms.sessions import SessionForm
from sessions.forms.slots import prefilled
from sessions.models import AgendaItem, Session, Speaker
from sessions.plans import SessionPlan
from sessions.scheduling import change_session, create_session, may_be_deleted, plan_of
from sessions.unannounced_changes import pending_sessions
from sessions.undo import offer_undo_save
from sessions.views.console_conflicts import shown

NOT_COMPLETE = gettext_lazy("This form is incomplete. Open the page again and resubmit the form.")
MORE_ROWS = 3


@access.organiser
@require_http_methods(["GET", "HEAD"])
def sessions(request: HttpRequest, lab: Lab) -> HttpResponse:
    """All sessions of the lab by day, drafts and internal ones included."""
    rows = list(
        lab.sessions.select_related("track", "room").prefetch_related("audience").order_by("starts_at", "pk")
    )
    titles = dict(LabDay.objects.filter(lab=lab).values_list("on", "title"))

    def day_of(session: Session) -> date:
        return wall(session.starts_at, lab.time_zone).date()

    days = [
        {"on": on, "title": titles.get(on), "sessions": list(found)}
        for on, found in groupby((row for row in rows if row.is_placed), key=day_of)
    ]
    return render(
        request,
        "sessions/console/sessions.html",
        {
            "lab": lab,
            "section": "sessions",
            "days": days,
            "unplaced": [session for session in rows if not session.is_placed],
            "count": len(rows),
            "drafts": sum(session.visibility == Session.Visibility.DRAFT for session in rows),
            "shown": rows,
            "unannounced": len(pending_sessions(Session.objects.filter(lab=lab))),
            "conflicts": len(conflicts_of(lab)),
        },
    )


def session_of(lab: Lab, slug: str) -> Session:
    """Return a session of this lab, or answer 404."""
    session = lab.sessions.select_related("track", "room").filter(slug=slug).first()
    if session is None:
        raise Http404
    session.lab = lab
    return session


@dataclass
class Desk:
    """The three forms of one session, as opened or as sent."""

    lab: Lab
    session: Session | None
    form: SessionForm
    agenda: Any
    people: Any
    items: dict[int, AgendaItem] = field(default_factory=dict)
    speakers: dict[int, Speaker] = field(default_factory=dict)
    is_stale: bool = False  # somebody saved the session since the form was opened
    is_prefilled: bool = False  # an address filled in a time

    @classmethod
    def of(cls, lab: Lab, session: Session | None, data: Any = None) -> Desk:
        """Return the forms as they were sent, or as the session stands now, with some empty rows."""
        items, speakers = _stored(lab, session)
        is_stale = data is not None and session is not None and data.get("version") != str(session.version)
        if is_stale:
            # What somebody else took out meanwhile comes back as new, if this person decides so.
            data = data.copy()
            for name in [name for name in data if name.startswith("agenda-") and name.endswith("-row")]:
                if (pk := pk_of(data[name])) is not None and pk not in items:
                    data[name] = ""
        for prefix in ("agenda", "people"):
            if data is not None and f"more-{prefix}" in data:
                data = with_more_rows(data, prefix, MORE_ROWS)
        agenda = AgendaSet(
            data,
            prefix="agenda",
            known=items,
            form_kwargs={"locales": lab.languages},
            initial=[agenda_initial(item) for item in items.values()] if data is None else None,
        )
        people = AppearanceSet(
            data,
            prefix="people",
            form_kwargs={
                "speakers": _speaker_choices(lab, speakers),
                "items": agenda_choices(agenda.forms, lab),
            },
            initial=appearances_initial(session, list(items)) if data is None and session else None,
        )
        form = SessionForm(data, lab=lab, session=session)
        return cls(lab, session, form, agenda, people, items, speakers, is_stale)

    def prefilled(self, data: QueryDict) -> Desk:
        """Open the form with what the address says, as the slot finder leads to it; nothing is saved by that."""
        if data:
            given = prefilled(data, self.form.fields)
            self.form = SessionForm(lab=self.lab, session=self.session, given=given)
            self.is_prefilled = bool(given)
        return self

    @property
    def wants_more_rows(self) -> bool:
        return "more-agenda" in self.form.data or "more-people" in self.form.data

    def forget_errors(self) -> None:
        for one in (self.form, self.agenda, self.people):
            one.forget_errors()

    def is_valid(self) -> bool:
        # All three are looked at, so that all that is wrong is said at once.
        found = [one.is_valid() for one in (self.form, self.agenda, self.people)]
        if all(found) and not self.is_stale and not self._left_out <= self.form.replaced:
            self.form.add_errors({"": [NOT_COMPLETE]})
            return False
        if all(found):
            agenda = self.agenda.forms
            places = {str(place) for place, form in enumerate(agenda) if form.cleaned_data}
            for form in self.people.forms:
                where = form.cleaned_data.get("item", "")
                if form.cleaned_data.get("speaker") and where and where not in places:
                    form.add_error(
                        "item", _("This item is empty. Enter its title, or choose another position.")
                    )
                    found.append(False)
        return all(found)

    @property
    def _left_out(self) -> set[int]:
        """The stored items of the agenda that the form does not show."""
        return set(self.items) - {form.cleaned_data.get("row") for form in self.agenda.forms}

    def renew(self) -> None:
        """Carry what is stored now, with the items that others added: sent again, the forms replace all of it."""
        self.form.renew(self._left_out)

    @property
    def has_errors(self) -> bool:
        return bool(self.form.errors) or has_errors(self.agenda) or has_errors(self.people)

    def plan(self, slug: str) -> SessionPlan:
        people = self.people.plans(self.speakers)
        return self.form.plan_with(slug, self.agenda.plans(self.items, people), people.get("", ()))

    def add_errors(self, error: InvalidFields) -> None:
        """Show what the schedule objects to, beside what it is about."""
        for name, found in error.errors.items():
            first, _dot, rest = name.partition(".")
            if first != "agenda":
                if name == "appearances":
                    self.people.blame("", found)
                else:
                    self.form.add_errors({name: found})
                continue
            place, _dot, column = rest.partition(".")
            if not place:
                for message in found:
                    self.agenda._non_form_errors.append(message)
                continue
            source = self.agenda.sources[int(place)]
            if column == "appearances":
                self.people.blame(str(source), found)
            else:
                self.agenda.forms[source].add_errors({column: found})


def _stored(lab: Lab, session: Session | None) -> tuple[dict[int, AgendaItem], dict[int, Speaker]]:
    items = session.agenda.order_by("position", "pk") if session else AgendaItem.objects.none()
    return {item.pk: item for item in items}, {one.pk: one for one in lab.programme.speakers.all()}


def _speaker_choices(lab: Lab, speakers: dict[int, Speaker]) -> Choices:
    names = [(named(speaker.name, lab), str(pk)) for pk, speaker in speakers.items()]
    names.sort(key=lambda pair: (alphabetical_key(pair[0]), pair[1]))
    return [("", _("Nobody")), *((pk, name) for name, pk in names)]


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Make a session."""
    if request.method != "POST":
        return _page(request, Desk.of(lab, None).prefilled(request.GET))
    desk = Desk.of(lab, None, request.POST)
    if desk.wants_more_rows:
        desk.forget_errors()
        return _page(request, desk)
    if desk.is_valid():

        def create() -> dict[str, object]:
            # Held, so that two sessions made at once do not choose the same address.
            lock_lab(lab.pk)
            taken = set(lab.sessions.values_list("slug", flat=True))
            slug = unique_slug(desk.form.texts("title"), taken, limit=80, otherwise="session")
            return {"session": create_session(lab, desk.plan(slug), person(request)).slug}

        try:
            result, is_new = create_once(request, "console.session", create)
        except InvalidFields as error:
            desk.add_errors(error)
        except RuleViolation as error:
            desk.form.add_errors(error.errors)
        else:
            session = session_of(lab, result["session"])
            if is_new:
                messages.success(
                    request, _("Session “%(title)s” created as a draft.") % {"title": session.title}
                )
            return redirect(_next_page(desk.form, session))
    return _page(request, desk)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Change a session. What somebody else saved meanwhile is shown, never overwritten unseen."""
    found = session_of(lab, session)
    if request.method != "POST":
        return _page(request, Desk.of(lab, found).prefilled(request.GET))
    desk = Desk.of(lab, found, request.POST)
    if desk.wants_more_rows:
        desk.forget_errors()
        return _page(request, desk)
    if desk.is_valid():
        plan = desk.plan(found.slug)
        version = pk_of(str(desk.form["version"].value()))
        if version is None:
            desk.form.add_errors({"": [NOT_COMPLETE]})
            return _page(request, desk)
        before, waited = plan_of(found), found.seats_waiting
        try:
            changed = change_session(
                found, plan, person(request), expected_version=version, carry_agenda=True
            )
        except InvalidFields as error:
            desk.add_errors(error)
        except EditConflict:
            desk = Desk.of(lab, found, request.POST)  # against the session as it is by now
            desk.is_valid()
            desk.renew()
            return _page(request, desk, diff.differences(plan_of(found), plan))
        else:
            if changed.version == version:
                messages.success(request, _("Session saved."))
            else:
                offer_undo_save(request, changed, before)
            _tell_who_was_seated(request, changed, waited)
            return redirect(_next_page(desk.form, changed))
    return _page(request, desk)


def _tell_who_was_seated(request: HttpRequest, session: Session, waited: int) -> None:
    """Say how many came off the waiting list, where more seats were set: they are emailed at once."""
    left = Session.objects.get(pk=session.pk).seats_waiting
    if left < waited:
        words = ngettext(
            "%(count)d person came off the waiting list and gets an email.",
            "%(count)d people came off the waiting list and get an email.",
            waited - left,
        )
        messages.success(request, words % {"count": waited - left})


def _next_page(form: SessionForm, session: Session) -> str:
    """Return where to go after saving: to the question who sees it, or whether people are told, where there is one."""
    lab = session.lab.slug
    wanted = form.cleaned_data["visibility"]
    cities = {city.pk for city in form.cleaned_data["audience"]}
    if wanted == Session.Visibility.INTERNAL:
        same = session.is_internal and cities == set(session.audience.values_list("pk", flat=True))
        if not same:
            query = "&".join(f"city={pk}" for pk in sorted(cities))
            return reverse("console_session_internal", args=[lab, session.slug]) + (
                f"?{query}" if query else ""
            )
    elif wanted != session.visibility:
        name = "publish" if wanted == Session.Visibility.PUBLIC else "unpublish"
        return reverse(f"console_session_{name}", args=[lab, session.slug])
    if pending_sessions(Session.objects.filter(pk=session.pk)):
        return reverse("console_unannounced", args=[lab])
    return reverse("console_session_edit", args=[lab, session.slug])


def _page(request: HttpRequest, desk: Desk, conflict: list[Difference] | None = None) -> HttpResponse:
    session = desk.session
    last = (
        session.history.select_related("history_user").first() if conflict is not None and session else None
    )
    return render(
        request,
        "sessions/console/session_form.html",
        {
            "lab": desk.lab,
            "section": "sessions",
            "session": session,
            "form": desk.form,
            "agenda": desk.agenda,
            "people": desk.people,
            "conflict": conflict,
            "conflict_by": last.history_user if last else None,
            "conflicts": shown(one for one in conflicts_of(desk.lab) if session in one.sessions)
            if session
            else [],
            "unannounced": len(pending_sessions(Session.objects.filter(pk=session.pk))) if session else 0,
            "audience_size": (session.seats_taken + session.seats_waiting) if session else 0,
            "has_speakers": bool(desk.speakers),
            "may_be_deleted": session is not None and may_be_deleted(session),
            "invalid": desk.has_errors,
            "is_prefilled": desk.is_prefilled,
        },
        status=409 if conflict is not None else 422 if desk.form.is_bound and desk.has_errors else 200,
    )


@access.organiser
@require_http_methods(["GET", "HEAD"])
def history(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Who changed what, and when."""
    found = session_of(lab, session)
    return render(
        request,
        "sessions/console/session_history.html",
        {"lab": lab, "section": "sessions", "session": found, "events": diff.history_of(found)},
    )
