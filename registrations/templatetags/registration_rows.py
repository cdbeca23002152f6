"""What a list says of one registration; without templates, for many rows."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.web.templatetags.site_tags import icon, seats_words
from registrations.mode_fields import mode_text
from registrations.models import Announcement, Registration
from registrations.search import Row
from sessions.models import Session
from sessions.models.seating import Seating

register = template.Library()


@register.simple_tag
def before_session(hours: int) -> str:
    """Print how long before a session: "2 days before", "3 hours before"."""
    if hours % 24 == 0:
        days = hours // 24
        return ngettext("%(n)d day before", "%(n)d days before", days) % {"n": days}
    return ngettext("%(n)d hour before", "%(n)d hours before", hours) % {"n": hours}


@register.simple_tag
def seats_by_mode(session: Session) -> str:
    """Print how many seats are left; of a session in both modes, of each, with how many wait for it."""
    if not session.is_hybrid:
        return seats_words(session)
    return " · ".join(_seating_text(one) for one in session.seatings)


def _seating_text(seating: Seating) -> str:
    words = mode_text(seating)
    if not seating.waiting:
        return words
    waiting = ngettext("%(waiting)s waiting", "%(waiting)s waiting", seating.waiting)
    return f"{words} ({waiting % {'waiting': seating.waiting}})"


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


_ANNOUNCEMENTS = {
    Announcement.State.DRAFT: ("state", "copy"),
    Announcement.State.WAITING: ("state state-warn", "clock"),
    Announcement.State.SENDING: ("state", "clock"),
    Announcement.State.SENT: ("state state-good", "check"),
    Announcement.State.WITHDRAWN: ("state", "replaced"),
}


@register.simple_tag
def announcement_state(announcement: Announcement) -> SafeString:
    """Print the state of an announcement as a line: icon and words."""
    css, sign = _ANNOUNCEMENTS[Announcement.State(announcement.state)]
    return format_html('<span class="{}">{}{}</span>', css, icon(sign), announcement.get_state_display())
