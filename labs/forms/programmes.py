"""A programme, as its owners fill it in."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import LanguagesMixin
from core.web.forms.editing import PlanForm
from core.web.forms.fields import CitiesField, EmailAddressField, NumberField, TextsField
from core.web.localized_fields import MAX_TEXT_LENGTH, languages_of
from labs.models import City, Programme
from labs.programmes import PROGRAMME_TEXTS, ProgrammePlan


class ProgrammeForm(PlanForm[ProgrammePlan], LanguagesMixin):
    plan_type = ProgrammePlan

    name = TextsField(label=_("Name"))
    organiser = TextsField(label=_("Organiser"), help_text=_("The institution that organises the programme."))
    description = TextsField(label=_("Description"), limit=MAX_TEXT_LENGTH, rows=5, required=False)
    runs = TextsField(label=_("Dates"), help_text=_("For example, “September 2020 to 2022”."), required=False)
    participation = TextsField(
        label=_("Who may attend, and what it costs"),
        help_text=_("Two or three sentences for people who do not know the programme."),
        limit=500,
        rows=3,
        required=False,
    )
    contact_email = EmailAddressField(
        label=_("Contact email"),
        help_text=_("Shown on the programme’s pages, and on those of its labs that have none of their own."),
        required=False,
        max_length=254,
    )
    imprint = TextsField(
        label=_("Legal name and address"),
        help_text=_("Of the organisation that runs the programme, for the page “Contact and legal notice”."),
        limit=2000,
        rows=4,
        required=False,
    )
    eu_funded = forms.BooleanField(
        label=_("The European Union funds this programme"),
        help_text=_(
            "Pages, emails and certificates then show the emblem and “Funded by the European Union”."
        ),
        required=False,
    )
    grant_number = forms.CharField(
        label=_("Number of the grant agreement"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"class": "input-short", "autocomplete": "off"}),
    )
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
    requires_second_factor = forms.BooleanField(
        label=_("Require two-step sign-in"),
        help_text=_(
            "Owners, organisers and door staff then need an authenticator app or a passkey. Until they have one, "
            "neither they nor their API keys have access."
        ),
        required=False,
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
            written = {code for name in PROGRAMME_TEXTS for code in languages_of(values.get(name))}
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
