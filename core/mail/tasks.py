"""Later work of emails."""

from core.jobs.leases import Lease, task
from core.mail.account_emails import send_password_reset


@task("mail.send_password_resets")
def send_password_resets(lease: Lease, users: list[int]) -> None:
    for user in users:
        send_password_reset(user)
