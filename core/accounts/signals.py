"""What packages above are told, inside the transaction of the change, with plain arguments."""

from django.dispatch import Signal

# users: list[int], the accounts of the address that was typed, which may be none. Somebody asks for a new password.
password_reset_requested = Signal()
