"""What organisers change of one person, with a token of the scope: details, answers, address, seats, link, erasing."""

from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from core.accounts.models import User
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.models import ApiToken, Lab
from registrations import erasure, managing, organiser_actions, own_answers
from registrations.api import details_of, problem_of, registration_of
from registrations.models import QuestionSet, Registration
from registrations.question_schemas import ANSWERS_FORMAT
from registrations.questions_api import checked_answers
from registrations.registration_schemas import DetailsIn, RegistrationOut, registration_data
from sessions.models import Session

router = Router(tags=["Registrations and attendance"])

PERSON = "/labs/{lab}/registrations/{registration}"


class EmailIn(Schema):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=254)


class AnswersIn(Schema):
    model_config = ConfigDict(extra="forbid")

    answers: dict[str, Any] = Field(
        max_length=200,
        json_schema_extra=ANSWERS_FORMAT,
        description="All answers to the questions of the set, by slug: text, a number, true or false, or a list of "
        "slugs of choices. What is left out is no longer answered; files stay as they are",
    )


class SeatIn(Schema):
    model_config = ConfigDict(extra="forbid")

    mode: Literal["room", "online"] | None = Field(
        None, description="How to attend. Required for a hybrid session in which the person has no seat"
    )


class LinkOut(Schema):
    is_new: bool = Field(
        description="False: the link was sent less than 20 minutes ago, and is not sent again"
    )


def _found(request: HttpRequest, lab: str, registration: UUID) -> tuple[Lab, Registration, User]:
    found = lab_of_organiser(request, lab, ApiToken.Scope.REGISTRATIONS)
    account = account_of(request)
    if account is None:
        raise Problem(status=403)
    row = registration_of(found, registration)
    row.lab = found
    return found, row, account


def _session(lab: Lab, slug: str) -> Session:
    return get_object_or_404(Session.objects.select_related("lab__programme"), lab=lab, slug=slug)


@router.put(f"{PERSON}/details", response=RegistrationOut, url_name="change_details")
def change_details(request: HttpRequest, lab: str, registration: UUID, form: DetailsIn) -> dict[str, Any]:
    """Replace the details of a person, who sees it in the history. Scope: registrations.

    409: the registration is not confirmed, somebody else has this name and email, or a quota is full.
    """
    found, row, account = _found(request, lab, registration)
    details, errors = details_of(found, form)
    if errors:
        raise Problem(errors=errors)
    try:
        managing.change_details(row, details, account)
    except ValidationError as error:
        raise problem_of(error) from error
    return registration_data(registration_of(found, registration))


@router.put(f"{PERSON}/answers/{{question_set}}", response=RegistrationOut, url_name="change_answers")
def change_answers(
    request: HttpRequest, lab: str, registration: UUID, question_set: str, form: AnswersIn
) -> dict[str, Any]:
    """Replace the answers of a person to the questions of one set, also after the lab. Scope: registrations.

    The person is not emailed, and sees in the history that an organiser did. Not for sets that only named people read.
    409: the registration is not confirmed, or the questions are not asked of this person.
    """
    found, row, account = _found(request, lab, registration)
    get_object_or_404(QuestionSet, lab=found, slug=question_set)
    with transaction.atomic():
        # What is asked depends on the person's seats.
        row = managing.lock_registration(row)
        own = own_answers.set_for_organiser(row, question_set)
        held = own_answers.held_places(row)
        given = checked_answers(own.questions, own.session_ids, form.answers, (), held=held)
        uploads = own_answers.check_uploads(own, given, {}, ())
        own_answers.change(row, own, given, uploads, (), account)
    return registration_data(registration_of(found, registration))


@router.put(f"{PERSON}/email", response=RegistrationOut, url_name="correct_address")
def correct_address(request: HttpRequest, lab: str, registration: UUID, form: EmailIn) -> dict[str, Any]:
    """Correct the address, on your word, and email the private link to it. Scope: registrations.

    All links sent so far stop working. 409: the registration is cancelled, registration is closed and the address was
    never confirmed, or somebody else has this name and email.
    """
    found, row, account = _found(request, lab, registration)
    try:
        organiser_actions.correct_address(row, form.email, account)
    except ValidationError as error:
        raise problem_of(error) from error
    return registration_data(registration_of(found, registration))


@router.post(f"{PERSON}/link", response=LinkOut, url_name="send_link")
def send_link(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Email the private link again, or the request to confirm. Scope: registrations.

    409: the registration is cancelled, or registration is closed and the address was never confirmed.
    """
    _lab, row, _account = _found(request, lab, registration)
    _message, is_new = organiser_actions.send_link(row)
    return {"is_new": is_new}


@router.put(f"{PERSON}/seats/{{session}}", response=RegistrationOut, url_name="give_seat")
def give_seat(
    request: HttpRequest, lab: str, registration: UUID, session: str, form: SeatIn
) -> dict[str, Any]:
    """Give a seat, or the next place in the waiting list; the person is emailed. Scope: registrations.

    Registration may be closed. A seat that the person has changes the mode, if another is sent. 409: the registration
    is not confirmed, no mode is sent where one is needed, the session is full and keeps no waiting list, is over or
    cancelled, or a quota is full.
    """
    found, row, account = _found(request, lab, registration)
    organiser_actions.give_seat(row, _session(found, session), account, form.mode or "")
    return registration_data(registration_of(found, registration))


@router.delete(f"{PERSON}/seats/{{session}}", response={204: None}, url_name="take_seat_back")
def take_back(request: HttpRequest, lab: str, registration: UUID, session: str) -> Status[None]:
    """Take a seat or a place in the waiting list away; the next person is seated. Scope: registrations.

    The person is emailed. 409: the registration is not confirmed, or the session is over.
    """
    found, row, account = _found(request, lab, registration)
    organiser_actions.take_back(row, _session(found, session), account)
    return Status(204, None)


@router.post(f"{PERSON}/erase", response={204: None}, url_name="erase_registration")
def erase(request: HttpRequest, lab: str, registration: UUID) -> Status[None]:
    """Erase the personal data of a person. This cannot be undone. Scope: registrations.

    Seats in coming sessions go to the next people. Counts and certificates stay, without the name.
    """
    _lab, row, account = _found(request, lab, registration)
    erasure.erase(row, account)
    return Status(204, None)
