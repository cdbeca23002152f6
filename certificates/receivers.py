from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from certificates import issuing
from certificates.candidates import count_failed
from certificates.models import Certificate
from labs.models import Lab
from registrations.alerts import Alert, Kind
from registrations.signals import alerts_requested, person_erased


@receiver(person_erased)
def forget_holder(registration_id: int, **more: object) -> None:
    issuing.forget_holder(registration_id)


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
