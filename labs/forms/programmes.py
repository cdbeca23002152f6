"""A programme, as its owners fill it in."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import CitiesField, LanguagesMixin, NumberField, TextsField
from core.web.forms.editing import PlanForm
from core.web.localized_fields import MAX_TEXT_LENGTH, languages_of
from labs.models import City, Programme
from labs.programmes import ProgrammePlan


class ProgrammeForm(PlanForm[ProgrammePlan], LanguagesMixin):
    plan_type = ProgrammePlan

    name = TextsField(label=_("Name"))
    organiser = TextsField(label=_("Organiser"), help_text=_("The institution that organises the programme."))
    description = TextsField(label=_("Description"), limit=MAX_TEXT_LENGTH, rows=5, required=False)
    runs = TextsField(label=_("Dates"), help_text=_("For example, “September 2020 to 2022”."), required=False)
    cities = CitiesField(
        label=_("Participating cities"),
        queryset=City.objects.none(),
        required=False,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value"), _("Choose cities from the list.")
        ),
    )
    cities_total = NumberField(
        label=_("Total number of cities"),
        help_text=_("If only some of them are listed here."),
        required=False,
        max_value=100_000,
    )
    visibility = forms.ChoiceField(
        label=_("Who can see it"),
        choices=[
            (
                Programme.Visibility.DRAFT,
                _("Draft: owners only, until one of its labs is public"),
            ),
            (Programme.Visibility.PUBLIC, _("Public: everyone")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: object, programme: Programme | None = None, **kwargs: object) -> None:
        initial = _programme_initial(programme) if programme else _new_programme_initial()
        # A new programme may be written in any language, so that it need not be saved twice.
        locales = programme.languages if programme else [code for code, _name in settings.LANGUAGES]
        super().__init__(*args, locales=locales, row=programme, initial=initial, **kwargs)
        self.set_queryset("cities", City.objects.all())
        if programme is None:
            self.fields["languages"].help_text = _("Languages of the programme’s pages.")
        self.is_new = programme is None

    def clean(self) -> dict[str, object]:
        values = super().clean()
        chosen = values.get("languages")
        if self.is_new and chosen:
            written = {
                code
                for name in ("name", "organiser", "description", "runs")
                for code in languages_of(values.get(name))
            }
            for code in sorted(written - set(chosen)):
                self.add_error(
                    "languages",
                    gettext("You entered texts in this language: %(name)s. Select it, or delete the texts.")
                    % {"name": dict(settings.LANGUAGES)[code]},
                )
        return values

    @property
    def plan(self) -> ProgrammePlan:
        values = self.cleaned_data
        return self.as_plan(languages=tuple(values["languages"]), cities=tuple(values["cities"]))


def _programme_initial(programme: Programme) -> dict[str, object]:
    return {
        "default_language": programme.default_language,
        "cities": list(programme.cities.values_list("pk", flat=True)),
    }


def _new_programme_initial() -> dict[str, object]:
    language = get_language()
    own = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    return {
        "languages": [own],
        "default_language": own,
        "visibility": Programme.Visibility.DRAFT,
    }
