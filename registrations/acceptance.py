"""What becomes of questions when a registration is confirmed, and when somebody gets a seat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from registrations import answers, choice_places, emails
from registrations.models import Choice, Question, QuestionSet, Registration, Seat
from registrations.seat_rows import lock_sessions
from sessions.models import Session

CHUNK = 50


def confirmed(registration: Registration, seats: Sequence[Seat]) -> list[Choice]:
    """Take the places that the person chose, in the transaction that has confirmed and locked the registration.

    Returns the choices that had no place left, with their questions; answers to what only they ask are
    deleted. People with a seat get the questions for after acceptance. One statement where the lab has no sets.
    """
    limited = Choice.objects.filter(question__question_set=OuterRef("pk"), places__isnull=False)
    rows = QuestionSet.objects.filter(lab=registration.lab_id).annotate(has_limits=Exists(limited))
    sets = list(rows.order_by("position", "pk"))
    full = _take_places(registration) if any(one.has_limits for one in sets) else []
    if full:
        answers.drop_unasked(registration, [seat.session_id for seat in seats])
    held = [seat.session_id for seat in seats if seat.state == Seat.State.CONFIRMED]
    _ask(registration, [one for one in sets if one.opened_at is not None], held)
    return full


def seats_given(registration: Registration, session_ids: Collection[int]) -> None:
    """Ask somebody who got seats what is asked after acceptance. One statement where there is nothing to ask."""
    if session_ids:
        opened = QuestionSet.objects.filter(lab=registration.lab_id, opened_at__isnull=False)
        _ask(registration, list(opened.order_by("position", "pk")), session_ids)


def _ask(registration: Registration, sets: Sequence[QuestionSet], session_ids: Collection[int]) -> None:
    """Queue an email for each set that asks something of people with seats in these sessions; each set once."""
    if not sets or not session_ids or registration.lab.is_over(timezone.now()):
        return
    asked = Question.objects.filter(
        Q(session__isnull=True) | Q(session__in=session_ids), question_set__in=sets
    )
    ids = set(asked.values_list("question_set_id", flat=True))
    for one in sets:
        if one.pk in ids:
            emails.further_questions(registration, one)


def ask_everybody(question_set_id: int) -> Iterator[int]:
    """Email all who have a seat about a set that was opened, in chunks, a transaction each; yield their sizes.

    The caller may be stopped between two and start again: nobody gets a second email about a set.
    """
    with transaction.atomic():
        # Who is getting a seat at this moment may have asked for the sets before this one was opened.
        lock_sessions(Session.objects.filter(lab__question_sets=question_set_id).values_list("pk", flat=True))
    last = 0
    while True:
        with transaction.atomic():
            one = QuestionSet.objects.filter(pk=question_set_id, opened_at__isnull=False).first()
            if one is None:
                return
            seated = Seat.objects.filter(session__lab=one.lab_id, state=Seat.State.CONFIRMED)
            people = seated.filter(registration__gt=last, registration__state=Registration.State.CONFIRMED)
            ids = list(
                people.order_by("registration").values_list("registration", flat=True).distinct()[:CHUNK]
            )
            if not ids:
                return
            sessions = defaultdict(list)
            for pk, session_id in seated.filter(registration__in=ids).values_list("registration", "session"):
                sessions[pk].append(session_id)
            for registration in Registration.objects.active().filter(pk__in=ids).locked():
                _ask(registration, [one], sessions[registration.pk])
        last = ids[-1]
        yield len(ids)


def _take_places(registration: Registration) -> list[Choice]:
    """Take the places of what the person chose. Choices that are full by now leave the answers, and are returned."""
    limited = Choice.objects.filter(places__isnull=False, question__answers__registration=registration)
    by_question: dict[int, list[Choice]] = defaultdict(list)
    for choice in limited.select_related("question"):
        by_question[choice.question_id].append(choice)
    if not by_question:
        return []
    rows = {one.question_id: one for one in registration.answers.filter(question__in=by_question)}
    wanted = {
        choice.pk: choice
        for pk, choices in by_question.items()
        for choice in choices
        if pk in rows and choice.slug in (rows[pk].value or ())
    }
    full = [wanted[pk] for pk in choice_places.take(registration, wanted.keys())]
    for choice in full:
        answer = rows[choice.question_id]
        answer.value = [slug for slug in answer.value or () if slug != choice.slug] or None
        answer.full = [*answer.full, choice.slug]
        answer.save(update_fields=["value", "full"])
    return full
