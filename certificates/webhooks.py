"""What webhooks tell of certificates: the code, by which the check page and the API say the rest."""

from certificates.models import Certificate
from certificates.snapshot import check_url
from core.webhooks import events
from core.webhooks.event_types import EventType
from registrations.models import Registration
from registrations.webhooks import person_data


def announce(type: EventType, certificate: Certificate, holder: Registration, *, replaces: str = "") -> None:
    """Queue an event about a certificate. `replaces` is the code of the one before it, empty if there was none."""
    said = {
        "code": certificate.code,
        "state": certificate.state,
        "minutes": certificate.minutes,
        "issued_at": certificate.issued_at,
        "replaces": replaces or None,
        "url": check_url(certificate.code),
    }
    data = person_data(holder) | {"certificate": said}
    events.announce(certificate.lab_id, [events.Event(type, data, holder.pk)])
