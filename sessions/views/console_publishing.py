"""Who sees a session and whether it takes place: each step asks first, and says what changes for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.web.errors import RuleViolation
from core.web.forms.fields import pk_of
from labs import access
from labs.models import Lab
from labs.views.form_posts import ask, delete_or_say, person
from sessions import publishing
from sessions import undo_publishing as undo
from sessions.forms.publishing import LATER, NOW, AudienceForm, CancelForm, TellForm
from sessions.models import Session, UnannouncedChange
from sessions.scheduling import delete_session, may_be_deleted
from sessions.unannounced_changes import is_cancellation_unknown, is_urgent
from sessions.views.console_sessions import session_of


def _people(session: Session) -> int:
    return session.seats_taken + session.seats_waiting


def _seats_words(session: Session) -> list[str]:
    """Say who holds seats and waits, if anybody does."""
    words = []
    if session.seats_taken:
        words.append(
            ngettext("%(count)d person has a seat.", "%(count)d people have seats.", session.seats_taken)
            % {"count": session.seats_taken}
        )
    if session.seats_waiting:
        words.append(
            ngettext(
                "%(count)d person is waiting for one.",
                "%(count)d people are waiting for one.",
                session.seats_waiting,
            )
            % {"count": session.seats_waiting}
        )
    return words


def _ask(
    request: HttpRequest,
    session: Session,
    question: str,
    facts: list[str],
    button: str,
    *,
    form: Any = None,
    danger: bool = False,
    tell: bool = False,
) -> HttpResponse:
    return ask(
        request,
        session.lab,
        question,
        facts,
        button,
        danger=danger,
        section="sessions",
        back=reverse("console_session_edit", args=[session.lab.slug, session.slug]),
        template="sessions/console/session_confirm.html",
        status=422 if form is not None and form.errors else 200,
        session=session,
        form=form,
        tell=tell,
        people=_people(session),
    )


def _back(session: Session) -> HttpResponse:
    return redirect("console_session_edit", session.lab.slug, session.slug)


def _apply(request: HttpRequest, done: str, session: Session, act: Callable[[], Session]) -> None:
    """Change who sees the session, and say so with an offer to undo it, or say why it is not possible."""
    before = undo.visibility_of(session)
    try:
        act()
    except RuleViolation as error:
        messages.error(request, error.message)
    else:
        undo.offer_undo_visibility(request, done, session, before)


def _draft_lab(lab: Lab) -> list[str]:
    if lab.visibility == Lab.Visibility.PUBLIC:
        return []
    return [_("The lab itself is a draft: until you publish it, only its organisers can see this.")]


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    found = session_of(lab, session)
    if request.method == "POST":
        _apply(request, _("Session published."), found, lambda: publishing.publish(found, person(request)))
        return _back(found)
    facts = [
        _("Everyone can see it on the programme page, in the lab’s calendars and in search engines."),
        _("Its join link stays hidden: only people with a seat can see it."),
        *_draft_lab(lab),
    ]
    if found.is_internal:
        facts.insert(0, _("It is internal now: only delegates can see it."))
    if found.is_cancelled:
        facts.append(_("It is cancelled, and is shown as cancelled."))
    facts.append(_("No one is notified."))
    return _ask(request, found, _("Publish this session"), facts, _("Publish"))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def internal(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    found = session_of(lab, session)
    if request.method == "POST":
        form = AudienceForm(request.POST, lab=lab)
        if form.is_valid():
            cities = list(form.cleaned_data["city"])
            _apply(
                request,
                _("Session changed to internal."),
                found,
                lambda: publishing.make_internal(found, cities, person(request)),
            )
            return _back(found)
    else:
        asked = [pk for text in request.GET.getlist("city") if (pk := pk_of(text)) is not None]
        current = list(found.audience.values_list("pk", flat=True))
        form = AudienceForm(lab=lab, initial={"city": asked or current})
    facts = [_("Only delegates of the cities below and people with a seat in it can see it.")]
    if found.visibility == Session.Visibility.PUBLIC:
        facts.append(_("It is removed from public pages, calendars and search immediately."))
    facts += [*_seats_words(found), *_draft_lab(lab)]
    if _people(found):
        facts.append(_("They keep their seats and can still see it through their own links."))
    facts.append(_("No one is notified."))
    return _ask(
        request, found, _("Change this session to internal"), facts, _("Change to internal"), form=form
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def unpublish(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    found = session_of(lab, session)
    if request.method == "POST":
        _apply(
            request,
            _("Session changed to a draft."),
            found,
            lambda: publishing.unpublish(found, person(request)),
        )
        return _back(found)
    if _people(found):
        facts = [
            *_seats_words(found),
            _(
                "Only organisers can see a draft, and these people would not be notified. Cancel the session "
                "instead."
            ),
        ]
        return _ask(request, found, _("This session cannot become a draft"), facts, "")
    facts = [
        _("It is removed from all pages and calendars immediately; only organisers can see it."),
        _("Nobody has a seat in it, and no one is notified."),
    ]
    return _ask(request, found, _("Change this session to a draft"), facts, _("Change to draft"))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    found = session_of(lab, session)
    if found.is_cancelled:
        if request.method == "POST":
            messages.info(request, _("The session is already cancelled."))
        return _back(found)
    form = CancelForm(request.POST or None, locales=lab.languages, initial=_when_to_tell(found))
    if request.method == "POST" and form.is_valid():
        before = undo.status_of(found)
        try:
            publishing.cancel(
                found, form.texts("reason"), tell=form.is_now, by=person(request), later=form.is_later
            )
        except ValidationError as error:
            form.add_errors(error.message_dict)
        else:
            words = _cancelled_words(found, form)
            undo.offer_undo_status(request, words, found, before, form.cleaned_data["tell"])
            return _back(found)
    facts = [
        _("It stays visible where it was, marked as cancelled, also in calendars."),
        *_seats_words(found),
    ]
    if _people(found):
        facts.append(_("Their seats are kept: if you restore the session, nobody loses a seat."))
    return _ask(
        request,
        found,
        _("Cancel this session"),
        facts,
        _("Cancel the session"),
        form=form,
        danger=True,
        tell=True,
    )


def _when_to_tell(session: Session) -> dict[str, str]:
    """Return the answer that is suggested: at once where it begins within a day, else with other changes."""
    row = UnannouncedChange.objects.filter(session=session).first()
    return {"tell": NOW if is_urgent(session, row.was if row else None) else LATER}


def _cancelled_words(session: Session, form: CancelForm) -> str:
    people = _people(session)
    if form.is_later and people:
        return _("Session cancelled. People are emailed when you announce your changes.")
    if not form.is_now or not people:
        return _("Session cancelled. No one is notified.")
    return ngettext(
        "Session cancelled. Emailing %(count)d person.",
        "Session cancelled. Emailing %(count)d people.",
        people,
    ) % {"count": people}


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    found = session_of(lab, session)
    if not found.is_cancelled:
        if request.method == "POST":
            messages.info(request, _("The session is going ahead."))
        return _back(found)
    form = TellForm(request.POST or None, initial=_when_to_tell(found))
    is_unknown = is_cancellation_unknown(found)
    if request.method == "POST" and form.is_valid():
        people, before = _people(found), undo.status_of(found)
        told = _("No email is sent. Calendars are updated automatically.")
        if is_unknown:
            told = _("People have not been told that it was cancelled, so no email is sent.")
        elif form.is_now and people:
            told = ngettext("Sending %(count)d email.", "Sending %(count)d emails.", people) % {
                "count": people
            }
        elif form.is_later and people:
            told = _("People are emailed when you announce your changes.")
        restored = _("Session restored.")
        publishing.restore(found, person(request), tell=form.is_now, later=form.is_later)
        tell = LATER if is_unknown else form.cleaned_data["tell"]
        undo.offer_undo_status(request, f"{restored} {told}", found, before, tell)
        return _back(found)
    facts = [
        _("It is going ahead at its original time and place. Calendars are updated automatically."),
        *_seats_words(found),
    ]
    if is_unknown:
        facts.append(_("People have not been told that it was cancelled, so no email is needed."))
    return _ask(
        request, found, _("Restore this session"), facts, _("Restore"), form=form, tell=not is_unknown
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab, session: str) -> HttpResponse:
    """Ask, then delete a session that nobody but organisers has seen."""
    found = session_of(lab, session)
    if request.method == "POST":
        words = _("Session “%(title)s” deleted.") % {"title": found.title}
        back = reverse("console_sessions", args=[lab.slug])
        is_gone = delete_or_say(
            request, found, lambda: delete_session(found, person(request)), words, back, lab=lab
        )
        return redirect(back) if is_gone else _back(found)
    if not may_be_deleted(found):
        facts = [
            _("This session has been visible to others. Cancel it instead, so that everyone is notified.")
        ]
        return _ask(request, found, _("This session cannot be deleted"), facts, "")
    facts = [
        _("Only organisers have seen it."),
        _("Its agenda and its list of speakers are deleted."),
    ]
    return _ask(request, found, _("Delete this session"), facts, _("Delete the session"), danger=True)
