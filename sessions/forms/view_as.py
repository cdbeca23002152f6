"""As whom an organiser wants to see the pages of a lab."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.fields import CityField
from labs.models import City, Lab
from labs.view_as import As
from sessions.forms.choices import named


def own_path(said: str) -> str:
    """Return the path of a page of this service; "" for anything else."""
    path = said.partition("?")[0].partition("#")[0]
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None) or not path.startswith("/"):
        return ""
    try:
        resolve(path)
    except Resolver404:
        return ""
    return path


class ViewAsForm(BaseForm):
    who = forms.ChoiceField(
        label=_("View as"), choices=As.choices, widget=forms.RadioSelect, initial=As.VISITOR
    )
    city = CityField(
        label=_("City of the delegate"),
        queryset=City.objects.none(),
        required=False,
        empty_label=_("Choose a city"),
        error_messages={"invalid_choice": _("Choose a city of this programme.")},
    )
    path = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_queryset("city", lab.programme.cities.all(), lambda city: named(city.name, lab))

    def clean_path(self) -> str:
        return own_path(self.cleaned_data["path"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("who") == As.DELEGATE and not values.get("city") and "city" not in self.errors:
            self.add_error("city", gettext("Choose the city."))
        return values
