"""A mistyped address, corrected on the page after the form: the earlier registration goes, and its link stops working.

The page carries a token of what it has just sent, or one of nothing that looks alike where nothing was written.
"""

import uuid

from django.db import transaction

from core.web import signed_links
from core.web.email_addresses import address_key
from labs.models import Lab
from labs.viewer import Viewer
from registrations import erasure
from registrations.models import Registration
from registrations.registering import RegistrationPlan, submit

PURPOSE = "registration.correct"
FIELD = "corrects"


def token_of(registration: Registration | None) -> str:
    """Return the token by which this form can be sent to another address."""
    return signed_links.make_token(PURPOSE, registration.public_id if registration else uuid.uuid4(), 1)


@transaction.atomic(savepoint=False)
def submit_instead(lab: Lab, viewer: Viewer, plan: RegistrationPlan, token: str) -> Registration | None:
    """`registering.submit`, and delete the unconfirmed registration that the token stands for.

    Also where nothing was written at another address: the earlier link would tell who is registered there.
    An invalid token and one of a confirmed registration delete nothing.
    """
    public_id = signed_links.subject_of(token)
    if public_id is None or not signed_links.is_valid(token, PURPOSE, public_id, 1):
        return submit(lab, viewer, plan)
    earlier = Registration.objects.filter(lab=lab, public_id=public_id)
    earlier.locked()  # before the sessions, whose seats may be held
    made = submit(lab, viewer, plan)
    if made is None:
        # Sent to the same address again, until it gets no more emails.
        earlier = earlier.exclude(email_key=address_key(plan.email))
    erasure.delete_unconfirmed(earlier)
    return made
