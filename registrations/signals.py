"""News that travels upward, with plain arguments. Sent inside the transaction of the change."""

from django.dispatch import Signal

# registration_id: int. Everything that names this person is to go; counts and proofs without a name stay.
person_erased = Signal()

# lab: Lab. Floors above answer with what else waits for its organisers, as a list of registrations.alerts.Alert.
alerts_requested = Signal()
