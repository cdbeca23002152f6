"""The organisation behind this service, as superusers fill it in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import PlanForm
from core.web.forms.fields import EmailAddressField, TextsField, WebAddressField
from core.web.localized_fields import MAX_TEXT_LENGTH
from labs.cities import countries
from labs.models import Operator
from labs.organisation import OperatorPlan

OFFERED = [code for code, _name in settings.LANGUAGES]


class OperatorForm(PlanForm[OperatorPlan]):
    plan_type = OperatorPlan

    name = TextsField(
        label=_("Name"),
        help_text=_("The legal name, in as many languages as you can."),
        error_messages={"required": _("Enter the organisation’s name in at least one language.")},
    )
    address = forms.CharField(
        label=_("Postal address"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
        error_messages={"required": _("Enter the postal address.")},
    )
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={
            "required": _("Choose a country."),
            "invalid_choice": _("Choose a country from the list."),
        },
    )
    email = EmailAddressField(
        label=_("Email"),
        max_length=254,
        error_messages={"required": _("Enter the email address for questions about the service.")},
    )
    phone = forms.CharField(
        label=_("Telephone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel", "class": "input-short"}),
    )
    accessibility_email = EmailAddressField(
        label=_("Email for questions about accessibility"),
        help_text=_("If left empty, the email above is used. You commit to answering within 14 days."),
        required=False,
        max_length=254,
    )
    enforcement_body = TextsField(
        label=_("Enforcement body"),
        help_text=_(
            "Who people can contact if your answer about accessibility does not help. If left empty, the "
            "body of the country is named, if known."
        ),
        required=False,
    )
    enforcement_address = WebAddressField(label=_("Web address of the enforcement body"))
    legal_notice = TextsField(
        label=_("Legal notice"),
        help_text=_(
            "What the law of your country requires, such as registration number, VAT number and "
            "responsible person. You can use Markdown: **bold**, lists and links."
        ),
        limit=MAX_TEXT_LENGTH,
        rows=6,
        required=False,
    )

    def __init__(self, *args: object, operator: Operator | None = None, **kwargs: Any) -> None:
        super().__init__(*args, locales=OFFERED, row=operator, **kwargs)
        listed = countries(get_language() or "en")
        self.set_choices("country", [("", _("Choose a country")), *listed])
