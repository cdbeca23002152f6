"""What organisers do with registrations, with a token of the scope: enter, confirm, tag, note."""

from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.accounts.models import User
from core.api.datetimes import instant_text
from core.api.pagination import BoundedPagination, Listing
from core.api.problems import Problem
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.current_viewer import viewer_for
from labs.models import ApiToken, Lab
from registrations import adding, organiser_actions, photos, tags, transfers
from registrations.api import plan_of, problem_of, registration_of
from registrations.models import Note
from registrations.models.tags import MAX_NOTE
from registrations.registration_schemas import RegistrationIn, RegistrationOut, registration_data

router = Router(tags=["Registrations and attendance"])

Scope = ApiToken.Scope


class EnteredIn(RegistrationIn):
    """Answers of a person whom an organiser enters."""

    confirmed: StrictBool = Field(
        description="True: the person has agreed, and is registered at once, also if registration is closed. "
        "False: the person is asked by email to confirm, which also gives the consent"
    )


class PhotosIn(Schema):
    model_config = ConfigDict(extra="forbid")

    photos: Literal["yes", "no"] | None = Field(
        description="Whether photos may be taken of the person. Null: the person has not said anything"
    )


class NoteIn(Schema):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=MAX_NOTE)


class NoteOut(Schema):
    text: str
    at: datetime
    by: str | None = Field(description="Name of the organiser")


def note_data(note: Note) -> dict[str, Any]:
    return {"text": note.text, "at": instant_text(note.at), "by": str(note.by) if note.by else None}


def _lab(request: HttpRequest, lab: str) -> Lab:
    return lab_of_organiser(request, lab, Scope.REGISTRATIONS)


def _account(request: HttpRequest) -> User:
    """Return the account of a token; an organiser has one."""
    account = account_of(request)
    if account is None:
        raise Problem(status=403)
    return account


@router.post(
    "/labs/{lab}/registrations/entered", response={201: RegistrationOut}, url_name="enter_registration"
)
def enter(request: HttpRequest, lab: str, form: EnteredIn, idempotency_key: Key) -> Status[dict[str, Any]]:
    """Enter a person who did not use the form. Scope: registrations.

    The person gets the confirmation with the private link, or an email that asks to confirm. Internal sessions can be
    chosen too. `consent` says that the person has agreed; it is needed with `confirmed`.
    """
    found = _lab(request, lab)
    account = _account(request)

    def operation() -> dict[str, Any]:
        plan = plan_of(found, form, viewer_for(account), may_be_missing=True)
        try:
            made = adding.add(found, plan, account, at_once=form.confirmed)
        except ValidationError as error:
            raise problem_of(error) from error
        return {"registration": str(made.public_id)}

    made = run_once(request, "enter_registration", idempotency_key, form, operation)
    return Status(201, registration_data(registration_of(found, UUID(made["registration"]))))


@router.post(
    "/labs/{lab}/registrations/{registration}/confirm",
    response=RegistrationOut,
    url_name="confirm_registration",
)
def confirm(request: HttpRequest, lab: str, registration: UUID) -> dict[str, Any]:
    """Confirm a registration on your word: the email counts as confirmed and seats are taken. Scope: registrations.

    The person gets the confirmation by email. Registration may be closed. Answers 409 for somebody whom a city
    nominated and who has not accepted: nobody else can consent.
    """
    found = _lab(request, lab)
    organiser_actions.confirm(registration_of(found, registration), _account(request))
    return registration_data(registration_of(found, registration))


@router.put(
    "/labs/{lab}/registrations/{registration}/photos", response=RegistrationOut, url_name="choose_photos"
)
def choose_photos(request: HttpRequest, lab: str, registration: UUID, form: PhotosIn) -> dict[str, Any]:
    """Record what a person said about photos and recordings. The person is not emailed. Scope: registrations."""
    found = _lab(request, lab)
    photos.choose(registration_of(found, registration), form.photos or "", _account(request))
    return registration_data(registration_of(found, registration))


@router.put(
    "/labs/{lab}/registrations/{registration}/tags/{tag}",
    response=RegistrationOut,
    url_name="tag_registration",
)
def tag(request: HttpRequest, lab: str, registration: UUID, tag: str) -> dict[str, Any]:
    """Add a tag, which only organisers see. Scope: registrations."""
    found = _lab(request, lab)
    row = registration_of(found, registration)
    row.lab = found
    if len(tag) > 40 or not tag.strip():
        raise Problem(errors={"tag": _("Enter a tag of at most 40 characters.")})
    tags.tag(row, tag)
    return registration_data(registration_of(found, registration))


@router.delete(
    "/labs/{lab}/registrations/{registration}/tags/{tag}", response={204: None}, url_name="untag_registration"
)
def untag(request: HttpRequest, lab: str, registration: UUID, tag: str) -> Status[None]:
    """Remove a tag. Scope: registrations."""
    found = _lab(request, lab)
    row = registration_of(found, registration)
    row.lab = found
    tags.untag(row, tag)
    return Status(204, None)


@router.get(
    "/labs/{lab}/registrations/{registration}/notes", response=list[NoteOut], url_name="registration_notes"
)
@paginate(BoundedPagination)
def notes(request: HttpRequest, lab: str, registration: UUID) -> Listing:
    """List the notes of organisers about a person, newest first. Scope: registrations."""
    row = registration_of(_lab(request, lab), registration)
    return Listing(Note.objects.filter(registration=row).select_related("by"), partial(map, note_data))


@router.post(
    "/labs/{lab}/registrations/{registration}/notes",
    response={201: NoteOut},
    url_name="add_registration_note",
)
def add_note(
    request: HttpRequest, lab: str, registration: UUID, form: NoteIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Write a note, which only organisers see. It is deleted with the person's data. Scope: registrations."""
    row = registration_of(_lab(request, lab), registration)

    def operation() -> dict[str, Any]:
        return {"note": tags.write_note(row, form.text, _account(request)).pk}

    made = run_once(request, "add_registration_note", idempotency_key, form, operation)
    written = Note.objects.select_related("by").filter(registration=row, pk=made["note"]).first()
    if written is None:
        raise Problem(_("This note was deleted."), status=409)
    return Status(201, note_data(written))


@router.delete(
    "/labs/{lab}/registrations/{registration}/transfer", response={204: None}, url_name="end_transfer"
)
def end_transfer(request: HttpRequest, lab: str, registration: UUID) -> Status[None]:
    """End the offer of a place to a colleague; the person keeps it and is emailed. Scope: registrations."""
    found = _lab(request, lab)
    row = registration_of(found, registration)
    row.lab = found
    transfers.take_back(row, by=_account(request))
    return Status(204, None)
