"""SVG bars of the console."""

from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Percentage of a bar for seats; the rest is for the waiting list.
SEATS_WIDTH = 84.0
GAP = 0.8


class Counted(Protocol):
    """The fields of a session that the bar shows."""

    @property
    def capacity(self) -> int | None: ...
    @property
    def seats_taken(self) -> int: ...
    @property
    def seats_waiting(self) -> int: ...


@register.simple_tag
def seat_bar(session: Counted) -> SafeString | str:
    """Print a bar of a session's taken seats and waiting list; nothing without a capacity."""
    if session.capacity is None:
        return ""
    share = session.seats_taken / session.capacity if session.capacity else 1.0
    width = SEATS_WIDTH * min(share, 1.0)
    waiting = ""
    if session.seats_waiting:
        part = SEATS_WIDTH * session.seats_waiting / max(session.capacity, 1)
        waiting = format_html(
            '<rect class="m-wait" x="{}" width="{}" height="1"></rect>',
            f"{SEATS_WIDTH + GAP:.1f}",
            f"{min(max(part, 1.0), 100 - SEATS_WIDTH - GAP):.1f}",
        )
    return format_html(
        '<svg class="meter meter-l" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false">'
        '<rect class="m-cap" width="{}" height="1"></rect><rect class="m-full" width="{}" height="1"></rect>{}</svg>',
        f"{SEATS_WIDTH:g}",
        f"{width:.1f}",
        waiting,
    )
