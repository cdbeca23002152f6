"""Signals to the packages above, sent inside the transaction of the change."""

from django.dispatch import Signal

# registration_id: int. The person is erased; receivers anonymise their rows.
person_erased = Signal()

# kept_id: int, other_id: int, by: User or None. Receivers move what they store about the other one to the one that is
# kept.
registrations_merged = Signal()

# lab: Lab. Receivers return how many certificates name a person.
certificates_counted = Signal()

# registration_id: int. Receivers return the codes of the certificates of a person, as a list.
certificate_codes_asked = Signal()

# registration: Registration. Receivers return what they store about the person, in the active language: a list of
# registrations.personal_export.Section, and files as functions by name.
person_exported = Signal()

# lab: Lab. Receivers return further alerts, as a list of registrations.alerts.Alert.
alerts_requested = Signal()
