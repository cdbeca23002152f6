"""A speaker's profile, as organisers fill it in. Planned and checked by `sessions.speakers`."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import CityField, TextsField
from core.web.forms.editing import EditForm, stored_values
from core.web.localized_fields import MAX_TEXT_LENGTH
from labs.models import City, Programme
from sessions.forms.choices import named
from sessions.models import Speaker
from sessions.speakers import SpeakerPlan


class SpeakerForm(EditForm):
    name = TextsField(label=_("Name"))
    affiliation = TextsField(
        label=_("Affiliation"),
        help_text=_("Where he or she works, as it appears under the name."),
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
    website = forms.CharField(
        label=_("Website"),
        required=False,
        max_length=300,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: object,
        programme: Programme,
        locales: Sequence[str],
        speaker: Speaker | None = None,
        **kwargs: object,
    ) -> None:
        version = speaker.version if speaker else None
        initial = stored_values(speaker, SpeakerPlan)
        super().__init__(*args, locales=locales, version=version, initial=initial, **kwargs)
        self.set_queryset("city", programme.cities.all(), lambda city: named(city.name, programme))

    @property
    def plan(self) -> SpeakerPlan:
        return self.as_plan(SpeakerPlan)
