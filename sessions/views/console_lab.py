"""The console of a lab itself: what it says and who sees it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from core.timezones.zones import is_canonical
from core.web.forms.sections import LANGUAGE_SHOWN, language_shown, section_states
from labs import access, lab_editing
from labs.current_viewer import viewer_of
from labs.forms.labs import SECTIONS, LabForm
from labs.models import Lab, Programme
from labs.revisions import lock_row
from labs.views.form_posts import ask, create_with, delete_or_say, edit_row, form_page, person
from sessions import lab_dates, zone_changes
from sessions.models import Session

ASKED = gettext_lazy(
    "If you choose another time zone, the next page asks what stays: the hours or the moment."
)


@access.owner
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, programme: Programme) -> HttpResponse:
    """Make a lab."""
    form = LabForm(request.POST or None, request.FILES or None, programme=programme)

    def create() -> dict[str, object]:
        lab = lab_editing.create_lab(programme, form.plan, person(request))
        _set_pictures(lab, form, request)
        return {"lab": lab.slug}

    result = create_with(request, form, "console.lab", create)
    if result:
        messages.success(
            request,
            _("Lab created as a draft: only you and the other organisers can see it. Add its sessions next."),
        )
        return redirect("console_lab", result["lab"])
    sections = section_states(form, SECTIONS)
    return form_page(
        request, "sessions/console/lab_form.html", form, programme=programme, new=True, sections=sections
    )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab) -> HttpResponse:
    """What the lab says of itself."""
    programme = lab.programme
    before: dict[str, str] = {}
    zone = _zone_to_ask_about(request, lab)

    @transaction.atomic
    def save(form: LabForm) -> None:
        before.update(zone=lab.time_zone, colour=lab.colour)
        # Before the words that a picture needs, and after them.
        _set_pictures(lab, form, request, removing=True)
        lab_editing.change_lab(lab, form.plan, person(request))
        _set_pictures(lab, form, request)

    form, is_saved = edit_row(
        request,
        lab,
        lock_row,
        lambda data, lab: LabForm(
            _with_zone(data, lab.time_zone) if zone else data,
            request.FILES or None,
            programme=programme,
            lab=lab,
        ),
        save,
    )
    if zone and not is_saved:
        form.data = _with_zone(form.data, zone)  # shown as it was typed
    if is_saved and zone:
        messages.success(request, _("Lab saved."))
        return redirect(f"{reverse('console_lab_zone', args=[lab.slug])}?{urlencode({'zone': zone})}")
    if is_saved:
        messages.success(request, _("Lab saved."))
        _say_what_follows(request, lab, before["zone"], before["colour"])
        return redirect(_edit_page(lab, request.POST.get(LANGUAGE_SHOWN, "")))
    if form.is_bound:
        lab.refresh_from_db()
    return form_page(
        request,
        "sessions/console/lab_form.html",
        form,
        lab=lab,
        programme=programme,
        section="settings",
        tab="lab",
        zone_note=ASKED if zone_changes.is_asked(lab) else lab_dates.zone_change_text(lab),
        sections=section_states(form, SECTIONS, missing=_missing(lab)),
    )


def _zone_to_ask_about(request: HttpRequest, lab: Lab) -> str:
    """Return the other zone that was typed, where it is asked on the next page what it means; else ""."""
    typed = request.POST.get("time_zone", "")
    is_other = is_canonical(typed) and typed != lab.time_zone
    return typed if is_other and zone_changes.is_asked(lab) else ""


def _with_zone(data: Any, zone: str) -> Any:
    """Return the answers with this zone, in which the hours of registration are meant."""
    if data is None:
        return None
    changed = data.copy()
    changed["time_zone"] = zone
    return changed


def _missing(lab: Lab) -> dict[str, list[str]]:
    """Return what the lab lacks, in words, by section of its form."""
    found = {}
    if lab.registration_opens_at is None:
        found["registration"] = [_("No opening time")]
    return found


def _edit_page(lab: Lab, language: str) -> str:
    """Return the address of the form, whose texts are shown in the same language as before."""
    shown = language_shown(language, lab.languages)
    query = f"?{LANGUAGE_SHOWN}={shown}" if shown != lab.languages[0] else ""
    return reverse("console_lab_edit", args=[lab.slug]) + query


def _set_pictures(lab: Lab, form: LabForm, request: HttpRequest, *, removing: bool = False) -> None:
    """Set the logo and the signature that the form brings, or remove those that it takes away."""
    setters = {"logo": lab_editing.set_logo, "signature": lab_editing.set_signature}
    for name, data in form.pictures.items():
        if (data is None) == removing:
            setters[name](lab, data, person(request))


def _say_what_follows(request: HttpRequest, lab: Lab, zone: str, colour: str) -> None:
    """Tell what else a new zone or colour means."""
    if lab.time_zone != zone:
        messages.info(request, lab_dates.zone_change_text(lab))
    if lab.colour and lab.colour != colour and lab.theme_values.get("lab") != lab.colour:
        messages.info(
            request,
            _("White text needs a darker background than %(picked)s, so pages use %(used)s.")
            % {"picked": lab.colour, "used": lab.theme_values.get("lab")},
        )


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then show the lab to everybody."""
    if request.method == "POST":
        lab_editing.publish_lab(lab, person(request))
        messages.success(request, _("Lab published."))
        return redirect("console_lab", lab.slug)
    sessions = lab.sessions.all()
    public = sessions.filter(visibility=Session.Visibility.PUBLIC).count()
    facts = [
        ngettext(
            "Everyone can see its pages and %(count)d public session.",
            "Everyone can see its pages and %(count)d public sessions.",
            public,
        )
        % {"count": public},
        _("People can subscribe to its calendars, and search engines can find it."),
        _("Drafts and internal sessions stay hidden."),
    ]
    if lab.registration_opens_at is None:
        facts.append(_("Nobody can register yet: you have not set when registration opens."))
    return ask(request, lab, _("Publish this lab"), facts, _("Publish"))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def unpublish(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then take the lab back into the drafts."""
    if request.method == "POST":
        lab_editing.unpublish_lab(lab, person(request))
        messages.success(request, _("Lab changed to a draft."))
        return redirect("console_lab", lab.slug)
    seats = lab_dates.seats_of(lab)
    facts = [
        _("Only its organisers can see its pages, calendars and registration until you publish it again."),
        _("No one is notified."),
    ]
    if seats:
        facts.insert(
            1,
            ngettext(
                "%(count)d seat is taken in its sessions. The holder keeps it, but cannot see the lab in the "
                "meantime.",
                "%(count)d seats are taken in its sessions. The holders keep them, but cannot see the lab in "
                "the meantime.",
                seats,
            )
            % {"count": seats},
        )
    return ask(request, lab, _("Change this lab to a draft"), facts, _("Change to draft"), danger=True)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, lab: Lab) -> HttpResponse:
    """Ask, then delete a lab in which nothing has happened; for owners of the programme."""
    if not viewer_of(request).owns(lab.programme_id):
        raise Http404
    if request.method == "POST":
        words = _("Lab “%(title)s” deleted.") % {"title": lab.title}
        back = reverse("console_lab", args=[lab.slug])
        is_gone = delete_or_say(
            request,
            lab,
            lambda: lab_editing.delete_lab(lab, person(request)),
            words,
            back,
            programme=lab.programme,
        )
        return redirect("organise") if is_gone else redirect("console_lab_edit", lab.slug)
    if not lab_dates.may_be_deleted(lab):
        facts = [
            _("Its sessions have been visible to others, or it has registrations or emails."),
            _("Change it to a draft instead: then only its organisers can see it."),
        ]
        return ask(request, lab, _("This lab cannot be deleted"), facts, "")
    facts = [
        _("Its settings, headings, tracks, rooms and roles are deleted."),
        _("Its address can be given to another lab."),
    ]
    drafts = lab.sessions.count()
    if drafts:
        facts.insert(
            0,
            ngettext(
                "Its %(count)d session, which nobody has seen yet, is also deleted.",
                "Its %(count)d sessions, which nobody has seen yet, are also deleted.",
                drafts,
            )
            % {"count": drafts},
        )
    return ask(request, lab, _("Delete this lab"), facts, _("Delete the lab"), danger=True)
