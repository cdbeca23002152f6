"""What a set, a question and a choice are to be, and whether they can be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.web.localized_fields import languages_of
from labs.lab_editing import Findings, Texts
from labs.models import Lab
from registrations import question_changes
from registrations.models import Choice, Question, QuestionSet
from sessions.models import Session

MAX_SETS = 20
MAX_QUESTIONS = 100  # of a lab
MAX_CHOICES = 60  # of a question
MAX_SLUG_LENGTH = 60

Kind = Question.Kind


@dataclass(frozen=True)
class SetPlan:
    """The fields of a set of questions. `readers` are ids of accounts that work on the lab."""

    title: Texts
    introduction: Texts = field(default_factory=dict)
    stage: str = QuestionSet.Stage.REGISTERING
    protection: str = QuestionSet.Protection.ORDINARY
    retention_days: int | None = None
    readers: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChoicePlan:
    """One choice. `row` is the id of the one to change; None creates a new one."""

    label: Texts
    places: int | None = None
    row: int | None = None


@dataclass(frozen=True)
class QuestionPlan:
    """The fields of a question. `choices` are all of them, in their order: others are removed."""

    kind: str
    label: Texts
    help: Texts = field(default_factory=dict)
    required: bool = False
    session: Session | None = None
    shown_if: Question | None = None
    shown_if_value: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    retention_days: int | None = None
    choices: tuple[ChoicePlan, ...] = ()


SET_COLUMNS = tuple(one.name for one in fields(SetPlan) if one.name != "readers")
QUESTION_COLUMNS = tuple(one.name for one in fields(QuestionPlan) if one.name != "choices")


def readers_of(lab: Lab) -> dict[int, User]:
    """Return the accounts that can be named as readers: all who work on the lab, by id."""
    staff = User.objects.filter(
        Q(staff_roles__lab=lab) | Q(staff_roles__programme=lab.programme_id), is_active=True
    )
    return {user.pk: user for user in staff.distinct().order_by("email")}


def check_set(row: QuestionSet, plan: SetPlan) -> None:
    findings = Findings()
    findings.check_columns(row, SET_COLUMNS)
    _check_retention(row.lab, row.retention_days, findings)
    if plan.readers and not row.is_protected:
        findings.add(
            "readers", gettext("All organisers can read these answers. Name people only for the others.")
        )
    elif plan.readers and set(plan.readers) - readers_of(row.lab).keys():
        findings.add("readers", gettext("Choose people who work on this lab."))
    if row.is_needs and row.pk and row.questions.filter(required=True).exists():
        findings.add(
            "protection", gettext("Needs are optional. Make all questions of this section optional first.")
        )
    if (
        row.is_protected
        and row.pk
        and Choice.objects.filter(question__question_set=row, places__isnull=False).exists()
    ):
        findings.add(
            "protection",
            gettext("Choices with limited places are possible only where all organisers read the answers."),
        )
    findings.raise_errors()


def _check_retention(lab: Lab, days: int | None, findings: Findings) -> None:
    if days is not None and days > lab.retention_days:
        message = ngettext(
            "The lab keeps answers for %(days)d day. Enter at most this.",
            "The lab keeps answers for %(days)d days. Enter at most this.",
            lab.retention_days,
        )
        findings.add("retention_days", message % {"days": lab.retention_days})


def check_question(row: Question, plan: QuestionPlan, choices: Mapping[int, Choice]) -> None:
    findings = Findings()
    findings.check_columns(row, [name for name in QUESTION_COLUMNS if name not in ("session", "shown_if")])
    of_set = row.question_set
    if of_set.is_needs and row.required:
        findings.add("required", gettext("Needs are optional: nobody has to tell them."))
    if row.session is not None and row.session.lab_id != row.lab_id:
        findings.add("session", gettext("This session is not in the lab."))
    _check_retention(row.lab, row.retention_days, findings)
    _check_condition(row, findings)
    _check_limits(row, findings)
    _check_choices(row, plan.choices, choices, findings)
    findings.raise_errors()


def _check_condition(row: Question, findings: Findings) -> None:
    if (row.shown_if is None) != (not row.shown_if_value):
        findings.add("shown_if_value", gettext("Choose a question and its answer, or neither."))
        return
    parent = row.shown_if
    if parent is None:
        return
    if parent.question_set_id != row.question_set_id or not parent.decides or parent.pk == row.pk:
        findings.add("shown_if", gettext("Choose a question with choices of the same section."))
        return
    if row.pk and (parent.position, parent.pk) > (row.position, row.pk):
        findings.add("shown_if", gettext("The question that decides must stand above this one."))
    if parent.session_id not in (None, row.session_id):
        findings.add("shown_if", gettext("The question that decides is asked in another session only."))
    values = (
        {"yes", "no"} if parent.kind == Kind.YES_NO else set(parent.choices.values_list("slug", flat=True))
    )
    if row.shown_if_value not in values:
        findings.add("shown_if_value", gettext("Choose an answer of that question."))


def _check_limits(row: Question, findings: Findings) -> None:
    low, high = row.minimum, row.maximum
    if row.kind not in (Kind.NUMBER, Kind.SHORT, Kind.LONG, Kind.SEVERAL):
        if low is not None or high is not None:
            findings.add("maximum", gettext("This kind of answer has no limits. Leave both empty."))
        return
    if low is not None and row.kind != Kind.NUMBER:
        findings.add("minimum", gettext("Only numbers have a minimum."))
    if high is not None and row.kind != Kind.NUMBER and (high < 1 or high != int(high)):
        findings.add("maximum", gettext("Enter a whole number from 1."))
    if low is not None and high is not None and high < low:
        findings.add("maximum", gettext("The maximum is below the minimum."))


def _check_choices(
    row: Question, plans: Sequence[ChoicePlan], existing: Mapping[int, Choice], findings: Findings
) -> None:
    if not row.has_choices:
        if plans:
            findings.add("choices", gettext("Only questions with choices have choices."))
        return
    if not plans:
        findings.add("choices", gettext("Add at least one choice."))
    if len(plans) > MAX_CHOICES:
        findings.add("choices", gettext("You can have at most %(limit)d choices.") % {"limit": MAX_CHOICES})
    named = [plan.row for plan in plans if plan.row is not None]
    if len(set(named)) != len(named) or set(named) - existing.keys():
        findings.add("choices", gettext("A row has been deleted in the meantime. Open the page again."))
        return
    for place, plan in enumerate(plans):
        choice = Choice(question=row, label=languages_of(dict(plan.label)))
        findings.check_columns(choice, ["label"], f"{place}.")
        if plan.places is not None and row.question_set.is_protected:
            findings.add(
                f"{place}.places",
                gettext("Places can be limited only where all organisers read the answers."),
            )
        elif plan.places is not None and plan.row is not None:
            taken = question_changes.people_who_chose(existing[plan.row])
            if plan.places < taken:
                message = ngettext(
                    "%(count)d person has chosen this.", "%(count)d people have chosen this.", taken
                )
                findings.add(f"{place}.places", message % {"count": taken})
    kept = {existing[pk].slug for pk in named}
    gone = {choice.slug for choice in existing.values()} - kept
    if row.pk and (other := row.shows.filter(shown_if_value__in=gone).first()):
        message = gettext("“%(question)s” is shown depending on a choice that you removed. Change it first.")
        findings.add("choices", message % {"question": other})
