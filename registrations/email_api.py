"""The API of a lab's emails: the texts that organisers change, reminders, and what became of each email."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import FilterSchema, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field

from core.api.datetimes import instant_text
from core.api.openapi import INLINE_SCHEMA
from core.api.pagination import BoundedPagination, Listing
from core.mail import delivery, email_templates, message_list
from core.mail.message_counts import messages_of
from core.mail.models import EmailTemplate, Message
from core.mail.placeholders import OF_OCCASION
from labs.api_authentication import lab_of_organiser
from labs.models import ApiToken, Lab
from labs.revisions import lock_lab
from registrations import reminders
from registrations.models.reminders import MAX_HOURS

router = Router(tags=["Emails"])

Scope = ApiToken.Scope
Occasion = Annotated[str, Field(max_length=40, description="Kind of email, such as `confirmation`")]
Language = Literal["en", "bg", "el"]


class EmailTextsIn(Schema):
    """The texts of a lab for one kind of email. An empty one keeps the standard text."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field("", max_length=150, description="One line, with placeholders")
    introduction: str = Field(
        "",
        max_length=EmailTemplate.TEXT_LENGTH,
        description="Markdown, with placeholders. Takes the place of the first paragraph",
    )
    closing: str = Field(
        "", max_length=EmailTemplate.TEXT_LENGTH, description="Markdown, with placeholders. Added at the end"
    )


class EmailTextsOut(Schema):
    occasion: Occasion
    language: Language
    subject: str = Field(description="Empty: the standard subject")
    introduction: str = Field(description="Empty: the standard introduction")
    closing: str = Field(description="Empty: no closing")
    placeholders: list[str] = Field(description="What the texts may contain, such as `{name}`")


def texts_data(row: EmailTemplate) -> dict[str, Any]:
    return {
        "occasion": row.occasion,
        "language": row.language,
        **{name: getattr(row, name) for name in email_templates.COLUMNS},
        "placeholders": [email_templates.sample_text(name) for name in OF_OCCASION[row.occasion]],
    }


@router.get("/labs/{lab}/email-texts", response=list[EmailTextsOut], url_name="email_texts")
@paginate(BoundedPagination)
def texts(request: HttpRequest, lab: str) -> Listing:
    """List the email texts that the lab has changed. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    rows = EmailTemplate.objects.filter(lab=found).order_by("occasion", "language")
    return Listing(rows, partial(map, texts_data))


@router.get("/labs/{lab}/email-texts/{occasion}/{language}", response=EmailTextsOut, url_name="email_text")
def text(request: HttpRequest, lab: str, occasion: str, language: str) -> dict[str, Any]:
    """Get the lab's texts of one kind of email, all empty if they are standard. Scope: emails."""
    return texts_data(_stored_or_standard(lab_of_organiser(request, lab, Scope.EMAILS), occasion, language))


@router.put(
    "/labs/{lab}/email-texts/{occasion}/{language}", response=EmailTextsOut, url_name="change_email_text"
)
def change(
    request: HttpRequest, lab: str, occasion: str, language: str, texts: EmailTextsIn
) -> dict[str, Any]:
    """Change the lab's texts of one kind of email. Emails that have been sent stay as they are. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    _stored_or_standard(found, occasion, language)
    with transaction.atomic():
        lock_lab(found.pk)
        email_templates.save(
            found.pk, occasion, language, email_templates.TemplateTexts(**texts.model_dump())
        )
    return texts_data(_stored_or_standard(found, occasion, language))


@router.delete(
    "/labs/{lab}/email-texts/{occasion}/{language}", response={204: None}, url_name="reset_email_text"
)
def reset(request: HttpRequest, lab: str, occasion: str, language: str) -> Status[None]:
    """Use the standard texts of one kind of email again. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    _stored_or_standard(found, occasion, language)
    with transaction.atomic():
        lock_lab(found.pk)
        email_templates.save(found.pk, occasion, language, email_templates.TemplateTexts())
    return Status(204, None)


class RemindersIn(Schema):
    model_config = ConfigDict(extra="forbid")

    hours: list[Annotated[int, Field(ge=1, le=MAX_HOURS, strict=True)]] = Field(
        max_length=reminders.MAX_RULES, description="Hours before each session, such as 24 and 168"
    )


class RemindersOut(Schema):
    hours: list[int] = Field(description="Hours before each session, the longest first")


@router.get("/labs/{lab}/reminders", response=RemindersOut, url_name="reminders")
def get_reminders(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get when people with a seat are reminded of each session. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    return {"hours": [rule.hours for rule in found.reminder_rules.all()]}


@router.put("/labs/{lab}/reminders", response=RemindersOut, url_name="change_reminders")
def change_reminders(request: HttpRequest, lab: str, wanted: RemindersIn) -> dict[str, Any]:
    """Change when people with a seat are reminded of each session. Scope: emails."""
    rules = reminders.set_rules(lab_of_organiser(request, lab, Scope.EMAILS), wanted.hours)
    return {"hours": [rule.hours for rule in rules]}


class EmailOut(Schema):
    id: UUID
    occasion: str = Field(description="Kind of email, such as `confirmation`")
    registration: UUID | None = Field(description="ID of the registration that it is about")
    to_name: str
    to_email: str
    language: str
    subject: str
    state: Annotated[Message.State, INLINE_SCHEMA] = Field(
        description="Sent: the recipient's server or the provider took it. Delivered, bounced and complained come "
        "from the provider. Whether it is opened is not recorded"
    )
    last_error: str
    attempts: int
    created_at: datetime


class EmailFilters(FilterSchema):
    state: Annotated[Message.State, INLINE_SCHEMA] | None = Field(None, description="If omitted, any state")
    occasion: str | None = Field(None, max_length=40, description="Kind of email")
    search: str | None = Field(None, max_length=100, description="Parts of a name or address")


def email_data(row: Message) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "occasion": row.occasion,
        "registration": row.registration_public_id,  # type: ignore[attr-defined]
        "to_name": row.to_name,
        "to_email": row.to_email,
        "language": row.language,
        "subject": row.subject,
        "state": row.state,
        "last_error": row.last_error,
        "attempts": row.attempts,
        "created_at": instant_text(row.created_at),
    }


@router.get("/labs/{lab}/emails", response=list[EmailOut], url_name="emails")
@paginate(BoundedPagination)
def emails(request: HttpRequest, lab: str, filters: Query[EmailFilters]) -> Listing:
    """List the lab's emails with what became of each, those that need attention first. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    search = message_list.MessageSearch(to=filters.search or "", occasion=filters.occasion or "")
    rows = message_list.find(found.pk, search)
    if filters.state is not None:
        rows = rows.filter(state=filters.state)
    return Listing(rows, partial(map, email_data))


@router.post("/labs/{lab}/emails/{message}/resend", response={204: None}, url_name="resend_email")
def resend(request: HttpRequest, lab: str, message: UUID) -> Status[None]:
    """Send an email again that failed or bounced. 409 for one that has left. Scope: emails."""
    found = lab_of_organiser(request, lab, Scope.EMAILS)
    delivery.retry(get_object_or_404(messages_of(found.pk), public_id=message))
    return Status(204, None)


def _stored_or_standard(lab: Lab, occasion: str, language: str) -> EmailTemplate:
    if not email_templates.is_offered(occasion, language):
        raise Http404
    row = email_templates.stored(lab.pk, occasion, language)
    return row or EmailTemplate(lab=lab, occasion=occasion, language=language)
