"""The tag for a session's place."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from sessions.models import Session
from sessions.places import place_html

register = template.Library()


@register.simple_tag
def place(session: Session, mode: str = "") -> SafeString:
    """Print "Plenary, 5 Rue de la Loi, Town hall" with its icon and a link to a map; nothing without a place.

    With a `mode` where somebody attends a hybrid session.
    """
    return place_html(session, get_language() or "en", mode)
