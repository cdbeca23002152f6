"""Days and hours of forms as instants, and the question which one is meant where the clock shows an hour twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.timezones.formatting import clock
from core.timezones.wall_clock import WallClockError, instant, is_ambiguous, wall
from core.timezones.zones import offset_text
from core.web.forms.base import BaseForm


def fold_field(label: Any) -> forms.TypedChoiceField:
    """Which reading is meant, where the clock shows a time twice; shown only there (`WallClockMixin`)."""
    return forms.TypedChoiceField(
        label=label,
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("0", _("The first")), ("1", _("The second"))],
        widget=forms.RadioSelect,
    )


def fold_choices(on: date, at: time, zone: str) -> list[tuple[str, str]]:
    """Return the two readings of a time that the clock shows twice, each with its offset, as choices of its fold."""
    local = datetime.combine(on, at, tzinfo=UTC)
    first, second = (offset_text(local - instant(on, at, zone, fold)) for fold in (0, 1))
    said = {"time": clock(at)}
    return [
        ("0", gettext("The first %(time)s, at %(offset)s") % {**said, "offset": first}),
        ("1", gettext("The second %(time)s, at %(offset)s") % {**said, "offset": second}),
    ]


class WallClockMixin(BaseForm):
    """Turns pairs of day and hour into instants, and asks which one is meant where the clock shows an hour twice."""

    def moment(self, prefix: str, zone: str, stored: datetime | None = None) -> datetime | None:
        """Return the instant (UTC) of `<prefix>_date` and `<prefix>_time` in `zone`; note what is wrong with them.

        `stored` stays, with its seconds, where the form says its minute.
        """
        on, at = self.cleaned_data.get(f"{prefix}_date"), self.cleaned_data.get(f"{prefix}_time")
        if on is None or at is None:
            if on is not None and f"{prefix}_time" not in self.errors:
                self.add_error(f"{prefix}_time", gettext("Choose a time as well."))
            if at is not None and f"{prefix}_date" not in self.errors:
                self.add_error(f"{prefix}_date", gettext("Choose a date as well."))
            return None
        try:
            found = instant(on, at, zone, self.cleaned_data.get(f"{prefix}_fold"))
        except WallClockError as error:
            self.add_error(f"{prefix}_time", error.message)
            return None
        is_the_same = stored is not None and stored.replace(second=0, microsecond=0) == found
        return stored if is_the_same else found

    def name_folds(self, prefix: str, zone: str, day: str = "") -> bool:
        """Tell whether the hour as it stands comes twice in `zone`; the two answers then name their offsets.

        `day` is the field that says the day, `<prefix>_date` unless another one is named.
        """
        on = self._as_it_stands(day or f"{prefix}_date")
        at = self._as_it_stands(f"{prefix}_time")
        if not isinstance(on, date) or not isinstance(at, time):
            return False
        try:
            if not is_ambiguous(on, at, zone):
                return False
        except WallClockError:
            return False
        cast(forms.ChoiceField, self.fields[f"{prefix}_fold"]).choices = fold_choices(on, at, zone)
        return True

    def _as_it_stands(self, name: str) -> object:
        if not self.is_bound:
            return self.get_initial_for_field(self.fields[name], name)
        try:
            return self.fields[name].clean(self[name].data)
        except forms.ValidationError:
            return None


def moment_initial(prefix: str, at: datetime | None, zone: str) -> dict[str, object]:
    """Return the initial values of a day, an hour and a fold that stand for an instant."""
    if at is None:
        return {}
    local = wall(at, zone)
    return {
        f"{prefix}_date": local.date(),
        f"{prefix}_time": local.time().replace(second=0, microsecond=0),
        f"{prefix}_fold": str(local.fold),
    }
