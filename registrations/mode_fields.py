"""The choice of how to attend a hybrid session, as a field of a form."""

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sessions.models import Session
from sessions.models.seating import Mode, Seating


def mode_name(slug: str) -> str:
    """Return the name of the field that says how to attend this session; no slug has a ":"."""
    return f"mode:{slug}"


def mode_field(session: Session, mine: bool, kept: str = "", is_held: bool = False) -> forms.ChoiceField:
    """Return the choice of how to attend a hybrid session, with the seats that are left in each.

    `mine` says that the person has a seat or waits; `kept` is the mode of the seat, which is never given up for a place
    in a waiting list; `is_held` that it is only held until the person accepts.
    """

    def is_offered(one: Seating) -> bool:
        if kept:
            return one.mode == kept or not one.is_full
        return mine or session.waiting_list or not one.is_full

    offered = [one for one in session.seatings if is_offered(one)]
    free = next((one.mode for one in offered if not one.is_full), offered[0].mode if offered else None)
    return forms.ChoiceField(
        label=_("How you attend"),
        choices=[
            (one.mode.value, kept_text(one.mode, is_held) if one.mode == kept else mode_text(one))
            for one in offered
        ],
        initial=kept or free,
        required=False,
        widget=forms.Select(attrs={"class": "select select-small"}),
        error_messages={"invalid_choice": _("Choose whether you attend in person or online.")},
    )


def kept_text(mode: Mode, is_held: bool) -> str:
    """Return "In person", or "In person: your seat is held"."""
    return gettext("%(mode)s: your seat is held") % {"mode": mode.label} if is_held else str(mode.label)


def mode_text(seating: Seating) -> str:
    """Return "In person: 12 seats left", "Online", "In person: waiting list"."""
    if seating.left is None:
        return str(seating.mode.label)
    if seating.is_full:
        return gettext("%(mode)s: waiting list") % {"mode": seating.mode.label}
    words = ngettext("%(mode)s: %(seats)d seat left", "%(mode)s: %(seats)d seats left", seating.left)
    return words % {"mode": seating.mode.label, "seats": seating.left}
