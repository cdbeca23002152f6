"""A logo of a programme, as its owners fill it in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Difference
from core.web.forms.editing import PlanForm
from core.web.forms.fields import NumberField, TextsField
from labs.logos import MAX_BYTES
from labs.models import Programme, ProgrammeLogo
from labs.programme_logos import LogoPlan


class LogoForm(PlanForm[LogoPlan]):
    plan_type = LogoPlan
    renamed = {"logo": "picture"}

    picture = forms.FileField(
        label=_("Logo"),
        help_text=_("SVG or PNG, at most 512 kB. It is shown on a white plate."),
        allow_empty_file=True,
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".svg,.png,image/svg+xml,image/png"}),
        error_messages={"required": _("Choose a file.")},
    )
    alt = TextsField(
        label=_("Alternative text"),
        help_text=_("What the logo shows, for people who cannot see it: usually the organisation’s name."),
        error_messages={"required": _("Enter a description of the logo for people who cannot see it.")},
    )
    link = forms.CharField(
        label=_("Web address"),
        help_text=_("Where the logo leads, such as the organisation’s site."),
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    position = NumberField(
        label=_("Position"), help_text=_("Lower numbers come first."), required=False, max_value=1000
    )

    def __init__(
        self, *args: object, programme: Programme, logo: ProgrammeLogo | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, locales=programme.languages, row=logo, **kwargs)
        if logo is not None:
            self.fields["picture"].required = False
            self.fields["picture"].label = _("Replace the logo")

    def differences(self) -> list[Difference]:
        found = super().differences()
        if self.picture_bytes is not None:
            typed = gettext("A different file. Choose it again: browsers do not keep it.")
            found.append(Difference(gettext("Logo"), gettext("Set"), typed))
        return found

    def clean(self) -> dict[str, object]:
        values = super().clean() or {}
        upload = values.get("picture")
        # Of a large file, enough to refuse it.
        self.picture_bytes: bytes | None = upload.read(MAX_BYTES + 1) if upload else None
        return values

    @property
    def plan(self) -> LogoPlan:
        return self.as_plan(position=self.cleaned_data["position"] or 0)
