"""Signals to the packages above, with plain arguments, sent inside the transaction of the change."""

from django.dispatch import Signal

# registration_ids: Collection[int]. Readers of emails about these registrations marked one as unwanted.
complained = Signal()
