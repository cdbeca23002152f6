"""The texts of emails that a lab changes: subject, introduction and closing of an occasion in a language.

What is left empty, and whatever has no row, is as standard. The facts of an email always stay: the sessions, the links,
why it comes and who sends it.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from core.mail.models import EmailTemplate
from core.mail.placeholders import CHANGEABLE, OF_OCCASION, PLACEHOLDERS, wrong_in_words
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields, RuleViolation

COLUMNS = ("subject", "introduction", "closing")
UNKNOWN_TEMPLATE = gettext_lazy("There is no such email.")


@dataclass(frozen=True)
class TemplateTexts:
    """The three texts; an empty one is the standard."""

    subject: str = ""
    introduction: str = ""
    closing: str = ""


def is_offered(occasion: str, language: str) -> bool:
    """Tell whether there are emails of this occasion and language whose texts a lab may change."""
    return occasion in CHANGEABLE and language in dict(settings.LANGUAGES)


def stored(lab_id: int, occasion: str, language: str) -> EmailTemplate | None:
    return EmailTemplate.objects.filter(lab=lab_id, occasion=occasion, language=language).first()


def described(occasion: str) -> list[tuple[str, str | Promise]]:
    """Return the placeholders of an occasion, each with what replaces it in words."""
    return [(name, PLACEHOLDERS[name]) for name in OF_OCCASION[occasion]]


def checked(template: EmailTemplate, texts: TemplateTexts) -> EmailTemplate:
    """Put these texts into the template, unsaved. Raises InvalidFields."""
    for name in COLUMNS:
        setattr(template, name, getattr(texts, name).replace("\r\n", "\n").strip())
    errors: dict[str, list[str | Promise]] = {}
    try:
        others = {column.name for column in template._meta.concrete_fields} - set(COLUMNS)
        template.clean_fields(exclude=others)
    except ValidationError as error:
        errors = {name: list(words) for name, words in messages_by_column(template, error).items()}
    for name in COLUMNS:
        if wrong := wrong_in_words(getattr(template, name), template.occasion):
            errors.setdefault(name, []).append(wrong)
    if errors:
        raise InvalidFields(errors)
    return template


@transaction.atomic
def save(lab_id: int, occasion: str, language: str, texts: TemplateTexts) -> EmailTemplate | None:
    """Change the texts of a lab's emails; where all are empty they are the standard ones again, and None is returned.

    Emails that have been sent, or tried, keep their text. Raises InvalidFields, and RuleViolation (unknown_template)
    for an occasion or language that has none. The caller holds the lab's lock.
    """
    if not is_offered(occasion, language):
        raise RuleViolation("unknown_template", UNKNOWN_TEMPLATE)
    before = stored(lab_id, occasion, language)
    row = before or EmailTemplate(lab_id=lab_id, occasion=occasion, language=language)
    kept = tuple(getattr(row, name) for name in COLUMNS)
    checked(row, texts)
    now = tuple(getattr(row, name) for name in COLUMNS)
    if not any(now):
        if before:
            before.delete()
        return None
    if kept != now:
        row.save()
    return row


def copy_texts(lab_id: int, copy_id: int) -> None:
    """Give the emails of another lab, which has no texts of its own yet, those of this one."""
    for row in EmailTemplate.objects.filter(lab=lab_id).order_by("pk"):
        copied = EmailTemplate(lab_id=copy_id, occasion=row.occasion, language=row.language)
        for name in COLUMNS:
            setattr(copied, name, getattr(row, name))
        copied.save()


def sample_text(name: str) -> str:
    """Return a placeholder as it is written."""
    return f"{{{name}}}"


def none_left() -> RuleViolation:
    """The address has had as many test emails as it may get."""
    return RuleViolation(
        "too_many_tests", gettext("You have sent yourself many test emails. Try again in an hour.")
    )
