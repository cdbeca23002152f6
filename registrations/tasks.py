"""Tasks of registrations."""

from datetime import timedelta

from django.utils import timezone

from core.jobs.leases import Lease, task
from registrations import asking_for_links, erasure, notifications, registering, seats

BATCH_SIZE = 50


@task("registrations.promote")
def promote(lease: Lease, session: int) -> None:
    while len(seats.promote(session, at_most=BATCH_SIZE)) == BATCH_SIZE:
        lease.renew()


@task("registrations.send_links")
def send_links(lease: Lease, registrations: list[int]) -> None:
    asking_for_links.send_links(registrations)


@task("registrations.tell", is_long=True)
def notify(lease: Lease, session: int, change: str, by_mail: bool) -> None:
    for _told in notifications.tell(session, change, by_mail):
        lease.renew()


@task("registrations.tell_moves", is_long=True)
def notify_moves(lease: Lease, moves: dict[str, dict[str, object]]) -> None:
    for _told in notifications.tell_moves({int(session_id): facts for session_id, facts in moves.items()}):
        lease.renew()


@task("registrations.expire", every=timedelta(days=1), is_long=True)
def expire(lease: Lease) -> None:
    while registering.expire_unconfirmed(timezone.now()):
        lease.renew()


@task("registrations.retention", every=timedelta(days=1), is_long=True)
def retention(lease: Lease) -> None:
    while erasure.erase_due(timezone.now()):
        lease.renew()
