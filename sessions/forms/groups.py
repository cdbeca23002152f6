"""Small groups, as organisers fill them in. Checked by `sessions.groupings` and `sessions.group_sessions`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.editing import PlanForm
from core.web.forms.fields import CitiesField, DayField, HourField, NumberField, TextsField, WebAddressField
from core.web.forms.files import file_input
from labs.models import City, Lab, Room
from sessions.city_profiles import MAX_BYTES, ProfilePlan, clean_interests
from sessions.forms.choices import CITIES_ONLY, named
from sessions.group_sessions import CITIES, NUMBER, TITLE_LIMIT, SessionsPlan
from sessions.groupings import Settings
from sessions.languages import SPOKEN, language_choices
from sessions.models import CityProfile

TOO_LARGE = _("The file is larger than 512 kB.")


class GroupingForm(BaseForm):
    """A new round: which cities, and what the groups are made by."""

    name = forms.CharField(label=_("Name of the round"), max_length=100)
    cities = CitiesField(
        label=_("Cities"),
        queryset=City.objects.none(),
        error_messages={**CITIES_ONLY, "required": _("Choose the cities.")},
    )
    smallest = NumberField(label=_("Smallest group"))
    wanted = NumberField(label=_("Best size"))
    largest = NumberField(label=_("Largest group"))
    mentors = forms.BooleanField(
        label=_("A mentor in each group, where there are enough"), required=False, initial=True
    )
    minutes = NumberField(label=_("Length of a meeting in minutes"))
    day_begins = HourField(label=_("Not before"))
    day_ends = HourField(label=_("Not after"))
    first_day = DayField(label=_("From"), required=False)
    last_day = DayField(label=_("Until"), required=False)

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        cities = lab.programme.cities.all()
        opened = {
            "cities": [city.pk for city in cities],
            "smallest": 3,
            "wanted": 4,
            "largest": 5,
            "minutes": 60,
            "day_begins": time(8),
            "day_ends": time(18),
            "first_day": lab.starts_on,
            "last_day": lab.ends_on,
        }
        super().__init__(*args, locales=lab.languages, initial=opened, **kwargs)
        self.set_queryset("cities", cities, lambda city: named(city.name, lab))

    def settings(self) -> Settings:
        """Return what the answers say; only of a valid form."""
        names = Settings.__dataclass_fields__
        return Settings(**{name: value for name, value in self.cleaned_data.items() if name in names})


class GroupSessionsForm(BaseForm):
    """How the sessions of groups are called, and where they are."""

    title = TextsField(
        label=_("Title"),
        help_text=_("{number} becomes the number of the group, {cities} the names of its cities."),
        limit=TITLE_LIMIT,
    )
    rooms = CitiesField(
        label=_("Rooms"),
        help_text=_("One of them is given to each group. If none is selected, the groups meet online."),
        queryset=Room.objects.none(),
        required=False,
        error_messages=dict.fromkeys(("invalid_choice", "invalid_pk_value"), _("Choose a room of this lab.")),
    )
    join_link = WebAddressField(
        label=_("Join link"), help_text=_("The same for all groups. Only people with a seat can see it.")
    )

    def __init__(self, *args: Any, lab: Lab, titles: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, locales=lab.languages, initial={"title": dict(titles)}, **kwargs)
        self.set_queryset("rooms", lab.rooms.all(), lambda room: named(room.name, lab))

    def plan(self) -> SessionsPlan:
        """Return the plan that the answers make; only of a valid form."""
        values = self.cleaned_data
        return SessionsPlan(self.texts("title"), tuple(values["rooms"]), values["join_link"])


def default_titles(lab: Lab) -> dict[str, str]:
    """Return the titles with which the form is opened, in the languages of the lab."""
    known = {
        "en": f"Working group {NUMBER}: {CITIES}",
        "bg": f"Работна група {NUMBER}: {CITIES}",
        "el": f"Ομάδα εργασίας {NUMBER}: {CITIES}",
    }
    return {code: known.get(code, known["en"]) for code in lab.languages}


class CityProfileForm(PlanForm[ProfilePlan]):
    """What a city brings to small groups."""

    plan_type = ProfilePlan

    languages = forms.MultipleChoiceField(
        label=_("Working languages"),
        help_text=_("Those in which people of the city can take part in a meeting."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Choose languages from the list.")},
    )
    interests = forms.CharField(
        label=_("Interests"),
        help_text=_("One per line, in the same words for all cities: “Energy”, “Digital skills”."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    is_mentor = forms.BooleanField(label=_("Can be a mentor for other cities"), required=False)

    def __init__(self, *args: Any, profile: CityProfile | None = None, **kwargs: Any) -> None:
        initial = {"interests": "\n".join(profile.interests)} if profile else {}
        super().__init__(*args, row=profile, initial=initial, **kwargs)
        self.set_choices("languages", language_choices(SPOKEN))
        if profile is None:
            self.fields["version"].initial = 0

    def clean_languages(self) -> tuple[str, ...]:
        return tuple(sorted(self.cleaned_data["languages"], key=SPOKEN.index))

    def clean_interests(self) -> tuple[str, ...]:
        return clean_interests(self.cleaned_data["interests"])


class ProfilesFileForm(BaseForm):
    """A table of profiles."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "Columns: city, languages, interests, mentor. Start from the file that you download here."
        ),
        allow_empty_file=True,
        max_length=200,
        widget=file_input(".csv,text/csv", MAX_BYTES, TOO_LARGE),
    )

    def clean_file(self) -> bytes:
        data: bytes = self.cleaned_data["file"].read(MAX_BYTES + 1)
        return data
