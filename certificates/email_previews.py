"""Drafts of the emails about a certificate, for previews and tests of a lab's texts."""

from django.utils import timezone

from certificates import emails
from certificates.models import Certificate
from core.mail.models import Message
from core.mail.previews import draft_of
from registrations.models import Registration

EXAMPLE = "7K3M-Q9TX-2W8H"


def _certificate(person: Registration) -> Certificate:
    """Return the person's newest certificate, or an example of one, as if it had just been revoked."""
    found = Certificate.objects.filter(registration=person.pk).order_by("-pk").first() if person.pk else None
    certificate = found or Certificate(code=EXAMPLE, minutes=90, content={"sessions": [{}]})
    certificate.revoked_at = certificate.revoked_at or timezone.now()
    return certificate


@draft_of("certificate")
def _issued(person: Registration) -> Message:
    return emails.certificate_issued(_certificate(person), person)


@draft_of("certificate_revoked")
def _revoked(person: Registration) -> Message:
    return emails.certificate_revoked(_certificate(person), person)


@draft_of("certificate_restored")
def _restored(person: Registration) -> Message:
    certificate = _certificate(person)
    assert certificate.revoked_at is not None  # noqa: S101  (just set)
    return emails.certificate_restored(certificate, person, certificate.revoked_at)
