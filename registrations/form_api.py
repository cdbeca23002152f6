"""The API of the registration form: its consent text and its options, for everybody."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from core.api.api import FOR_EVERYBODY
from core.web.localized_fields import languages_of
from labs.api import LocalizedText, NamedOut, named_data
from labs.api_authentication import reader_of
from labs.current_viewer import get_visible_lab_or_404
from registrations import documents
from registrations.consent import consent_texts, mark_of
from registrations.models.rules import rules_of

router = Router(tags=["Registrations and attendance"])


class DocumentToAcceptOut(Schema):
    slug: str
    number: int = Field(description="Number of the version, to be sent back with the registration")
    title: LocalizedText
    text: LocalizedText = Field(description="Markdown by language code. Empty: at `address`")
    address: str = Field(description="Web address of the document. Empty: see `text`")
    is_required: bool = Field(description="Required to register")


class FormOut(Schema):
    """Consent text and options of the registration form."""

    is_open: bool = Field(description="Whether registration is open")
    consent: dict[str, str] = Field(description="Consent text by language code")
    consent_shown: str = Field(description="Mark of this text, to be sent back with the registration")
    asks_photos: bool = Field(description="Whether `photos` is required")
    documents: list[DocumentToAcceptOut] = Field(description="Documents to accept")
    kept_until: date = Field(description="Last day on which answers are kept, in the lab's zone")
    stakeholder_groups: list[NamedOut] = Field(
        description="Types of organisation. If there are any, one is required"
    )
    cities: list[NamedOut] = Field(description="Cities of the programme. Send any other city as city_text")


@router.get(
    "/labs/{lab}/registration-form",
    response=FormOut,
    url_name="registration_form",
    openapi_extra=FOR_EVERYBODY,
)
def registration_form(request: HttpRequest, lab: str) -> dict[str, Any]:
    """Get the consent text and the options of the registration form."""
    found = get_visible_lab_or_404(reader_of(request), lab)
    return {
        "is_open": found.takes_registrations(timezone.now()),
        "consent": consent_texts(found),
        "consent_shown": mark_of(found),
        "asks_photos": rules_of(found).asks_photos,
        "documents": [
            {
                "slug": one.document.slug,
                "number": one.number,
                "title": languages_of(one.title),
                "text": languages_of(one.text),
                "address": one.address,
                "is_required": one.document.is_required,
            }
            for one in documents.shown(found)
        ],
        "kept_until": found.answers_kept_until,
        "stakeholder_groups": [named_data(group) for group in found.programme.stakeholder_groups.all()],
        "cities": [named_data(city) for city in found.programme.cities.all()],
    }
