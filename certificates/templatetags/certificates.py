"""What pages of lower floors may show of a certificate, without importing this one."""

from django import template

from certificates.models import Certificate
from registrations.models import Registration

register = template.Library()


@register.simple_tag
def certificate_of(registration: Registration) -> Certificate | None:
    """Return the person's latest certificate. One query."""
    return Certificate.objects.filter(registration=registration).order_by("-issued_at", "-pk").first()
