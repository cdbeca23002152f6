"""Where a session is to be in the schedule, as organisers fill it in. Checked by `sessions.placing`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.timezones.zones import validate_zone
from core.web.forms.editing import EditForm
from core.web.forms.fields import DayField, HourField, NumberField, ZoneField
from core.web.forms.wall_clock import WallClockMixin, fold_field
from labs.models import Room, Track
from sessions.forms.choices import named
from sessions.models import Session
from sessions.placing import MAX_MINUTES, Placement, placement_of

FIELDS = ("start_date", "start_time", "start_fold", "minutes", "room", "track")


class MoveForm(EditForm, WallClockMixin):
    """Day, start, length, room and track of a session. `time_zone` says whose clocks are meant: else the session's."""

    time_zone = ZoneField(required=False, widget=forms.HiddenInput)
    start_date = DayField(label=_("Day"))
    start_time = HourField(label=_("Starts"))
    start_fold = fold_field(_("Which start? (clocks go back)"))
    minutes = NumberField(label=_("Length in minutes"), min_value=1, max_value=MAX_MINUTES)
    room = forms.ModelChoiceField(
        label=_("Room"),
        queryset=Room.objects.none(),
        required=False,
        empty_label=_("None yet"),
        error_messages={"invalid_choice": _("Choose a room of this lab.")},
    )
    track = forms.ModelChoiceField(
        label=_("Track"),
        queryset=Track.objects.none(),
        required=False,
        empty_label=_("None"),
        error_messages={"invalid_choice": _("Choose a track of this lab.")},
    )

    def __init__(self, data: Any = None, *, session: Session) -> None:
        zone = data.get("time_zone") if data is not None else ""
        try:
            validate_zone(zone or session.time_zone)
        except forms.ValidationError:
            zone = ""
        self.zone = zone or session.time_zone
        now = placement_of(session, self.zone)
        initial = {name: getattr(now, name) for name in FIELDS} | {"time_zone": self.zone}
        if not session.is_placed:
            initial |= {"start_date": None, "start_time": None, "start_fold": None}
        super().__init__(data, locales=session.lab.languages, version=session.version, initial=initial)
        self.session = session
        for name, rows in (("room", session.lab.rooms.all()), ("track", session.lab.tracks.all())):
            self.set_queryset(name, rows, lambda row: named(row.name, session.lab))
        self.start_twice = self.name_folds("start", self.zone)

    @property
    def left_out(self) -> Collection[str]:
        return ("time_zone",) if self.start_twice else ("time_zone", "start_fold")

    @property
    def placement(self) -> Placement:
        values = self.cleaned_data
        return Placement(**{name: values[name] for name in FIELDS}, time_zone=self.zone)
