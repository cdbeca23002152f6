"""The button that undoes what was just done."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from labs import access
from labs import undo as undoing
from labs.views.form_posts import person


@access.signed_in
@require_POST
def undo(request: HttpRequest, undo: str) -> HttpResponse:
    """Undo it, and go to where it can be seen."""
    try:
        address, words = undoing.run_undo(request, person(request), undo)
    except undoing.NotUndoable as error:
        messages.error(request, error.message)
        return redirect("organise")
    messages.success(request, words)
    return redirect(address)
