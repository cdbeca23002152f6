"""Tasks of programmes and labs."""

from datetime import timedelta

from core.jobs.leases import Lease, task
from labs import picture_files


@task("labs.delete_unused_pictures", every=timedelta(days=1), is_long=True)
def delete_unused_pictures(lease: Lease) -> None:
    picture_files.delete_unused()
