"""The organisation that runs this installation, as a superuser enters it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from django.db import transaction

from core.accounts.models import User
from labs.lab_editing import Findings, Texts, apply_plan, save
from labs.models import Operator


@dataclass(frozen=True)
class OperatorPlan:
    """The fields of the operator. `country` is an ISO 3166 code of two letters."""

    name: Texts
    address: str
    country: str
    email: str
    phone: str = ""
    accessibility_email: str = ""
    enforcement_body: Texts = field(default_factory=dict)
    enforcement_address: str = ""
    legal_notice: Texts = field(default_factory=dict)


COLUMNS = tuple(column.name for column in fields(OperatorPlan))


def operator() -> Operator | None:
    """Return the organisation that runs this installation, None until a superuser has entered it."""
    return Operator.objects.first()


@transaction.atomic
def save_operator(plan: OperatorPlan, by: User | None = None) -> Operator:
    """Enter or change the operator. Raises RuleViolation."""
    row = Operator.objects.select_for_update(no_key=True).first() or Operator()
    differs = apply_plan(row, plan, COLUMNS)
    findings = Findings()
    findings.check_columns(row, COLUMNS)
    findings.raise_errors()
    if differs or row._state.adding:
        save(row, by)
    return row
