"""History of models: who changed what and when (django-simple-history)."""

import functools

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
