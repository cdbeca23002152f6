"""Signals to the packages above, sent inside the transaction of the change, with plain arguments."""

from django.dispatch import Signal

# Somebody asks to reset a password. users: list[int], the accounts with that address, possibly none.
password_reset_requested = Signal()
