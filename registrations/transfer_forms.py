"""Forms of giving a place to a colleague."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.fields import EmailAddressField
from core.web.localized_fields import has_letters
from labs.models import City, Lab, StakeholderGroup
from registrations.document_forms import AskedMixin
from registrations.forms import DetailsForm, LineField
from registrations.transfers import Acceptance


class OfferForm(BaseForm):
    """Who takes over."""

    name = LineField(
        label=_("Name of your colleague"),
        max_length=200,
        error_messages={"required": _("Enter the name of your colleague.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = EmailAddressField(
        label=_("Email of your colleague"),
        max_length=254,
        error_messages={"required": _("Enter the email of your colleague.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not has_letters(name):
            raise forms.ValidationError(_("Use letters."))
        return name


class AcceptForm(AskedMixin, DetailsForm):
    """What the colleague says; city and type of organisation are those of the place."""

    consent = forms.BooleanField(
        label=_("Consent"),
        error_messages={
            "required": _("You need to give your consent to register. Tick the box to continue.")
        },
    )
    consent_shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    field_order = ("name", "organisation", "language", "time_zone", "photos", "consent")

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, lab=lab, **kwargs)
        self.ask(lab)

    def _offer(self, cities: Iterable[City], groups: Iterable[StakeholderGroup]) -> None:
        for name in ("city", "city_text", "group"):
            self.fields.pop(name, None)

    def offer_everything(self) -> None:
        self._offer((), ())

    def _offer_what_was_chosen(self) -> None:
        self._offer((), ())

    def said(self, answers: Any) -> Acceptance:
        values = self.cleaned_data
        return Acceptance(
            name=values["name"],
            organisation=values["organisation"],
            language=values["language"],
            time_zone=values["time_zone"],
            consent=values["consent"],
            consent_language=get_language() or "en",
            consent_shown=values["consent_shown"],
            answers=answers,
            **self.asked,
        )
