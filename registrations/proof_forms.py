"""The console's form about held proof."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.editing import EditForm
from core.web.forms.fields import DayField, TextsField
from core.web.localized_fields import languages_of
from registrations.models import ProofRules
from registrations.models.proof import MAX_BASIS_LENGTH
from registrations.proof import ProofPlan
from registrations.question_plans import readers_of


class ProofForm(EditForm):
    """Whether attendance is held as proof, why, who reads it, until when."""

    mark_optional = False

    is_held = forms.BooleanField(
        label=_("Hold attendance as proof"),
        help_text=_(
            "When a person’s data is deleted, the name, city, organisation, attended sessions and certificate "
            "numbers stay, encrypted. Everything else is deleted."
        ),
        required=False,
    )
    legal_basis = TextsField(
        label=_("Legal basis"),
        help_text=_(
            "Participants read it. Such as: Article 20 of the grant agreement, audits by the Commission."
        ),
        limit=MAX_BASIS_LENGTH,
        rows=3,
        required=False,
    )
    until = DayField(label=_("Held until"), required=False)
    readers = forms.TypedMultipleChoiceField(
        label=_("People who can read it"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, rules: ProofRules, **kwargs: Any) -> None:
        is_new = rules._state.adding
        names = [] if is_new else [str(pk) for pk in rules.readers.values_list("pk", flat=True)]
        initial = {
            "is_held": rules.is_held,
            "legal_basis": rules.legal_basis,
            "until": rules.until,
            "readers": names,
        }
        super().__init__(
            *args,
            version=0 if is_new else rules.version,
            initial=initial,
            locales=rules.lab.languages,
            **kwargs,
        )
        self.set_choices("readers", [(str(pk), user) for pk, user in readers_of(rules.lab).items()])

    @property
    def plan(self) -> ProofPlan:
        values = self.cleaned_data
        return ProofPlan(
            values["is_held"], languages_of(values["legal_basis"]), values["until"], tuple(values["readers"])
        )
