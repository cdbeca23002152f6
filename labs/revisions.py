"""One number per lab that rises with every change to what its pages, feeds and API show."""

from django.db.models import F
from django.utils import timezone

from labs.models import Lab


def touch(lab_id: int) -> None:
    """Raise the lab's revision. Call it in the transaction of the change itself."""
    Lab.objects.filter(pk=lab_id).update(revision=F("revision") + 1, revised_at=timezone.now())
