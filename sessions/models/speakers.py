"""What speakers say and send: when they can appear, whether they come, and their slides."""

from django.db import models
from django.db.models import F, Q

from core.web.localized_fields import no_control_characters
from sessions.models.agenda import Session, Speaker


class SpeakerAvailability(models.Model):
    """Hours in which a speaker can appear, from one instant up to another, without that one.

    A speaker without any is always available. Those of one speaker do not overlap (`sessions.availability`).
    """

    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="availability")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("speaker", "starts_at")
        constraints = (
            models.CheckConstraint(
                name="availability_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))
            ),
            models.UniqueConstraint(fields=["speaker", "starts_at"], name="availability_starts_once"),
        )

    def __str__(self) -> str:
        return f"{self.speaker_id} {self.starts_at}"


class AppearanceReply(models.Model):
    """Whether a speaker comes to a session: confirmed or declined, for the hours that it had then.

    Beside the appearances, which are written anew with each change of an agenda.
    """

    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="replies")
    session = models.ForeignKey(Session, models.CASCADE, related_name="speaker_replies")
    is_confirmed = models.BooleanField()
    replied_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["speaker", "session"], name="appearance_reply_once"),)

    def __str__(self) -> str:
        return f"{self.speaker_id} {self.session_id} {self.is_confirmed}"

    @property
    def is_of_these_hours(self) -> bool:
        """Whether the session still has the hours for which the speaker replied. Needs the session."""
        return (self.starts_at, self.ends_at) == (self.session.starts_at, self.session.ends_at)


class Slides(models.Model):
    """A speaker's file for a session. Only organisers and the speaker get it, unless it `is_published`.

    `name` and `media_type` are ours, made from what the file is (`sessions.slides`); `size` is in bytes.
    """

    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="slides")
    session = models.ForeignKey(Session, models.CASCADE, related_name="slides")
    file = models.FileField(upload_to="slides/")
    name = models.CharField(max_length=100, validators=[no_control_characters])
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sent_at = models.DateTimeField()
    is_published = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["speaker", "session"], name="slides_once"),)

    def __str__(self) -> str:
        return f"{self.speaker_id} {self.session_id} {self.name}"

    @property
    def kind(self) -> str:
        """What the file is, as people call it: "PDF"."""
        return self.name.rpartition(".")[2].upper()
