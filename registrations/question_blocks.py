"""Ready-made questions: needs (dietary, accessibility, interpretation), travel, identity.."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs.models import Lab
from labs.revisions import lock_lab
from registrations import questions
from registrations.models import Question, QuestionSet
from registrations.question_plans import ChoicePlan, QuestionPlan, SetPlan

Kind = Question.Kind
Stage = QuestionSet.Stage
Protection = QuestionSet.Protection


@dataclass(frozen=True)
class Asked:
    """A question of a block: its kind, label, hint and choices."""

    kind: str
    label: Promise | str
    help: Promise | str = ""
    choices: tuple[Promise | str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Block:
    """A group of questions with the set that they are put into, which is created if there is none like it."""

    name: Promise | str
    about: Promise | str
    set_title: Promise | str
    stage: str
    protection: str
    asked: tuple[Asked, ...]
    retention_days: int | None = None


NEEDS = _("Your needs")

BLOCKS: Mapping[str, Block] = {
    "dietary": Block(
        _("Dietary needs"),
        _("What a person eats, and allergies"),
        NEEDS,
        Stage.REGISTERING,
        Protection.NEEDS,
        (
            Asked(
                Kind.SEVERAL,
                _("What should we know about your food?"),
                choices=(
                    _("Vegetarian"),
                    _("Vegan"),
                    _("Halal"),
                    _("Kosher"),
                    _("No gluten"),
                    _("No lactose"),
                    _("No nuts"),
                    _("No pork"),
                ),
            ),
            Asked(Kind.SHORT, _("Other allergies or food you do not eat")),
        ),
    ),
    "accessibility": Block(
        _("Accessibility"),
        _("What a person needs to get in, see, hear and follow"),
        NEEDS,
        Stage.REGISTERING,
        Protection.NEEDS,
        (
            Asked(
                Kind.SEVERAL,
                _("What do you need to take part?"),
                choices=(
                    _("Step-free access"),
                    _("A seat near the front"),
                    _("Hearing loop"),
                    _("Live captions"),
                    _("Sign language"),
                    _("Large print or documents in advance"),
                    _("A seat for an assistant"),
                    _("Room for an assistance dog"),
                    _("A quiet room"),
                ),
            ),
            Asked(
                Kind.LONG,
                _("Anything else we should prepare?"),
                _("You do not have to tell us why you need it."),
            ),
        ),
    ),
    "interpretation": Block(
        _("Interpretation"),
        _("Languages into which a person needs interpretation"),
        NEEDS,
        Stage.REGISTERING,
        Protection.NEEDS,
        (
            Asked(
                Kind.SEVERAL,
                _("Do you need interpretation?"),
                choices=(
                    _("Into English"),
                    _("Into Bulgarian"),
                    _("Into Greek"),
                    _("Into International Sign"),
                ),
            ),
            Asked(Kind.SHORT, _("Another language, or another sign language")),
        ),
    ),
    "travel": Block(
        _("Travel and dinner"),
        _("Arrival, departure and the dinner, asked after a seat is confirmed"),
        _("Travel and dinner"),
        Stage.ACCEPTED,
        Protection.ORDINARY,
        (
            Asked(Kind.DATE, _("Day of arrival")),
            Asked(Kind.DATE, _("Day of departure")),
            Asked(Kind.SHORT, _("Flight or train"), _("With its number, if you know it.")),
            Asked(Kind.YES_NO, _("Will you come to the dinner?"), required=True),
        ),
        retention_days=30,
    ),
    "identity": Block(
        _("Entry to a guarded building"),
        _("Identity number for the guards, asked after a seat is confirmed and deleted a week after the lab"),
        _("Entry to the building"),
        Stage.ACCEPTED,
        Protection.NAMED,
        (
            Asked(Kind.SHORT, _("Number of your identity card or passport"), required=True),
            Asked(Kind.COUNTRY, _("Country that issued it"), required=True),
            Asked(Kind.DATE, _("Date of birth"), required=True),
        ),
        retention_days=7,
    ),
}


@transaction.atomic
def add_block(lab: Lab, name: str, by: User | None = None) -> QuestionSet:
    """Add the questions of a block, in the lab's languages, to a set of its kind. Raises RuleViolation."""
    block = BLOCKS.get(name)
    if block is None:
        raise RuleViolation("unknown_block", _("Choose one of the ready-made questions."))
    lab = lock_lab(lab.pk)
    title = _texts(block.set_title, lab)
    row = next(
        (
            one
            for one in lab.question_sets.filter(stage=block.stage, protection=block.protection).order_by(
                "position"
            )
            if one.title.data == title or block.protection == Protection.NEEDS
        ),
        None,
    )
    if row is None:
        days = None if block.retention_days is None else min(block.retention_days, lab.retention_days)
        plan = SetPlan(title, stage=block.stage, protection=block.protection, retention_days=days)
        row = questions.create_set(lab, plan, by)
    for asked in block.asked:
        questions.create_question(
            row,
            QuestionPlan(
                kind=asked.kind,
                label=_texts(asked.label, lab),
                help=_texts(asked.help, lab) if asked.help else {},
                required=asked.required,
                choices=tuple(ChoicePlan(_texts(label, lab)) for label in asked.choices),
            ),
            by,
        )
    return row


def _texts(text: Promise | str, lab: Lab) -> dict[str, str]:
    found = {}
    for code in lab.languages:
        with override(code):
            found[code] = str(text)
    return found
