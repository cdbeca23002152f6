"""Forms of rows that exist: they tell when somebody else saved the row meanwhile (`core.web.edit_conflicts`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext
from i18nfield.strings import LazyI18nString

from core.search import alphabetical_key
from core.timezones import formatting
from core.web.edit_conflicts import Difference
from core.web.forms.base import BaseForm
from core.web.forms.fields import TextsField
from core.web.localized_fields import languages_of

NOTHING = "–"


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Plan = TypeVar("Plan", bound=_Dataclass)


class EditForm(BaseForm):
    """A form that carries the version of the row as it showed it; `version` is that of the row now, None for a new one.

    Build it from the row while that is locked; then `conflict` holds for as long as the transaction does.
    """

    version = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, version: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_version = version
        self.fields["version"].initial = version

    @property
    def left_out(self) -> Collection[str]:
        """Fields that say nothing as this form stands."""
        return ()

    @cached_property
    def conflict(self) -> list[Difference]:
        """What would be overwritten unseen; empty where nothing would, and for a form that cannot be saved yet."""
        if self.stored_version is None or not self.is_valid():
            return []
        return self.differences() if self["version"].data != str(self.stored_version) else []

    def renew(self) -> None:
        """Carry the version that is stored now: whoever sends the form again knows both."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(self.stored_version)
        self.data = data

    def differences(self) -> list[Difference]:
        """Return where the answers differ from what is stored, in words."""
        found = []
        for name, one in self.fields.items():
            if isinstance(one, forms.FileField) or name == "version" or name in self.left_out:
                continue
            before, after = self.initial.get(name), self.cleaned_data.get(name)
            if isinstance(one, TextsField):
                before, after = languages_of(before), languages_of(after)
            if canonical(before, self.locales) != canonical(after, self.locales):
                words = words_of_both(one, before, after, self.locales)
                found.append(Difference(str(self[name].label), *words))
        return found


class PlanForm(EditForm, Generic[Plan]):
    """A form of a row that a plan (a dataclass) of its fields changes; `row` is None for a new one, or for none yet.

    It is opened with what the row has in the plan's fields, unless that is in `initial`.
    """

    plan_type: type[Plan]

    def __init__(
        self, *args: Any, row: Any = None, initial: Mapping[str, object] | None = None, **kwargs: Any
    ):
        names = self.plan_type.__dataclass_fields__ if row else ()
        stored = {name: getattr(row, name) for name in names} | dict(initial or {})
        super().__init__(*args, version=row.version if row else None, initial=stored, **kwargs)

    def as_plan(self, **given: object) -> Plan:
        """Return the plan: the answers by the names of its fields, unless they are `given`."""
        answers = {
            name: self.texts(name) if isinstance(one, TextsField) else self.cleaned_data[name]
            for name, one in self.fields.items()
            if name in self.plan_type.__dataclass_fields__ and name not in given
        }
        return self.plan_type(**answers, **given)

    @property
    def plan(self) -> Plan:
        return self.as_plan()


def was_edited(request: HttpRequest) -> bool:
    """Tell whether somebody sends a form of a row that existed when it was opened."""
    return request.POST.get("version", "").isdecimal()


def canonical(value: Any, languages: Sequence[str] = ()) -> Any:
    """Return a stored or typed value in a form in which equal things are equal: text, sorted list, {language: text}.

    Of multilingual texts only `languages` count, all of them where none are given. The order of lists does not count.
    """
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


def words_of_both(
    field: forms.Field, before: Any, after: Any, languages: Sequence[str] = ()
) -> tuple[str, str]:
    """Return two values of a field as people read them; of texts, only the languages in which they differ."""
    if not isinstance(field, TextsField):
        return _words(field, before), _words(field, after)
    old, new = (canonical(languages_of(value), languages) for value in (before, after))
    differing = [code for code in sorted(old.keys() | new.keys()) if old.get(code) != new.get(code)]
    return tuple(  # type: ignore[return-value]
        "\n".join(f"{code}: {texts[code]}" for code in differing if code in texts) or NOTHING
        for texts in (old, new)
    )


def _words(field: forms.Field, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(field, forms.ModelMultipleChoiceField):
        queryset: Any = field.queryset
        rows = queryset.filter(pk__in=[getattr(one, "pk", one) for one in value or ()])
        return (
            ", ".join(sorted((str(field.label_from_instance(row)) for row in rows), key=alphabetical_key))
            or NOTHING
        )
    if isinstance(field, forms.ModelChoiceField):
        return NOTHING if value is None else str(field.label_from_instance(value))
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        labels = {str(key): str(label) for key, label in choices}
        values = value if isinstance(value, list | tuple) else [value]
        said = [labels.get(str(one), str(one)) for one in values if one not in (None, "")]
        return ", ".join(sorted(said)) or NOTHING
    if isinstance(value, time):
        return formatting.clock(value)
    if isinstance(value, date):
        return formatting.long_date(value, get_language() or "en")
    return NOTHING if value in (None, "") else str(value)
