"""Tags of pages where something long is edited: the index of sections, the language of texts, the bar that saves."""

from typing import Any

from django import template
from django.http import HttpRequest

from core.web.forms.sections import LANGUAGE_SHOWN, SectionState, language_states

register = template.Library()


@register.inclusion_tag("partials/section_index.html")
def section_index(sections: list[SectionState]) -> dict[str, Any]:
    """Print links to the sections of a form, with marks on those in which something is wrong or missing."""
    return {"sections": sections}


@register.inclusion_tag("partials/language_bar.html", takes_context=True)
def language_bar(context: template.Context, *forms: Any) -> dict[str, Any]:
    """Print the choice of the language in which the texts of these forms and formsets are shown.

    Place it in the form, above its fields. It works by the style sheet alone; all texts are sent whichever is shown.
    Prints nothing where there is one language.
    """
    request: HttpRequest = context["request"]
    asked = request.POST.get(LANGUAGE_SHOWN) or request.GET.get(LANGUAGE_SHOWN, "")
    languages = language_states(asked, *forms)
    return {"languages": languages if len(languages) > 1 else [], "name": LANGUAGE_SHOWN}


@register.inclusion_tag("partials/save_bar.html")
def save_bar(words: str, note: str = "", *, unsaved: bool = False) -> dict[str, Any]:
    """Print the bar with the button that saves, at the foot of a form that stays in sight.

    `unsaved` where the page was answered to a form that was sent and not saved.
    """
    return {"words": words, "note": note, "unsaved": unsaved}
