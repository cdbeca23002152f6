"""Signals to the packages above, sent inside the transaction of the change, with plain arguments."""

from django.dispatch import Signal

# Somebody asks to reset a password. users: list[int], the accounts with that address, possibly none.
password_reset_requested = Signal()

# A factor was added or removed, or the password changed. user: int. what: str, of
# core.mail.account_emails.SECURITY_CHANGES.
security_changed = Signal()

# A new address is to be confirmed. change: int, the EmailChange.
email_change_asked = Signal()

# An account has another address now. user: int. before: str, the address until now.
email_changed = Signal()

# The sign-in service has proven an address that has no account. email: str. name: str. A receiver returns the account
# that it made of an invitation, or None.
address_proven = Signal()
