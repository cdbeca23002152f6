"""Undoing what was just removed or moved: a button beside the words that say it is done.

What is needed to undo it waits in the person's own session for an hour, never in the page, and only he or she can use
it. Each kind of undoing asks again whether this person may: rights may have changed since.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.db import IntegrityError, models, router, transaction
from django.db.models.deletion import Collector
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs.current_viewer import viewer_for
from labs.models import Lab, Programme
from labs.revisions import lock_lab, touch
from labs.signals import lab_rescheduled

KEPT = "undo"  # in the session: {name: {"kind", "facts", "until"}}
TAG = "undo-"  # what the message's tag begins with; the name follows
LASTS = 60 * 60  # seconds
AT_MOST = 5
ROWS = "rows"  # the kind of undoing that inserts deleted rows again

# What undoes a kind of thing: it is given the person and the facts, and returns where to go and what to say there.
UndoHandler = Callable[[User, dict[str, Any]], tuple[str, str]]
_KINDS: dict[str, UndoHandler] = {}


class NotUndoable(RuleViolation):
    """It is too late, or things have changed."""

    def __init__(self, message: str | Promise = "") -> None:
        default = gettext_lazy("This can no longer be undone: other things have changed since.")
        super().__init__("not_undoable", message or default)


def undo_handler(kind: str) -> Callable[[UndoHandler], UndoHandler]:
    """Register what undoes this kind of thing."""

    def register(undoing: UndoHandler) -> UndoHandler:
        _KINDS[kind] = undoing
        return undoing

    return register


def offer(request: HttpRequest, words: str, kind: str, facts: dict[str, Any]) -> None:
    """Say that something was done, with a button that undoes it. `facts` are plain data (JSON)."""
    name = secrets.token_urlsafe(8)
    now = time.time()
    kept = {key: one for key, one in request.session.get(KEPT, {}).items() if one["until"] > now}
    kept[name] = {"kind": kind, "facts": facts, "until": now + LASTS}
    request.session[KEPT] = dict(list(kept.items())[-AT_MOST:])
    messages.success(request, words, extra_tags=TAG + name)


def run(request: HttpRequest, user: User, name: str) -> tuple[str, str]:
    """Undo it; returns where to go and what to say there. Raises NotUndoable."""
    kept = request.session.get(KEPT, {})
    one = kept.pop(name, None)
    request.session[KEPT] = kept
    if one is None or one["until"] < time.time():
        raise NotUndoable(gettext("It is too late to undo this."))
    try:
        with transaction.atomic():
            return _KINDS[one["kind"]](user, one["facts"])
    except IntegrityError as error:
        raise NotUndoable from error


def rows_of(*rows: models.Model) -> list[dict[str, Any]]:
    """Return these rows, and all that is deleted with them, as plain data from which `put_back` makes them again."""
    found: dict[models.Model, None] = {}  # a row can hang on two others
    for row in rows:
        collector = Collector(using=router.db_for_write(type(row)), origin=row)
        try:
            collector.collect([row])
        except (models.ProtectedError, models.RestrictedError):
            return []  # whoever deletes it is refused
        found |= dict.fromkeys(one for instances in collector.data.values() for one in instances)
        found |= dict.fromkeys(one for queryset in collector.fast_deletes for one in queryset)
    return [
        {
            "model": one._meta.label,
            # As the database has it: a text in several languages has all of them.
            "row": {column.attname: _plain(column, one) for column in one._meta.concrete_fields},
        }
        for one in found
    ]


def _plain(column: models.Field[Any, Any], row: models.Model) -> Any:
    value = column.get_prep_value(getattr(row, column.attname))
    return value if value is None or isinstance(value, str | int | list | dict) else str(value)


def put_back(rows: list[dict[str, Any]]) -> None:
    """Make the rows of `rows_of` again, with the ids that they had. Raises IntegrityError where one is taken."""
    for one in rows:
        model = apps.get_model(one["model"])
        row = model()
        for column in model._meta.concrete_fields:
            value = one["row"][column.attname]
            setattr(row, column.attname, column.to_python(value) if value is not None else None)
        row.save(force_insert=True)


def offer_restoring(
    request: HttpRequest,
    words: str,
    rows: list[dict[str, Any]],
    address: str,
    *,
    lab: Lab | None = None,
    programme: Programme | None = None,
) -> None:
    """Say that `rows` (of `rows_of`) are gone; `address` is where they can be seen when they are back.

    They come back to those who organise the lab, or else own the programme, at that time.
    """
    facts = {
        "rows": rows,
        "address": address,
        "lab": lab.pk if lab else None,
        "programme": programme.pk if programme else None,
    }
    offer(request, words, ROWS, facts)


@undo_handler(ROWS)
def restore(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Insert the rows again, for somebody who still organises the lab or owns the programme."""
    viewer = viewer_for(user)
    lab = Lab.objects.filter(pk=facts["lab"]).first() if facts["lab"] else None
    if facts["lab"] and (lab is None or not viewer.organises(lab)):
        raise NotUndoable
    if not facts["lab"] and not viewer.owns(facts["programme"]):
        raise NotUndoable
    if lab:
        lock_lab(lab.pk)
    put_back(facts["rows"])
    if lab:
        try:
            # The lab's days may have changed meanwhile: what comes back must lie within them.
            lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
        except RuleViolation as error:
            raise NotUndoable(error.message) from error
    labs = Lab.objects.filter(programme=facts["programme"]).order_by("pk").values_list("pk", flat=True)
    for lab_id in [lab.pk] if lab else labs:
        # What can be removed was in no session that visitors see.
        touch(lab_id, public=False)
    return facts["address"], gettext("It is back as it was.")
