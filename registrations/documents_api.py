"""The API of documents to accept at registration. For organisers."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import F
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import ConfigDict, Field, StrictBool

from core.api.datetimes import instant_text
from core.api.pagination import BoundedPagination, Listing
from core.web.localized_fields import languages_of
from labs.api import LocalizedText
from labs.api_authentication import account_of, lab_of_organiser
from labs.api_idempotency import Key, run_once
from labs.models import ApiToken, Lab
from registrations import documents
from registrations.models import DocumentVersion
from registrations.models.documents import MAX_ADDRESS_LENGTH
from registrations.question_schemas import Texts

router = Router(tags=["Personal data"])

Scope = ApiToken.Scope


class DocumentIn(Schema):
    """Another title, text or address is a new version."""

    model_config = ConfigDict(extra="forbid")

    title: Texts
    text: Texts = Field({}, description="Markdown by language code. Send `text` or `address`")
    address: str = Field("", max_length=MAX_ADDRESS_LENGTH, description="Web address of the document")
    is_required: StrictBool = Field(True, description="Required to register")
    place: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        None, description="Place among the documents. Null: last, or where it was"
    )


class DocumentVersionOut(Schema):
    slug: str = Field(description="Slug of the document")
    number: int = Field(description="Number of the version")
    title: LocalizedText
    text: LocalizedText
    address: str
    is_required: bool
    is_shown: bool = Field(
        description="Whether it is the version in force of a document that is not withdrawn"
    )
    created_at: datetime
    withdrawn_at: datetime | None = Field(description="When the document was withdrawn")
    accepted: int = Field(description="People who accepted it, confirmed their email and are not erased")


def version_data(row: Any) -> dict[str, Any]:
    document = row.document
    return {
        "slug": document.slug,
        "number": row.number,
        "title": languages_of(row.title),
        "text": languages_of(row.text),
        "address": row.address,
        "is_required": document.is_required,
        "is_shown": document.withdrawn_at is None and document.number == row.number,
        "created_at": instant_text(row.created_at),
        "withdrawn_at": instant_text(document.withdrawn_at),
        "accepted": row.accepted,
    }


def _current(lab: Lab, slug: str) -> DocumentVersion:
    rows = documents.versions_of(lab).filter(number=F("document__number"))
    return get_object_or_404(rows, document__slug=slug)


def _plan(form: DocumentIn) -> documents.DocumentPlan:
    return documents.DocumentPlan(form.title, form.text, form.address, form.is_required)


@router.get("/labs/{lab}/documents", response=list[DocumentVersionOut], url_name="documents")
@paginate(BoundedPagination)
def list_documents(request: HttpRequest, lab: str) -> Listing:
    """List all versions of the documents to accept, those shown first. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    return Listing(documents.versions_of(found), lambda rows: (version_data(row) for row in rows))


@router.post("/labs/{lab}/documents", response={201: DocumentVersionOut}, url_name="create_document")
def create_document(
    request: HttpRequest, lab: str, form: DocumentIn, idempotency_key: Key
) -> Status[dict[str, Any]]:
    """Add a document to accept. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)

    def operation() -> dict[str, Any]:
        made = documents.add(found, _plan(form), account_of(request))
        if form.place is not None:
            documents.move(made, form.place)
        return {"document": made.slug}

    made = run_once(request, "create_document", idempotency_key, form, operation)
    return Status(201, version_data(_current(found, made["document"])))


@router.put("/labs/{lab}/documents/{document}", response=DocumentVersionOut, url_name="change_document")
def change_document(request: HttpRequest, lab: str, document: str, form: DocumentIn) -> dict[str, Any]:
    """Change a document. Who accepted an earlier version is not asked again by email. Scope: registrations."""
    found = lab_of_organiser(request, lab, Scope.REGISTRATIONS)
    row = _current(found, document).document
    documents.change(row, _plan(form), account_of(request))
    if form.place is not None:
        documents.move(row, form.place)
    return version_data(_current(found, document))


@router.delete("/labs/{lab}/documents/{document}", response={204: None}, url_name="withdraw_document")
def withdraw_document(request: HttpRequest, lab: str, document: str) -> Status[None]:
    """No longer show a document. What people accepted is kept. Scope: registrations."""
    documents.withdraw(_current(lab_of_organiser(request, lab, Scope.REGISTRATIONS), document).document)
    return Status(204, None)
