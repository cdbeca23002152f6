"""Two people who edit the same thing at once: neither overwrites the other unseen.

Rows that people edit in forms are `Versioned`. A form carries the version that it showed (`core.web.forms.editing`);
when it is sent, the row is locked, and another version tells that somebody else saved it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.http import Http404


class Versioned(models.Model):
    """A row whose version rises with every save. One with `update_fields` raises it only where they name `version`.

    That is how verbs that write nothing of what a form shows leave forms that are open as they are.
    """

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        columns = kwargs.get("update_fields")
        if not self._state.adding and (columns is None or "version" in columns):
            self.version += 1
        super().save(*args, **kwargs)


class EditConflict(Exception):
    """Somebody else saved the row after it was read."""

    def __init__(self, differences: Sequence[Difference] = ()) -> None:
        super().__init__()
        self.differences = list(differences)


class DeletedMeanwhile(Http404):
    """Somebody else deleted the row after it was read: where nothing of it is left to show, it is not found."""


@dataclass(frozen=True)
class Difference:
    """One thing that was one way and is another, in words. `kind` is its code, where programs tell kinds apart."""

    label: str
    before: str
    after: str
    kind: str = field(default="", kw_only=True)
