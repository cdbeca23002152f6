"""Tasks of programmes and labs."""

from datetime import timedelta

from django.utils import timezone

from core.accounts import sign_ins
from core.jobs.leases import Lease, task
from labs import picture_files, role_invitations


@task("labs.delete_unused_pictures", every=timedelta(days=1), is_long=True)
def delete_unused_pictures(lease: Lease) -> None:
    picture_files.delete_unused()


@task("labs.delete_ended_invitations", every=timedelta(days=1), is_long=True)
def delete_ended_invitations(lease: Lease) -> None:
    role_invitations.delete_ended(timezone.now())


@task("labs.delete_ended_sign_ins", every=timedelta(days=1), is_long=True)
def delete_ended_sign_ins(lease: Lease) -> None:
    sign_ins.delete_ended(timezone.now())
