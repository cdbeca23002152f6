"""Photos of speakers on pages."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from labs.models import Lab
from sessions.models import Speaker
from sessions.speaker_pictures import portrait, small_portrait

register = template.Library()


@register.simple_tag
def speaker_photo(speaker: Speaker, lab: Lab) -> SafeString:
    """Print the photo of a speaker, with its alternative text, else the initials."""
    return portrait(speaker, lab, get_language() or "en")


@register.simple_tag
def small_speaker_photo(speaker: Speaker, lab: Lab) -> SafeString:
    """Print the small photo of a speaker beside the name, else the initials."""
    return small_portrait(speaker, lab, get_language() or "en")
