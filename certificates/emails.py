"""Emails about a certificate: a link to the page where it is downloaded and checked, never the file itself."""

from datetime import datetime

from certificates.models import Certificate
from certificates.snapshot import check_url
from core.mail.models import Message
from core.mail.queue import queue
from core.timezones import formatting
from core.web.absolute_urls import absolute_url
from core.web.localized_fields import text_and_language
from registrations.models import Registration


def certificate_issued(certificate: Certificate, registration: Registration, replaces: str = "") -> Message:
    """Queue the email in the person's language, once per certificate; `replaces` is the code that it makes void."""
    language = registration.language
    return _queue(
        "certificate",
        f"certificate:{certificate.code}",
        certificate,
        registration,
        sessions=len(certificate.content["sessions"]),
        hours=formatting.duration_in_words(certificate.minutes, language),
        pdf_address=absolute_url("certificate_pdf", certificate.code),
        replaces=replaces,
    )


def certificate_revoked(certificate: Certificate, registration: Registration) -> Message:
    """Queue the email that tells the holder that the certificate is void, and why."""
    assert certificate.revoked_at is not None  # noqa: S101  (it has just been revoked)
    key = f"certificate-revoked:{certificate.code}:{certificate.revoked_at.isoformat()}"
    return _queue("certificate_revoked", key, certificate, registration, reason=certificate.revoked_reason)


def certificate_restored(
    certificate: Certificate, registration: Registration, revoked_at: datetime
) -> Message:
    """Queue the email that tells the holder that the certificate is valid again; once for each revocation."""
    key = f"certificate-restored:{certificate.code}:{revoked_at.isoformat()}"
    return _queue("certificate_restored", key, certificate, registration)


def _queue(
    occasion: str, key: str, certificate: Certificate, registration: Registration, **context: object
) -> Message:
    lab, language = registration.lab, registration.language
    return queue(
        occasion,
        key=key,
        language=language,
        to_name=registration.name,
        to_email=registration.email,
        context={
            "lab_title": text_and_language(lab.title, language, lab.default_language)[0],
            "code": certificate.code,
            "reference": registration.reference,
            "address": check_url(certificate.code),
            **context,
        },
        lab=lab,
        registration_id=registration.pk,
    )
