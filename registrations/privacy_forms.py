"""The console's form of what a lab adds to its notice to participants."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import EditForm
from core.web.forms.fields import TextsField
from core.web.localized_fields import MAX_TEXT_LENGTH
from registrations.models import PrivacyNotice
from registrations.models.privacy import MAX_CONTACT_LENGTH
from registrations.privacy_notice import NoticePlan


class NoticeForm(EditForm):
    """Controller, data protection officer, own paragraphs, legal basis."""

    mark_optional = False

    controller = TextsField(
        label=_("Controller"),
        help_text=_("Name, address and contact. If empty, the organiser of the programme is named."),
        limit=MAX_CONTACT_LENGTH,
        rows=3,
        required=False,
    )
    data_protection_officer = TextsField(
        label=_("Data protection officer"),
        help_text=_("How to contact the officer: email, telephone or address."),
        limit=MAX_CONTACT_LENGTH,
        rows=2,
        required=False,
    )
    paragraphs = TextsField(
        label=_("Your own paragraphs"),
        help_text=_("Shown at the end of the notice and in the record of processing."),
        limit=MAX_TEXT_LENGTH,
        rows=6,
        required=False,
    )
    legal_basis = forms.ChoiceField(
        label=_("Legal basis of registration data"),
        help_text=_(
            "Article 6(1) of the GDPR. Participants still agree to your consent text in the form: change that text "
            "if you choose another basis. Answers about needs are always kept by explicit consent."
        ),
        choices=PrivacyNotice.Basis,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a legal basis."),
            "invalid_choice": _("Choose a legal basis."),
        },
    )

    def __init__(self, *args: Any, notice: PrivacyNotice, **kwargs: Any) -> None:
        is_new = notice._state.adding
        initial = {name: getattr(notice, name) for name in NoticePlan.__dataclass_fields__}
        super().__init__(
            *args,
            version=0 if is_new else notice.version,
            initial=initial,
            locales=notice.lab.languages,
            **kwargs,
        )

    @property
    def plan(self) -> NoticePlan:
        return NoticePlan(
            self.texts("controller"),
            self.texts("data_protection_officer"),
            self.texts("paragraphs"),
            self.cleaned_data["legal_basis"],
        )
