"""Forms of what stands already: they tell when somebody else saved it meanwhile (`core.web.edit_conflicts`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from core.search import alphabetical
from core.timezones import formatting
from core.web import edit_conflicts
from core.web.edit_conflicts import FIELD, Difference
from core.web.forms.base import BaseForm, TextsField
from core.web.localized_fields import languages_of

NOTHING = "–"


class EditForm(BaseForm):
    """A form whose hidden field (`{% seen form %}`) carries a fingerprint of the stored values that it showed.

    Build it from the row while that is held; then `conflict` holds for as long as the transaction does.
    """

    # What is edited, unlike all else; empty where the form makes something new.
    about = ""

    def stored(self) -> Mapping[str, Any]:
        """Return what is stored, by the names of fields; more names may be told apart than have a field."""
        return self.initial

    @property
    def left_out(self) -> Collection[str]:
        """Fields that say nothing as this form stands."""
        return ()

    @property
    def fingerprint(self) -> str:
        """That of what is stored now."""
        return self.fingerprint_of(self.stored()) if self.about else ""

    def fingerprint_of(self, values: Mapping[str, Any]) -> str:
        said = {name: self._alike(name, value) for name, value in values.items()}
        return edit_conflicts.fingerprint(self.about, said, self.locales)

    @property
    def seen(self) -> str:
        """What the hidden field carries: the fingerprint that came with the form, or that of a form just opened."""
        return str(self.data.get(self.add_prefix(FIELD), "")) if self.is_bound else self.fingerprint

    @property
    def is_stale(self) -> bool:
        """Whether what is stored is not what this form showed; a fingerprint that is none counts as stale."""
        return bool(self.about) and self.seen != self.fingerprint

    @cached_property
    def conflict(self) -> list[Difference]:
        """What would be overwritten unseen; empty where nothing would, and for a form that cannot be saved yet."""
        return self.differences() if not self.errors and self.is_stale else []

    def renew(self) -> None:
        """Carry the fingerprint of what is stored now: whoever sends the form again knows both."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix(FIELD)] = self.fingerprint
        self.data = data

    def differences(self) -> list[Difference]:
        """Return where the answers differ from what is stored, in words."""
        stored = self.stored()
        found = []
        for name, one in self.fields.items():
            if isinstance(one, forms.FileField) or name in self.left_out:
                continue
            before, after = stored.get(name), self.cleaned_data.get(name)
            if self._alike(name, before) != self._alike(name, after):
                found.append(
                    Difference(str(self[name].label), *words_of_both(one, before, after, self.locales))
                )
        return found

    def _alike(self, name: str, value: Any) -> Any:
        if isinstance(self.fields.get(name), TextsField):
            value = languages_of(value)
        return edit_conflicts.canonical(value, self.locales)


def words_of_both(
    field: forms.Field, before: Any, after: Any, languages: Sequence[str] = ()
) -> tuple[str, str]:
    """Return two values of a field as people read them; of texts, only the languages in which they differ."""
    if not isinstance(field, TextsField):
        return _words(field, before), _words(field, after)
    old, new = (edit_conflicts.canonical(languages_of(value), languages) for value in (before, after))
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
            ", ".join(sorted((str(field.label_from_instance(row)) for row in rows), key=alphabetical))
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


def put_texts(data: Any, name: str, texts: object) -> None:
    """Write a multilingual text into posted data, as the field of this name would send it."""
    said = languages_of(texts)
    for place, (code, _name) in enumerate(settings.LANGUAGES):
        data[f"{name}_{place}"] = said.get(code, "")
