"""What organisers deleted about people, and what undoes it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs import undo
from labs.current_viewer import viewer_for
from registrations import tags
from registrations.models import Note, Registration

DELETE_NOTE = "note"


def delete_note(request: HttpRequest, note: Note) -> None:
    """Delete a note, and offer to undo it."""
    facts = {"rows": undo.serialize_rows(note), "registration": note.registration_id}
    note.delete()
    undo.offer_undo(request, _("Note deleted."), DELETE_NOTE, facts)


@undo.undo_handler(DELETE_NOTE)
def restore_note(user: User, facts: dict[str, Any]) -> tuple[str, str]:
    """Write the note again, unless the person was erased meanwhile."""
    found = Registration.objects.select_related("lab").filter(pk=facts["registration"]).first()
    if found is None or not viewer_for(user).organises(found.lab):
        raise undo.NotUndoable
    try:
        tags.lock_person(found.pk)
    except RuleViolation as error:
        raise undo.NotUndoable(error.message) from error
    undo.insert_rows(facts["rows"])
    return reverse("console_registration", args=[found.lab.slug, found.public_id]), _("Change undone.")
