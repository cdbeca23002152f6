"""Undo of another time zone for a lab."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import undo
from labs.current_viewer import viewer_for
from labs.models import Lab
from sessions.zone_changes import Keep, ZoneChange, change_lab_zone

ZONE = "lab-zone"  # the kind of undoing


def offer_undo_lab_zone(
    request: HttpRequest, lab: Lab, change: ZoneChange, was: str, folds: list[tuple[int, str, int]]
) -> None:
    """Add a success message with a button that gives the lab and the sessions taken along the zone they had.

    `folds` are those of `sessions.undo.folds_of` before.
    """
    facts = {
        "lab": lab.pk,
        "version": lab.version,
        "zone": was,
        "keep": change.keep,
        "along": [step.session.pk for step in change.steps],
        "folds": folds,
    }
    undo.offer_undo(request, _("Time zone changed. Calendars are updated automatically."), ZONE, facts)


@undo.undo_handler(ZONE)
def undo_lab_zone(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Give the lab its earlier zone in the same way, unless it was changed again."""
    lab = Lab.objects.filter(pk=facts["lab"]).first()
    if lab is None or not viewer_for(user).organises(lab) or lab.version != facts["version"]:
        raise undo.NotUndoable
    folds = {(pk, which): fold for pk, which, fold in facts["folds"]}
    try:
        change_lab_zone(lab, facts["zone"], Keep(facts["keep"]), user, folds=folds, along=facts["along"])
    except RuleViolation as error:
        raise undo.NotUndoable(error.message) from error
    return reverse("console_lab_edit", args=[lab.slug]), _("The earlier time zone is restored.")
