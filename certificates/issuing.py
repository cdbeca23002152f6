"""Issuing, revoking and replacing certificates; who has earned one, and what stands in the way."""

import hashlib
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates import letters
from certificates.codes import new_code
from certificates.contents import frozen_content, paper
from certificates.glyphs import MissingGlyphs, describe_character, missing_glyphs, normalise_name
from certificates.holders import hash_of
from certificates.models import Certificate
from certificates.pdf import Logo, render
from certificates.press import PressFailed
from labs.clock import DatabaseNow
from labs.models import Lab, Task, User
from labs.models.texts import languages_of
from labs.searching import by_name
from labs.work import Lease, enqueue
from registrations.models import Attendance, Registration
from sessions.models import Session

logger = logging.getLogger(__name__)

# So many people one after the other for whom the press failed: then it is not about them, and the rest waits too.
ENOUGH_FAILURES = 3
# After so many seconds it is worth trying a document again that the press failed.
TRY_AGAIN_SECONDS = 60


class CannotIssue(Exception):
    """No certificate can be made. `message` tells the organiser why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotPrinted(CannotIssue):
    """The press failed, and may not fail the next time."""


class Standing(Enum):
    """Where a person stands on the way to a certificate."""

    ISSUED = "issued"
    READY = "ready"
    BLOCKED = "blocked"  # earned, but it cannot be printed as it is
    REVOKED = "revoked"  # earned, but the last one was revoked; issuing anew is an organiser's own decision
    NOT_YET = "not-yet"


@dataclass(frozen=True)
class Candidate:
    """One person who attended something, and what that amounts to. `attended` is in order of time."""

    registration: Registration
    attended: tuple[Session, ...]
    certificate: Certificate | None
    standing: Standing
    obstacle: str = ""

    @property
    def minutes(self) -> int:
        return sum(_minutes(session) for session in self.attended)


def candidates(lab: Lab) -> list[Candidate]:
    """Return everyone of the lab who attended at least one session, by name, in three queries."""
    attended: dict[int, list[Session]] = defaultdict(list)
    rows = (
        Attendance.objects.filter(session__lab=lab)
        .select_related("session")
        .order_by("session__starts_at", "pk")
    )
    for row in rows:
        attended[row.registration_id].append(row.session)
    people = Registration.objects.filter(pk__in=list(attended), erased_at__isnull=True).order_by(
        *by_name(), "pk"
    )
    latest: dict[int, Certificate] = {}
    for certificate in Certificate.objects.filter(lab=lab, registration__isnull=False).order_by(
        "issued_at", "pk"
    ):
        assert certificate.registration_id is not None  # noqa: S101  (filtered above)
        latest[certificate.registration_id] = certificate
    return [_candidate(lab, person, attended[person.pk], latest.get(person.pk)) for person in people]


def _candidate(
    lab: Lab, person: Registration, attended: list[Session], latest: Certificate | None
) -> Candidate:
    standing, obstacle = Standing.READY, ""
    if latest is not None and latest.state == Certificate.State.VALID:
        standing = Standing.ISSUED
    elif person.state != Registration.State.CONFIRMED or len(attended) < lab.certificate_min_sessions:
        standing = Standing.NOT_YET
    elif latest is not None and latest.state == Certificate.State.REVOKED:
        standing = Standing.REVOKED
    elif obstacle := obstacle_of(person.name):
        standing = Standing.BLOCKED
    return Candidate(person, tuple(attended), latest, standing, obstacle)


def obstacle_of(name: str) -> str:
    """Return why a name cannot be printed, and what to do; empty where it can."""
    missing = missing_glyphs(normalise_name(name))
    return _unprintable(missing) if missing else ""


def _unprintable(missing: tuple[str, ...]) -> str:
    return _(
        "The certificate's fonts do not have: %(characters)s. Ask the person how to write the name in Latin, "
        "Greek or Cyrillic letters and correct the registration."
    ) % {"characters": ", ".join(describe_character(character) for character in missing[:5])}


def has_earned(registration: Registration) -> tuple[Session, ...]:
    """Return the sessions that the person attended, or nothing if they are fewer than the lab asks for."""
    attended = Session.objects.filter(attendances__registration=registration, lab=registration.lab_id)
    found = tuple(attended.order_by("starts_at", "pk"))
    return found if len(found) >= registration.lab.certificate_min_sessions else ()


def issue(registration: Registration, by: User | None = None) -> Certificate:
    """Issue the person's certificate, or return the valid one there is. The person is told by mail.

    However often and from however many places it is started, a person has one valid certificate: the database's
    constraint decides. Raises CannotIssue.
    """
    earlier = registration.certificates.filter(state=Certificate.State.VALID).first()
    if earlier is not None:
        return earlier
    certificate, pdf = _made(registration, by)
    try:
        with transaction.atomic():
            _keep(certificate, pdf)
            letters.certificate_issued(certificate, registration)
    except IntegrityError:
        certificate.pdf.delete(save=False)
        return Certificate.objects.get(registration=registration, state=Certificate.State.VALID)
    return certificate


def reissue(certificate: Certificate, by: User | None = None) -> Certificate:
    """Issue again from the registration as it is now (a corrected name, further sessions); the old one is replaced.

    Raises CannotIssue, also where the old one is not valid or its person was erased.
    """
    registration = certificate.registration
    if registration is None or certificate.state != Certificate.State.VALID:
        raise CannotIssue(_("Only a valid certificate of a registered person can be replaced."))
    new, pdf = _made(registration, by)
    try:
        with transaction.atomic():
            replaced = Certificate.objects.filter(pk=certificate.pk, state=Certificate.State.VALID)
            if not replaced.update(state=Certificate.State.REPLACED):
                raise CannotIssue(_("Somebody else has just changed this certificate. Open the list again."))
            _keep(new, pdf)
            certificate.refresh_from_db()
            certificate.replaced_by = new
            certificate._history_user = by
            certificate.save(update_fields=["replaced_by"])
            letters.certificate_issued(new, registration)
    except BaseException:
        new.pdf.delete(save=False)
        raise
    return new


@transaction.atomic
def revoke(certificate: Certificate, reason: str, by: User | None = None) -> Certificate:
    """Withdraw a valid certificate. Its page says so from now on, with the reason; `restore` undoes it."""
    row = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if row.state == Certificate.State.REVOKED:
        return row
    if row.state != Certificate.State.VALID:
        raise CannotIssue(
            _("A certificate that was replaced cannot be revoked; revoke the one that replaced it.")
        )
    row.state, row.revoked_at, row.revoked_reason = Certificate.State.REVOKED, timezone.now(), reason.strip()
    row._history_user = by
    row.save(update_fields=["state", "revoked_at", "revoked_reason"])
    return row


def restore(certificate: Certificate, by: User | None = None) -> Certificate:
    """Undo a revocation. Raises CannotIssue if the person has got another valid certificate meanwhile."""
    try:
        with transaction.atomic():
            row = Certificate.objects.select_for_update().get(pk=certificate.pk)
            if row.state != Certificate.State.REVOKED:
                return row
            row.state, row.revoked_at, row.revoked_reason = Certificate.State.VALID, None, ""
            row._history_user = by
            row.save(update_fields=["state", "revoked_at", "revoked_reason"])
            return row
    except IntegrityError:
        raise CannotIssue(_("The person has a newer certificate. Revoke that one first.")) from None


def start_issuing(lab: Lab, by: User | None = None) -> Task:
    """Put down the work of issuing to everyone who is ready; one such work at a time for a lab.

    Work that waits for another try after a failure is tried at once.
    """
    running = running_work(lab)
    if running is not None:
        now = DatabaseNow()
        Task.objects.filter(pk=running.pk, state=Task.State.QUEUED, run_at__gt=now).update(run_at=now)
        return running
    return enqueue("certificates.issue", {"lab": lab.pk, "by": by.pk if by else None})


def running_work(lab: Lab) -> Task | None:
    """Return the work of issuing that waits or goes on, if there is any."""
    open_states = [Task.State.QUEUED, Task.State.WORKING]
    return Task.objects.filter(
        name="certificates.issue", arguments__lab=lab.pk, state__in=open_states
    ).first()


def issue_all(lab: Lab, by: User | None, lease: Lease) -> int:
    """Issue to everyone who is ready, one transaction each; whoever takes over after a crash goes on from there.

    Whom the press fails, the others do not wait for. Raises NotPrinted at the end if there was such a person, so that
    the work is tried again later, and at once if there were several on end.
    """
    issued, unprinted, on_end = 0, 0, 0
    for candidate in _ready(lab):
        lease.renew()
        try:
            issue(candidate.registration, by)
            issued, on_end = issued + 1, 0
        except NotPrinted:
            unprinted, on_end = unprinted + 1, on_end + 1
            if on_end == ENOUGH_FAILURES:
                break
        except CannotIssue:
            logger.warning("no certificate for registration %s", candidate.registration.pk)
    if unprinted:
        raise NotPrinted(f"the press failed for {unprinted} people")
    return issued


def _ready(lab: Lab) -> Iterator[Candidate]:
    return (candidate for candidate in candidates(lab) if candidate.standing == Standing.READY)


def forget_holder(registration_id: int) -> None:
    """Take the name and the file out of a person's certificates; their pages go on attesting the rest."""
    for certificate in Certificate.objects.filter(registration=registration_id):
        stored = certificate.pdf.name
        certificate.holder_name, certificate.pdf, certificate.registration = "", None, None
        certificate.skip_history_when_saving = True
        certificate.save(update_fields=["holder_name", "pdf", "registration"])
        certificate.history.update(holder_name="", registration=None)
        if stored:
            transaction.on_commit(partial(default_storage.delete, stored))


def _made(registration: Registration, by: User | None) -> tuple[Certificate, bytes]:
    """Return an unsaved certificate and its file. Raises CannotIssue."""
    lab = registration.lab
    if registration.state != Registration.State.CONFIRMED or registration.erased_at is not None:
        raise CannotIssue(_("Only a person who is registered can get a certificate."))
    attended = has_earned(registration)
    if not attended:
        raise CannotIssue(_("The person attended fewer sessions than the lab asks for."))
    public = Session.objects.filter(lab=lab, visibility="public", status="scheduled")
    others = public.exclude(pk__in=[session.pk for session in attended])
    certificate = Certificate(
        lab=lab,
        registration=registration,
        code=new_code(),
        language=registration.language,
        holder_name=normalise_name(registration.name),
        holder_hash=hash_of(normalise_name(registration.name)),
        content=frozen_content(lab, attended, others),
        minutes=sum(_minutes(session) for session in attended),
        issued_at=timezone.now(),
        issued_by=by,
    )
    try:
        return certificate, render(paper(certificate, _logo(lab)))
    except MissingGlyphs as error:
        raise CannotIssue(_unprintable(error.characters)) from error
    except PressFailed as error:
        logger.error("certificate for registration %s: %s", registration.pk, error)
        raise NotPrinted(
            _(
                "The certificate could not be printed just now. Try again in a minute. If it happens again, try it "
                "with a simpler logo or shorter texts of the lab."
            )
        ) from error
    except ValueError as error:
        logger.warning("certificate for registration %s cannot be printed: %s", registration.pk, error)
        raise CannotIssue(
            _("The certificate cannot be printed: a text of the lab is empty or too long for the paper.")
        ) from error


def _keep(certificate: Certificate, pdf: bytes) -> None:
    certificate.pdf_sha256 = hashlib.sha256(pdf).hexdigest()
    certificate.pdf.save(f"{uuid.uuid4()}.pdf", ContentFile(pdf), save=False)
    certificate.save()


def _logo(lab: Lab) -> Logo | None:
    if not lab.logo:
        return None
    with lab.logo.open("rb") as file:
        media_type = "image/svg+xml" if str(lab.logo.name).endswith(".svg") else "image/png"
        return Logo(file.read(), media_type, languages_of(lab.logo_alt))


def _minutes(session: Session) -> int:
    return int(session.duration.total_seconds() // 60)
