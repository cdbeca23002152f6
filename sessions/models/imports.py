"""Files of schedules that organisers import, what a file would change, and the keys by which sources name things."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.jobs.models import Task
from labs.models import Lab, Room, Track
from sessions.models.agenda import Session, Speaker


class ScheduleImport(models.Model):
    """One file and how far its import is. It is deleted a day after it was uploaded, with its content and entries.

    `columns` are those of a table, matched to ours by the name of the sheet. `position` of `total` sessions are
    compared. `findings` are about the file as a whole. `undo` has what restores the state before.
    """

    goes_with_owner = True  # a lab can be deleted with it (`labs.lab_editing.is_used`)

    class State(models.TextChoices):
        COLUMNS = "columns", _("Match the columns")
        PREVIEWING = "previewing", _("Being read")
        PREVIEWED = "previewed", _("Ready to apply")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", pgettext_lazy("import", "Applied")
        FAILED = "failed", _("Cannot be imported")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lab = models.ForeignKey(Lab, models.CASCADE, related_name="schedule_imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=10)
    file_name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    content = models.BinaryField()
    sheets = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.PREVIEWING)
    position = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)
    message = models.TextField(blank=True, max_length=2000)
    counts = models.JSONField(default=dict)
    undo = models.JSONField(default=dict)
    undone = models.JSONField(default=dict)
    task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["lab", "-created_at"], name="schedule_import_of_lab"),)

    def __str__(self) -> str:
        return f"{self.file_name} {self.public_id}"

    @property
    def is_waiting(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.state in (self.State.PREVIEWING, self.State.APPLYING)

    @property
    def can_undo(self) -> bool:
        return self.state == self.State.APPLIED and self.undone_at is None and bool(self.undo)


class ImportEntry(models.Model):
    """What a file says of one track, room, speaker or session, beside what is stored; or a session that it lacks.

    `differences` are [label, before, after] in the language of the import. `fingerprint` tells whether it is still
    what was previewed. Texts were made when the file was read.
    """

    class State(models.TextChoices):
        ERROR = "error", pgettext_lazy("import", "Errors")
        NEW = "new", pgettext_lazy("import", "New")
        CHANGED = "changed", pgettext_lazy("import", "Changed")
        MISSING = "missing", pgettext_lazy("import", "Not in the file")
        UNCHANGED = "unchanged", pgettext_lazy("import", "Unchanged")

    goes_with_owner = True

    of = models.ForeignKey(ScheduleImport, models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State)
    key = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=400)
    place = models.CharField(max_length=200, blank=True)
    when = models.CharField(max_length=200, blank=True)
    differences = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    can_choose = models.BooleanField(default=False)
    is_chosen = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        ordering = ("of", "position")
        constraints = (models.UniqueConstraint(fields=["of", "position"], name="import_entry_position"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class ImportedKey(models.Model):
    """The key by which a source names a track, room, speaker or session of a lab, so that it is found again."""

    goes_with_owner = True

    lab = models.ForeignKey(Lab, models.CASCADE, related_name="imported_keys")
    source = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=255)
    track = models.ForeignKey(Track, models.CASCADE, null=True, related_name="imported_keys")
    room = models.ForeignKey(Room, models.CASCADE, null=True, related_name="imported_keys")
    speaker = models.ForeignKey(Speaker, models.CASCADE, null=True, related_name="imported_keys")
    session = models.ForeignKey(Session, models.CASCADE, null=True, related_name="imported_keys")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lab", "source", "kind", "key"], name="imported_key_once"),
            models.CheckConstraint(
                name="imported_key_of_one_row",
                condition=Q(kind="track", track__isnull=False)
                | Q(kind="room", room__isnull=False)
                | Q(kind="speaker", speaker__isnull=False)
                | Q(kind="session", session__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.key}"


class ImportColumns(models.Model):
    """Which of our columns the headings of a lab's tables mean, as organisers chose: {"Sessions:heading": column}."""

    goes_with_owner = True

    lab = models.OneToOneField(Lab, models.CASCADE, related_name="import_columns")
    columns = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.lab_id)
