"""Registering for everybody; registrations for organisers with a token of the scope. Attendance: `door_api`."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from ninja.errors import Throttled
from ninja.pagination import paginate

from core.api.api import FOR_EVERYBODY
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from core.timezones.zones import canonical_of
from core.web.domain_slips import meant_address
from core.web.email_addresses import address_key
from core.web.error_messages import messages_by_column
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address
from labs.api_authentication import account_of, lab_of_organiser, reader_of
from labs.api_idempotency import Key, run_once
from labs.current_viewer import get_visible_lab_or_404
from labs.models import ApiToken, Lab
from labs.viewer import Viewer
from registrations import managing, registering
from registrations.admission import may_hold
from registrations.availability import available_sessions
from registrations.erasure import about_address
from registrations.models import QuestionSet, Registration
from registrations.questionnaire import questionnaire_of
from registrations.questions_api import checked_answers
from registrations.registration_filters import RegistrationFilters
from registrations.registration_schemas import (
    AcceptedOut,
    DetailsIn,
    RegistrationIn,
    RegistrationOut,
    people_of,
    registration_data,
    registrations_data,
)
from sessions.models import Session

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope
# What the rules object to, by the name that the caller used.
FIELDS_OF_RULES = {
    "no_consent": "consent",
    "consent_changed": "consent",
    "document_changed": "documents",
    "document_missing": "documents",
    "document_unknown": "documents",
    "no_photos": "photos",
    "no_session": "sessions",
    "unknown_session": "sessions",
    "mode_missing": "modes",
    "mode_not_offered": "modes",
    "not_invited": "invitation",
    "invited_otherwise": "email",
    "needs_number": "queue_number",
    "not_your_turn": "queue_number",
    "number_used": "queue_number",
    "other_domain": "email",
}


@router.get("/labs/{lab}/registrations", response=list[RegistrationOut], url_name="registrations")
@paginate(BoundedPagination)
def registrations(request: HttpRequest, lab: str, filters: Query[RegistrationFilters]) -> Listing:
    """List registrations of a lab, newest first. Scope: registrations."""
    found = people_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS))
    return Listing(filters.apply(found), registrations_data)


def registration_of(lab: Lab, registration: UUID) -> Registration:
    return get_object_or_404(people_of(lab), public_id=registration)


@router.get("/labs/{lab}/registrations/{registration}", response=RegistrationOut, url_name="registration")
def registration(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Get a registration. Scope: registrations."""
    return registration_data(
        registration_of(lab_of_organiser(request, lab, Scope.REGISTRATIONS), registration)
    )


@router.post(
    "/labs/{lab}/registrations",
    response={202: AcceptedOut},
    url_name="register",
    openapi_extra=FOR_EVERYBODY,
)
def register(
    request: HttpRequest,
    lab: str,
    form: RegistrationIn,
    idempotency_key: Key,
) -> Status[dict[str, str | None]]:
    """Register a person for sessions. The registration is valid when the email is confirmed.

    The response does not say whether the email is already registered. No API key needed. With the header
    `Idempotency-Key`, a request repeated within a day has no effect.
    """
    found = get_visible_lab_or_404(reader_of(request), lab)
    if not allow("register", client_address(request), settings.REGISTRATIONS_PER_HOUR, 3600):
        raise Throttled(wait=3600)

    def operation() -> dict[str, Any]:
        try:
            viewer = reader_of(request)
            plan = plan_of(found, form, viewer)
            registering.submit(found, viewer, replace(plan, may_hold=may_hold(request, found)))
        except RuleViolation as error:
            field = FIELDS_OF_RULES.get(error.code)
            raise (Problem(errors={field: error.message}) if field else Problem(error.message)) from error
        except ValidationError as error:
            raise problem_of(error) from error
        return {}

    about = about_address(address_key(form.email))
    run_once(request, "register", idempotency_key, form, operation, about=about)
    detail = _(
        "We’re emailing the address a confirmation link. The registration is valid when it is confirmed."
    )
    return Status(202, {"detail": detail, "email_suggestion": meant_address(form.email)})


def plan_of(
    lab: Lab, form: RegistrationIn, viewer: Viewer, *, may_be_missing: bool = False
) -> registering.RegistrationPlan:
    """Turn slugs into rows. What the caller may not see is as unknown as what does not exist.

    Required answers to the lab's own questions `may_be_missing` where an organiser enters somebody.

    Raises Problem, and RuleViolation for sessions that nobody can choose any longer.
    """
    details, errors = details_of(lab, form)
    visible = Session.objects.filter(lab=lab).visible_to(viewer)
    known = set(visible.filter(slug__in=form.sessions).values_list("slug", flat=True))
    for place, slug in enumerate(form.sessions):
        if slug not in known:
            errors[f"sessions.{place}"] = _("This session is not in the lab.")
    if errors:
        raise Problem(errors=errors)
    open_to_choose = available_sessions(lab, viewer, timezone.now(), slugs=form.sessions)
    chosen = open_to_choose.choose(form.sessions, dict(form.modes))
    return registering.RegistrationPlan(
        details=details,
        email=form.email,
        choice=chosen,
        consent=form.consent,
        consent_language=form.language,
        answers=checked_answers(
            questionnaire_of(lab, QuestionSet.Stage.REGISTERING),
            [one.pk for one in chosen.sessions],
            form.answers,
            form.consents,
            may_be_missing=may_be_missing,
        ),
        invitation=form.invitation,
        queue_number=form.queue_number,
        consent_shown=form.consent_shown,
        photos=form.photos or "",
        documents=form.documents,
    )


def problem_of(error: ValidationError) -> Problem:
    """Return what does not fit a registration's columns, by the names that callers use."""
    said = messages_by_column(Registration(), error)
    return Problem(
        errors={"email" if name == "email_key" else name: " ".join(words) for name, words in said.items()}
    )


def details_of(lab: Lab, form: DetailsIn) -> tuple[registering.Details, dict[str, str]]:
    """Turn slugs into rows; return the details, and what is wrong with them by field."""
    errors: dict[str, str] = {}
    city = lab.programme.get_city(form.city) if form.city else None
    if form.city and city is None:
        errors["city"] = _("This city is not in the programme.")
    if form.city and form.city_text:
        errors["city_text"] = _("Send city or city_text, not both.")
    group = lab.programme.stakeholder_groups.filter(slug=form.stakeholder_group).first()
    if form.stakeholder_group and group is None:
        errors["stakeholder_group"] = _("The programme has no such type of organisation.")
    zone = canonical_of(form.time_zone)
    if not zone:
        errors["time_zone"] = _("This is not a time zone. Send a name like Europe/Sofia.")
    details = registering.Details(
        name=form.name,
        language=form.language,
        time_zone=zone,
        city=city,
        city_text=form.city_text,
        organisation=form.organisation,
        stakeholder_group=group,
    )
    return details, errors


@router.post(
    "/labs/{lab}/registrations/{registration}/cancel",
    response=RegistrationOut,
    url_name="cancel_registration",
)
def cancel(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Cancel a registration, give its seats to the waiting list and email the person. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = registration_of(found, registration)
    managing.cancel(row, by=account_of(request))
    return registration_data(registration_of(found, registration))
