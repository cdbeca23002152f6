"""The opening of registration: numbers that are given before, and the draw of their order."""

import secrets
import uuid

from django.db import models
from django.db.models import Q

from labs.models import Lab

SEED_BYTES = 32


def new_seed() -> str:
    """Return an unpredictable seed, as hexadecimal digits."""
    return secrets.token_hex(SEED_BYTES)


class Opening(models.Model):
    """The draw of one lab. `seed` is secret until registration opens; its hash is public from the start. A draw after
    another one has a seed of its own (`registrations.opening.keep_draw`).

    `last_number` is the highest number given so far. Taking a number locks this row, so numbers have no gaps and follow
    the order of `QueueNumber.at`.
    """

    lab = models.OneToOneField(Lab, models.CASCADE, primary_key=True, related_name="opening")
    seed = models.CharField(max_length=64, default=new_seed, editable=False)
    last_number = models.PositiveIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        return f"{self.lab_id} {self.last_number}"


class EarlierDraw(models.Model):
    """What proves a draw that took place at `opens_at`, before registration was set to open at another time."""

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="earlier")
    opens_at = models.DateTimeField()
    seed = models.CharField(max_length=64, editable=False)
    count = models.PositiveIntegerField(editable=False)

    class Meta:
        ordering = ("opening", "opens_at", "pk")

    def __str__(self) -> str:
        return f"{self.opening_id} {self.opens_at.isoformat()} {self.count}"


class QueueNumber(models.Model):
    """A number that somebody took, `at` by the database's clock. Knows nothing of the person.

    Its link is signed from `public_id`. `uses` counts the forms that were sent with it.
    """

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="numbers")
    number = models.PositiveIntegerField()
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    uses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("opening", "number")
        constraints = (
            models.UniqueConstraint(fields=["opening", "number"], name="queue_number_once"),
            models.CheckConstraint(name="queue_number_from_one", condition=Q(number__gte=1)),
        )
        indexes = (models.Index(fields=["opening", "at"], name="queue_number_at"),)

    def __str__(self) -> str:
        return f"{self.opening_id} {self.number}"
