"""The field of the registration form that people neither see nor hear: whoever fills it in is a program."""

from collections.abc import Callable, Mapping

from django.db import transaction

from core.jobs import tallies
from labs.models import Lab

# No kind of data that browsers and password managers fill in has such a name.
FIELD = "remarks_again"
# Name of the tally: forms that programs sent.
FORM_TRAPPED = "form_trapped"


def is_filled(sent: Mapping[str, str]) -> bool:
    """Tell whether a program filled the form in."""
    return bool(sent.get(FIELD, ""))


def pretend(lab: Lab, operation: Callable[[], object]) -> None:
    """Run an operation, take all of it back, and count it: it takes its time and refuses what it refuses anybody."""
    with transaction.atomic():
        operation()
        transaction.set_rollback(True)
    tallies.add(FORM_TRAPPED, 1, lab_id=lab.pk)
