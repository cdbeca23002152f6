"""History of models: who changed what and when (django-simple-history)."""

import functools
from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords


class _CachedHistoryManager(HistoryManager):
    """Caches the manager class, which the library would create at each save."""

    @classmethod
    @functools.cache
    def from_queryset(cls, queryset_class: type, class_name: str | None = None) -> object:
        return super().from_queryset(queryset_class, class_name)


class History(HistoricalRecords):
    """The earlier versions of a model's rows, as their `history`."""

    def __init__(self, **options: object) -> None:
        super().__init__(history_manager=_CachedHistoryManager, **options)


def record_creation(rows: Sequence[Model], by: Model | None = None) -> None:
    """Write the first version of new rows of one model, as saving each of them does; without `by` the request's user's.

    One query, and two for each many-to-many field with a history.
    """
    if not rows:
        return
    manager: Any = type(rows[0]).history  # type: ignore[attr-defined]
    versions = manager.bulk_history_create(rows, default_user=by, default_change_reason=None)
    for field in manager.model._history_m2m_fields:
        through, name = field.remote_field.through, field.m2m_field_name()
        columns = [column.attname for column in through._meta.fields]
        of = {
            getattr(version, row._meta.pk.attname): version
            for row, version in zip(rows, versions, strict=True)
        }
        linked = through.objects.filter(**{f"{name}__in": rows}).order_by("pk").values(*columns)
        copies = getattr(manager.model, field.name).model
        copies.objects.bulk_create(copies(history=of[link[f"{name}_id"]], **link) for link in linked)
