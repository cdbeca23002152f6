"""A webhook of a lab, as organisers fill it in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import PlanForm
from core.web.localized_fields import no_control_characters, one_line
from core.webhooks.endpoints import EndpointPlan
from core.webhooks.event_types import EventType
from core.webhooks.models import MAX_URL_LENGTH, Endpoint


class WebhookForm(PlanForm[EndpointPlan]):
    """`refused` says what is wrong with the address, as the view found out before the transaction."""

    plan_type = EndpointPlan
    mark_optional = False

    url = forms.CharField(
        label=_("Address"),
        help_text=_("Events are sent to it by POST. A public server with https://."),
        max_length=MAX_URL_LENGTH,
        error_messages={"required": _("Enter the address that events are sent to.")},
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Description"),
        help_text=_("So that your team knows what it is for."),
        required=False,
        max_length=100,
        validators=[no_control_characters, one_line],
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=EventType.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one event."),
            "invalid_choice": _("Choose events from the list."),
        },
    )
    is_active = forms.BooleanField(
        label=_("Send events"),
        help_text=_("If you switch it off, events that happen in the meantime are not sent later."),
        required=False,
    )

    def __init__(self, *args: Any, webhook: Endpoint | None = None, refused: str = "", **kwargs: Any) -> None:
        super().__init__(*args, row=webhook, **kwargs)
        self.refused = refused
        if webhook is None:
            del self.fields["is_active"]

    def clean_url(self) -> str:
        if self.refused:
            raise forms.ValidationError(self.refused)
        url: str = self.cleaned_data["url"]
        return url
