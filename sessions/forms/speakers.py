"""A speaker's profile, as organisers fill it in. Planned and checked by `sessions.speakers`."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import PlanForm
from core.web.forms.fields import CityField, TextsField, WebAddressField
from core.web.localized_fields import MAX_TEXT_LENGTH
from labs.models import City, Programme
from sessions.forms.choices import named
from sessions.forms.languages import LanguagesField
from sessions.languages import language_names
from sessions.speakers import SpeakerPlan


class SpeakerForm(PlanForm[SpeakerPlan]):
    plan_type = SpeakerPlan

    name = TextsField(label=_("Name"))
    affiliation = TextsField(
        label=_("Affiliation"),
        help_text=_("Shown under the name."),
        required=False,
    )
    biography = TextsField(label=_("Biography"), limit=MAX_TEXT_LENGTH, rows=4, required=False)
    city = CityField(
        label=_("City"),
        queryset=City.objects.none(),
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("Choose a city of this programme.")},
    )
    website = WebAddressField(label=_("Website"), max_length=300)
    languages = LanguagesField(label=_("Speaks"), help_text=_("Languages in which the speaker can appear."))

    def __init__(self, *args: object, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_queryset("city", programme.cities.all(), lambda city: named(city.name, programme))
        cast("LanguagesField", self.fields["languages"]).offer_first(programme.languages)

    @property
    def spoken(self) -> str:
        """The names of the languages that are ticked."""
        return language_names(self["languages"].value() or ())
