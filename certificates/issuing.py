"""Issuing, revoking and replacing certificates."""

import hashlib
import logging
import uuid
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from certificates import emails, webhooks
from certificates.candidates import candidates, has_earned, minutes_in_all
from certificates.codes import new_code
from certificates.content import MAX_LOGOS, Logo
from certificates.holders import hash_of
from certificates.models import AttestedSession, Certificate, NotIssued
from certificates.pdf import render
from certificates.printable import why_not
from certificates.snapshot import frozen_content, printed_content
from core.accounts.models import User
from core.jobs.database_clock import DatabaseNow
from core.jobs.leases import Lease, enqueue
from core.jobs.models import Task
from core.pdf.fonts import MissingGlyphs, normalise_name
from core.pdf.renderer import Picture, RendererFailed
from core.web.errors import RuleViolation
from core.web.localized_fields import languages_of
from core.webhooks.event_types import EventType
from labs.logos import MEDIA_TYPES
from labs.models import Lab
from registrations.models import Registration
from sessions.models import Session

logger = logging.getLogger(__name__)

Code = NotIssued.Code

# So many people one after the other for whom the renderer failed: then it is not about them, and the rest waits too.
ENOUGH_FAILURES = 3
# After so many seconds it is worth trying a document again that the renderer failed to print.
TRY_AGAIN_SECONDS = 60


class NotIssuable(RuleViolation):
    """No certificate can be made. `message` tells the organiser why and what to do; `code` and `details` keep it."""

    def __init__(self, code: Code, **details: object) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        """The code, so that logs and tasks keep no sentence in somebody's language."""
        return str(self.code)

    @property
    def message(self) -> str:
        return why_not(self.code, self.details)


class NotPrinted(NotIssuable):
    """The renderer failed, and may not fail the next time."""

    def __init__(self) -> None:
        super().__init__(Code.NOT_PRINTED)


def issue(registration: Registration, by: User | None = None) -> Certificate:
    """Issue the person's certificate, or return the valid one there is. The person is told by email.

    However often and from however many places it is started, a person has one valid certificate: the database's
    constraint decides. Raises NotIssuable.
    """
    earlier = registration.certificates.filter(state=Certificate.State.VALID).first()
    if earlier is not None:
        return earlier
    certificate, attended, pdf = _made(registration, by)
    try:
        with transaction.atomic():
            _lock_unchanged(registration)
            _keep(certificate, attended, pdf)
            emails.certificate_issued(certificate, registration)
            webhooks.announce(EventType.CERTIFICATE_ISSUED, certificate, registration)
    except IntegrityError:
        certificate.pdf.delete(save=False)
        return Certificate.objects.get(registration=registration, state=Certificate.State.VALID)
    return certificate


def reissue(certificate: Certificate, by: User | None = None) -> Certificate:
    """Issue again from the registration as it is now (a corrected name, further sessions); the old one is replaced.

    Raises NotIssuable, also where the old one is not valid or its person was erased.
    """
    registration = certificate.registration
    if registration is None or certificate.state != Certificate.State.VALID:
        raise NotIssuable(Code.NOT_VALID)
    new, attended, pdf = _made(registration, by)
    try:
        with transaction.atomic():
            _lock_unchanged(registration)
            replaced = Certificate.objects.filter(pk=certificate.pk, state=Certificate.State.VALID)
            if not replaced.update(state=Certificate.State.REPLACED):
                raise NotIssuable(Code.CHANGED)
            _keep(new, attended, pdf)
            certificate.refresh_from_db()
            certificate.replaced_by = new
            certificate._history_user = by
            certificate.save(update_fields=["replaced_by"])
            emails.certificate_issued(new, registration, replaces=certificate.code)
            webhooks.announce(EventType.CERTIFICATE_ISSUED, new, registration, replaces=certificate.code)
    except BaseException:
        new.pdf.delete(save=False)
        raise
    return new


def _lock_unchanged(registration: Registration) -> None:
    """Lock the row of the person for whom a certificate was printed, before it is kept.

    Raises NotIssuable for who was erased, left or was renamed meanwhile: printing takes a while, and a name that was
    erased must not come back with it.
    """
    same = Registration.objects.active().filter(pk=registration.pk, name=registration.name)
    if not same.filter(erased_at__isnull=True).locked():
        raise NotIssuable(Code.CHANGED)


@transaction.atomic
def revoke(certificate: Certificate, reason: str, by: User | None = None) -> Certificate:
    """Withdraw a valid certificate. Its page says so from now on, with the reason, and its holder is emailed.

    `restore` undoes it.
    """
    row = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if row.state == Certificate.State.REVOKED:
        return row
    if row.state != Certificate.State.VALID:
        raise NotIssuable(Code.REPLACED)
    row.state, row.revoked_at, row.revoked_reason = Certificate.State.REVOKED, timezone.now(), reason.strip()
    row._history_user = by
    row.save(update_fields=["state", "revoked_at", "revoked_reason"])
    if holder := _holder(row):
        emails.certificate_revoked(row, holder)
        webhooks.announce(EventType.CERTIFICATE_REVOKED, row, holder)
    return row


def _holder(certificate: Certificate) -> Registration | None:
    """Return the person whose certificate it is, or None for one who was erased."""
    if certificate.registration_id is None:
        return None
    return (
        Registration.objects.select_related("lab__programme")
        .filter(pk=certificate.registration_id, erased_at__isnull=True)
        .first()
    )


def restore(certificate: Certificate, by: User | None = None) -> Certificate:
    """Undo a revocation and email the holder. What is valid stays so.

    Raises NotIssuable if the person has got another certificate in its place.
    """
    try:
        with transaction.atomic():
            row = Certificate.objects.select_for_update().get(pk=certificate.pk)
            if row.state == Certificate.State.REPLACED:
                raise NotIssuable(Code.NEWER)
            if row.state != Certificate.State.REVOKED:
                return row
            revoked_at = row.revoked_at
            row.state, row.revoked_at, row.revoked_reason = Certificate.State.VALID, None, ""
            row._history_user = by
            row.save(update_fields=["state", "revoked_at", "revoked_reason"])
            if (holder := _holder(row)) and revoked_at:
                emails.certificate_restored(row, holder, revoked_at)
                webhooks.announce(EventType.CERTIFICATE_RESTORED, row, holder)
            return row
    except IntegrityError:
        raise NotIssuable(Code.NEWER) from None


def start_issuing(lab: Lab, by: User | None = None, *, replacing: bool = False) -> Task:
    """Put down the work of issuing to everyone who is ready; one such work at a time for a lab.

    `replacing` puts down the work of replacing what is outdated instead. Work that waits for another try after a
    failure is tried at once.
    """
    running = running_work(lab, replacing=replacing)
    if running is not None:
        now = DatabaseNow()
        Task.objects.filter(pk=running.pk, state=Task.State.QUEUED, run_at__gt=now).update(run_at=now)
        return running
    return enqueue(_task_name(replacing), {"lab": lab.pk, "by": by.pk if by else None})


def running_work(lab: Lab, *, replacing: bool = False) -> Task | None:
    """Return the work of issuing (or replacing) that waits or goes on, if there is any."""
    open_states = [Task.State.QUEUED, Task.State.WORKING]
    return _works(lab, replacing).filter(state__in=open_states).first()


def latest_work(lab: Lab, *, replacing: bool = False) -> Task | None:
    """Return the work of issuing (or replacing) that was put down last, whatever became of it."""
    return _works(lab, replacing).order_by("-pk").first()


def _works(lab: Lab, replacing: bool) -> QuerySet[Task]:
    return Task.objects.filter(name=_task_name(replacing), arguments__lab=lab.pk)


def _task_name(replacing: bool) -> str:
    return "certificates.replace" if replacing else "certificates.issue"


def issue_all(lab: Lab, by: User | None, lease: Lease, *, replacing: bool = False) -> int:
    """Issue to everyone who is ready, one transaction each; a worker that takes over after a crash goes on from there.

    `replacing` replaces what is outdated instead. A person who gets none has a `NotIssued` that says why; the
    others do not wait for one whose file cannot be printed. Raises NotPrinted at the end if there was such a person, so
    that the work is tried again later, and at once if there were several on end.
    """
    issued, on_end, is_complete = 0, 0, True
    for candidate in candidates(lab):
        if not (candidate.can_be_replaced if replacing else candidate.can_be_issued):
            continue
        lease.renew()
        person = Registration.objects.select_related("lab__programme").get(pk=candidate.registration.pk)
        try:
            if replacing:
                reissue(person.certificates.get(state=Certificate.State.VALID), by)
            else:
                issue(person, by)
            issued, on_end = issued + 1, 0
        except NotPrinted as error:
            _note(person, error)
            is_complete, on_end = False, on_end + 1
            if on_end == ENOUGH_FAILURES:
                break
        except NotIssuable as error:
            logger.warning("no certificate for registration %s: %s", person.pk, error)
            _note(person, error)
        except Certificate.DoesNotExist:
            pass  # somebody revoked it meanwhile
    if not is_complete:
        raise NotPrinted
    return issued


def _note(registration: Registration, error: NotIssuable) -> None:
    """Keep why a run made no certificate for this person, for the page of certificates."""
    values = {"code": error.code, "details": error.details, "at": timezone.now()}
    NotIssued.objects.update_or_create(registration=registration, defaults=values)


def forget_holder(registration_id: int) -> None:
    """Take the name, the file and the reason of a revocation out of a person's certificates; their pages go on
    attesting the rest."""
    NotIssued.objects.filter(registration=registration_id).delete()
    for certificate in Certificate.objects.filter(registration=registration_id):
        stored = certificate.pdf.name
        certificate.holder_name, certificate.registered_name, certificate.revoked_reason = "", "", ""
        certificate.pdf, certificate.registration = None, None
        certificate.skip_history_when_saving = True
        certificate.save(
            update_fields=["holder_name", "registered_name", "revoked_reason", "pdf", "registration"]
        )
        certificate.history.update(holder_name="", revoked_reason="", registration=None)
        if stored:
            transaction.on_commit(partial(default_storage.delete, stored))


def merge_holders(kept_id: int, other_id: int, by: User | None = None) -> None:
    """Move all certificates of a person to another registration of his or hers; of two valid ones that one's stays."""
    own = Certificate.objects.filter(registration=kept_id, state=Certificate.State.VALID).first()
    for certificate in Certificate.objects.select_for_update().filter(registration=other_id).order_by("pk"):
        certificate.registration_id = kept_id
        if own is not None and certificate.state == Certificate.State.VALID:
            certificate.state = Certificate.State.REPLACED
            if not Certificate.objects.filter(replaced_by=own).exists():
                certificate.replaced_by = own
        certificate._history_user = by
        certificate.save(update_fields=["registration", "state", "replaced_by"])


def _made(registration: Registration, by: User | None) -> tuple[Certificate, tuple[Session, ...], bytes]:
    """Return an unsaved certificate, the sessions that it attests, and its file. Raises NotIssuable."""
    lab = registration.lab
    if registration.state != Registration.State.CONFIRMED or registration.erased_at is not None:
        raise NotIssuable(Code.NOT_REGISTERED)
    attended = has_earned(registration)
    if not attended:
        raise NotIssuable(Code.TOO_FEW)
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
        registered_name=registration.name,
        minutes=minutes_in_all((session.starts_at, session.ends_at) for session in attended),
        issued_at=timezone.now(),
        issued_by=by,
    )
    try:
        return (
            certificate,
            attended,
            render(printed_content(certificate, _logos(lab), _picture(lab.signature))),
        )
    except MissingGlyphs as error:
        raise NotIssuable(Code.NO_GLYPHS, characters=list(error.characters)) from error
    except RendererFailed as error:
        logger.error("certificate for registration %s: %s", registration.pk, error)
        raise NotPrinted() from error
    except ValueError as error:
        logger.warning("certificate for registration %s cannot be printed: %s", registration.pk, error)
        raise NotIssuable(Code.TEXTS) from error


def _keep(certificate: Certificate, attended: tuple[Session, ...], pdf: bytes) -> None:
    certificate.pdf_sha256 = hashlib.sha256(pdf).hexdigest()
    certificate.pdf.save(f"{uuid.uuid4()}.pdf", ContentFile(pdf), save=False)
    certificate.save()
    AttestedSession.objects.bulk_create(
        AttestedSession(
            certificate=certificate,
            position=position,
            session=session,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
        )
        for position, session in enumerate(attended)
    )
    NotIssued.objects.filter(registration=certificate.registration_id).delete()


def _logos(lab: Lab) -> tuple[Logo, ...]:
    """Return the logos of the certificate: the lab's, then its programme's, as many as it has room for."""
    stored = [
        (lab.logo, lab.logo_alt),
        *((one.picture, one.alt) for one in lab.programme.logos.all()[:MAX_LOGOS]),
    ]
    pictures = ((_picture(file), languages_of(alt)) for file, alt in stored)
    return tuple(Logo(picture, alt) for picture, alt in pictures if picture)[:MAX_LOGOS]


def _picture(stored: FieldFile) -> Picture | None:
    """Return a picture that `labs.logos` checked when it was uploaded, None where there is none."""
    if not stored:
        return None
    with stored.open("rb") as file:
        return Picture(file.read(), MEDIA_TYPES[str(stored.name).rpartition(".")[2]])
