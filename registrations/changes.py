"""The changes of a registration, from its history."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.edit_conflicts import Difference
from core.web.localized_fields import text_and_language, text_of
from labs.models import City, StakeholderGroup
from registrations.models import QuestionSet, Registration
from registrations.photos import PHOTOS_IN_WORDS


@dataclass(frozen=True)
class Change:
    """What was changed at one time. `by` is None for changes by the person and by the service.

    Of answers, `words` say only that they were changed: they may have to be deleted before the registration is.
    """

    at: datetime
    by: User | None
    differences: tuple[Difference, ...]
    words: str = ""


_LABELS: dict[str, str | Promise] = {
    "state": _("Status"),
    "name": _("Name"),
    "email": _("Email"),
    "city_id": _("City"),
    "city_text": _("Another city"),
    "organisation": _("Organisation"),
    "stakeholder_group_id": _("Type of organisation"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "photos": _("Photos and recordings"),
}


# What the reason of a version of a registration begins with, before the id of a set that an organiser answered.
_ANSWERS = "answers:"


def record_answers(registration: Registration, question_set: QuestionSet, by: User) -> None:
    """Write into the history of the locked registration that an organiser changed the person's answers."""
    registration.revised_at = timezone.now()
    registration._history_user = by  # type: ignore[attr-defined]
    registration._change_reason = f"{_ANSWERS}{question_set.pk}"  # type: ignore[attr-defined]
    registration.save(update_fields=["revised_at"])


def answers_changed(registration: Registration, language: str) -> list[tuple[datetime, str]]:
    """Return when organisers changed the person's answers, with the titles of the sets. At most two queries."""
    records = list(
        Registration.history.filter(id=registration.pk, history_change_reason__startswith=_ANSWERS)
    )
    titles = _titles(registration, records, language)
    return [(one.history_date, titles.get(one.history_change_reason, "")) for one in records]


def _titles(registration: Registration, records: Iterable[Any], language: str) -> dict[str, str]:
    """Return the titles of sets that organisers answered, by the reason of the version; not of deleted ones."""
    reasons = {one.history_change_reason or "" for one in records}
    pks = [reason.removeprefix(_ANSWERS) for reason in reasons if reason.startswith(_ANSWERS)]
    rows = registration.lab.question_sets.filter(pk__in=pks) if pks else ()
    return {f"{_ANSWERS}{one.pk}": text_of(one.title, language, registration.lab) for one in rows}


def changes_of(registration: Registration, language: str) -> list[Change]:
    """Return the changes of a registration since its creation, newest first. At most four queries."""
    records = list(
        Registration.history.filter(id=registration.pk)
        .select_related("history_user")
        .order_by("history_date", "history_id")
    )
    words = _value_texts(registration, records, language)
    titles = _titles(registration, records, language)
    found = []
    for earlier, later in pairwise(records):
        differences = tuple(
            Difference(str(label), say(getattr(earlier, column)), say(getattr(later, column)))
            for column, label in _LABELS.items()
            for say in [words.get(column, str)]
            if getattr(earlier, column) != getattr(later, column)
        )
        reason = later.history_change_reason or ""
        answered = _answered(titles.get(reason, "")) if reason.startswith(_ANSWERS) else ""
        if differences or answered:
            found.append(Change(later.history_date, later.history_user, differences, answered))
    return found[::-1]


def _answered(title: str) -> str:
    return (
        gettext("Answers changed: %(section)s") % {"section": title} if title else gettext("Answers changed")
    )


def _value_texts(
    registration: Registration, records: list[Any], language: str
) -> dict[str, Callable[[Any], str]]:
    """Return functions that format the values of keys and codes, by field."""
    cities = City.objects.in_bulk({record.city_id for record in records} - {None})
    groups = StakeholderGroup.objects.in_bulk({record.stakeholder_group_id for record in records} - {None})
    fallback = registration.lab.default_language
    states = dict(Registration.State.choices)
    languages = dict(settings.LANGUAGES)
    photos = dict(PHOTOS_IN_WORDS)

    def name_in(rows: Mapping[Any, Any], key: int | None) -> str:
        return text_and_language(rows[key].name, language, fallback)[0] if key in rows else ""

    return {
        "city_id": partial(name_in, cities),
        "stakeholder_group_id": partial(name_in, groups),
        "state": lambda code: str(states.get(code, code)),
        "photos": lambda choice: str(photos.get(choice, "")),
        "language": lambda code: str(languages.get(code, code)),
    }
