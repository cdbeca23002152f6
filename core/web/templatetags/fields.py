"""Tags that render forms: hidden key, label, hint, error, control, and the error summary.

Errors are shown beside their fields and in the summary, which takes the focus; typed values are kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.forms import (
    BaseForm,
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    RadioSelect,
    Select,
    Textarea,
)
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from i18nfield.forms import I18nWidget

from core.web.forms.rows import BaseRows
from core.web.forms.sections import languages_in_error, languages_lacking, texts_by_language
from core.web.idempotency import FIELD, new_form_key

register = template.Library()

MANY_OPTIONS = 4
LONG_OPTION = 24


@dataclass(frozen=True)
class Control:
    """One input with its label: an option of a group, or one language of a multilingual text."""

    id: str
    label: str
    html: SafeString
    language: str = ""
    has_error: bool = False


@dataclass(frozen=True)
class Problem:
    """One line of the summary, and the id of the control to link to ("" for none)."""

    words: str
    target: str


@register.simple_tag(takes_context=True)
def form_key(context: template.Context) -> SafeString:
    """Print the hidden fields of a POST form: its idempotency key, and the token of the session if there is one."""
    request: HttpRequest = context["request"]
    key = format_html('<input type="hidden" name="{}" value="{}">', FIELD, new_form_key())
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return key
    return format_html(
        '{}<input type="hidden" name="csrfmiddlewaretoken" value="{}">', key, get_token(request)
    )


@register.inclusion_tag("partials/field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """Print a field of a form with label, hint and error.

    Options: `label`, `hint` override the form's (None for no hint); `optional=False` omits the mark of optional
    fields; `css` adds a class to the control ("input-short"); `compact=True` leaves the label to readers of screens,
    where the head of a table names the column; `focus_in="bg"` puts the focus on the text in that language; any other
    becomes an attribute of the control (`rows=3`, `autocomplete="name"`).
    """
    label = options.pop("label", None) or bound.label
    hint = options.pop("hint", "")
    if hint is None:
        bound.help_text = ""  # else Django describes the control by a hint that is not there
    hint = hint or bound.help_text
    marked = options.pop("optional", getattr(bound.form, "mark_optional", True))
    css = options.pop("css", "")
    compact = options.pop("compact", False)
    focus_in = options.pop("focus_in", "")
    attributes = {name.replace("_", "-"): value for name, value in options.items()}
    described = [f"{bound.auto_id}_error"] if bound.errors else []
    if hint:
        described.append(f"{bound.auto_id}_helptext")
    kind, controls = _controls(bound, css, attributes, " ".join(described), focus_in)
    return {
        "bound": bound,
        "kind": kind,
        "controls": controls,
        "label": label,
        "hint": hint,
        "errors": bound.errors,
        "described": " ".join(described),
        "compact": compact,
        "lacking": languages_lacking(bound) if kind == "languages" and len(controls) > 1 else [],
        "optional": marked and kind != "check" and not _is_required(bound),
        "upright": len(controls) > MANY_OPTIONS or any(len(str(one.label)) > LONG_OPTION for one in controls),
    }


@register.inclusion_tag("partials/error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet | None, note: str = "") -> dict[str, object]:
    """Print the errors of forms and formsets with links to the fields; nothing without errors.

    Several errors of one field count as one.
    """
    problems = list(dict.fromkeys(each for form in forms if form is not None for each in _problems(form)))
    count = len({problem.target or problem.words for problem in problems})
    return {
        "problems": problems,
        "title": ngettext(
            "There is a problem with one answer", "There are problems with %(count)s answers", count
        )
        % {"count": count},
        "note": note or gettext("Nothing has been saved. Your answers are kept in the form."),
    }


def _is_required(bound: BoundField) -> bool:
    return bool(getattr(bound.field, "one_required", bound.field.required))


def _controls(
    bound: BoundField, css: str, attributes: dict[str, Any], described: str, focus_in: str
) -> tuple[str, list[Control]]:
    """Return the kind of a field (one, check, options, languages, parts) and its controls, ready to print."""
    widget = bound.field.widget
    if isinstance(widget, I18nWidget):
        return "languages", list(_languages(bound, css, attributes, described, focus_in))
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "options", list(_options(bound))
    if described:
        attributes["aria-describedby"] = described
    if isinstance(widget, CheckboxInput):
        return "check", [Control(bound.id_for_label, str(bound.label), bound.as_widget(attrs=attributes))]
    attributes["class"] = _class_of(widget, css)
    kind = "parts" if bound.use_fieldset else "one"
    return kind, [Control(bound.id_for_label, str(bound.label), bound.as_widget(attrs=attributes))]


def _class_of(widget: Any, css: str) -> str:
    own = (
        "select"
        if isinstance(widget, Select)
        else "textarea input"
        if isinstance(widget, Textarea)
        else "input"
    )
    return " ".join(filter(None, (own, css, widget.attrs.get("class", ""))))


def _options(bound: BoundField) -> Iterable[Control]:
    """Yield the options of radio buttons or check boxes; names of languages are marked with their own language."""
    offered = {code for code, _name in settings.LANGUAGES}
    options = list(bound)
    in_own_language = all(option.data["value"] in offered for option in options)
    for option in options:
        yield Control(
            option.id_for_label,
            str(option.choice_label),
            option.tag(),
            str(option.data["value"]) if in_own_language else "",
        )


def _languages(
    bound: BoundField, css: str, attributes: dict[str, Any], described: str, focus_in: str
) -> Iterable[Control]:
    """Yield one control per language that the form offers, labelled and marked with its language."""
    widget = bound.field.widget
    texts, wrong = texts_by_language(bound), languages_in_error(bound)
    names = dict(settings.LANGUAGES)
    for number, code in enumerate(widget.locales):
        if code not in widget.enabled_locales:
            continue
        one = widget.widgets[number]
        identity = f"{bound.auto_id}_{number}"
        shown = {**attributes, "id": identity, "lang": code, "class": _class_of(one, css)}
        if described:
            shown["aria-describedby"] = described
        if code == focus_in:
            shown["autofocus"] = True
        has_error = code in wrong or (bool(bound.errors) and not wrong)
        if has_error:
            shown["aria-invalid"] = "true"
        html = one.render(f"{bound.html_name}_{number}", texts[code], shown)
        yield Control(identity, names.get(code, code), html, code, has_error)


def _problems(form: BaseForm | BaseFormSet, within: str = "") -> Iterable[Problem]:
    """Yield the errors; `within` is the label of the form's row."""
    if isinstance(form, BaseFormSet):
        if form.is_bound:
            yield from (Problem(str(message), "") for message in form.non_form_errors())
            for place, one in enumerate(form.forms):
                yield from _problems(one, form.name_of(place) if isinstance(form, BaseRows) else "")
        return
    for message in form.non_field_errors():
        yield Problem(f"{within}: {message}" if within else str(message), "")
    for bound in form:
        label = ", ".join(filter(None, (within, str(bound.label))))
        for message in bound.errors:
            yield Problem(f"{label}: {message}", "" if bound.is_hidden else _first_control(bound))


def _first_control(bound: BoundField) -> str:
    """Return the id of the field's first control."""
    widget = bound.field.widget
    if isinstance(widget, I18nWidget):
        code = next(iter(languages_in_error(bound)), widget.enabled_locales[0])
        return f"{bound.auto_id}_{widget.locales.index(code)}"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return f"{bound.auto_id}_0"
    return bound.id_for_label
