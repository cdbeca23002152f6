"""The changes of a registration, from its history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.edit_conflicts import Difference
from core.web.localized_fields import text_and_language
from labs.models import City, StakeholderGroup
from registrations.models import Registration
from registrations.photos import PHOTOS_IN_WORDS


@dataclass(frozen=True)
class Change:
    """One changed field. `by` is None for changes by the person and by the service."""

    at: datetime
    by: User | None
    differences: tuple[Difference, ...]


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


def changes_of(registration: Registration, language: str) -> list[Change]:
    """Return the changes of a registration since its creation, newest first. At most three queries."""
    records = list(
        Registration.history.filter(id=registration.pk)
        .select_related("history_user")
        .order_by("history_date", "history_id")
    )
    words = _value_texts(registration, records, language)
    found = []
    for earlier, later in pairwise(records):
        differences = tuple(
            Difference(str(label), say(getattr(earlier, column)), say(getattr(later, column)))
            for column, label in _LABELS.items()
            for say in [words.get(column, str)]
            if getattr(earlier, column) != getattr(later, column)
        )
        if differences:
            found.append(Change(later.history_date, later.history_user, differences))
    return found[::-1]


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
