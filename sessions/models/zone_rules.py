"""The rules of time zones with which the stored instants were computed."""

from django.db import models


class ZoneRules(models.Model):
    """One version of the IANA time zone database: the newest row is that of the stored instants.

    `offsets` has for each zone its offsets from UTC as [instant, seconds] pairs, each from that instant on (seconds
    since 1970, UTC) and the first from ever: what clocks showed by these rules can be told after other rules replaced
    them (`sessions.zone_rules`).
    """

    version = models.CharField(max_length=20)
    stored_at = models.DateTimeField(auto_now_add=True)
    offsets = models.JSONField()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.version
