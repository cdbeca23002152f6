"""Attendance held as proof for a funder: the rules of a lab, what stays of an erased person, who reads it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.accounts.models import User
from core.timezones.wall_clock import wall
from core.web.encryption import Undecipherable, decrypt, encrypt
from core.web.errors import InvalidFields, RuleViolation
from core.web.localized_fields import text_of
from core.web.spreadsheet_cells import WITH_DECIMAL_COMMA, escaped_cell
from labs.models import Lab
from labs.revisions import lock_lab
from labs.viewer import Viewer
from registrations.models import HeldProof, ProofRules, ProofView, Registration
from registrations.question_plans import readers_of
from registrations.signals import certificate_codes_asked

What = ProofView.What


@dataclass(frozen=True)
class ProofPlan:
    """The fields of `ProofRules`. `readers` are ids of accounts that work on the lab."""

    is_held: bool = False
    legal_basis: Mapping[str, str] = field(default_factory=dict)
    until: date | None = None
    readers: tuple[int, ...] = ()


def proof_rules_of(lab: Lab) -> ProofRules:
    """Return the rules of a lab: its own, or the usual ones, unsaved: nothing is held."""
    return ProofRules.objects.filter(lab=lab).first() or ProofRules(lab=lab)


@transaction.atomic
def change_proof_rules(lab: Lab, plan: ProofPlan, by: User | None = None) -> ProofRules:
    """Make the lab's rules follow `plan`. An earlier day applies to what is held, a later one only from now on.

    Raises InvalidFields.
    """
    lock_lab(lab.pk)
    errors: dict[str, list[str]] = {}
    if plan.is_held and not any(text.strip() for text in plan.legal_basis.values()):
        errors["legal_basis"] = [str(_("Enter the legal basis, such as the grant agreement."))]
    if plan.is_held and plan.until is None:
        errors["until"] = [str(_("Enter the last day on which the proof is held."))]
    elif plan.until is not None and plan.until < lab.ends_on:
        errors["until"] = [str(_("Enter a day after the lab."))]
    if set(plan.readers) - readers_of(lab).keys():
        errors["readers"] = [str(_("Choose people who work on this lab."))]
    if errors:
        raise InvalidFields(errors)
    rules = proof_rules_of(lab)
    rules.is_held, rules.legal_basis, rules.until = plan.is_held, dict(plan.legal_basis), plan.until
    rules._history_user = by  # type: ignore[attr-defined]
    rules.save()
    rules.readers.set(plan.readers)
    if plan.until is not None:
        HeldProof.objects.filter(lab=lab, until__gt=plan.until).update(until=plan.until)
    return rules


def rules_that_hold(registration: Registration) -> ProofRules | None:
    """Return the rules by which something of this person stays when he or she is erased; None if nothing does."""
    rules = proof_rules_of(registration.lab)
    if not rules.is_held or rules.until is None or rules.until < _today(registration.lab):
        return None
    return rules if registration.attendances.taking_place().exists() else None


def _today(lab: Lab) -> date:
    return wall(timezone.now(), lab.time_zone).date()


def hold(registration: Registration) -> None:
    """Keep what the lab's rules hold of a person who is about to be erased; the caller has locked the registration."""
    rules = rules_that_hold(registration)
    if rules is None or rules.until is None:
        return
    lab = registration.lab
    codes: list[str] = []
    for _receiver, more in certificate_codes_asked.send(sender=Registration, registration_id=registration.pk):
        codes += cast("list[str]", more)
    came = (
        registration.attendances.taking_place().select_related("session").order_by("session__starts_at", "pk")
    )
    city = registration.city
    facts = {
        "name": registration.name,
        "city": text_of(city.name, "en", lab) if city else registration.city_text,
        "organisation": registration.organisation,
        "sessions": [
            {"title": text_of(one.session.title, lab.default_language, lab), "at": one.taken_at.isoformat()}
            for one in came
        ],
        "certificates": codes,
    }
    HeldProof.objects.create(lab=lab, secret=encrypt(json.dumps(facts).encode()), until=rules.until)


def delete_due(now: datetime) -> int:
    """Delete what is held past its day, in the lab's zone. Returns how many."""
    over = HeldProof.objects.filter(until__lt=(now + timedelta(days=1)).date()).select_related("lab")
    due = [row.pk for row in over if row.until < wall(now, row.lab.time_zone).date()]
    HeldProof.objects.filter(pk__in=due).delete()
    return len(due)


@dataclass(frozen=True)
class AttendedSession:
    title: str
    at: datetime


@dataclass(frozen=True)
class Proof:
    """What is held of one person."""

    name: str
    city: str
    organisation: str
    sessions: tuple[AttendedSession, ...]
    certificates: tuple[str, ...]
    until: date


def may_read(viewer: Viewer, lab: Lab) -> bool:
    """Tell whether the viewer is one of the readers that the lab names, and still works on it."""
    if viewer.user_id is None or not viewer.is_door_staff_of(lab):
        return False
    return ProofRules.readers.through.objects.filter(proofrules=lab.pk, user=viewer.user_id).exists()


@transaction.atomic
def open_all(lab: Lab, viewer: Viewer, by: User, what: str) -> list[Proof]:
    """Return what is held of erased people, by name, and record it. Raises RuleViolation (code: not_reader)."""
    if not may_read(viewer, lab):
        raise RuleViolation(
            "not_reader", gettext("You are not one of the people who can read the held proof.")
        )
    ProofView.objects.create(lab=lab, what=what, by=by, at=timezone.now())
    found = [one for row in HeldProof.objects.filter(lab=lab) if (one := _opened(row)) is not None]
    return sorted(found, key=lambda one: one.name.casefold())


def _opened(row: HeldProof) -> Proof | None:
    """Return what a row says; None where no key decrypts it."""
    try:
        facts = json.loads(decrypt(bytes(row.secret)))
    except Undecipherable:
        return None
    sessions = tuple(
        AttendedSession(one["title"], datetime.fromisoformat(one["at"])) for one in facts["sessions"]
    )
    return Proof(
        facts["name"],
        facts["city"],
        facts["organisation"],
        sessions,
        tuple(facts["certificates"]),
        row.until,
    )


def proof_csv(proofs: Iterable[Proof], lab: Lab, language: str) -> str:
    """Return a line for each session that a person attended, in the lab's zone."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language in WITH_DECIMAL_COMMA else ",")
    writer.writerow(
        [
            gettext("Name"),
            gettext("City"),
            gettext("Organisation"),
            gettext("Session"),
            gettext("Recorded"),
            gettext("Certificates"),
            gettext("Kept until"),
        ]
    )
    for one in proofs:
        for session in one.sessions:
            writer.writerow(
                [
                    escaped_cell(one.name),
                    escaped_cell(one.city),
                    escaped_cell(one.organisation),
                    escaped_cell(session.title),
                    f"{wall(session.at, lab.time_zone):%Y-%m-%d %H:%M}",
                    " ".join(one.certificates),
                    one.until.isoformat(),
                ]
            )
    return "\ufeff" + buffer.getvalue()
