"""The console's page of one person, and the actions of organisers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.mail import message_list
from core.mail.message_counts import NOT_ARRIVED
from core.mail.models import Message
from core.web.error_messages import messages_by_column
from core.web.errors import RuleViolation
from core.web.forms.editing import was_edited
from labs import access
from labs.current_viewer import viewer_of
from labs.models import Lab
from labs.views import form_posts
from registrations import (
    erasure,
    managing,
    organiser_actions,
    pending_transfers,
    proof,
    protected_answers,
    search,
    tags,
)
from registrations.changes import changes_of
from registrations.console_forms import AddressForm, PersonForm, SeatForm
from registrations.console_people_forms import NoteForm, TagForm
from registrations.models import Attendance, Registration, Seat, SeatMovement
from registrations.models.people import RegistrationQuerySet
from registrations.models.seats import ACTIVE, waiting_positions
from registrations.own_answers import ordinary_sets
from registrations.reachability import last_trouble
from sessions.models import Session
from sessions.models.agenda import to_come

State = Registration.State


@dataclass(frozen=True)
class SeatRow:
    """One session of the person: the seat, its place in line, how it came so, and whether he or she was there."""

    session: Session
    seat: Seat | None
    position: int | None
    movements: tuple[SeatMovement, ...]
    attendance: Attendance | None
    is_over: bool

    @property
    def can_be_taken_back(self) -> bool:
        return self.seat is not None and self.seat.state in ACTIVE and not self.is_over


@dataclass(frozen=True)
class MailRow:
    """An email to the person. `can_be_resent`: it did not arrive, and the address is still this one."""

    message: Message
    occasion: str
    can_be_resent: bool


@access.organiser
@require_safe
def registration(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """The page of one person."""
    return _page(request, lab, _get_person(lab, registration))


def _page(
    request: HttpRequest, lab: Lab, person: Registration, form: SeatForm | None = None, status: int = 200
) -> HttpResponse:
    rows = _seat_rows(person)
    held = [row.seat for row in rows if row.seat and row.seat.state in ACTIVE]
    written = Message.objects.filter(registration=person).without_content()
    context = _context(
        lab,
        person,
        rows=rows,
        attended=person.attendances.ended().count(),
        form=form or _seat_form(lab, person, rows),
        answer_sets=ordinary_sets(person, held, timezone.now(), get_language() or "en"),
        protected_sets=protected_answers.readable_sets(viewer_of(request), lab),
        mails=[
            MailRow(
                message,
                message_list.occasion_in_words(message.occasion),
                message.state in NOT_ARRIVED and message.to_email == person.email,
            )
            for message in written
        ],
        trouble=last_trouble(person, written),
        pending_transfer=pending_transfers.of(person),
        own_tags=tags.tag_names([person.pk]).get(person.pk, []),
        tags=tags.tags_of(lab),
        notes=person.notes.select_related("by"),
        tag_form=TagForm(auto_id="tag_%s"),
        note_form=NoteForm(auto_id="note_%s"),
        changes=changes_of(person, get_language() or "en"),
    )
    return render(request, "registrations/console/person.html", context, status=status)


def _seat_rows(person: Registration) -> list[SeatRow]:
    """Return the sessions that the person chose or attended, in their order. Four queries."""
    now = timezone.now()
    movements = Prefetch("movements", SeatMovement.objects.select_related("by").order_by("at", "pk"))
    held = {
        seat.session_id: seat
        for seat in Seat.objects.filter(registration=person)
        .select_related("session__room")
        .prefetch_related(movements)
    }
    there = {
        attendance.session_id: attendance
        for attendance in Attendance.objects.filter(registration=person).select_related("session", "taken_by")
    }
    positions = waiting_positions(held.values())
    sessions = {seat.session for seat in held.values()} | {
        attendance.session for attendance in there.values()
    }
    return [
        SeatRow(
            session=session,
            seat=(seat := held.get(session.pk)),
            position=positions.get(seat.pk) if seat else None,
            movements=tuple(seat.movements.all()) if seat else (),
            attendance=there.get(session.pk),
            is_over=session.is_over(now),
        )
        for session in sorted(sessions, key=lambda one: (one.starts_at, one.pk))
    ]


def _seat_form(
    lab: Lab, person: Registration, rows: list[SeatRow] | None = None, data: QueryDict | None = None
) -> SeatForm:
    """Offer the sessions in which the person could get a seat and has none."""
    now = timezone.now()
    rows = _seat_rows(person) if rows is None else rows
    held = {row.session.pk for row in rows if row.seat and row.seat.state in ACTIVE}
    free = Session.objects.filter(to_come(now), lab=lab).exclude(pk__in=held)
    return SeatForm(data, lab=lab, sessions=list(free.order_by("starts_at", "pk")))


@access.organiser
@require_POST
def give_seat(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Give a seat in one more session; registration need not be open."""
    person = _get_person(lab, registration)
    form = _seat_form(lab, person, data=request.POST)
    if not form.is_valid():
        return _page(request, lab, person, form, status=422)
    try:
        seat = organiser_actions.give_seat(person, form.chosen, form_posts.person(request))
    except RuleViolation as violation:
        form.add_error("session", violation.message)
        return _page(request, lab, person, form, status=422)
    if seat.state == Seat.State.WAITING:
        messages.warning(
            request, _("The session is full. The person is now on its waiting list. An email will be sent.")
        )
    else:
        messages.success(request, _("Seat added. An email will be sent."))
    return _back(person)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, lab: Lab, registration: UUID, session: str) -> HttpResponse:
    """Take one seat back, after a confirmation page."""
    person = _get_person(lab, registration)
    row = next((row for row in _seat_rows(person) if row.session.slug == session), None)
    if row is None or not row.can_be_taken_back:
        raise Http404
    if request.method == "POST":
        take_seat = partial(organiser_actions.take_back, person, row.session, form_posts.person(request))
        return _done(request, person, take_seat, _("Seat removed. An email will be sent."))
    return render(request, "registrations/console/take_back.html", _context(lab, person, row=row))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Correct name, city and the like."""
    person = _people(lab).filter(public_id=registration).first()
    if person is None or person.state != State.CONFIRMED:
        return _too_late(request, lab, person)

    def save(form: PersonForm) -> None:
        try:
            managing.change_details(person, form.details, form_posts.person(request))
        except RuleViolation as violation:
            form.add_error(None, violation.message)

    try:
        form, is_saved = form_posts.edit_row(
            request,
            person,
            managing.lock_registration,
            lambda data, person: PersonForm(data, person=person),
            save,
        )
    except RuleViolation:
        return _too_late(request, lab, None)
    if is_saved:
        messages.success(request, _("Details saved."))
        return _back(person)
    if form.errors:
        form.offer_everything()
    return form_posts.form_page(request, "registrations/console/edit.html", form, **_context(lab, person))


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Correct the email address; the link goes to the new one."""
    person = _people(lab).filter(public_id=registration).first()
    if person is None or person.state == State.CANCELLED:
        return _too_late(request, lab, person)
    sent: list[Message] = []

    def save(form: AddressForm) -> None:
        try:
            message = organiser_actions.correct_address(
                person, form.cleaned_data["email"], form_posts.person(request)
            )
        except RuleViolation as violation:
            form.add_error("email", violation.message)
        except ValidationError as error:
            form.add_error(
                "email", [text for some in messages_by_column(person, error).values() for text in some]
            )
        else:
            sent.extend([message] if message else [])

    try:
        form, is_saved = form_posts.edit_row(
            request,
            person,
            managing.lock_registration,
            lambda data, person: AddressForm(data, person=person),
            save,
        )
    except RuleViolation:
        return _too_late(request, lab, None)
    if is_saved:
        if sent:
            messages.success(request, _("Address corrected. An email with the link will be sent."))
        else:
            messages.info(request, _("The address is the same as before. Nothing was changed."))
        return _back(person)
    return form_posts.form_page(request, "registrations/console/address.html", form, **_context(lab, person))


def _too_late(request: HttpRequest, lab: Lab, person: Registration | None) -> HttpResponse:
    """Tell whoever had a form open that the person was erased or cancelled meanwhile; to others it never was there."""
    if not was_edited(request):
        raise Http404
    if person is None:
        messages.error(request, _("This registration no longer exists."))
        return redirect("console_registrations", lab.slug)
    messages.error(request, _("This registration is not confirmed or is cancelled."))
    return _back(person)


@access.organiser
@require_POST
def send_link(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Send the private link, or the email that asks to confirm, again."""
    person = _get_person(lab, registration)
    try:
        _message, is_new = organiser_actions.send_link(person)
    except RuleViolation as violation:
        messages.error(request, violation.message)
    else:
        if is_new:
            messages.success(request, _("An email with the link will be sent."))
        else:
            messages.info(request, _("An email with the link was requested less than 20 minutes ago."))
    return _back(person)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Cancel the registration, after a confirmation page."""
    person = _get_person(lab, registration)
    if person.state == State.CANCELLED:
        raise Http404
    if request.method == "POST":
        words = _("Registration cancelled. Free seats went to the next people on the waiting list.")
        return _done(request, person, partial(managing.cancel, person, form_posts.person(request)), words)
    context = _context(lab, person, rows=[row for row in _seat_rows(person) if row.can_be_taken_back])
    return render(request, "registrations/console/cancel.html", context)


@access.organiser
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, lab: Lab, registration: UUID) -> HttpResponse:
    """Erase the person, after a page about what is erased and what is kept."""
    person = _get_person(lab, registration)
    if request.method == "POST":
        erasure.erase(person, form_posts.person(request))
        messages.success(request, _("Personal data deleted."))
        return redirect("console_registrations", lab.slug)
    rows = _seat_rows(person)
    context = _context(
        lab,
        person,
        rows=[row for row in rows if row.can_be_taken_back],
        attended=person.attendances.taking_place().count(),
        mails=Message.objects.filter(registration=person).count(),
        answers=person.answers.exists(),
        held=proof.rules_that_hold(person),
    )
    return render(request, "registrations/console/erase.html", context)


def _get_person(lab: Lab, public_id: UUID) -> Registration:
    """Return a registration of this lab that is not erased, or raise Http404."""
    return get_object_or_404(_people(lab), public_id=public_id)


def _people(lab: Lab) -> RegistrationQuerySet:
    return search.registrations_of(lab).select_related(
        "city", "stakeholder_group", "lab__programme", "entered_by", "consent_version"
    )


def _context(lab: Lab, person: Registration, **more: object) -> dict[str, Any]:
    return {
        "lab": lab,
        "section": "registrations",
        "registration": person,
        "zone": lab.time_zone,
        "now": timezone.now(),
        **more,
    }


def _done(
    request: HttpRequest, person: Registration, action: Callable[[], object], words: str
) -> HttpResponse:
    """Act, say what came of it (`words`, or why not), and return to the person's page."""
    try:
        action()
    except RuleViolation as violation:
        messages.error(request, violation.message)
    else:
        messages.success(request, words)
    return _back(person)


def _back(person: Registration) -> HttpResponse:
    return redirect("console_registration", person.lab.slug, person.public_id)
