"""What somebody does whom a city named: accept or decline.

Rows are locked in this order: lab, registrations of the address, sessions, quotas, seats.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.web.errors import RuleViolation
from labs.viewer import Viewer
from registrations import answers, availability, city_contacts, documents, managing, registering
from registrations.claiming import claim_places
from registrations.consent import current_version
from registrations.models import Nomination, Registration, Seat, SeatMovement
from registrations.models.rules import rules_of
from registrations.questionnaire import GivenAnswers
from registrations.seat_rows import Claim, lock_sessions, write
from registrations.waiting_list import promote, release

State = Registration.State


@transaction.atomic
def accept(
    registration: Registration,
    viewer: Viewer,
    *,
    consent: bool,
    consent_language: str,
    consent_shown: str = "",
    modes: Mapping[int, str] | None = None,
    given: GivenAnswers | None = None,
    photos: str = "",
    accepted: Mapping[str, int] | None = None,
) -> Registration:
    """Accept a nomination: the person consents, answers what is asked, says how to attend, and is registered.

    `consent_shown` is the mark of the text that the person read, `photos` and `accepted` as in
    `registering.check_asked`. Raises RuleViolation (codes: no_consent, consent_changed, gone, other_questions,
    mode_full, those of `registering.check_asked` and of `registering.confirm`) and InvalidFields.
    """
    if not consent:
        raise RuleViolation("no_consent", _("You need to give your consent to register."), "consent")
    # First, as the first who reads a new text locks the lab to write its version.
    version = current_version(registration.lab, consent_shown)
    registering.lock_address(registration.public_id)
    locked = managing.lock_registration(registration)
    if locked.state == State.UNCONFIRMED:
        versions = registering.check_asked(locked.lab, photos, accepted or {})
        wished = [seat.session_id for seat in registering.seen_choice_of(locked, viewer)]
        checked = answers.check_for_submit(locked.lab, wished, given)
        if checked is not None:
            answers.store_new(locked, checked)
        _set_modes(locked, modes or {})
        Registration.objects.filter(pk=locked.pk).update(
            consent_version=version,
            consent_language=consent_language,
            photos=photos if rules_of(locked.lab).asks_photos else "",
        )
        documents.store(locked, versions, consent_language)
    return registering.confirm(locked, viewer)


def _set_modes(registration: Registration, modes: Mapping[int, str]) -> None:
    """Attend in these ways, by session id, before the seats are taken. Raises RuleViolation (code: mode_full)."""
    asked = [pk for pk, mode in modes.items() if mode]
    if not asked:
        return
    chosen = Seat.objects.filter(registration=registration, state__in=["requested", "held"]).order_by()
    # All of them, as confirming locks the others, too.
    lock_sessions(chosen.values_list("session", flat=True))
    now = timezone.now()
    for seat in chosen.filter(session__in=asked).select_related("session").order_by("session_id"):
        mode = availability.mode_for(seat.session, modes[seat.session_id])
        if mode == seat.mode:
            continue
        seat.registration = registration
        if seat.state == Seat.State.REQUESTED:
            Seat.objects.filter(pk=seat.pk).update(mode=mode)
            continue
        release([seat])
        Seat.objects.filter(pk=seat.pk).update(state=Seat.State.CANCELLED, until=None)
        claim = claim_places(
            registration,
            {seat.session_id: mode},
            lock_sessions([seat.session_id]),
            now,
            SeatMovement.Reason.NOMINATED,
            until=registration.nominated_until or now,
        )[seat.session_id]
        if claim.state != Seat.State.HELD:
            raise RuleViolation("mode_full", _("No seat is free in this way. Choose the other one."), "mode")
        seat.mode = mode
        write([(seat, Claim(claim.state, SeatMovement.Reason.SWITCHED, claim.place, claim.until))], now, None)
        promote(seat.session_id)


@transaction.atomic
def decline(registration: Registration) -> None:
    """Decline a nomination, and tell the contact. A second call does nothing. Raises RuleViolation (code: gone)."""
    locked = managing.lock_registration(registration)
    if locked.state != State.UNCONFIRMED:
        return
    managing.cancel(locked)
    named = Nomination.objects.filter(registration=locked, contact__isnull=False, ended_at__isnull=True)
    for nomination in named.select_related("contact__lab__programme", "contact__city"):
        if nomination.contact is not None:
            city_contacts.write_to(nomination.contact, "nominee_declined", timezone.now())
