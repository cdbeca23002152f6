"""What visitors can read of changes of public sessions."""

import uuid

from django.db import models

from sessions.models.agenda import Session


class PublicChange(models.Model):
    """A change of a session that visitors saw before and after; without `was` the session is new to them.

    `was` and `now` are facts of `sessions.session_facts` that everybody may know. `updated_at` moves while the same
    session is changed again soon after. A session that is no longer public has none (`sessions.public_changes`).
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="public_changes")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    updated_at = models.DateTimeField()
    was = models.JSONField(null=True)
    now = models.JSONField()
    # It only says something about the session, and is deleted with it.
    goes_with_owner = True

    class Meta:
        ordering = ("-updated_at", "-pk")

    def __str__(self) -> str:
        return f"{self.session_id} {self.updated_at}"
