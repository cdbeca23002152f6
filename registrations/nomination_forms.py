"""Forms about nominations: naming people, accepting, and what organisers set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.search import alphabetical_key
from core.timezones import zone_hours
from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.forms.fields import DayField, EmailAddressField, HourField, NumberField
from core.web.forms.wall_clock import WallClockMixin, fold_field, moment_initial
from core.web.localized_fields import no_control_characters, one_line, text_of
from core.web.templatetags.site_tags import seats_words
from labs.models import Lab
from registrations.city_contacts import MAX_PLACES, ContactPlan, PlacesPlan, parse_lines
from registrations.document_forms import AskedMixin
from registrations.mode_fields import mode_field, mode_name
from registrations.models import CityContact, NominationPlaces, Seat
from registrations.nominations import AT_ONCE, Nominee
from sessions.models import Session

EACH_CITY = "*"  # no slug has a "*"


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        required=False,
        max_length=200,
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def session_text(session: Session, lab: Lab, held: int, language: str) -> str:
    """Return "Opening · 6 April 2027, 10:30, Sofia time (UTC+3) · 3 seats left", in the active language.

    `held` is how many of its seats are held for the city already.
    """
    starts = zone_hours.moment(session.starts_at, session.time_zone, language)
    parts = [text_of(session.title, language, lab), starts, seats_words(session)]
    if held:
        words = ngettext(
            "%(count)d seat is held for your city", "%(count)d seats are held for your city", held
        )
        parts.append(words % {"count": held})
    return " · ".join(parts)


class NomineesForm(BaseForm):
    """Several people and the sessions that they are named for; rows that are left empty are nobody."""

    mark_optional = False

    session = forms.TypedMultipleChoiceField(
        label=_("Sessions"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one session."),
            "invalid_choice": _("Choose from the list."),
        },
    )

    def __init__(
        self,
        *args: Any,
        lab: Lab,
        sessions: list[Session],
        rows: int,
        held: Mapping[int, int],
        language: str,
        **kwargs: Any,
    ) -> None:
        """`held` has how many seats pass on from people of the city, by session."""
        super().__init__(*args, **kwargs)
        here = get_language() or "en"
        texts = [(one.pk, session_text(one, lab, held.get(one.pk, 0), here)) for one in sessions]
        self.set_choices("session", texts)
        self.rows = range(min(rows, AT_ONCE))
        for row in self.rows:
            number = {"number": row + 1}
            self.fields[f"name_{row}"] = _name_field()
            # The summary of errors says whose name it is.
            self.fields[f"name_{row}"].label = gettext("Person %(number)d: name") % number
            self.fields[f"email_{row}"] = EmailAddressField(
                label=gettext("Person %(number)d: email") % number,
                required=False,
                widget=forms.EmailInput(attrs={"autocomplete": "off"}),
            )
            self.fields[f"language_{row}"] = forms.ChoiceField(
                label=_("Language of the email"), choices=settings.LANGUAGES, initial=language, required=False
            )

    @property
    def people_fields(self) -> list[tuple[int, Any, Any, Any]]:
        return [
            (row + 1, self[f"name_{row}"], self[f"email_{row}"], self[f"language_{row}"]) for row in self.rows
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        is_nobody = True
        for row in self.rows:
            names = (f"name_{row}", f"email_{row}")
            name, email = (values.get(one, "") for one in names)
            if any(one in self.errors for one in names) or name or email:
                is_nobody = False
            if name and not email and names[1] not in self.errors:
                self.add_error(names[1], _("Enter an email address."))
            if email and not name and names[0] not in self.errors:
                self.add_error(names[0], _("Enter a name."))
        if is_nobody and self.rows:
            self.add_error("name_0", _("Enter at least one person."))
        return values

    @property
    def people(self) -> list[Nominee]:
        values = self.cleaned_data
        return [
            Nominee(
                values[f"name_{row}"],
                values[f"email_{row}"],
                values.get(f"language_{row}") or settings.LANGUAGE_CODE,
                row,
            )
            for row in self.rows
            if values.get(f"name_{row}")
        ]


class AcceptForm(AskedMixin):
    """The consent of somebody who was named, what the lab asks, and how to attend each hybrid session."""

    consent = forms.BooleanField(error_messages={"required": _("You need to give your consent to register.")})
    consent_shown = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, lab: Lab, seats: list[Seat], consent: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask(lab)
        self.fields["consent"].label = consent
        self.seats = seats
        for seat in seats:
            if seat.session.is_hybrid:
                held = seat.mode if seat.state == Seat.State.HELD else ""
                field = mode_field(seat.session, True, held, is_held=True)
                self.fields[mode_name(seat.session.slug)] = field

    def add_errors(self, errors: Mapping[str, Iterable[str | Promise]]) -> None:
        super().add_errors(errors)
        if "consent" in errors:
            # Another text stands there now, to which nobody has agreed yet.
            self.data = {name: value for name, value in self.data.items() if name != "consent"}

    @property
    def picks(self) -> list[tuple[Seat, Any]]:
        return [
            (seat, self[name] if (name := mode_name(seat.session.slug)) in self.fields else None)
            for seat in self.seats
        ]

    @property
    def modes(self) -> dict[int, str]:
        return {
            seat.session_id: self.cleaned_data.get(mode_name(seat.session.slug), "") for seat in self.seats
        }


class DeadlineMixin(WallClockMixin):
    deadline_date = DayField(label=_("Deadline"))
    deadline_time = HourField(label=_("Time"))
    deadline_fold = fold_field(_("Which time?"))
    renamed = {"deadline": "deadline_time"}

    zone = ""
    stored: datetime | None = None  # the deadline as it is

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values["deadline"] = self.moment("deadline", self.zone, self.stored)
        return values

    @property
    def asks_fold(self) -> bool:
        return self.name_folds("deadline", self.zone)


class DeadlineForm(DeadlineMixin):
    """Until when all cities may nominate."""

    mark_optional = False

    def __init__(self, *args: Any, lab: Lab, deadline: datetime | None = None, **kwargs: Any) -> None:
        self.zone, self.stored = lab.time_zone, deadline
        super().__init__(*args, initial=moment_initial("deadline", deadline, lab.time_zone), **kwargs)


class ContactsForm(DeadlineMixin):
    """Contacts, one a line."""

    mark_optional = False

    lines = forms.CharField(
        label=_("Contacts"),
        help_text=_("One a line: city;name;email;language. The language is en, bg or el."),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        error_messages={"required": _("Enter at least one contact.")},
    )

    def __init__(self, *args: Any, lab: Lab, deadline: datetime | None = None, **kwargs: Any) -> None:
        self.lab, self.zone, self.stored = lab, lab.time_zone, deadline
        super().__init__(*args, initial=moment_initial("deadline", deadline, lab.time_zone), **kwargs)

    def clean_lines(self) -> list[ContactPlan]:
        return parse_lines(self.lab, self.cleaned_data["lines"])


class ContactForm(EditForm, DeadlineMixin):
    """A contact of a city: whom to write to, and until when he or she may nominate."""

    mark_optional = False

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        validators=[no_control_characters, one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter a name.")},
    )
    email = EmailAddressField(
        label=_("Email"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter an email address.")},
    )
    language = forms.ChoiceField(label=_("Language of the email"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, contact: CityContact, **kwargs: Any) -> None:
        self.contact, self.zone, self.stored = contact, contact.lab.time_zone, contact.deadline
        initial = {name: getattr(contact, name) for name in ("name", "email", "language")}
        initial |= moment_initial("deadline", contact.deadline, self.zone)
        super().__init__(*args, version=contact.version, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # The form has no seconds: what it showed is what is stored.
        if (at := values["deadline"]) and at == self.contact.deadline.replace(second=0, microsecond=0):
            values["deadline"] = self.contact.deadline
        return values

    @property
    def left_out(self) -> tuple[str, ...]:
        return () if self.asks_fold else ("deadline_fold",)


class PlacesForm(BaseForm):
    """How many each city, or one of them, may nominate."""

    mark_optional = False

    city = forms.ChoiceField(label=_("City"))
    role = forms.ChoiceField(label=_("Role"), choices=NominationPlaces.Role, required=False)
    day = DayField(label=_("Day"), required=False, help_text=_("If empty, any day."))
    track = forms.ChoiceField(label=_("Track"), required=False)
    limit = NumberField(label=_("Places"), min_value=0, max_value=MAX_PLACES)

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = get_language() or "en"
        self.lab = lab
        self.cities = {city.slug: city for city in lab.programme.cities.all()}
        self.tracks = {track.slug: track for track in lab.tracks.all()}
        names = [(text_of(one.name, here, lab), slug) for slug, one in self.cities.items()]
        names.sort(key=lambda pair: alphabetical_key(pair[0]))
        self.set_choices("city", [(EACH_CITY, _("Each city")), *((slug, name) for name, slug in names)])
        tracks = [(slug, text_of(one.name, here, lab)) for slug, one in self.tracks.items()]
        self.set_choices("track", [("", _("Any track")), *tracks])

    @property
    def is_each_city(self) -> bool:
        return bool(self.cleaned_data["city"] == EACH_CITY)

    @property
    def plan(self) -> PlacesPlan:
        values = self.cleaned_data
        city = self.cities.get(values["city"]) or next(iter(self.cities.values()))
        return PlacesPlan(
            city, values["limit"], values["role"], values["day"], self.tracks.get(values["track"])
        )
