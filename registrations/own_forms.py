"""Small forms of people about themselves: the request for the private link, the choice about photos."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.fields import EmailAddressField
from registrations import documents
from registrations.document_forms import DocumentField, accepted_in
from registrations.models import DocumentVersion, Registration
from registrations.registering import PHOTOS_MISSING


class PhotosForm(BaseForm):
    """The person's choice about photos and recordings."""

    photos = forms.ChoiceField(
        label=_("Photos and recordings"),
        choices=Registration.Photos,
        widget=forms.RadioSelect,
        error_messages={"required": PHOTOS_MISSING, "invalid_choice": PHOTOS_MISSING},
    )


class OwnDocumentsForm(BaseForm):
    """The documents that a registered person has not accepted yet."""

    def __init__(self, *args: Any, versions: Sequence[DocumentVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for version in versions:
            self.fields[documents.field_name(version)] = DocumentField(version)

    @property
    def documents(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields]

    @property
    def accepted(self) -> dict[str, int]:
        """Version numbers of what was ticked, by slug of the document."""
        return accepted_in(self)


class LinkForm(BaseForm):
    """A request for the private link."""

    email = EmailAddressField(
        label=_("Email"),
        help_text=_("The address you registered with"),
        max_length=254,
        error_messages={
            "required": _("Enter your email address."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
