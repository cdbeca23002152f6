"""A city, as owners of programmes fill it in."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import PlanForm
from core.web.forms.fields import TextsField, ZoneField
from labs.cities import CityPlan, countries
from labs.models import City, Programme

OFFERED = [code for code, _name in settings.LANGUAGES]


class CityForm(PlanForm[CityPlan]):
    plan_type = CityPlan
    name = TextsField(
        label=_("Name"),
        limit=100,
        help_text=_("Enter it in as many languages as you can. Where one is missing, readers see another."),
        error_messages={"required": _("Enter the city’s name in at least one language.")},
    )
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={
            "required": _("Choose a country."),
            "invalid_choice": _("Choose a country from the list."),
        },
    )
    time_zone = ZoneField(label=_("Time zone"))

    def __init__(
        self, *args: object, city: City | None = None, programme: Programme | None = None, **kwargs: object
    ) -> None:
        initial = {}
        if city is None and programme is not None:
            # Most cities of a programme lie near each other.
            last = programme.cities.order_by("-pk").first()
            initial = {"time_zone": last.time_zone if last else "Europe/Brussels"}
        super().__init__(*args, locales=OFFERED, row=city, initial=initial, **kwargs)
        listed = countries(get_language() or "en")
        if city and city.country not in dict(listed):
            listed.append((city.country, city.country))
        self.set_choices("country", [("", _("Choose a country")), *listed])
