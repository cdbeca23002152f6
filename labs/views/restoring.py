"""Saying that something was deleted or taken away, with a button that brings it back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import undo
from labs.current_viewer import viewer_for
from labs.models import Lab, Programme
from labs.revisions import lock_lab, touch
from labs.signals import lab_rescheduled

ROWS = "rows"


def offer_restoring(
    request: HttpRequest,
    words: str,
    rows: list[dict[str, Any]],
    address: str,
    *,
    lab: Lab | None = None,
    programme: Programme | None = None,
) -> None:
    """Say that `rows` (of `undo.rows_of`) are gone; `address` is where they can be seen when they are back.

    They come back to those who organise the lab, or else own the programme, at that time.
    """
    facts = {
        "rows": rows,
        "address": address,
        "lab": lab.pk if lab else None,
        "programme": programme.pk if programme else None,
    }
    undo.say(request, words, ROWS, facts)


@undo.undo_handler(ROWS)
def bring_back(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    viewer = viewer_for(user)
    lab = Lab.objects.filter(pk=facts["lab"]).first() if facts["lab"] else None
    if facts["lab"] and (lab is None or not viewer.organises(lab)):
        raise undo.NotUndoable
    if not facts["lab"] and not viewer.owns(facts["programme"]):
        raise undo.NotUndoable
    if lab:
        lock_lab(lab.pk)
    undo.put_back(facts["rows"])
    if lab:
        try:
            # The lab's days may have changed meanwhile: what comes back must lie within them.
            lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
        except RuleViolation as error:
            raise undo.NotUndoable(error.message) from error
    labs = Lab.objects.filter(programme=facts["programme"]).order_by("pk").values_list("pk", flat=True)
    for lab_id in [lab.pk] if lab else labs:
        # What can be removed was in no session that visitors see.
        touch(lab_id, public=False)
    return facts["address"], _("It is back as it was.")
