"""What every page that takes a form does with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from core.web.forms.base import BaseForm
from core.web.forms.editing import EditForm
from core.web.idempotency import FIELD, is_form_key, run_once
from labs import undo
from labs.models import Lab, Programme

Row = TypeVar("Row")
Form = TypeVar("Form", bound=EditForm)


def create_once(
    request: HttpRequest, purpose: str, operation: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Create what a form asks for, once however often it is sent; see `core.web.idempotency.run_once`.

    Raises RuleViolation, from `operation` or for a form that is not one of ours or was sent with other answers before.
    """
    key = request.POST.get(FIELD, "")
    if not is_form_key(key):
        raise RuleViolation(
            "incomplete_form", _("This form is incomplete. Open the page again and resubmit the form.")
        )
    said = sorted(
        (name, values) for name, values in request.POST.lists() if name not in (FIELD, "csrfmiddlewaretoken")
    )
    files = [(name, _digest(upload)) for name, upload in sorted(request.FILES.items())]
    return run_once(purpose, key, [request.user.pk, request.path, said, *files], operation)


def _digest(upload: Any) -> str:
    """Return what tells a file from another one, and leave it as it was."""
    upload.seek(0)
    digest = hashlib.sha256(upload.read()).hexdigest()
    upload.seek(0)
    return digest


def create_with(
    request: HttpRequest, form: BaseForm, purpose: str, operation: Callable[[], dict[str, object]]
) -> dict[str, object] | None:
    """Create what a form asks for, once (`create_once`); None where it was not sent, or says now what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return create_once(request, purpose, operation)[0]
    except RuleViolation as error:
        form.add_errors(error.errors)
        return None


def person(request: HttpRequest) -> User:
    """Return who is signed in; only for views that ask for it."""
    return cast(User, request.user)


def edit_row(
    request: HttpRequest,
    row: Row,
    lock: Callable[[Row], Row],
    form_of: Callable[[QueryDict | None, Row], Form],
    save: Callable[[Form], object],
) -> tuple[Form, bool]:
    """Open the form of a row, or save what was typed, unless somebody else saved the row after the form was opened.

    `lock` holds the row and returns it as it is now (`labs.revisions.lock_row`); `form_of` makes the form from the
    answers, None where none were sent, and the row; `save` calls the verb or notes errors on the form. Returns the form
    and whether it was saved; one with a `conflict` is ready to be shown: sent again, it is saved. Raises what `lock`
    raises.
    """
    if request.method != "POST":
        return form_of(None, row), False
    with transaction.atomic():
        form = form_of(request.POST, lock(row))
        if not form.is_valid():
            return form, False
        if form.conflict:
            form.renew()
            return form, False
        try:
            save(form)
        except RuleViolation as error:
            form.add_errors(error.errors)
        return form, not form.errors


def form_page(
    request: HttpRequest, template: str, form: EditForm, *, gone: bool = False, **context: object
) -> HttpResponse:
    """Show the form of a row: as opened, with a conflict, with something wrong, or `gone`: deleted meanwhile."""
    context |= {"form": form, "conflict": form.conflict, "gone": gone}
    status = 409 if gone else 422 if form.errors else 409 if form.conflict else 200
    return render(request, template, context, status=status)


def ask(
    request: HttpRequest,
    lab: Lab,
    question: str,
    facts: list[str],
    button: str,
    *,
    danger: bool = False,
    about: object = "",
    section: str = "settings",
    back: str = "",
    template: str = "labs/console/confirm.html",
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """Show a question before something is done; where it is not possible there is no `button`, and `facts` say why.

    `back` is the path of the page to return to, by default the lab's settings. The `template` may show `more`.
    """
    context = {
        "lab": lab,
        "section": section,
        "question": question,
        "about": about or lab.title,
        "facts": facts,
        "button": button,
        "danger": danger,
        "back": back or reverse("console_lab_edit", args=[lab.slug]),
    }
    return render(request, template, context | more, status=status)


def delete_or_say(
    request: HttpRequest,
    row: Model,
    delete: Callable[[], object],
    words: str,
    back: str,
    *,
    lab: Lab | None = None,
    programme: Programme | None = None,
) -> bool:
    """Delete the row and offer to undo it, saying `words`; or say why it cannot be. Returns whether it is gone.

    `back`, `lab` and `programme` as in `labs.undo.offer_restore`.
    """
    rows = undo.serialize_rows(row)
    try:
        delete()
    except RuleViolation as error:
        messages.error(request, error.message)
        return False
    undo.offer_restore(request, words, rows, back, lab=lab, programme=programme)
    return True
