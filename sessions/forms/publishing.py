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


class CancelForm(BaseForm):
    """Why a session does not take place, and whether people are told."""

    reason = TextsField(
        label=_("Reason"),
        help_text=_("Shown to participants on the page and in the email."),
        limit=300,
        required=False,
    )
    tell = forms.BooleanField(required=False)


class RestoreForm(BaseForm):
    tell = forms.BooleanField(required=False)
