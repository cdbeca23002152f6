"""Who changed what when: every table of consequence keeps the earlier versions of its rows beside it."""

import functools
from typing import Any

from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords


class _MadeOnce(HistoryManager):
    """The library makes this manager's class anew at each look at a row's history, so at each save."""

    @classmethod
    @functools.cache
    def from_queryset(cls, queryset_class: type, class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


class History(HistoricalRecords):
    """The versions of a model's rows, as `history` of each."""

    def __init__(self, **options: Any) -> None:
        super().__init__(history_manager=_MadeOnce, **options)
