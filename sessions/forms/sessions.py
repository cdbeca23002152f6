"""A session, as organisers fill it in. Planned and checked by `sessions.plans`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.forms.editing import PlanForm
from core.web.forms.fields import (
    CitiesField,
    DayField,
    HourField,
    NumberField,
    TextsField,
    WebAddressField,
    ZoneField,
    pk_of,
)
from core.web.forms.sections import Section
from core.web.forms.wall_clock import WallClockMixin, fold_field
from core.web.localized_fields import MAX_TEXT_LENGTH
from labs.models import City, Lab, Room, Track
from sessions.forms.choices import CITIES_ONLY, named
from sessions.forms.languages import LanguagesField, in_stored_order
from sessions.languages import language_names
from sessions.models import Session
from sessions.models.session_languages import LANGUAGE_COLUMNS, ORDER_COLUMNS
from sessions.plans import AgendaPlan, AppearancePlan, SessionPlan

# What stands in templates/sessions/console/session_form.html, whose fieldsets have these ids. A field that is named
# nowhere here is shown below those of "What".
SECTIONS = (
    Section("what", _("What"), ("title", "abstract", "track")),
    Section(
        "when",
        _("When"),
        ("start_date", "start_time", "start_fold", "end_time", "end_fold", "end_date", "time_zone"),
    ),
    Section("where", _("Where"), ("room", "join_link", "format")),
    Section("seats", _("Seats"), ("room_capacity", "online_capacity", "waiting_list", "needs_approval")),
    Section("visibility", _("Who can see it"), ("visibility", "audience")),
    Section("languages", _("Languages"), (*LANGUAGE_COLUMNS, *ORDER_COLUMNS)),
    Section("agenda", _("Agenda")),
    Section("people", _("Speakers")),
)
_PLACED = {"version", "replaces", "place", *(name for section in SECTIONS for name in section.fields)}


class SessionForm(PlanForm[SessionPlan], WallClockMixin):
    """A session without its agenda and its people, which are rows beside it."""

    plan_type = SessionPlan
    renamed: Mapping[str, str] = {"slug": "title"}

    # The ids of agenda items that somebody else added, and that saving takes out, as an edit conflict said.
    replaces = forms.Field(required=False, widget=forms.HiddenInput)
    # The page was opened with a time for a session that has none, so that saving it takes this time.
    place = forms.BooleanField(required=False, widget=forms.HiddenInput)
    title = TextsField(label=_("Title"), limit=300)
    abstract = TextsField(
        label=_("Description"),
        help_text=_("You can use Markdown: **bold**, lists and links."),
        limit=MAX_TEXT_LENGTH,
        rows=5,
        required=False,
    )
    track = forms.ModelChoiceField(
        label=_("Track"),
        queryset=Track.objects.none(),
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("Choose a track of this lab.")},
    )
    room = forms.ModelChoiceField(
        label=_("Room"),
        queryset=Room.objects.none(),
        required=False,
        empty_label=_("None yet"),
        error_messages={"invalid_choice": _("Choose a room of this lab.")},
    )
    join_link = WebAddressField(
        label=_("Join link of this session"),
        help_text=_("If different from the room’s. Only people with a seat can see it."),
    )
    start_date = DayField(label=_("Day"))
    start_time = HourField(label=_("Starts"))
    start_fold = fold_field(_("Which start? (clocks go back)"))
    end_date = DayField(label=_("Last day"), help_text=_("Only if it ends on another day."), required=False)
    end_time = HourField(label=_("Ends"))
    end_fold = fold_field(_("Which end? (clocks go back)"))
    time_zone = ZoneField(label=_("Time zone"))
    format = forms.ChoiceField(label=_("Format"), choices=Lab.Format.choices, widget=forms.RadioSelect)
    room_capacity = NumberField(
        label=_("Seats in person"),
        help_text=_("If left empty, everyone who registers gets one."),
        required=False,
    )
    online_capacity = NumberField(
        label=_("Seats online"),
        help_text=_("If left empty, everyone who registers gets one."),
        required=False,
    )
    waiting_list = forms.BooleanField(label=_("Keep a waiting list when full"), required=False)
    needs_approval = forms.BooleanField(label=_("Organisers approve each seat"), required=False)
    spoken_languages = LanguagesField(label=_("Spoken languages"))
    interpreted_languages = LanguagesField(label=_("Interpreted into"))
    sign_languages = LanguagesField(sign=True, label=_("Sign languages"))
    captioned_languages = LanguagesField(label=_("Captions in"))
    interpretation_order_by = DayField(
        label=_("Order interpretation by"),
        help_text=_("The last day on which interpreters can be ordered. Only organisers see it."),
        required=False,
    )
    interpretation_ordered_on = DayField(
        label=_("Interpretation ordered on"),
        help_text=_("Leave it empty until the order is placed."),
        required=False,
    )
    visibility = forms.ChoiceField(
        label=_("Visibility"),
        help_text=_("You confirm a change on the next page."),
        choices=[
            (Session.Visibility.DRAFT, _("Draft: organisers only")),
            (Session.Visibility.PUBLIC, _("Public: everyone")),
            (Session.Visibility.INTERNAL, _("Internal: delegates of the programme’s cities")),
        ],
        widget=forms.RadioSelect,
        initial=Session.Visibility.DRAFT,
    )
    audience = CitiesField(
        label=_("Cities whose delegates can see it"),
        help_text=_("For an internal session. If none is selected, the delegates of all cities can see it."),
        queryset=City.objects.none(),
        required=False,
        error_messages=CITIES_ONLY,
    )

    def __init__(
        self,
        *args: object,
        lab: Lab,
        session: Session | None = None,
        given: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> None:
        self.lab = lab
        self.session = session
        initial = _session_initial(session) if session else _new_session_initial(lab)
        initial |= given or {}
        initial["place"] = bool(given and "start_date" in given and session and not session.is_placed)
        super().__init__(*args, locales=lab.languages, row=session, initial=initial, **kwargs)
        for name, queryset in (("track", lab.tracks.all()), ("room", lab.rooms.all())):
            self.set_queryset(name, queryset, lambda row: named(row.name, lab))
        for name in LANGUAGE_COLUMNS:
            choice = cast("LanguagesField", self.fields[name])
            choice.offer_first([*(getattr(session, name) if session else ()), *lab.languages, "ils"])
        cities = lab.programme.cities.all()
        self.set_queryset("audience", cities, lambda city: named(city.name, lab))
        zone = str(self["time_zone"].value() or "")
        try:
            validate_zone(zone)
        except forms.ValidationError:
            zone = "UTC"
        self.start_twice = self.name_folds("start", zone)
        # It ends on the same day unless another one is said.
        self.end_twice = self.name_folds(
            "end", zone, "end_date" if self["end_date"].value() else "start_date"
        )

    @property
    def further_fields(self) -> list[forms.BoundField]:
        """The fields to which the template gives no place of their own."""
        return [self[name] for name in self.fields if name not in _PLACED]

    @property
    def language_fields(self) -> list[tuple[forms.BoundField, str]]:
        """The fields of languages, each with the names of those that are ticked."""
        fields = [self[name] for name in LANGUAGE_COLUMNS]
        return [(field, language_names(field.value() or ())) for field in fields]

    @property
    def replaced(self) -> set[int]:
        """The agenda items of others that this form takes out knowingly."""
        said = str(self["replaces"].value() or "").split(",")
        return {pk for text in said if (pk := pk_of(text)) is not None}

    def renew(self, replaced: Iterable[int] = ()) -> None:
        super().renew()
        data: Any = self.data
        data["replaces"] = ",".join(map(str, sorted(replaced)))

    def plan_with(
        self, slug: str, agenda: tuple[AgendaPlan, ...], appearances: tuple[AppearancePlan, ...]
    ) -> SessionPlan:
        """Return the plan that the answers make, with what the rows beside them say."""
        values = self.cleaned_data
        languages = {
            name: in_stored_order(getattr(self.session, name) if self.session else (), values[name])
            for name in LANGUAGE_COLUMNS
        }
        return self.as_plan(
            **languages,
            slug=slug,
            start_fold=values["start_fold"] if self.start_twice else None,
            end_date=values["end_date"] or values["start_date"],
            end_fold=values["end_fold"] if self.end_twice else None,
            is_placed=self._is_placed(),
            agenda=agenda,
            appearances=appearances,
        )

    def _is_placed(self) -> bool:
        """Tell whether the session has its day: a new one has, and one that was without gets it by another time."""
        if self.session is None or self.session.is_placed or self.cleaned_data["place"]:
            return True
        return not {"start_date", "start_time"}.isdisjoint(self.changed_data)


def _session_initial(session: Session) -> dict[str, object]:
    return {
        "end_date": session.end_date if session.end_date != session.start_date else None,
        "visibility": session.visibility,
        "audience": list(session.audience.values_list("pk", flat=True)),
    }


def _new_session_initial(lab: Lab) -> dict[str, object]:
    return {
        "start_date": lab.starts_on,
        "time_zone": lab.time_zone,
        "format": lab.format,
        "waiting_list": True,
        "visibility": Session.Visibility.DRAFT,
    }
