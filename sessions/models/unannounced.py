"""Changes of sessions that nobody has decided about yet: whether the people with seats are emailed."""

from django.db import models

from sessions.models.agenda import Session


class UnannouncedChange(models.Model):
    """When and where a session was by what its people know, while an organiser has not said whether to tell them.

    `was` holds the facts of `sessions.unannounced_changes.facts_of`, as they were before the first change that is not
    told.
    """

    session = models.OneToOneField(Session, models.CASCADE, related_name="unannounced_change")
    was = models.JSONField()
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.session_id} {self.since}"
