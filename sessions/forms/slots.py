"""What a slot is looked for, as organisers fill it in. It comes by GET, and is checked by `sessions.slot_search`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.forms.fields import CitiesField, DayField, HourField, NumberField
from labs.models import City, Lab, Room
from sessions.forms.choices import CITIES_ONLY, named
from sessions.models import Session, Speaker
from sessions.slot_search import Wanted


class SlotForm(BaseForm):
    """`moved` is a session for which another time is looked for; the form is opened with what it has."""

    cities = CitiesField(
        label=_("Cities"),
        help_text=_("The session takes place in the working hours of all of them."),
        queryset=City.objects.none(),
        error_messages={**CITIES_ONLY, "required": _("Choose at least one city.")},
    )
    minutes = NumberField(label=_("Length in minutes"))
    speakers = CitiesField(
        label=_("Speakers"),
        queryset=Speaker.objects.none(),
        required=False,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value"), _("Choose speakers of this programme.")
        ),
    )
    rooms = CitiesField(
        label=_("Rooms"),
        help_text=_("One of them must be free. If none is selected, no room is needed."),
        queryset=Room.objects.none(),
        required=False,
        error_messages=dict.fromkeys(("invalid_choice", "invalid_pk_value"), _("Choose a room of this lab.")),
    )
    first_day = DayField(label=_("From"), required=False)
    last_day = DayField(label=_("Until"), required=False)
    day_begins = HourField(label=_("Working hours from"))
    day_ends = HourField(label=_("Working hours until"))

    def __init__(self, *args: Any, lab: Lab, moved: Session | None = None, **kwargs: Any) -> None:
        super().__init__(*args, locales=lab.languages, initial=_initial(lab, moved), **kwargs)
        self.moved = moved
        self.set_queryset("cities", lab.programme.cities.all(), lambda city: named(city.name, lab))
        speakers = lab.programme.speakers.select_related("city")
        self.set_queryset("speakers", speakers, lambda speaker: named(speaker.name, lab))
        self.set_queryset("rooms", lab.rooms.all(), lambda room: named(room.name, lab))

    @property
    def has_more(self) -> bool:
        """Whether anything in the folded part says more than the form as opened."""
        return any(self[name].errors or self[name].value() for name in ("speakers", "rooms"))

    def wanted(self) -> Wanted:
        """Return what the answers ask for; only of a valid form."""
        answers = dict(self.cleaned_data)
        for name in ("cities", "speakers", "rooms"):
            answers[name] = list(answers[name])
        return Wanted(**answers, moved=self.moved)


def _initial(lab: Lab, moved: Session | None) -> dict[str, object]:
    opened: dict[str, object] = {
        "minutes": 60,
        "first_day": lab.starts_on,
        "last_day": lab.ends_on,
        "day_begins": time(9),
        "day_ends": time(17),
    }
    if moved is not None:
        opened |= {
            "minutes": max(1, round(moved.duration.total_seconds() / 60)),
            "cities": list(moved.audience.values_list("pk", flat=True)),
            "speakers": sorted(set(moved.appearances.values_list("speaker", flat=True))),
            "rooms": [moved.room_id] if moved.room_id else [],
        }
    return opened


def prefilled(data: QueryDict, names: Mapping[str, forms.Field]) -> dict[str, object]:
    """Return initial values of the form of a session from the address that leads to it.

    Only what its fields understand is taken: anybody can write an address.
    """
    found: dict[str, object] = {}
    for name in ("start_date", "start_time", "start_fold", "end_date", "end_time", "end_fold", "time_zone"):
        if said := data.get(name):
            try:
                names[name].clean(said)
            except forms.ValidationError:
                continue
            found[name] = said
    if str(room := data.get("room", "")).isdecimal():
        found["room"] = room
    if cities := [pk for pk in data.getlist("city") if pk.isdecimal()][:1000]:
        found |= {"audience": cities, "visibility": Session.Visibility.INTERNAL}
    return found
