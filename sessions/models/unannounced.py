"""Changes of sessions: what participants have not been emailed about, what was decided, and who appeared before."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.web.localized_fields import no_control_characters
from sessions.models.agenda import Session


class UnannouncedChange(models.Model):
    """What participants know of a session, until an organiser decides whether to email them what is new.

    `was` has the facts of `sessions.session_facts` before the first unannounced change.
    """

    session = models.OneToOneField(Session, models.CASCADE, related_name="unannounced_change")
    was = models.JSONField()
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.session_id} {self.since}"


class ChangeDecision(models.Model):
    """What an organiser decided about a change: to email `people` of them, or no one, and why."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="change_decisions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    is_told = models.BooleanField()
    people = models.PositiveIntegerField(default=0)
    reason = models.CharField(_("reason"), max_length=300, blank=True, validators=[no_control_characters])
    was = models.JSONField()
    now = models.JSONField()
    # It only says something about the session, and is deleted with it.
    goes_with_owner = True

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.session_id} {self.at}"


class AppearanceChange(models.Model):
    """Who appeared in a session and its agenda, before and after a change, for the history.

    `was` and `now` are lists of {"speaker", "role", "item"}: names and titles by language, as they were then.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="appearance_changes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    was = models.JSONField()
    now = models.JSONField()
    # It only says something about the session, and is deleted with it.
    goes_with_owner = True

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.session_id} {self.at}"
