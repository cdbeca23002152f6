"""The coming lab's own questions, and some answers."""

from itertools import cycle

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from labs.models import Lab
from registrations import question_blocks, questions
from registrations.answers import needs_consent_text, written
from registrations.models import Answer, NeedsConsent, Question, QuestionSet, Registration
from registrations.question_plans import QuestionPlan, SetPlan

# Every so many participants tell a need, or ask something.
EVERY = 9
ASKS = (
    _("How do small cities pay for retraining?"),
    _("Which skills will be missing in five years?"),
    _("How do you reach people who do not use the internet?"),
)


def ask(lab: Lab, reader: User) -> None:
    """Add the questions, name who reads the needs, and let some participants answer."""
    for block in ("dietary", "accessibility"):
        question_blocks.add_block(lab, block, reader)
    needs = lab.question_sets.get(protection=QuestionSet.Protection.NEEDS)
    needs.readers.add(reader)
    own = questions.create_set(lab, SetPlan(_texts(lab, _("For the panels"))), reader)
    wish = questions.create_question(
        own,
        QuestionPlan(
            Question.Kind.LONG,
            _texts(lab, _("What would you like to ask the panels?")),
            help=_texts(lab, _("The moderators see it without your name.")),
        ),
        reader,
    )
    _answer(lab, needs, wish)


def _texts(lab: Lab, text: object) -> dict[str, str]:
    found = {}
    for code in lab.languages:
        with translation.override(code):
            found[code] = str(text)
    return found


def _answer(lab: Lab, needs: QuestionSet, wish: Question) -> None:
    now = timezone.now()
    people = list(Registration.objects.active().filter(lab=lab).order_by("pk")[::EVERY])
    kinds = [one for one in needs.questions.order_by("position") if one.has_choices]
    rows, consents = [], []
    for number, (person, text) in enumerate(zip(people, cycle(ASKS), strict=False)):
        person.lab = lab
        with translation.override(person.language):
            rows.append(Answer(registration=person, question=wish, value=str(text), answered_at=now))
        question = kinds[number % len(kinds)]
        choices = list(question.choices.order_by("position"))
        chosen = [choices[number % len(choices)].slug]
        rows.append(Answer(registration=person, question=question, answered_at=now, **written(needs, chosen)))
        consents.append(
            NeedsConsent(
                registration=person,
                question_set=needs,
                text=needs_consent_text(lab, needs, person.language),
                language=person.language,
                given_at=now,
            )
        )
    Answer.objects.bulk_create(rows)
    NeedsConsent.objects.bulk_create(consents)
