"""The style guide: every component in its states, for developers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from i18nfield.forms import I18nForm, I18nFormField, I18nTextInput

from labs import access
from labs.forms.labs import colour_preview
from labs.theme import clean_colour, contrast
from sessions import timetable
from sessions.timetable_svg import svg

MONDAY = datetime(2027, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class SampleSeats:
    capacity: int | None
    seats_left: int | None
    seats_waiting: int = 0
    waiting_list: bool = True


class SampleForm(I18nForm):
    """One field of each kind; sent by GET, since it changes nothing."""

    colour = forms.CharField(
        label="Colour", help_text="Six digits, as #00564e", max_length=7, initial="#00564e"
    )
    title = I18nFormField(label="Title", widget=I18nTextInput, required=True)
    email = forms.EmailField(label="Email", help_text="For the confirmation. Nobody else sees it.")
    city = forms.ChoiceField(label="City", required=False, choices=[("", "No city"), ("sofia", "Sofia")])
    language = forms.ChoiceField(
        label="Language of our emails",
        choices=[("en", "English"), ("bg", "Български"), ("el", "Ελληνικά")],
        widget=forms.RadioSelect,
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        required=False,
        choices=[("owner", "Owner"), ("door", "Door staff")],
        widget=forms.CheckboxSelectMultiple,
    )
    words = forms.CharField(label="What would you like to ask?", required=False, widget=forms.Textarea)
    consent = forms.BooleanField(label="The organisers may keep my answers")

    def clean_colour(self) -> str:
        try:
            return clean_colour(self.cleaned_data["colour"])
        except ValueError:
            raise ValidationError(_("Enter the colour with six digits, like #00564e")) from None


def _at(day: int, hour: float) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


def _figures() -> dict[str, str]:
    language = get_language() or "en"
    week = timetable.weigh(
        [
            (_at(1, 11), _at(1, 11.5), False),
            (_at(1, 11.5), _at(1, 13), False),
            (_at(1, 13), _at(1, 14), False),
            (_at(3, 15.5), _at(3, 17.5), False),
            (_at(3, 16.5), _at(3, 17.5), True),
            (_at(11, 14), _at(11, 15.5), False),
            (_at(11, 15.5), _at(11, 16), False),
        ]
    )
    own = [
        timetable.Stretch(_at(3, 12.5), _at(3, 13.5), "Panel 1"),
        timetable.Stretch(_at(3, 13.5), _at(3, 14.5), "Panel 2"),
    ]
    beside = [timetable.Stretch(_at(3, 13.5), _at(3, 14.5), "Room 2")]
    zones = timetable.Scale("Europe/Sofia", "Sofia"), timetable.Scale("Europe/Rome", "Rome")
    return {
        "timetable": svg(timetable.timetable(week, language)),
        "tile": svg(timetable.tile(week)),
        "ruler": svg(timetable.ruler(own, beside, *zones)),
    }


@access.signed_in
def components(request: HttpRequest) -> HttpResponse:
    form = SampleForm(request.GET if "colour" in request.GET else None, locales=["en", "bg"])
    picked = "#00564e"
    if form.is_bound and not form.has_error("colour"):
        picked = form.cleaned_data["colour"]
    preview = colour_preview(picked)
    return render(
        request,
        "sessions/components.html",
        {
            "form": form,
            "figures": _figures(),
            "seats_left": SampleSeats(200, 64),
            "seats_few": SampleSeats(120, 9),
            "seats_waiting": SampleSeats(300, 0, 12),
            "seats_full": SampleSeats(300, 0, waiting_list=False),
            "seats_unlimited": SampleSeats(None, None),
            "preview": preview,
            "on_ground": f"{contrast(preview.light, '#ffffff'):.1f}" if preview else "",
            "text": {
                "en": "Choose **two** sessions:\n\n- one in the morning\n- one in [the plenary](https://example.org/)"
            },
            "noon": _at(1, 9),
            "later": _at(1, 10.5),
        },
    )
