"""What a lab asks of all who register: documents, photos; and the console's form of a document."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.forms.fields import NumberField, TextsField, WebAddressField
from core.web.localized_fields import MAX_TEXT_LENGTH, text_and_language
from labs.models import Lab
from registrations import documents
from registrations.documents import MAX_DOCUMENTS, DocumentPlan
from registrations.models import DocumentVersion, Registration
from registrations.models.documents import MAX_ADDRESS_LENGTH
from registrations.models.rules import rules_of
from registrations.registering import PHOTOS_MISSING


class DocumentField(forms.CharField):
    """The check box of a document: it sends the number of the version that was shown."""

    def __init__(self, version: DocumentVersion) -> None:
        self.version = version
        super().__init__(
            required=version.document.is_required,
            label=text_and_language(version.title, get_language() or "en")[0],
            error_messages={"required": documents.MISSING},
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value != str(self.version.number):
            raise ValidationError(documents.CHANGED, code="changed")


class AskedMixin(BaseForm):
    """The choice about photos, if the lab asks, and its documents to accept; call `ask` once there is `consent`."""

    asks_documents = True

    photos = forms.ChoiceField(
        label=_("Photos and recordings"),
        help_text=_(
            "The organisers take photos and record sessions. You can change your choice at any time."
        ),
        choices=Registration.Photos,
        widget=forms.RadioSelect,
        error_messages={"required": PHOTOS_MISSING, "invalid_choice": PHOTOS_MISSING},
    )

    def ask(self, lab: Lab) -> None:
        """Leave out what the lab does not ask, and put its documents before the consent."""
        if not rules_of(lab).asks_photos:
            del self.fields["photos"]
        consent = self.fields.pop("consent")
        for version in documents.shown(lab) if self.asks_documents else ():
            self.fields[documents.field_name(version)] = DocumentField(version)
        self.fields["consent"] = consent

    @property
    def documents(self) -> list[forms.BoundField]:
        """The check boxes of the documents to accept."""
        return [self[name] for name, one in self.fields.items() if isinstance(one, DocumentField)]

    @property
    def asked(self) -> dict[str, Any]:
        """What was said, by the names that plans give it."""
        return {"photos": self.cleaned_data.get("photos", ""), "documents": accepted_in(self)}


class DocumentForm(EditForm):
    """A document: its text or address, and its place. `said` is the version in force, None for a new document."""

    title = TextsField(label=_("Title"))
    text = TextsField(
        label=_("Text"),
        limit=MAX_TEXT_LENGTH,
        rows=6,
        required=False,
        help_text=_("Enter a text, or the web address of the document below."),
    )
    address = WebAddressField(label=_("Web address"), max_length=MAX_ADDRESS_LENGTH)
    is_required = forms.BooleanField(label=_("Required to register"), required=False)
    place = NumberField(label=_("Place in the form"), required=False, min_value=1, max_value=MAX_DOCUMENTS)

    def __init__(
        self, *args: Any, lab: Lab, said: DocumentVersion | None = None, place: int | None = None
    ) -> None:
        initial: dict[str, Any] = {"is_required": True}
        if said is not None:
            initial = {name: getattr(said, name) for name in ("title", "text", "address")}
            initial |= {"is_required": said.document.is_required, "place": place}
        stored = said.document.version if said else None
        super().__init__(*args, version=stored, initial=initial, locales=lab.languages)

    @property
    def plan(self) -> DocumentPlan:
        return DocumentPlan(
            self.texts("title"),
            self.texts("text"),
            self.cleaned_data["address"],
            self.cleaned_data["is_required"],
        )


def accepted_in(form: forms.Form) -> dict[str, int]:
    """Return the version numbers of the documents that were ticked in a valid form, by slug."""
    return {
        one.version.document.slug: one.version.number
        for name, one in form.fields.items()
        if isinstance(one, DocumentField) and form.cleaned_data[name]
    }
