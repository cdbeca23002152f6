"""The text of consent: what it says, its versions, and how many people agreed to each."""

import json
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.timezones import formatting
from core.web.errors import RuleViolation
from core.web.localized_fields import text_and_language
from labs.models import Lab
from labs.revisions import lock_lab
from registrations.models import ConsentText

MARK_LENGTH = 16


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


def consent_texts(lab: Lab) -> dict[str, str]:
    """Return the text in every language of the service."""
    return {code: consent_text(lab, code) for code, _name in settings.LANGUAGES}


def mark_of(lab: Lab) -> str:
    """Return what a form carries to tell which text it showed."""
    return _digest(consent_texts(lab))[:MARK_LENGTH]


def _digest(texts: dict[str, str]) -> str:
    return sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def current_version(lab: Lab, shown: str = "") -> ConsentText:
    """Return the version of the text in force, and write it where nobody agreed to it yet. One query, else five.

    `shown` is the mark of the text that the person read; "" where that is not known. Raises RuleViolation
    (code: consent_changed) where it was another.
    """
    texts = consent_texts(lab)
    digest = _digest(texts)
    if shown and shown != digest[:MARK_LENGTH]:
        message = _("The text below has changed since you opened the form. Read it and agree again.")
        raise RuleViolation("consent_changed", message, "consent")
    found = ConsentText.objects.filter(lab=lab, digest=digest).order_by().first()
    return found or _write(lab, texts, digest)


@transaction.atomic
def _write(lab: Lab, texts: dict[str, str], digest: str) -> ConsentText:
    lock_lab(lab.pk)
    versions = list(ConsentText.objects.filter(lab=lab).order_by("-number"))
    for version in versions:
        if version.digest == digest:
            return version
    return ConsentText.objects.create(
        lab=lab,
        number=versions[0].number + 1 if versions else 1,
        texts=texts,
        digest=digest,
        created_at=timezone.now(),
        created_by_id=_author(lab),
    )


def _author(lab: Lab) -> int | None:
    """Return who wrote the lab's own text as it is now; None for the standard text."""
    author = None
    if str(lab.consent).strip():
        for row in lab.history.order_by("-history_date", "-history_id")[:100]:
            if row.consent != lab.consent:
                break
            author = row.history_user_id
    return author


def versions_of(lab: Lab) -> QuerySet[ConsentText]:
    """Return the versions that people agreed to, newest first.

    Each with the number of people who `accepted` it and confirmed their address, erased ones too.
    """
    agreed = Count("registrations", filter=Q(registrations__confirmed_at__isnull=False))
    rows = ConsentText.objects.filter(lab=lab).select_related("created_by").annotate(accepted=agreed)
    return rows.order_by("-number")


def is_current(version: ConsentText, mark: str) -> bool:
    """Tell whether the version is the text in force, whose mark this is."""
    return version.digest.startswith(mark)
