"""Tasks of sessions: imports of schedules, and contacts of speakers."""

from datetime import timedelta

from core.jobs.database_clock import database_now
from core.jobs.leases import Lease, task
from sessions import speaker_contacts
from sessions.models import ScheduleImport
from sessions.schedule_import import imports


def _run(pk: int) -> ScheduleImport | None:
    return ScheduleImport.objects.select_related("lab__programme", "by").filter(pk=pk).first()


@task(imports.PREVIEW, is_long=True)
def preview_import(lease: Lease, run: int) -> None:
    """Read a file that is imported and compare it with the lab."""
    if found := _run(run):
        imports.preview(found, lease)


@task(imports.APPLY, is_long=True)
def apply_import(lease: Lease, run: int) -> None:
    """Apply what was chosen of a file."""
    if found := _run(run):
        imports.apply(found)


@task(imports.FORGET, every=timedelta(hours=1), is_long=True)
def forget_imports(lease: Lease) -> None:
    """Delete imports that are a day old."""
    imports.forget()


@task("sessions.forget_speakers", every=timedelta(days=1), is_long=True)
def forget_speakers(lease: Lease) -> None:
    for speaker in list(speaker_contacts.due(database_now())):
        speaker_contacts.forget(speaker)
        lease.renew()
