"""What changing a question does to the answers that exist: in words before it is done, and done."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils.translation import get_language, gettext, ngettext

from core.timezones.formatting import long_date
from core.web.encryption import Undecipherable
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from registrations import answers
from registrations.models import Answer, Choice, Question, QuestionSet, Registration, TakenPlace
from registrations.questionnaire import kept_until

Kind = Question.Kind
# Answers of the first kind are answers of the second, too.
_COMPATIBLE = {
    (Kind.SHORT, Kind.LONG),
    (Kind.CITY, Kind.SHORT),
    (Kind.CITY, Kind.LONG),
    (Kind.ONE, Kind.SEVERAL),
}
_CHUNK_SIZE = 500
_PLANNED = (
    "kind", "label", "required", "session", "shown_if", "shown_if_value", "minimum", "maximum", "retention_days",
)  # fmt: skip


def keeps_answers(before: str, after: str) -> bool:
    """Tell whether answers of one kind stay valid as answers of the other."""
    return before == after or (before, after) in _COMPATIBLE


def planned(row: Question, plan: object) -> Question:
    """Return the question as the plan would make it, unsaved."""
    after = Question(
        pk=row.pk, slug=row.slug, question_set=row.question_set, lab=row.lab, position=row.position
    )
    for name in _PLANNED:
        setattr(after, name, getattr(plan, name))
    return after


def effects(before: Question, after: Question, removed: Collection[Choice] = ()) -> list[str]:
    """Return in words what saving `after` does to the answers to `before`; nothing where nobody has answered.

    `removed` are the choices that go.
    """
    count = before.answers.count()
    if not count:
        return []
    if not keeps_answers(before.kind, after.kind):
        said = ngettext(
            "The kind of answer changes: %(count)d answer will be deleted.",
            "The kind of answer changes: %(count)d answers will be deleted.",
            count,
        )
        return [said % {"count": count}]
    found: list[str] = []
    if languages_of(before.label) != languages_of(after.label):
        words = ngettext(
            "%(count)d person answered the question as it was worded. The answer stays.",
            "%(count)d people answered the question as it was worded. Their answers stay.",
            count,
        )
        found.append(words % {"count": count})
    for choice in removed:
        if chosen := sum(1 for _row in _who_chose(choice)):
            words = ngettext(
                "%(count)d person chose “%(choice)s”. It will be removed from the answer.",
                "%(count)d people chose “%(choice)s”. It will be removed from their answers.",
                chosen,
            )
            found.append(words % {"count": chosen, "choice": choice.label})
    if after.required and not before.required:
        found.append(gettext("People who did not answer are asked when they next change their answers."))
    if (before.session_id, before.shown_if_id, before.shown_if_value) != (
        after.session_id,
        after.shown_if_id,
        after.shown_if_value,
    ):
        found.append(
            gettext("Other people may be asked now. Answers that exist stay until the person changes them.")
        )
    if (before.minimum, before.maximum) != (after.minimum, after.maximum):
        found.append(gettext("Answers that exist stay, even if they are outside the new limits."))
    until, new = (kept_until(before.lab, before.question_set, one) for one in (before, after))
    if new < until:
        words = gettext("Answers will be deleted earlier: after %(date)s.")
        found.append(words % {"date": long_date(new, get_language() or "en")})
    return found


def apply(before: Question, after: Question, removed: Collection[int]) -> None:
    """Do what `effects` says, before the question is saved."""
    if not keeps_answers(before.kind, after.kind):
        answers.delete_answers_to(before)
        return
    for choice in Choice.objects.filter(pk__in=removed).order_by("pk"):
        for row in list(_who_chose(choice)):
            value = [slug for slug in answers.value_of(row) if slug != choice.slug]
            if value:
                for name, column in answers.written(before.question_set, value).items():
                    setattr(row, name, column)
                row.save(update_fields=["value", "secret"])
            else:
                row.delete()


def require_promises_kept(before: QuestionSet, after: QuestionSet) -> None:
    """Refuse what would break what people were told when they answered."""
    if before.stage != after.stage:
        message = gettext("People have answered already. Create another section for the other time.")
        raise RuleViolation("answered", message, field="stage")
    Protection = QuestionSet.Protection
    if before.protection != after.protection and (before.protection, after.protection) != (
        Protection.ORDINARY,
        Protection.NAMED,
    ):
        message = gettext("People answered knowing who would read it. Create another section instead.")
        raise RuleViolation("answered", message, field="protection")


def encrypt_answers(question_set: QuestionSet) -> None:
    """Encrypt the answers of a set that only named people read from now on."""
    plain = Answer.objects.filter(question__question_set=question_set, value__isnull=False)
    for row in plain.iterator(chunk_size=_CHUNK_SIZE):
        for name, column in answers.written(question_set, row.value).items():
            setattr(row, name, column)
        row.save(update_fields=["value", "secret"])


# Places


def people_who_chose(choice: Choice) -> int:
    """Return how many registered people chose it."""
    return choice.taken if choice.places is not None else sum(1 for _row in _registered_who_chose(choice))


def count_places(choice: Choice) -> None:
    """Begin to count a choice that gets a limit, unsaved: whoever chose it holds a place."""
    rows = [
        TakenPlace(registration_id=row.registration_id, choice=choice)
        for row in _registered_who_chose(choice)
    ]
    TakenPlace.objects.filter(choice=choice).delete()
    TakenPlace.objects.bulk_create(rows)
    choice.taken = len(rows)


def forget_places(choice: Choice) -> None:
    """Stop counting a choice that has no limit any more, unsaved."""
    TakenPlace.objects.filter(choice=choice).delete()
    choice.taken = 0


def _registered_who_chose(choice: Choice) -> Iterator[Answer]:
    return _who_chose(choice, Q(registration__state=Registration.State.CONFIRMED))


def _who_chose(choice: Choice, condition: Q | None = None) -> Iterator[Answer]:
    """Yield the answers that name the choice. They are read one by one: some are encrypted."""
    rows = Answer.objects.filter(condition or Q(), question=choice.question_id)
    for row in rows.iterator(chunk_size=_CHUNK_SIZE):
        try:
            value = answers.value_of(row)
        except Undecipherable:
            continue
        if choice.slug in (value or ()):
            yield row
