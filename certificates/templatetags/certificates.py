"""What pages of registrations show of a certificate, without importing this package."""

from collections.abc import Iterable

from django import template

from certificates.models import Certificate
from certificates.outdated import differences
from certificates.printable import named_characters
from core.pdf.fonts import missing_glyphs
from registrations.models import Registration
from registrations.my_registrations import Own

register = template.Library()


@register.simple_tag
def certificate_of(registration: Registration) -> Certificate | None:
    """Return the person's latest certificate, annotated by `compared`. One query."""
    own = Certificate.objects.filter(registration=registration)
    return own.compared().order_by("-issued_at", "-pk").first()


@register.simple_tag
def certificates_of(registrations: Iterable[Own]) -> list[Certificate]:
    """Return the latest certificate of each of these registrations, unless it was revoked. One query."""
    own = Certificate.objects.filter(registration__in=[one.registration.pk for one in registrations])
    latest = {row.registration_id: row for row in own.defer("content").order_by("issued_at", "pk")}
    return [row for row in latest.values() if row.state != Certificate.State.REVOKED]


@register.simple_tag
def differences_of(certificate: Certificate) -> list[str]:
    """Return what is different today from what a certificate says, as sentences. No query where nothing is."""
    return differences([certificate], certificate.lab).get(certificate.pk, [])


# Characters; see `Registration.name`.
MAX_NAME = 200


@register.simple_tag
def characters_lost(name: object) -> str:
    """Return the characters of a name that no certificate can print, for people to read; empty where all can be.

    Of what was refused as too long only the beginning is examined.
    """
    return named_characters(missing_glyphs(str(name or "")[:MAX_NAME]))
