"""What a participant agrees to: the words, and until when the answers are kept."""

from datetime import date, timedelta

from django.utils import translation
from django.utils.translation import gettext

from labs import dates
from labs.models import Lab
from labs.models.texts import reading


def kept_until(lab: Lab) -> date:
    """Return the day (in the lab's zone) after which the answers are erased."""
    return lab.ends_on + timedelta(days=lab.retention_days)


def consent_words(lab: Lab, language: str) -> str:
    """Return the text that a person agrees to: the lab's own where it has one, else the house's, in `language`."""
    own = reading(lab.consent, language, lab.default_language)[0].strip()
    if own:
        return own
    with translation.override(language):
        return gettext("The organisers may keep my answers until %(date)s, then delete them.") % {
            "date": dates.long_date(kept_until(lab), language)
        }
