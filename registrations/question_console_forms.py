"""The console's forms of sets, questions and choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Difference
from core.web.forms.base import BaseForm
from core.web.forms.editing import PlanForm
from core.web.forms.fields import NumberField, TextsField
from core.web.forms.rows import BaseRows, row_field
from core.web.localized_fields import languages_of, text_of
from labs.models import Lab
from registrations.answer_values import plain_number
from registrations.models import Choice, Question, QuestionSet
from registrations.models.questions import MAX_HELP_LENGTH, MAX_LABEL_LENGTH
from registrations.question_plans import MAX_CHOICES, ChoicePlan, QuestionPlan, SetPlan, readers_of
from sessions.models import Session

NOT_A_NUMBER = dict.fromkeys(
    ("invalid", "max_digits", "max_decimal_places", "max_whole_digits"), _("Enter a number.")
)
DAYS_HINT = _("Empty: as long as the lab keeps its registrations. 0: until its last day.")


class SetForm(PlanForm[SetPlan]):
    """A set: when it is asked, who reads the answers, until when."""

    plan_type = SetPlan

    title = TextsField(label=_("Title"))
    introduction = TextsField(label=_("Introduction"), limit=MAX_HELP_LENGTH, rows=2, required=False)
    stage = forms.ChoiceField(
        label=_("When to ask"),
        choices=QuestionSet.Stage.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "After a seat is confirmed, the questions are on the person’s page. You decide when to send them."
        ),
    )
    protection = forms.ChoiceField(
        label=_("Who can read the answers"),
        choices=QuestionSet.Protection.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "For the people you name, answers are encrypted and each view is recorded. Personal needs are also "
            "optional, and kept only with explicit consent."
        ),
    )
    readers = forms.TypedMultipleChoiceField(
        label=_("People who can read them"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only for answers that not all organisers read. Add people to the lab first."),
    )
    retention_days = NumberField(
        label=_("Days to keep the answers after the lab"), required=False, max_value=3650, help_text=DAYS_HINT
    )

    def __init__(self, *args: Any, lab: Lab, row: QuestionSet | None = None, **kwargs: Any) -> None:
        names = [] if row is None else [str(pk) for pk in row.readers.values_list("pk", flat=True)]
        initial: dict[str, Any] = {"readers": names}
        if row is None:
            initial |= {"stage": QuestionSet.Stage.REGISTERING, "protection": QuestionSet.Protection.ORDINARY}
        super().__init__(*args, row=row, initial=initial, locales=lab.languages, **kwargs)
        people = readers_of(lab)
        self.set_choices("readers", [(str(pk), user) for pk, user in people.items()])

    @property
    def plan(self) -> SetPlan:
        return self.as_plan(readers=tuple(self.cleaned_data["readers"]))


class QuestionForm(PlanForm[QuestionPlan]):
    """A question without its choices, which are rows beside it."""

    plan_type = QuestionPlan
    renamed = {"shown_if": "condition", "shown_if_value": "condition", "choices": ""}

    label = TextsField(label=_("Question"), limit=MAX_LABEL_LENGTH)
    kind = forms.ChoiceField(label=_("Kind of answer"), choices=Question.Kind.choices)
    help = TextsField(label=_("Hint"), limit=MAX_HELP_LENGTH, rows=2, required=False)
    required = forms.BooleanField(label=_("An answer is required"), required=False)
    session = forms.ModelChoiceField(
        Session.objects.none(),
        label=_("Ask"),
        required=False,
        empty_label=_("Everyone"),
    )
    condition = forms.ChoiceField(label=_("Show only if"), required=False)
    minimum = forms.DecimalField(
        label=_("Minimum"),
        required=False,
        max_digits=15,
        decimal_places=3,
        help_text=_("For numbers."),
        error_messages=NOT_A_NUMBER,
    )
    maximum = forms.DecimalField(
        label=_("Maximum"),
        required=False,
        max_digits=15,
        decimal_places=3,
        help_text=_("For numbers; of texts, how many characters; of several choices, how many."),
        error_messages=NOT_A_NUMBER,
    )
    retention_days = NumberField(
        label=_("Days to keep the answers after the lab"),
        required=False,
        max_value=3650,
        help_text=_("Empty: as long as the section’s."),
    )

    def __init__(
        self, *args: Any, question_set: QuestionSet, row: Question | None = None, **kwargs: Any
    ) -> None:
        lab = question_set.lab
        initial: dict[str, Any] = {**kwargs.pop("initial", {})}
        if row is not None:
            initial |= {
                "condition": f"{row.shown_if_id}={row.shown_if_value}" if row.shown_if_id else "",
                "minimum": _plain(row.minimum),
                "maximum": _plain(row.maximum),
                "choices": None,
            }
        super().__init__(*args, row=row, initial=initial, locales=lab.languages, **kwargs)
        for name in ("minimum", "maximum"):
            self.fields[name].widget = forms.TextInput(
                attrs={"inputmode": "decimal", "class": "input-short", "autocomplete": "off"}
            )
        here = get_language() or "en"
        self.set_queryset(
            "session",
            Session.objects.filter(lab=lab).order_by("starts_at", "pk"),
            lambda session: (
                gettext("People in “%(session)s”") % {"session": text_of(session.title, here, lab)}
            ),
        )
        self.deciding = {one.pk: one for one in _deciding(question_set, row)}
        self.set_choices(
            "condition", [("", gettext("Always show")), *_conditions(self.deciding.values(), lab)]
        )
        self.rows: Any = None
        self.stored_rows: list[tuple[str, str]] = []
        if question_set.is_needs:
            self.fields.pop("required")

    @property
    def plan(self) -> QuestionPlan:
        pk, _equals, value = self.cleaned_data["condition"].partition("=")
        takes_choices = Question(kind=self.cleaned_data["kind"]).has_choices
        return self.as_plan(
            required=self.cleaned_data.get("required", False),
            shown_if=self.deciding[int(pk)] if pk else None,
            shown_if_value=value,
            choices=self.rows.plans() if takes_choices else (),
        )

    def differences(self) -> list[Difference]:
        found = super().differences()
        if self.rows is not None and self.rows.in_words() != self.rows.stored_in_words():
            found.append(
                Difference(
                    gettext("Choices"), self.rows.stored_in_words() or "–", self.rows.in_words() or "–"
                )
            )
        return found


def _plain(value: Any) -> str | None:
    return None if value is None else plain_number(value)


def _deciding(question_set: QuestionSet, row: Question | None) -> list[Question]:
    """Return the questions of the set that can decide whether this one is shown: those above it."""
    above = []
    for one in question_set.questions.prefetch_related("choices").order_by("position", "pk"):
        if row is not None and one.pk == row.pk:
            break
        if one.decides:
            above.append(one)
    return above


def _conditions(questions: Any, lab: Lab) -> list[tuple[str, object]]:
    """Return the answers on which a question can depend, by question."""
    here = get_language() or "en"
    groups: list[tuple[str, object]] = []
    for one in questions:
        values: Sequence[tuple[str, str]] = (
            [("yes", gettext("Yes")), ("no", gettext("No"))]
            if one.kind == Question.Kind.YES_NO
            else [(choice.slug, text_of(choice.label, here, lab)) for choice in one.choices.all()]
        )
        label = text_of(one.label, here, lab)
        words = gettext("“%(question)s” is answered “%(answer)s”")
        groups.append(
            (
                label,
                [
                    (f"{one.pk}={value}", words % {"question": label, "answer": said})
                    for value, said in values
                ],
            )
        )
    return groups


class ChoiceRow(BaseForm):
    """One choice."""

    row = row_field()
    label = TextsField(label=_("Text"), limit=MAX_LABEL_LENGTH)
    places = NumberField(label=_("Places"), required=False)


class BaseChoiceRows(BaseRows):
    """`stored` are the choices that stand, by id and in their order."""

    def __init__(self, *args: Any, stored: dict[int, Choice], locales: list[str], **kwargs: Any) -> None:
        self.stored = stored
        super().__init__(*args, **{"form_kwargs": {"locales": locales}, **kwargs})

    def name_of(self, place: int) -> str:
        return gettext("Choice %(number)d") % {"number": place + 1}

    def plans(self) -> tuple[ChoicePlan, ...]:
        return tuple(
            ChoicePlan(
                label=form.texts("label"),
                places=form.cleaned_data.get("places"),
                row=form.cleaned_data.get("row"),
            )
            for form in self.ordered_forms
        )

    @property
    def removed(self) -> list[Choice]:
        """Stored choices that are not sent any more."""
        kept = {plan.row for plan in self.plans()}
        return [choice for pk, choice in self.stored.items() if pk not in kept]

    def in_words(self) -> str:
        return "\n".join(_choice_words(languages_of(dict(one.label)), one.places) for one in self.plans())

    def stored_in_words(self) -> str:
        return "\n".join(_choice_words(languages_of(one.label), one.places) for one in self.stored.values())

    def add_errors(self, errors: dict[str, list[str]]) -> dict[str, list[str]]:
        """Show errors of "3.label" beside their rows, and return the others."""
        rows = self.ordered_forms
        rest = {}
        for name, messages in errors.items():
            place, dot, field = name.partition(".")
            if dot and place.isdecimal() and int(place) < len(rows):
                rows[int(place)].add_errors({field: messages})
            else:
                rest[name] = messages
        return rest


def _choice_words(label: dict[str, str], places: int | None) -> str:
    words = " / ".join(label[code] for code in sorted(label))
    return words if places is None else f"{words} ({places})"


ChoiceRows: Any = formset_factory(
    ChoiceRow,
    formset=BaseChoiceRows,
    extra=0,
    can_order=True,
    can_delete=True,
    can_delete_extra=True,
    max_num=MAX_CHOICES,
    absolute_max=MAX_CHOICES + 20,
)
