"""A room of a lab, as organisers fill it in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import PlanForm
from core.web.forms.fields import NumberField, TextsField, WebAddressField
from core.web.localized_fields import no_control_characters, one_line
from labs.lab_parts import RoomPlan


class RoomForm(PlanForm[RoomPlan]):
    plan_type = RoomPlan

    name = TextsField(label=_("Name"), limit=100)
    online = forms.BooleanField(label=_("This is an online room"), required=False)
    address = forms.CharField(
        label=_("Street and town"),
        required=False,
        max_length=200,
        validators=[no_control_characters, one_line],
    )
    join_link = WebAddressField(
        label=_("Join link"),
        help_text=_("Only people with a seat and staff can see it. It is never on a public page."),
    )
    capacity = NumberField(
        label=_("Capacity"),
        help_text=_("For your information; seats are set for each session."),
        required=False,
    )
    position = NumberField(label=_("Position in the list"), required=False, max_value=1000)

    @property
    def plan(self) -> RoomPlan:
        return self.as_plan(position=self.cleaned_data["position"] or 0)
