"""Signals to the packages above, sent inside the transaction of the change."""

from django.dispatch import Signal

# registration_id: int. The person is erased; receivers anonymise their rows.
person_erased = Signal()

# lab: Lab. Receivers return further alerts, as a list of registrations.alerts.Alert.
alerts_requested = Signal()
