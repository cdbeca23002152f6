from django import forms
from django.utils.translation import gettext_lazy as _

from core.web.forms.base import BaseForm
from core.web.localized_fields import no_control_characters, one_line


class CompareForm(BaseForm):
    """A name to compare with the one on a certificate whose holder was erased."""

    name = forms.CharField(
        label=_("Name on the certificate"), max_length=200, validators=[no_control_characters, one_line]
    )


class RevokeForm(BaseForm):
    """Why a certificate is withdrawn; the check page shows the reason to everyone who opens it."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_(
            "Shown to everyone who checks the certificate. Do not include names or personal information."
        ),
        max_length=300,
        validators=[no_control_characters, one_line],
    )
