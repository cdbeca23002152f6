"""The state of an email in plain words; without a template, for long lists."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.mail.models import Message
from core.web.templatetags.site_tags import icon

register = template.Library()

State = Message.State
# Class, icon and words.
_LINES = {
    State.FAILED: ("state state-bad", "error", _("Failed")),
    State.BOUNCED: ("state state-bad", "error", _("Bounced")),
    State.COMPLAINED: ("state state-warn", "warning", _("Marked as spam")),
    State.SENDING: ("state", "clock", _("Sending")),
    State.SENT: ("state state-good", "check", _("Sent")),
    State.DELIVERED: ("state state-good", "check", _("Delivered")),
    State.QUEUED: ("state", "clock", _("Queued")),
}
_RETRIED = ("state state-warn", "replaced", _("Will be tried again"))


@register.simple_tag
def email_state(message: Message) -> SafeString:
    """Print the state of an email as a line: icon and words."""
    is_retried = message.state == State.QUEUED and message.last_error
    css, sign, words = _RETRIED if is_retried else _LINES[State(message.state)]
    return format_html('<span class="{}">{}{}</span>', css, icon(sign), words)
