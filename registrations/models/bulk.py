"""What is done to many registrations at once."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs.models import Task
from labs.models import Lab
from sessions.models import Session


class BulkAction(models.Model):
    """One action on chosen registrations, each in a transaction of its own; `position` is how far it got.

    `people` are their keys, in order. `failures` counts by the code of the rule why nothing was done.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirm")
        CANCEL = "cancel", _("Cancel")
        GIVE_SEAT = "give-seat", _("Add to a session")
        SEND_LINK = "send-link", _("Resend the link")
        TAG = "tag", _("Add a tag")
        UNTAG = "untag", _("Remove a tag")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey(Lab, models.CASCADE, related_name="bulk_actions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    session = models.ForeignKey(Session, models.CASCADE, null=True, related_name="+")
    tag = models.CharField(max_length=40, blank=True)
    people = models.JSONField(default=list)
    position = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=dict)
    # Keys of those for whom something changed, where it can be undone.
    changed = models.JSONField(default=list)
    task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["lab", "-created_at"], name="bulk_action_of_lab"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_undoable(self) -> bool:
        """Whether it is kept for whom something changed: emails that went out are not taken back."""
        return self.kind in (self.Kind.TAG, self.Kind.UNTAG)

    @property
    def can_undo(self) -> bool:
        return self.is_undoable and self.finished_at is not None and self.undone_at is None

    @property
    def total(self) -> int:
        return len(self.people)
