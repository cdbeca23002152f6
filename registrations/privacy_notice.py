"""What a lab says itself in its notice to participants and in its record of processing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from core.accounts.models import User
from core.web.error_messages import messages_by_column
from core.web.errors import InvalidFields
from labs.models import Lab
from labs.revisions import lock_lab
from registrations.models import PrivacyNotice


@dataclass(frozen=True)
class NoticePlan:
    """The fields of `PrivacyNotice`, texts by language code."""

    controller: Mapping[str, str] = field(default_factory=dict)
    data_protection_officer: Mapping[str, str] = field(default_factory=dict)
    paragraphs: Mapping[str, str] = field(default_factory=dict)
    legal_basis: str = PrivacyNotice.Basis.CONSENT


def notice_of(lab: Lab) -> PrivacyNotice:
    """Return what a lab says itself, unsaved and empty where it says nothing. One query."""
    return PrivacyNotice.objects.filter(lab=lab).first() or PrivacyNotice(lab=lab)


def follow(notice: PrivacyNotice, plan: NoticePlan) -> PrivacyNotice:
    """Make an unsaved notice follow `plan`. Raises InvalidFields."""
    notice.controller = dict(plan.controller)
    notice.data_protection_officer = dict(plan.data_protection_officer)
    notice.paragraphs = dict(plan.paragraphs)
    notice.legal_basis = plan.legal_basis
    try:
        notice.clean_fields(exclude=["lab"])
    except ValidationError as error:
        raise InvalidFields(messages_by_column(notice, error)) from None
    return notice


@transaction.atomic
def change_notice(lab: Lab, plan: NoticePlan, by: User | None = None) -> PrivacyNotice:
    """Make what the lab says follow `plan`. Raises InvalidFields."""
    notice = follow(notice_of(lock_lab(lab.pk)), plan)
    notice._history_user = by  # type: ignore[attr-defined]
    notice.save()
    return notice
