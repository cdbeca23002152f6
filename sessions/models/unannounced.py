"""Changes of sessions that participants have not been emailed about."""

from django.db import models

from sessions.models.agenda import Session


class UnannouncedChange(models.Model):
    """The time and place of a session that its participants know, until an organiser decides whether to email them.

    `was` has the facts of `sessions.unannounced_changes.facts_of` before the first unannounced change.
    """

    session = models.OneToOneField(Session, models.CASCADE, related_name="unannounced_change")
    was = models.JSONField()
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.session_id} {self.since}"
