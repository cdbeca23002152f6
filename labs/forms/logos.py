"""A logo of a programme, as its owners fill it in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Difference
from core.web.forms.editing import PlanForm
from core.web.forms.fields import NumberField, TextsField, WebAddressField
from labs.forms.pictures import CHOOSE_AGAIN, PictureField
from labs.models import Programme, ProgrammeLogo
from labs.programme_logos import LogoPlan


class LogoForm(PlanForm[LogoPlan]):
    plan_type = LogoPlan
    renamed = {"logo": "picture"}

    picture = PictureField(
        label=_("Logo"),
        help_text=_("SVG or PNG, at most 512 kB. It is shown on a white plate."),
        error_messages={"required": _("Choose a file.")},
    )
    alt = TextsField(
        label=_("Alternative text"),
        help_text=_("What the logo shows, for people who cannot see it: usually the organisation’s name."),
        error_messages={"required": _("Enter a description of the logo for people who cannot see it.")},
    )
    link = WebAddressField(
        label=_("Web address"),
        help_text=_("Where the logo leads, such as the organisation’s site."),
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
        if self.cleaned_data["picture"] is not None:
            found.append(Difference(gettext("Logo"), gettext("Set"), str(CHOOSE_AGAIN)))
        return found

    @property
    def plan(self) -> LogoPlan:
        return self.as_plan(position=self.cleaned_data["position"] or 0)
