"""Calendar entries of sessions as they are written."""

from django.db import models

from sessions.models.agenda import Session


class CalendarText(models.Model):
    """A session's calendar entry in one language, without join links (`sessions.calendars.Vevent`).

    Written by whatever changes the session, in the same transaction (`sessions.calendar_texts`), for drafts, too.
    `made_by` names the format.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="calendar_texts")
    language = models.CharField(max_length=10)
    text = models.TextField()
    zone = models.CharField(max_length=64, blank=True)
    first_on = models.DateField()
    last_on = models.DateField()
    made_by = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["session", "language"], name="calendar_text_once_per_language"),
        )

    def __str__(self) -> str:
        return f"{self.session_id} {self.language}"
