"""Questions of a lab whose answers are canaries: what all organisers read, and needs."""

from django.utils import timezone

from labs.models import Lab
from registrations import answer_files
from registrations.answers import written
from registrations.models import Answer, Question, QuestionSet, Registration
from tests import factories as f
from tests.walks.canaries import canary


def question_set(lab: Lab) -> QuestionSet:
    """The lab's own questions, that all its organisers read."""
    return lab.question_sets.filter(slug=f"own-{lab.pk}").first() or f.QuestionSetFactory(
        lab=lab, slug=f"own-{lab.pk}"
    )


def answered(person: Registration, word: str) -> None:
    """Let the person answer a question of the lab that all organisers read."""
    slug = f"why-{person.lab_id}"
    of_set = question_set(person.lab)
    question = of_set.questions.filter(slug=slug).first() or f.QuestionFactory(question_set=of_set, slug=slug)
    answer(person, question, word)


def with_needs(person: Registration) -> QuestionSet:
    """Let the person tell needs, and send a file for all organisers and one for named people."""
    needs = f.QuestionSetFactory(lab=person.lab, slug="needs", protection="needs")
    for of_set, word in ((question_set(person.lab), "answer"), (needs, "need")):
        paper = f.QuestionFactory(question_set=of_set, slug=f"file-{word}", kind="file")
        with_file(person, paper, canary("person", word))
    answer(person, f.QuestionFactory(question_set=needs, slug="diet"), canary("person", "need"))
    later = f.QuestionSetFactory(lab=person.lab, slug="later", stage="accepted", opened_at=None)
    f.QuestionFactory(question_set=later, slug="arrival", kind="date")
    return needs


def answer(person: Registration, question: Question, value: object) -> Answer:
    """An answer, encrypted where only named people read it."""
    return Answer.objects.create(
        registration=person,
        question=question,
        answered_at=timezone.now(),
        **written(question.question_set, value),
    )


def with_file(person: Registration, question: Question, word: str) -> None:
    content = f"%PDF-1.7 {word} startxref 9 %%EOF".encode()
    facts = {"name": f"{word}.pdf", "type": "application/pdf", "size": len(content)}
    row = answer(person, question, facts)
    answer_files.store(row, answer_files.CheckedFile(content, facts))
    row.save()
