"""The tag for a session's place."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.web.templatetags.site_tags import icon
from sessions.models import Session
from sessions.places import is_online, place_html

register = template.Library()


@register.simple_tag
def place(session: Session) -> SafeString:
    """Print "Plenary, 5 Rue de la Loi, Town hall" with its icon; nothing without a place."""
    words = place_html(session, get_language() or "en")
    sign = icon("screen" if is_online(session) else "place")
    # One element: where what stands beside each other has gaps, none comes before the comma of an address.
    return format_html("{} <span>{}</span>", sign, words) if words else words
