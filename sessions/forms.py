"""Sessions and speakers, as organisers fill them in. Planned and checked by `sessions.plans`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from labs.forms.base import (
    CitiesField,
    DayField,
    HourField,
    HouseForm,
    NumberField,
    TextsField,
    WallClockMixin,
    ZoneField,
    fold_field,
    keeping,
)
from labs.forms.rows import RowForm, Rows, refuse_fewer_rows
from labs.models import City, Lab, Programme, Room, Track
from labs.models.texts import PARAGRAPHS, languages_of, reading
from labs.zones import validate_zone
from sessions.models import AgendaItem, Appearance, Session, Speaker
from sessions.plans import AGENDA_LIMIT, AgendaPlan, AppearancePlan, SessionPlan
from sessions.speaking import SpeakerPlan

PEOPLE_LIMIT = 200
CITIES_ONLY = dict.fromkeys(("invalid_choice", "invalid_pk_value"), _("Choose cities of this programme."))

Choices = list[tuple[str, str]]


def named(text: object, owner: Any) -> str:
    """Return a multilingual text as the reader of the console reads it."""
    return reading(text, get_language() or "en", owner.default_language)[0]


class SessionForm(WallClockMixin):
    """A session without its agenda and its people, which are rows beside it."""

    renamed: Mapping[str, str] = {"slug": "title"}

    title = TextsField(label=_("Title"), limit=300)
    abstract = TextsField(
        label=_("What it is about"),
        help_text=_("Paragraphs; **bold**, lists and links as in Markdown."),
        limit=PARAGRAPHS,
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
    join_link = forms.CharField(
        label=_("Join link of this session"),
        help_text=_("Where it differs from the room’s. Only people with a seat get it."),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    start_date = DayField(label=_("Day"))
    start_time = HourField(label=_("Starts"))
    start_fold = fold_field()
    end_date = DayField(
        label=_("Last day"), help_text=_("Only where it ends on another day."), required=False
    )
    end_time = HourField(label=_("Ends"))
    end_fold = fold_field()
    time_zone = ZoneField(label=_("Time zone"))
    capacity = NumberField(
        label=_("Seats"), help_text=_("Left empty, it is open to all who register."), required=False
    )
    waiting_list = forms.BooleanField(label=_("Keep a waiting list when it is full"), required=False)
    visibility = forms.ChoiceField(
        label=_("Who may see it"),
        help_text=_("A change is asked about on the next page, and takes effect there."),
        choices=[
            (Session.Visibility.DRAFT, _("Draft: organisers only")),
            (Session.Visibility.PUBLIC, _("Public: everyone")),
            (Session.Visibility.INTERNAL, _("Internal: delegates of the programme’s cities")),
        ],
        widget=forms.RadioSelect,
        initial=Session.Visibility.DRAFT,
    )
    audience = CitiesField(
        label=_("Cities whose delegates see it"),
        help_text=_("For an internal session. With none ticked, the delegates of all cities see it."),
        queryset=City.objects.none(),
        required=False,
        error_messages=CITIES_ONLY,
    )
    tell = forms.BooleanField(required=False)
    revision = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lab: Lab, session: Session | None = None, **kwargs: Any) -> None:
        self.lab = lab
        self.session = session
        initial = kwargs.pop("initial", None)
        if initial is None:
            initial = _session_initial(session) if session else _new_session_initial(lab)
        super().__init__(*args, locales=lab.languages, initial=initial, **kwargs)
        for name, queryset in (("track", lab.tracks.all()), ("room", lab.rooms.all())):
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = lambda row: named(row.name, lab)  # type: ignore[attr-defined]
        cities = lab.programme.cities.all()
        self.fields["audience"].queryset = cities  # type: ignore[attr-defined]
        self.fields["audience"].label_from_instance = lambda city: named(city.name, lab)  # type: ignore[attr-defined]
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

    def plan(
        self, slug: str, agenda: tuple[AgendaPlan, ...], appearances: tuple[AppearancePlan, ...]
    ) -> SessionPlan:
        """Return the plan that the answers make, with what the rows beside them say."""
        values = self.cleaned_data
        return SessionPlan(
            slug=slug,
            title=self.texts("title"),
            abstract=self.texts("abstract"),
            track=values["track"],
            room=values["room"],
            join_link=values["join_link"],
            start_date=values["start_date"],
            start_time=values["start_time"],
            start_fold=values["start_fold"] if self.start_twice else None,
            end_date=values["end_date"] or values["start_date"],
            end_time=values["end_time"],
            end_fold=values["end_fold"] if self.end_twice else None,
            time_zone=values["time_zone"],
            capacity=values["capacity"],
            waiting_list=values["waiting_list"],
            agenda=agenda,
            appearances=appearances,
        )


def _session_initial(session: Session) -> dict[str, Any]:
    plain = (
        "title", "abstract", "track", "room", "join_link", "start_date", "start_time", "start_fold", "end_time",
        "end_fold", "time_zone", "capacity", "waiting_list", "visibility",
    )  # fmt: skip
    return {
        **{name: getattr(session, name) for name in plain},
        "end_date": session.end_date if session.end_date != session.start_date else None,
        "audience": list(session.audience.values_list("pk", flat=True)),
        "revision": session.revised_at.isoformat(),
    }


def _new_session_initial(lab: Lab) -> dict[str, Any]:
    return {
        "start_date": lab.starts_on,
        "time_zone": lab.time_zone,
        "waiting_list": True,
        "visibility": Session.Visibility.DRAFT,
    }


class AgendaRow(RowForm):
    """An item of the agenda."""

    title = TextsField(label=_("Title"), limit=300)
    abstract = TextsField(label=_("What it is about"), limit=PARAGRAPHS, rows=2, required=False)
    start_time = HourField(label=_("Starts"), required=False)
    end_time = HourField(label=_("Ends"), required=False)
    order = NumberField(label=_("Order"), required=False, max_value=1000)

    @property
    def has_abstract(self) -> bool:
        """Whether there is a text to look at, or to put right."""
        value = self["abstract"].value()
        texts = value if isinstance(value, list) else languages_of(value).values()
        return any(texts) or bool(self["abstract"].errors)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("remove"):
            # A row that is to go need not be right.
            self._errors = ErrorDict()
        return values


class AgendaRows(Rows):
    """The agenda. `sources` are the places on the page of the plans that were made of it."""

    sources: list[int]

    def plans(
        self, stored: Mapping[int, AgendaItem], appearances: Mapping[str, tuple[AppearancePlan, ...]]
    ) -> tuple[AgendaPlan, ...]:
        """Return the items in their order, with the people whom `appearances` names by place on the page."""
        rows = [(place, form) for place, form in enumerate(self.forms) if form in self.filled]
        rows.sort(key=lambda row: (row[1].cleaned_data["order"] or row[0] + 1, row[0]))
        self.sources = [place for place, _form in rows]
        plans = []
        for place, form in rows:
            values = form.cleaned_data
            item = stored.get(values["row"])
            plans.append(
                AgendaPlan(
                    title=keeping(item.title if item else {}, values["title"], form.locales),
                    abstract=keeping(item.abstract if item else {}, values["abstract"], form.locales),
                    start_time=values["start_time"],
                    end_time=values["end_time"],
                    appearances=appearances.get(str(place), ()),
                    item=values["row"],
                )
            )
        return tuple(plans)


class AppearanceRow(HouseForm):
    """Somebody who appears: in the session as such, or in one item of its agenda, by the item's place on the page."""

    speaker = forms.ChoiceField(
        label=_("Speaker"),
        required=False,
        error_messages={"invalid_choice": _("Choose speakers of this programme.")},
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Appearance.Role.choices,
        required=False,
        initial=Appearance.Role.SPEAKER,
        error_messages={"invalid_choice": _("Choose a role from the list.")},
    )
    item = forms.ChoiceField(
        label=_("Where"),
        required=False,
        error_messages={"invalid_choice": _("Choose an item of this agenda.")},
    )

    def __init__(self, *args: Any, speakers: Choices, items: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["speaker"].choices = speakers  # type: ignore[attr-defined]
        self.fields["item"].choices = items  # type: ignore[attr-defined]


class AppearanceRows(BaseFormSet):
    """Who appears. Rows have no ids: the whole list is written anew."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        if self.is_bound:
            kwargs["initial"] = None
        return super()._construct_form(  # type: ignore[misc]
            i, **{**kwargs, "empty_permitted": True, "use_required_attribute": False}
        )

    def clean(self) -> None:
        refuse_fewer_rows(self)

    def plans(self, speakers: Mapping[int, Speaker]) -> dict[str, tuple[AppearancePlan, ...]]:
        """Return who appears where: "" for the session as such, else the item's place on the page."""
        found: dict[str, tuple[AppearancePlan, ...]] = {}
        for form in self.forms:
            values = form.cleaned_data
            if not values.get("speaker"):
                continue
            plan = AppearancePlan(speakers[int(values["speaker"])], values["role"] or Appearance.Role.SPEAKER)
            found[values["item"]] = (*found.get(values["item"], ()), plan)
        return found

    def blame(self, item: str, messages: Iterable[str]) -> None:
        """Show what is wrong with the people of this item (or of the session, "") beside the last of them."""
        rows = [
            form
            for form in self.forms
            if form.cleaned_data.get("speaker") and form.cleaned_data["item"] == item
        ]
        for message in messages:
            if rows:
                rows[-1].add_error("speaker", message)
            else:
                self._non_form_errors.append(message)

    def forget_errors(self) -> None:
        """Show what was typed without judging it."""
        self._errors = [ErrorDict() for _form in self.forms]
        self._non_form_errors = self.error_class()
        for form in self.forms:
            form.forget_errors()


AgendaSet: Any = formset_factory(
    AgendaRow,
    formset=AgendaRows,
    extra=0,
    max_num=AGENDA_LIMIT,
    absolute_max=AGENDA_LIMIT + 20,
    validate_max=True,
)
AppearanceSet: Any = formset_factory(
    AppearanceRow,
    formset=AppearanceRows,
    extra=0,
    max_num=PEOPLE_LIMIT,
    absolute_max=PEOPLE_LIMIT + 20,
    validate_max=True,
)


class SpeakerForm(HouseForm):
    name = TextsField(label=_("Name"))
    affiliation = TextsField(
        label=_("Affiliation"),
        help_text=_("Where he or she works, as it stands under the name."),
        required=False,
    )
    biography = TextsField(label=_("Biography"), limit=PARAGRAPHS, rows=4, required=False)
    city = forms.ModelChoiceField(
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
        *args: Any,
        programme: Programme,
        locales: Sequence[str],
        speaker: Speaker | None = None,
        **kwargs: Any,
    ) -> None:
        names = ("name", "affiliation", "biography", "city", "website")
        initial = {name: getattr(speaker, name) for name in names} if speaker else {}
        super().__init__(*args, locales=locales, initial=initial, **kwargs)
        self.fields["city"].queryset = programme.cities.all()  # type: ignore[attr-defined]
        self.fields["city"].label_from_instance = lambda city: named(city.name, programme)  # type: ignore[attr-defined]

    @property
    def plan(self) -> SpeakerPlan:
        values = self.cleaned_data
        return SpeakerPlan(
            name=self.texts("name"),
            affiliation=self.texts("affiliation"),
            biography=self.texts("biography"),
            city=values["city"],
            website=values["website"],
        )


class AudienceForm(HouseForm):
    """The cities to which an internal session is open."""

    city = CitiesField(
        label=_("Cities whose delegates see it"),
        help_text=_("With none ticked, the delegates of all cities of the programme see it."),
        queryset=City.objects.none(),
        required=False,
        error_messages=CITIES_ONLY,
    )

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["city"].queryset = lab.programme.cities.all()  # type: ignore[attr-defined]
        self.fields["city"].label_from_instance = lambda city: named(city.name, lab)  # type: ignore[attr-defined]


class CancelForm(HouseForm):
    """Why a session does not take place, and whether people are told."""

    reason = TextsField(
        label=_("Reason"),
        help_text=_("Participants read it on the page and in the mail."),
        limit=300,
        required=False,
    )
    tell = forms.BooleanField(required=False)


class RestoreForm(HouseForm):
    tell = forms.BooleanField(required=False)


def agenda_choices(forms_: Sequence[Any], lab: Lab) -> Choices:
    """Return the places in which somebody may appear: the session, and each row of the agenda as it stands."""
    choices: Choices = [("", gettext("The whole session"))]
    for place, form in enumerate(forms_):
        value = form["title"].value()
        texts = value if isinstance(value, list) else list(form.fields["title"].widget.decompress(value))
        written = {
            code: str(text) for code, text in zip(form.fields["title"].locales, texts, strict=False) if text
        }
        title = reading(written, get_language() or "en", lab.default_language)[0]
        choices.append(
            (str(place), gettext("Item %(place)d: %(title)s") % {"place": place + 1, "title": title[:60]})
            if title
            else (str(place), gettext("Item %(place)d") % {"place": place + 1})
        )
    return choices
