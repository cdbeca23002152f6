"""What a list says of one registration; without templates, for many rows."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.web.templatetags.site_tags import icon
from registrations.models import Registration
from registrations.search import Row

register = template.Library()

State = Registration.State
# Class, icon and words.
_LINES = {
    State.CONFIRMED: ("state", "check", _("Registered")),
    State.UNCONFIRMED: ("state", "clock", _("Email not confirmed")),
    State.CANCELLED: ("state quiet", "cross", _("Cancelled")),
}


@register.simple_tag
def registration_state(registration: Registration) -> SafeString:
    """Print the state of a registration as a line: icon and words."""
    css, sign, words = _LINES[State(registration.state)]
    return format_html('<span class="{}">{}{}</span>', css, icon(sign), words)


@register.filter
def seat_counts(row: Row) -> str:
    """Return "3", "3 · 1 waiting" or "0 · 2 selected"."""
    if row.waiting:
        more = ngettext("%(waiting)s waiting", "%(waiting)s waiting", row.waiting) % {"waiting": row.waiting}
    elif row.requested:
        more = ngettext("%(chosen)s selected", "%(chosen)s selected", row.requested) % {
            "chosen": row.requested
        }
    else:
        return str(row.seated)
    return f"{row.seated} · {more}"
