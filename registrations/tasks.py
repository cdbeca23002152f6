"""Tasks of registrations.

What is due is due by the database's clock: a node whose own is minutes ahead would take a promised seat away too soon.
"""

from datetime import timedelta
from typing import Any

from core.jobs.database_clock import database_now
from core.jobs.leases import Lease, task
from registrations import (
    acceptance,
    announcing,
    answer_files,
    answers,
    asking_for_links,
    bulk,
    city_contacts,
    confirm_reminders,
    erasure,
    notifications,
    proof,
    registering,
    reminders,
    still_coming,
    transfers,
    waiting_list,
)
from registrations.models import BulkAction

BATCH_SIZE = 50


@task("registrations.promote")
def promote(lease: Lease, session: int) -> None:
    while len(waiting_list.promote(session, at_most=BATCH_SIZE)) == BATCH_SIZE:
        lease.renew()


@task("registrations.expire_offers", every=timedelta(minutes=1), is_long=True)
def expire_offers(lease: Lease) -> None:
    while waiting_list.expire_offers(database_now()):
        lease.renew()


@task("registrations.expire_transfers", every=timedelta(minutes=10), is_long=True)
def expire_transfers(lease: Lease) -> None:
    while transfers.expire(database_now()):
        lease.renew()


@task("registrations.send_links")
def send_links(lease: Lease, registrations: list[int], person: int | None = None) -> None:
    asking_for_links.send_links(registrations, person)


@task("registrations.tell", is_long=True)
def notify(lease: Lease, session: int, change: str, by_mail: bool) -> None:
    for _told in notifications.tell(session, change, by_mail):
        lease.renew()


@task("registrations.tell_moves", is_long=True)
def notify_moves(lease: Lease, moves: dict[str, dict[str, Any]]) -> None:
    for _told in notifications.tell_moves({int(session_id): facts for session_id, facts in moves.items()}):
        lease.renew()


@task("registrations.announce", is_long=True)
def announce(lease: Lease, announcement: int) -> None:
    for _sent in announcing.send(announcement, database_now()):
        lease.renew()


@task("registrations.remind", every=timedelta(minutes=5), is_long=True)
def remind(lease: Lease) -> None:
    for _reminded in reminders.send_due(database_now()):
        lease.renew()


@task("registrations.remind_to_confirm", every=timedelta(hours=1), is_long=True)
def remind_to_confirm(lease: Lease) -> None:
    now = database_now()
    for registration_id in confirm_reminders.due(now):
        confirm_reminders.remind(registration_id, now)
        lease.renew()


@task("registrations.still_coming", every=timedelta(hours=1), is_long=True)
def ask_whether_still_coming(lease: Lease) -> None:
    now = database_now()
    for _done in still_coming.ask_due(now):
        lease.renew()
    for _done in still_coming.release_silent(now):
        lease.renew()


@task("registrations.ask_everybody", is_long=True)
def ask_everybody(lease: Lease, question_set: int) -> None:
    for _asked in acceptance.ask_everybody(question_set):
        lease.renew()


@task("registrations.bulk", is_long=True)
def run_bulk_action(lease: Lease, action: int) -> None:
    found = BulkAction.objects.filter(pk=action).first()
    if found is not None:
        bulk.run(found, lease)


@task("registrations.expire", every=timedelta(days=1), is_long=True)
def expire(lease: Lease) -> None:
    while registering.expire_unconfirmed(database_now()):
        lease.renew()


@task("registrations.retention", every=timedelta(days=1), is_long=True)
def retention(lease: Lease) -> None:
    while erasure.erase_due(database_now()):
        lease.renew()
    erasure.forget_due_invitations(database_now())
    city_contacts.forget_due(database_now())
    while answers.delete_due(database_now()):
        lease.renew()
    proof.delete_due(database_now())
    answer_files.delete_orphans()
