"""Long forms: their sections, and the languages of their texts, each with what is wrong or missing in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.utils.functional import Promise
from i18nfield.forms import I18nWidget

from core.web.forms.fields import TextsField

# The parameter, in an address and in a form, that says which language of the texts is shown.
LANGUAGE_SHOWN = "edit"


@dataclass(frozen=True)
class Section:
    """A part of a form: the id of its element, its title, and the names of the fields in it."""

    id: str
    title: str | Promise
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class SectionState:
    """A section with the number of fields that are wrong, and with what is missing in it, in words."""

    id: str
    title: str
    errors: int = 0
    missing: tuple[str, ...] = ()


@dataclass
class LanguageState:
    """A language of a form's texts: how many of them are wrong in it, and how many are written only in others."""

    code: str
    name: str
    errors: int = 0
    missing: int = 0
    is_shown: bool = field(default=False, compare=False)


def section_states(
    form: forms.BaseForm,
    sections: Sequence[Section],
    rows: Mapping[str, Any] | None = None,
    missing: Mapping[str, Iterable[str]] | None = None,
) -> list[SectionState]:
    """Return the sections of a form with their states.

    `rows` are formsets by the id of the section that they stand in, `missing` what is missing there. Errors of fields
    that are in no section count for the first one.
    """
    wrong = dict.fromkeys((section.id for section in sections), 0)
    section_of = {name: section.id for section in sections for name in section.fields}
    for name in form.errors:
        if name in form.fields:
            wrong[section_of.get(name, sections[0].id)] += 1
    for key, formset in (rows or {}).items():
        if formset.is_bound:
            wrong[key] += sum(len(row.errors) for row in formset.forms) + len(formset.non_form_errors())
    said = missing or {}
    return [
        SectionState(section.id, str(section.title), wrong[section.id], tuple(said.get(section.id, ())))
        for section in sections
    ]


def language_states(asked: str, *parts: forms.BaseForm | BaseFormSet | None) -> list[LanguageState]:
    """Return the languages that the forms' texts are written in, the default one first; one of them is shown.

    That is the one `asked` for, else the first; where only another one has something wrong, that one.
    """
    states: dict[str, LanguageState] = {}
    names = dict(settings.LANGUAGES)
    for bound in _texts_of(parts):
        locales = getattr(bound.form, "locales", [])
        for code in locales:
            states.setdefault(code, LanguageState(code, str(names.get(code, code))))
        for code in languages_lacking(bound):
            states[code].missing += 1
        for code in languages_in_error(bound):
            states[code].errors += 1
    found = list(states.values())
    if not found:
        return []
    shown = states.get(asked, found[0])
    if not shown.errors:
        shown = next((one for one in found if one.errors), shown)
    shown.is_shown = True
    return found


def language_shown(asked: str, languages: Sequence[str]) -> str:
    """Return which of the languages is asked for, else the first."""
    return asked if asked in languages else languages[0]


def texts_by_language(bound: forms.BoundField) -> dict[str, str]:
    """Return what stands in the controls of a multilingual field, by language, also where it is empty."""
    widget: Any = bound.field.widget
    value = bound.value()
    values = value if isinstance(value, list) else widget.decompress(value)
    return {
        code: str(values[place] or "") if place < len(values) else ""
        for place, code in enumerate(widget.locales)
        if code in widget.enabled_locales
    }


def languages_lacking(bound: forms.BoundField) -> list[str]:
    """Return the languages without a text that is written in another one."""
    texts = texts_by_language(bound)
    return [code for code, text in texts.items() if not text.strip()] if any(texts.values()) else []


def languages_in_error(bound: forms.BoundField) -> list[str]:
    """Return the languages whose text is what is wrong with a multilingual field; none where no text is wrong."""
    if not bound.errors:
        return []
    return [code for code, text in texts_by_language(bound).items() if text and _is_wrong(bound, code, text)]


def _is_wrong(bound: forms.BoundField, code: str, text: str) -> bool:
    for validator in bound.field.validators:
        try:
            validator({code: text.replace("\r\n", "\n")})
        except ValidationError:
            return True
    return False


def _texts_of(parts: Iterable[forms.BaseForm | BaseFormSet | None]) -> Iterator[forms.BoundField]:
    for part in parts:
        if isinstance(part, BaseFormSet):
            yield from _texts_of(part.forms)
        elif part is not None:
            for bound in part:
                if isinstance(bound.field, TextsField) and isinstance(bound.field.widget, I18nWidget):
                    yield bound
