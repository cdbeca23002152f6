"""Registrations that an organiser enters: from a telephone call, a list, a paper form."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.web.email_addresses import address_key
from core.web.errors import RuleViolation
from labs.current_viewer import viewer_for
from labs.models import Lab
from registrations import emails, registering
from registrations.availability import CHOSEN_IS_CLOSED
from registrations.consent import current_version
from registrations.models import Registration
from registrations.models.rules import rules_of


@transaction.atomic
def add(lab: Lab, plan: registering.RegistrationPlan, by: User, *, at_once: bool) -> Registration:
    """Enter a person; `by` is kept as who did.

    `at_once` takes address and consent on the organiser's word: seats are taken, and the person gets the confirmation
    with the private link; registration may be closed. Otherwise the person is asked by email to confirm, and consents
    by confirming. Raises RuleViolation (codes: no_consent, not_open, unknown_session, already_registered, too_many,
    other_programme) and ValidationError for details that do not fit their columns.
    """
    now = timezone.now()
    if at_once and not plan.consent:
        raise RuleViolation(
            "no_consent", _("Enter someone at once only if the person has agreed."), "consent"
        )
    if not at_once and not lab.takes_registrations(now):
        raise RuleViolation(
            "not_open", _("Registration is closed, so the person could not confirm. Register at once."), "how"
        )
    registering.check_details(lab, plan.details)
    if plan.choice.lab_id != lab.pk:
        raise RuleViolation("unknown_session", CHOSEN_IS_CLOSED, "session")
    registration = Registration(
        lab=lab,
        email=plan.email,
        email_key=address_key(plan.email),
        consent_version=current_version(lab),
        consent_language=plan.consent_language,
        consent_at=now,
        photos=plan.photos if rules_of(lab).asks_photos else "",
        submitted_by=by,
        entered_by=by,
        **vars(plan.details),
    )
    registration.clean_answers()
    if registering.same_person(registration).exists():
        raise RuleViolation(
            "already_registered", _("Someone with this name and email is already registered."), "email"
        )
    chosen = registering.store(registration, plan.choice, plan.answers, may_hold=not at_once)
    if at_once:
        return registering.confirm(registration, viewer_for(by), by=by)
    emails.confirm_address(registration, registering.UNCONFIRMED_DAYS, chosen)
    return registration
