"""The mail that brings a certificate: a link to the page where it is downloaded and checked, never the file itself."""

from django.conf import settings
from django.urls import reverse

from certificates.contents import check_url
from certificates.models import Certificate
from labs import dates
from labs.mail import queue
from labs.models import Message
from labs.models.texts import reading
from registrations.models import Registration


def certificate_issued(certificate: Certificate, registration: Registration) -> Message:
    """Queue the mail in the person's language, once per certificate."""
    lab = registration.lab
    language = registration.language
    return queue(
        "certificate",
        key=f"certificate:{certificate.code}",
        language=language,
        to_name=registration.name,
        to_email=registration.email,
        context={
            "lab_title": reading(lab.title, language, lab.default_language)[0],
            "code": certificate.code,
            "sessions": len(certificate.content["sessions"]),
            "hours": dates.duration_in_words(certificate.minutes, language),
            "address": check_url(certificate.code),
            "pdf_address": settings.BASE_URL + reverse("certificate_pdf", args=[certificate.code]),
        },
        lab=lab,
        about=f"registration:{registration.public_id}",
    )
