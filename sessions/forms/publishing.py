"""What is asked before a session becomes internal, is cancelled or restored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.fields import CitiesField, TextsField
from labs.models import City, Lab
from sessions.forms.choices import CITIES_ONLY, named


class AudienceForm(BaseForm):
    """The cities to which an internal session is open."""

    city = CitiesField(
        label=_("Cities whose delegates can see it"),
        help_text=_("If none is selected, the delegates of all cities of the programme can see it."),
        queryset=City.objects.none(),
        required=False,
        error_messages=CITIES_ONLY,
    )

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_queryset("city", lab.programme.cities.all(), lambda city: named(city.name, lab))


NOW, LATER, NEVER = "now", "later", "never"


class TellForm(BaseForm):
    """Whether people with a seat, or waiting for one, are emailed; asked only where there are any."""

    tell = forms.ChoiceField(
        label=_("Email people with a seat or on the waiting list"),
        choices=[
            (NOW, _("Now, in an email about this session alone")),
            (LATER, _("Later, in one email with other changes, from the page “Announce changes”")),
            (NEVER, _("Never")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    @property
    def is_now(self) -> bool:
        return bool(self.cleaned_data["tell"] == NOW)

    @property
    def is_later(self) -> bool:
        return bool(self.cleaned_data["tell"] == LATER)


class CancelForm(TellForm):
    """Why a session does not take place, and whether people are told."""

    reason = TextsField(
        label=_("Reason"),
        help_text=_("Shown to participants on the page and in the email."),
        limit=300,
        required=False,
    )
    field_order = ("reason", "tell")
