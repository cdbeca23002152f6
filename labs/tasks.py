"""Later work of this floor."""

from datetime import timedelta

from labs.clock import database_now
from labs.models import Task, WorkerBeat
from labs.work import Lease, task

KEEP_DONE = timedelta(days=30)
KEEP_BEATS = timedelta(days=1)


@task("labs.prune", every=timedelta(days=1))
def prune(lease: Lease) -> None:
    """Forget tasks that were done long ago, and workers that have not shown themselves for a day."""
    now = database_now()
    Task.objects.filter(state=Task.State.DONE, finished_at__lt=now - KEEP_DONE).delete()
    WorkerBeat.objects.filter(beat_at__lt=now - KEEP_BEATS).delete()
