from functools import partial

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from certificates import issuing
from certificates.candidates import count_failed
from certificates.models import Certificate
from core.accounts.models import User
from labs.models import Lab
from registrations.alerts import Alert, Kind
from registrations.export_sections import Entry, Section
from registrations.models import Registration
from registrations.personal_export import Read
from registrations.signals import (
    alerts_requested,
    certificate_codes_asked,
    certificates_counted,
    person_erased,
    person_exported,
    registrations_merged,
)


@receiver(person_erased)
def forget_holder(registration_id: int, **more: object) -> None:
    issuing.forget_holder(registration_id)


@receiver(registrations_merged, sender=Registration)
def merge_holders(kept_id: int, other_id: int, by: User | None = None, **more: object) -> None:
    issuing.merge_holders(kept_id, other_id, by)


@receiver(certificates_counted, sender=Lab)
def count_names(lab: Lab, **more: object) -> int:
    return Certificate.objects.filter(lab=lab).exclude(holder_name="").count()


@receiver(certificate_codes_asked, sender=Registration)
def codes_of(registration_id: int, **more: object) -> list[str]:
    found = Certificate.objects.filter(registration=registration_id).order_by("issued_at", "pk")
    return list(found.values_list("code", flat=True))


@receiver(person_exported, sender=Registration)
def export_certificates(registration: Registration, **more: object) -> tuple[list[Section], dict[str, Read]]:
    """Return the certificates of a person, with their files."""
    rows: list[list[Entry]] = []
    files: dict[str, Read] = {}
    for one in Certificate.objects.filter(registration=registration).order_by("issued_at", "pk"):
        rows.append(
            [
                Entry("code", gettext("Code"), one.code),
                Entry("name", gettext("Name"), one.holder_name),
                Entry("state", gettext("Status"), one.get_state_display()),
                Entry("issued_at", gettext("Issued"), one.issued_at),
                Entry("revoked_at", gettext("Revoked"), one.revoked_at),
            ]
        )
        if one.pdf:
            files[f"files/{one.code}.pdf"] = partial(_content, one)
    return [Section("certificates", gettext("Certificates"), rows)], files


def _content(certificate: Certificate) -> bytes:
    with certificate.pdf.open("rb") as stored:
        return bytes(stored.read())


@receiver(alerts_requested, sender=Lab)
def certificates_that_wait(lab: Lab, **more: object) -> list[Alert]:
    """Say how many certificates say what is no longer so, and how many could not be issued."""
    address = reverse("console_certificates", args=[lab.slug])
    found = []
    outdated = Certificate.objects.outdated().filter(lab=lab).count()
    if outdated:
        found.append(
            Alert(
                Kind.CERTIFICATES_OUTDATED,
                ngettext(
                    "%(count)d certificate is no longer correct",
                    "%(count)d certificates are no longer correct",
                    outdated,
                )
                % {"count": outdated},
                gettext(
                    "Until you replace or revoke a certificate, its check page says that it is not confirmed."
                ),
                f"{address}?standing=outdated",
                gettext("Replace or revoke"),
            )
        )
    failed = count_failed(lab)
    if failed:
        found.append(
            Alert(
                Kind.CERTIFICATES_FAILED,
                ngettext(
                    "%(count)d certificate could not be issued",
                    "%(count)d certificates could not be issued",
                    failed,
                )
                % {"count": failed},
                gettext("These people attended and have no certificate yet."),
                f"{address}?standing=failed",
                gettext("View reasons"),
            )
        )
    return found
