"""Undo of deletions and moves: a button in the success message.

The data to undo are stored in the user's session for an hour. Each handler checks the user's rights again.
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
from labs.models import Lab, Programme, ProgrammeLogo, StakeholderGroup
from labs.revisions import lock_lab, touch
from labs.signals import lab_rescheduled

SESSION_KEY = "undo"  # in the session: {name: {"kind", "facts", "until"}}
TAG_PREFIX = "undo-"  # of the message's tag; the name follows
LIFETIME_SECONDS = 60 * 60  # seconds
MAX_OFFERS = 5
RESTORE_ROWS = "rows"  # the kind of undo that inserts deleted rows again

# Gets the user and the facts; returns the path to redirect to and the message.
UndoHandler = Callable[[User, dict[str, object]], tuple[str, str]]
_KINDS: dict[str, UndoHandler] = {}


class NotUndoable(RuleViolation):
    """It is too late to undo, or other data have changed."""

    def __init__(self, message: str | Promise = "") -> None:
        default = gettext_lazy("This can no longer be undone: other things have changed since then.")
        super().__init__("not_undoable", message or default)


def undo_handler(kind: str) -> Callable[[UndoHandler], UndoHandler]:
    """Register the handler of this kind of undo."""

    def register(undoing: UndoHandler) -> UndoHandler:
        _KINDS[kind] = undoing
        return undoing

    return register


def offer_undo(request: HttpRequest, words: str, kind: str, facts: dict[str, Any]) -> None:
    """Add a success message with an undo button. `facts` are JSON data for the handler."""
    name = secrets.token_urlsafe(8)
    now = time.time()
    kept = {key: one for key, one in request.session.get(SESSION_KEY, {}).items() if one["until"] > now}
    kept[name] = {"kind": kind, "facts": facts, "until": now + LIFETIME_SECONDS}
    request.session[SESSION_KEY] = dict(list(kept.items())[-MAX_OFFERS:])
    messages.success(request, words, extra_tags=TAG_PREFIX + name)


def run_undo(request: HttpRequest, user: User, name: str) -> tuple[str, str]:
    """Undo it; return the path to redirect to and the message. Raises NotUndoable."""
    kept = request.session.get(SESSION_KEY, {})
    one = kept.pop(name, None)
    request.session[SESSION_KEY] = kept
    if one is None or one["until"] < time.time():
        raise NotUndoable(gettext("It is too late to undo this."))
    try:
        with transaction.atomic():
            return _KINDS[one["kind"]](user, one["facts"])
    except IntegrityError as error:
        raise NotUndoable from error


def serialize_rows(*rows: models.Model) -> list[dict[str, object]]:
    """Return these rows, and all that are deleted with them, as JSON data for `insert_rows`."""
    found: dict[models.Model, None] = {}  # a row can depend on two others
    for row in rows:
        collector = Collector(using=router.db_for_write(type(row)), origin=row)
        try:
            collector.collect([row])
        except (models.ProtectedError, models.RestrictedError):
            return []  # it cannot be deleted
        found |= dict.fromkeys(one for instances in collector.data.values() for one in instances)
        found |= dict.fromkeys(one for queryset in collector.fast_deletes for one in queryset)
    return [
        {
            "model": one._meta.label,
            # Database values, which have all languages of a text.
            "row": {column.attname: _plain_value(column, one) for column in one._meta.concrete_fields},
        }
        for one in found
    ]


def _plain_value(column: models.Field[object, object], row: models.Model) -> object:
    value = column.get_prep_value(getattr(row, column.attname))
    return value if value is None or isinstance(value, str | int | list | dict) else str(value)


def insert_rows(rows: list[dict[str, Any]]) -> None:
    """Insert the rows of `serialize_rows` with their ids. Raises IntegrityError if one is taken."""
    for one in rows:
        model = apps.get_model(one["model"])
        row = model()
        for column in model._meta.concrete_fields:
            value = one["row"][column.attname]
            setattr(row, column.attname, column.to_python(value) if value is not None else None)
        row.save(force_insert=True)


def offer_restore(
    request: HttpRequest,
    words: str,
    rows: list[dict[str, object]],
    address: str,
    *,
    lab: Lab | None = None,
    programme: Programme | None = None,
) -> None:
    """Add a success message about the deletion of `rows` with an undo button; `address` is the page to return to.

    Undo needs an organiser of the lab, or else an owner of the programme.
    """
    facts = {
        "rows": rows,
        "address": address,
        "lab": lab.pk if lab else None,
        "programme": programme.pk if programme else None,
    }
    offer_undo(request, words, RESTORE_ROWS, facts)


@undo_handler(RESTORE_ROWS)
def restore(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Insert the rows again if the user still organises the lab or owns the programme."""
    viewer = viewer_for(user)
    lab = Lab.objects.filter(pk=facts["lab"]).first() if facts["lab"] else None
    if facts["lab"] and (lab is None or not viewer.organises(lab)):
        raise NotUndoable
    if not facts["lab"] and not viewer.owns(facts["programme"]):
        raise NotUndoable
    if lab:
        lock_lab(lab.pk)
    insert_rows(facts["rows"])
    if lab:
        try:
            # The lab's days may have changed since: receivers check the restored rows.
            lab_rescheduled.send(sender=Lab, lab_id=lab.pk)
        except RuleViolation as error:
            raise NotUndoable(error.message) from error
    labs = Lab.objects.filter(programme=facts["programme"]).order_by("pk").values_list("pk", flat=True)
    for lab_id in [lab.pk] if lab else labs:
        # Of what can be deleted, visitors see these alone: rooms and the like are in no public session.
        seen = {StakeholderGroup._meta.label, ProgrammeLogo._meta.label}
        touch(lab_id, public=any(row["model"] in seen for row in facts["rows"]))
    return facts["address"], gettext("Change undone.")
