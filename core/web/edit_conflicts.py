"""Two people who edit the same thing at once: neither overwrites the other unseen.

A form carries a fingerprint of the stored values that it showed. When it is sent, the row is held, and the fingerprint
of what is stored by then tells whether somebody else saved meanwhile. Columns that a form does not show do not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.db import models
from i18nfield.strings import LazyI18nString

from core.web.localized_fields import languages_of

FIELD = "seen"


class EditConflict(Exception):
    """Somebody else saved the row after it was read. `differences` are what is stored and what was to be."""

    def __init__(self, differences: Sequence[Difference] = ()) -> None:
        super().__init__()
        self.differences = list(differences)


class DeletedMeanwhile(Exception):
    """Somebody else deleted the row after it was read."""


@dataclass(frozen=True)
class Difference:
    """One thing that was one way and is another, in words. `kind` is its code, where programs tell kinds apart."""

    label: str
    before: str
    after: str
    kind: str = field(default="", kw_only=True)


def fingerprint(about: str, values: Mapping[str, Any], languages: Sequence[str] = ()) -> str:
    """Return a signed hash of what a form shows of the thing that `about` names.

    Of multilingual texts only `languages` count, all of them where none are given. The order of lists does not count.
    """
    said = {name: canonical(value, languages) for name, value in values.items()}
    # What is empty and what is not mentioned are the same.
    said = {name: value for name, value in said.items() if value}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return _signer(about).sign(digest)


def was_shown(sent: str, about: str) -> bool:
    """Tell whether a fingerprint is one that this service gave out for `about`, at whatever time."""
    try:
        _signer(about).unsign(sent)
    except signing.BadSignature:
        return False
    return True


def _signer(about: str) -> signing.Signer:
    return signing.Signer(salt=f"core.web.edit_conflicts {about}")


def canonical(value: Any, languages: Sequence[str] = ()) -> Any:
    """Return a stored or typed value in a form in which equal things are equal: text, sorted list, {language: text}."""
    if isinstance(value, LazyI18nString | dict):
        texts = languages_of(value)
        kept = {code: _plain(text) for code, text in texts.items() if not languages or code in languages}
        return {code: text for code, text in kept.items() if text}
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, Iterable):
        return sorted(canonical(one) for one in value)
    return "" if value is None else str(value)


def _plain(text: str) -> str:
    # Browsers send line breaks of their own kind, and forms take blanks off the ends.
    return text.replace("\r\n", "\n").strip()
