"""The base class of all forms. Forms check what a submission shows by itself; verbs check the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.db import models
from django.forms.utils import ErrorDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.web.error_messages import PlainErrorsMixin
from core.web.forms.fields import TextsField
from core.web.localized_fields import languages_of


class BaseForm(PlainErrorsMixin, forms.Form):
    """A form that speaks the house's words, whose texts come in the given languages, and which takes over what a verb
    refused.
    """

    # Where a verb's field has another name here.
    renamed: Mapping[str, str] = {}

    def __init__(self, *args: Any, locales: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.locales = list(locales)
        for field in self.fields.values():
            if isinstance(field, TextsField) and locales:
                field.widget.enabled_locales = self.locales
            if isinstance(field.widget, forms.Select):
                # Django gives every widget the limits of its column; a list of choices has none in HTML.
                field.widget.attrs.pop("maxlength", None)
                field.widget.attrs.pop("minlength", None)

    def set_choices(self, name: str, choices: Iterable[tuple[object, object]]) -> None:
        """Give a choice field what can be chosen."""
        cast(forms.ChoiceField, self.fields[name]).choices = cast("list[tuple[str, str]]", list(choices))

    def set_queryset(
        self, name: str, rows: models.QuerySet[Any], label: Callable[[Any], str] | None = None
    ) -> None:
        """Give a choice field the rows that can be chosen, and what each is called."""
        field = cast("forms.ModelChoiceField[Any]", self.fields[name])
        field.queryset = rows
        if label is not None:
            setattr(field, "label_from_instance", label)  # noqa: B010  (a method of the class otherwise)

    def texts(self, name: str) -> dict[str, str]:
        """Return the text as typed, with what stands already in languages that this form does not show."""
        return keeping(
            self.get_initial_for_field(self.fields[name], name), self.cleaned_data[name], self.locales
        )

    def add_errors(self, errors: Mapping[str, Iterable[str | Promise]]) -> None:
        """Show what a verb found wrong beside the fields that it is about."""
        for name, messages in errors.items():
            field = self.renamed.get(name, name)
            for message in messages:
                if str(message) not in self.errors.get(field, []):
                    self.add_error(field if field in self.fields else None, str(message))

    def forget_errors(self) -> None:
        """Show what was typed without judging it: more rows were asked for, nothing is to be saved yet."""
        self.cleaned_data = {}
        self._errors = ErrorDict()


class LanguagesMixin(BaseForm):
    """Which languages texts are written in; the default one, which readers get where theirs is missing, is first."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        help_text=_(
            "Save to add the fields of a new language. Texts in a language that you remove are kept."
        ),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one language.")},
    )
    default_language = forms.ChoiceField(
        label=_("Default language"),
        help_text=_("Shown where a text is missing in the reader’s language."),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the languages.")},
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        default, chosen = values.get("default_language"), values.get("languages")
        if default and chosen:
            if default not in chosen:
                self.add_error("default_language", gettext("Choose one of the selected languages."))
            values["languages"] = [default, *(code for code in chosen if code != default)]
        return values


def keeping(before: object, typed: object, shown: Sequence[str]) -> dict[str, str]:
    """Return `typed` and, from `before`, the languages that were not shown. Both are multilingual texts."""
    unseen = {code: text for code, text in languages_of(before).items() if shown and code not in shown}
    return unseen | languages_of(typed)
