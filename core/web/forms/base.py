"""Fields and base class of all forms. Forms check what a submission shows by itself; verbs check the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from django import forms
from django.conf import settings
from django.db import models
from django.forms.models import ModelChoiceIterator
from django.forms.utils import ErrorDict, flatatt
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from i18nfield.forms import I18nFormField, I18nTextarea, I18nTextInput
from i18nfield.strings import LazyI18nString

from core.search import alphabetical_key
from core.timezones.wall_clock import AmbiguousTime, WallClockError, instant, is_ambiguous, wall
from core.timezones.zones import offset_text, validate_zone, zone_choices
from core.web.email_addresses import clean_address
from core.web.error_messages import PlainErrorsMixin
from core.web.localized_fields import (
    MAX_LINE_LENGTH,
    MaxLengthPerLanguage,
    languages_of,
    no_control_characters,
    one_line,
)

PK_DIGITS = 18  # those of the largest number that databases count with, less one


def pk_of(text: str) -> int | None:
    """Return the id that a browser sent; None for what can be none."""
    return int(text) if text.isdecimal() and len(text) <= PK_DIGITS else None


# Fields


class _EachLanguage:
    """Shows each language what it has, and nothing of another language."""

    locales: list[str]

    def decompress(self, value: object) -> list[str | None]:
        texts = languages_of(value)
        return [texts.get(code) for code in self.locales]


class LineInput(_EachLanguage, I18nTextInput):
    pass


class ParagraphsInput(_EachLanguage, I18nTextarea):
    pass


class TextsField(I18nFormField):
    """A text in several languages; its clean value is {language: text}, without those that are empty."""

    def __init__(self, *, limit: int = MAX_LINE_LENGTH, rows: int = 0, **options: object) -> None:
        options["widget"] = ParagraphsInput if rows else LineInput
        if rows:
            options["widget_kwargs"] = {"attrs": {"rows": rows}}
        options.setdefault("error_messages", {"required": _("Enter this in at least one language.")})
        super().__init__(**options)
        self.validators.extend([MaxLengthPerLanguage(limit), no_control_characters])
        if not rows:
            self.validators.append(one_line)

    def compress(self, data_list: list[str]) -> LazyI18nString:
        offered = self.widget.enabled_locales
        pairs = zip(self.locales, data_list, strict=False)
        # Browsers send line breaks of their own kind; stored texts keep one kind, so that unchanged stays unchanged.
        return LazyI18nString(
            {code: text.replace("\r\n", "\n") for code, text in pairs if text and code in offered}
        )


class ZoneSelect(forms.Select):
    """A list of some 440 zones, by region, written in one go: a template per line would take longer than the page."""

    offsets = False

    def render(
        self, name: str, value: object, attrs: dict[str, object] | None = None, renderer: object = None
    ) -> SafeString:
        groups = format_html_join(
            "",
            '<optgroup label="{}">{}</optgroup>',
            (
                (
                    region,
                    format_html_join(
                        "",
                        "<option{}>{}</option>",
                        ((flatatt({"value": zone, "selected": zone == value}), city) for zone, city in zones),
                    ),
                )
                for region, zones in zone_choices(get_language() or "en", offsets=self.offsets)
            ),
        )
        own = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(own), groups)


class ReadersZoneSelect(ZoneSelect):
    """The same, with the offsets that devices may have in place of a zone."""

    offsets = True


class ZoneField(forms.CharField):
    """A canonical time zone, unless `check` takes others too."""

    widget = ZoneSelect

    def __init__(self, *, check: Callable[[str], None] = validate_zone, **options: Any) -> None:
        super().__init__(**options)
        self.check = check

    def run_validators(self, value: Any) -> None:
        # What is in the list is neither too long nor unreadable: one thing is wrong with what is not, and said once.
        if value not in self.empty_values:
            self.check(value)


class EmailAddressField(forms.EmailField):
    """An email address; its clean value is written as `core.web.email_addresses.clean_address` does.

    In the page it is a field for text with the keyboard for addresses. In one of `type=email` browsers rewrite the
    domain after the rules of 2003, which turn ß and final ς into another domain, before anything is sent.
    """

    default_validators: list[Any] = []

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.input_type = "text"

    def widget_attrs(self, widget: forms.Widget) -> dict[str, object]:
        return {
            **super().widget_attrs(widget),
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def to_python(self, value: object) -> str:
        typed = super().to_python(value)
        return clean_address(typed) if typed else ""


class _ByName(ModelChoiceIterator):
    """The choices of a list of rows, in the order that the reader's alphabet gives their names."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        yield from sorted(map(self.choice, self.queryset), key=lambda pair: alphabetical_key(str(pair[1])))


class CityField(forms.ModelChoiceField):
    """One city of a list."""

    iterator = _ByName


class CitiesField(forms.ModelMultipleChoiceField):
    """Cities to tick. SQLite cannot even look for numbers as long as some that are sent."""

    iterator = _ByName
    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        if any(len(str(pk)) > PK_DIGITS for pk in value or ()):
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], code="invalid_pk_value")
        return super().clean(value)


class DayField(forms.DateField):
    """A day, as browsers send it or as people write it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input-short"}),
            error_messages={
                "required": _("Choose a date."),
                "invalid": _("Enter a date like 2027-04-06."),
            },
            **options,
        )


class HourField(forms.TimeField):
    """An hour of the 24-hour clock."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            input_formats=["%H:%M", "%H.%M", "%H:%M:%S"],
            # Not type="time": browsers show that by the clock of their own country, with AM and PM.
            widget=forms.TimeInput(
                format="%H:%M", attrs={"class": "input-hour", "inputmode": "numeric", "autocomplete": "off"}
            ),
            error_messages={
                "required": _("Choose a time."),
                "invalid": _("Enter a time like 15:30."),
            },
            **options,
        )


class NumberField(forms.IntegerField):
    """A whole number. Very long ones are refused before they are read."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", 1_000_000)
        options.setdefault("error_messages", {"invalid": _("Enter a whole number.")})
        super().__init__(
            widget=forms.NumberInput(attrs={"class": "input-short", "inputmode": "numeric"}), **options
        )

    def to_python(self, value: object) -> int | None:
        return super().to_python(value[:30] if isinstance(value, str) else value)


def fold_field(label: Any) -> forms.TypedChoiceField:
    """Which reading is meant, where the clock shows a time twice; shown only there (`WallClockMixin`)."""
    return forms.TypedChoiceField(
        label=label,
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("0", _("The first")), ("1", _("The second"))],
        widget=forms.RadioSelect,
    )


# Forms


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


class WallClockMixin(BaseForm):
    """Turns pairs of day and hour into instants, and asks which one is meant where the clock shows an hour twice."""

    def moment(self, prefix: str, zone: str) -> datetime | None:
        """Return the instant (UTC) of `<prefix>_date` and `<prefix>_time` in `zone`; note what is wrong with them."""
        on, at = self.cleaned_data.get(f"{prefix}_date"), self.cleaned_data.get(f"{prefix}_time")
        if on is None or at is None:
            if on is not None and f"{prefix}_time" not in self.errors:
                self.add_error(f"{prefix}_time", gettext("Choose a time as well."))
            if at is not None and f"{prefix}_date" not in self.errors:
                self.add_error(f"{prefix}_date", gettext("Choose a date as well."))
            return None
        try:
            return instant(on, at, zone, self.cleaned_data.get(f"{prefix}_fold"))
        except WallClockError as error:
            self.add_error(f"{prefix}_time", error.message)
            return None

    def name_folds(self, prefix: str, zone: str, day: str = "") -> bool:
        """Tell whether the hour as it stands comes twice in `zone`; the two answers then name their offsets.

        `day` is the field that says the day, `<prefix>_date` unless another one is named.
        """
        on = self._as_it_stands(day or f"{prefix}_date")
        at = self._as_it_stands(f"{prefix}_time")
        if not isinstance(on, date) or not isinstance(at, time):
            return False
        try:
            if not is_ambiguous(on, at, zone):
                return False
            instant(on, at, zone)
        except AmbiguousTime as error:
            first, second = (offset_text(offset) for offset in error.offsets)
            self.fields[f"{prefix}_fold"].choices = [  # type: ignore[attr-defined]
                (
                    "0",
                    gettext("The first %(time)s, at %(offset)s") % {"time": f"{at:%H:%M}", "offset": first},
                ),
                (
                    "1",
                    gettext("The second %(time)s, at %(offset)s") % {"time": f"{at:%H:%M}", "offset": second},
                ),
            ]
            return True
        except WallClockError:
            return False
        return False

    def _as_it_stands(self, name: str) -> object:
        if not self.is_bound:
            return self.get_initial_for_field(self.fields[name], name)
        try:
            return self.fields[name].clean(self[name].data)
        except forms.ValidationError:
            return None


def moment_initial(prefix: str, at: datetime | None, zone: str) -> dict[str, object]:
    """Return the initial values of a day, an hour and a fold that stand for an instant."""
    if at is None:
        return {}
    local = wall(at, zone)
    return {
        f"{prefix}_date": local.date(),
        f"{prefix}_time": local.time().replace(second=0, microsecond=0),
        f"{prefix}_fold": str(local.fold),
    }
