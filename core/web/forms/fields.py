"""Fields of forms: texts in several languages, time zones, email and web addresses, cities, days, hours, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from i18nfield.forms import I18nFormField, I18nTextarea, I18nTextInput
from i18nfield.strings import LazyI18nString

from core.search import alphabetical_key
from core.timezones.zones import validate_zone, zone_choices
from core.web.email_addresses import clean_address
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


class WebAddressField(forms.CharField):
    """A web address that may be left out; the verb that takes it says what is wrong with one."""

    def __init__(self, *, max_length: int = 500, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=max_length,
            widget=forms.URLInput(attrs={"autocomplete": "off"}),
            **options,
        )


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
