"""What a lab adds to its notice to participants (Article 13 of the GDPR)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.web.edit_conflicts import Versioned
from core.web.history import History
from core.web.localized_fields import localized_text
from labs.models import Lab

MAX_CONTACT_LENGTH = 1000


class PrivacyNotice(Versioned):
    """Who is the controller, whom to ask, own paragraphs (Markdown), and the legal basis of registration data."""

    class Basis(models.TextChoices):
        CONSENT = "consent", _("Consent, Article 6(1)(a)")
        CONTRACT = "contract", _("Contract, Article 6(1)(b)")
        PUBLIC_TASK = "public_task", _("Public task, Article 6(1)(e)")
        LEGITIMATE_INTEREST = "legitimate_interest", _("Legitimate interest, Article 6(1)(f)")

    goes_with_owner = True

    lab = models.OneToOneField(Lab, models.CASCADE, primary_key=True, related_name="privacy_notice")
    controller = localized_text(limit=MAX_CONTACT_LENGTH)
    data_protection_officer = localized_text(limit=MAX_CONTACT_LENGTH)
    paragraphs = localized_text()
    legal_basis = models.CharField(max_length=20, choices=Basis, default=Basis.CONSENT)
    history = History(excluded_fields=["version"])

    def __str__(self) -> str:
        return f"{self.lab_id} {self.legal_basis}"

    @property
    def asks_consent(self) -> bool:
        return self.legal_basis == self.Basis.CONSENT

    @property
    def can_be_objected_to(self) -> bool:
        """Whether people may object to the processing (Article 21)."""
        return self.legal_basis in (self.Basis.PUBLIC_TASK, self.Basis.LEGITIMATE_INTEREST)
