"""Which languages people with a seat need in a session: that of their emails, and into which they asked to have it
interpreted.

Answers that only named people read (`registrations.protected_answers`) are not counted here: whoever reads them finds
them there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.conf import settings
from django.db.models import Count
from django.utils import translation
from django.utils.translation import gettext

from core.web.localized_fields import languages_of
from registrations.models import Answer, Question, QuestionSet, Seat
from sessions.conflicts import Conflict, Kind
from sessions.languages import SIGN, SPOKEN, language_name
from sessions.models import Session
from sessions.session_languages import LanguageNeed

# How many people with a language make a conflict where nobody asked for interpretation.
MANY = 5


def needs_of(sessions: Sequence[Session]) -> dict[int, list[LanguageNeed]]:
    """Return how many people with a seat need each language, by session, the most first. Three queries at most."""
    people: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    asked: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    ids = [session.pk for session in sessions]
    seated = Seat.objects.filter(session__in=ids, state=Seat.State.CONFIRMED)
    counted = seated.order_by().values_list("session", "registration__language").annotate(n=Count("pk"))
    for session, language, count in counted:
        people[session][language] = count
    wishes = _wishes({session.lab_id for session in sessions})
    if wishes:
        rows = seated.filter(registration__in=wishes).values_list(
            "session", "registration", "registration__language"
        )
        for session, registration, language in rows:
            for code in wishes[registration]:
                asked[session][code] += 1
                people[session][code] += code != language
    return {
        session: sorted(
            (LanguageNeed(code, count, asked[session][code]) for code, count in found.items()),
            key=lambda need: (-need.people, need.language),
        )
        for session, found in people.items()
    }


def conflicts_of_languages(sessions: Sequence[Session]) -> list[Conflict]:
    """Return where people need a language that is neither spoken nor interpreted, of sessions that name their own."""
    named = [session for session in sessions if session.spoken_languages]
    needs = needs_of(named) if named else {}
    return [
        Conflict(
            Kind.LANGUAGE_NEED,
            (session,),
            names=(_names(need.language),),
            slugs=(need.language,),
            count=need.people,
            due=None if session.interpretation_ordered_on else session.interpretation_order_by,
        )
        for session in named
        for need in needs.get(session.pk, ())
        if not need.is_met(session) and (need.asked or need.people >= MANY)
    ]


def _names(code: str) -> dict[str, str]:
    found = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[language] = language_name(code)
    return found


def _wishes(labs: Collection[int]) -> Mapping[int, set[str]]:
    """Return into which languages people of these labs asked for interpretation, by registration."""
    meant: dict[int, dict[str, str]] = {}
    questions = Question.objects.filter(
        lab__in=labs,
        question_set__protection=QuestionSet.Protection.ORDINARY,
        kind__in=(Question.Kind.ONE, Question.Kind.SEVERAL),
    )
    for question in questions.prefetch_related("choices"):
        if _asks_for_interpretation(question):
            codes = {
                choice.slug: _language_in(languages_of(choice.label)) for choice in question.choices.all()
            }
            meant[question.pk] = {slug: code for slug, code in codes.items() if code}
    found: defaultdict[int, set[str]] = defaultdict(set)
    if meant:
        answers = Answer.objects.filter(question__in=meant, value__isnull=False)
        for registration, question_id, value in answers.values_list("registration", "question", "value"):
            chosen = value if isinstance(value, list) else [value]
            found[registration] |= {meant[question_id][slug] for slug in chosen if slug in meant[question_id]}
    return found


def _asks_for_interpretation(question: Question) -> bool:
    """Tell whether it is the ready-made question (`registrations.question_blocks`), in any of its languages."""
    for language, text in languages_of(question.label).items():
        if language in dict(settings.LANGUAGES):
            with translation.override(language):
                if text == gettext("Do you need interpretation?"):
                    return True
    return False


def _language_in(label: Mapping[str, str]) -> str:
    """Return the language that the label of a choice names: "bg" of "Into Bulgarian"; "" for none."""
    for language, text in label.items():
        if language not in dict(settings.LANGUAGES):
            continue
        words = text.casefold()
        with translation.override(language):
            if words == gettext("Into International Sign").casefold():
                return "ils"
            # The longest name first: a sign language has that of the spoken one in it.
            names = sorted(
                ((language_name(code), code) for code in (*SIGN, *SPOKEN)), key=lambda one: -len(one[0])
            )
        for name, code in names:
            if name.casefold() in words:
                return code
    return ""
