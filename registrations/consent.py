"""The text of consent."""

from django.utils import translation
from django.utils.translation import ngettext

from core.timezones import formatting
from core.web.localized_fields import text_and_language
from labs.models import Lab


def consent_text(lab: Lab, language: str) -> str:
    """Return the consent text in `language`: the lab's, or the default."""
    own = text_and_language(lab.consent, language, lab.default_language)[0].strip()
    if own:
        return own
    with translation.override(language):
        # Also valid if the lab moves later.
        return ngettext(
            "I agree that the organisers keep my answers for %(days)d day after the event (currently until %(date)s) "
            "and then delete them.",
            "I agree that the organisers keep my answers for %(days)d days after the event (currently until %(date)s) "
            "and then delete them.",
            lab.retention_days,
        ) % {"days": lab.retention_days, "date": formatting.long_date(lab.answers_kept_until, language)}
