"""What is asked before a session or a lab gets another time zone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core.timezones import zone_hours
from core.web.forms.base import BaseForm
from core.web.forms.fields import ZoneField
from sessions.forms.folds import FoldsForm
from sessions.zone_changes import Keep


class ZoneForm(BaseForm):
    """The other zone."""

    mark_optional = False
    zone = ZoneField(label=gettext_lazy("New time zone"))


class KeepForm(FoldsForm):
    """What stays, and which reading is meant where hours that stay come twice in the other zone."""

    keep = forms.ChoiceField(label=gettext_lazy("What stays?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, is_required=False, **kwargs)
        words = {"zone": zone_hours.zone_time(zone, get_language() or "en")}
        field: Any = self.fields["keep"]
        field.choices = [
            (Keep.CLOCK, _("The hours: the same times, now in %(zone)s") % words),
            (Keep.INSTANT, _("The moment: the times change to what clocks show then in %(zone)s") % words),
        ]
