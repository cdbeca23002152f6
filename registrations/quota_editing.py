"""Quotas as organisers set them: created, raised and lowered, removed."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.web.errors import RuleViolation
from labs.models import City, Lab, StakeholderGroup
from labs.revisions import lock_lab
from registrations import quotas, waiting_list
from registrations.models import Quota
from registrations.seat_rows import lock_sessions
from sessions.models import Session
from sessions.models.seating import Mode


@dataclass(frozen=True)
class QuotaPlan:
    """How many seats in this session, or people in the lab, of whom."""

    limit: int
    session: Session | None = None
    mode: str = ""
    city: City | None = None
    stakeholder_group: StakeholderGroup | None = None


@transaction.atomic
def add_quotas(lab: Lab, plans: Iterable[QuotaPlan], by: User | None = None) -> list[Quota]:
    """Add quotas, counting what is taken already. All or none.

    Raises RuleViolation (codes: exists, too_few, other_lab; field: limit or the one that is wrong).
    """
    plans = list(plans)
    lock_lab(lab.pk)
    _lock(lab, plans)
    known = {_key(quota): quota for quota in Quota.objects.filter(lab=lab)}
    added = []
    for plan in plans:
        _check(lab, plan)
        quota = Quota(
            lab=lab,
            session=plan.session,
            mode=plan.mode,
            city=plan.city,
            stakeholder_group=plan.stakeholder_group,
            limit=plan.limit,
        )
        if _key(quota) in known:
            raise RuleViolation(
                "exists", gettext("There is a quota for these already. Change its number."), "limit"
            )
        quota.taken = quotas.taken_of(quota)
        _check_limit(quota)
        quota._history_user = by  # type: ignore[attr-defined]
        quota.save()
        added.append(quota)
    return added


@transaction.atomic
def change_limit(quota: Quota, limit: int, by: User | None = None) -> Quota:
    """Change how many; a higher number lets people in from the waiting lists. Raises RuleViolation (code: too_few)."""
    lock_lab(quota.lab_id)
    lock_sessions([quota.session_id] if quota.session_id else [])
    quota = Quota.objects.select_for_update(no_key=True, of=("self",)).get(pk=quota.pk)
    is_raised = limit > quota.limit
    quota.limit = limit
    _check_limit(quota)
    quota._history_user = by  # type: ignore[attr-defined]
    quota.save(update_fields=["limit"])
    if is_raised:
        waiting_list.promote_later(quota.lab_id)
    return quota


@transaction.atomic
def remove(quota: Quota) -> None:
    """Remove a quota; who waited for it may get a seat."""
    lab_id = lock_lab(quota.lab_id).pk
    Quota.objects.filter(pk=quota.pk).delete()
    waiting_list.promote_later(lab_id)


def each_city(lab: Lab, plan: QuotaPlan) -> list[QuotaPlan]:
    """Return the same quota for each city of the programme that has none yet."""
    same = Quota.objects.filter(
        lab=lab, session=plan.session, mode=plan.mode, stakeholder_group=plan.stakeholder_group
    )
    known = set(same.values_list("city", flat=True))
    cities = lab.programme.cities.exclude(pk__in=known - {None}).order_by("pk")
    return [QuotaPlan(plan.limit, plan.session, plan.mode, city, plan.stakeholder_group) for city in cities]


def _lock(lab: Lab, plans: list[QuotaPlan]) -> None:
    """Lock the sessions whose seats are counted: those of the plans, or all for a quota of the lab."""
    if any(plan.session is None for plan in plans):
        lock_sessions(lab.sessions.values_list("pk", flat=True))
    else:
        lock_sessions(plan.session.pk for plan in plans if plan.session)


def _check(lab: Lab, plan: QuotaPlan) -> None:
    if plan.session is not None and plan.session.lab_id != lab.pk:
        raise RuleViolation("other_lab", gettext("Choose a session of this lab."), "session")
    if plan.mode and plan.mode not in Mode:
        raise RuleViolation("other_mode", gettext("Choose an option from the list."), "mode")
    if plan.city is not None and not lab.programme.has_city(plan.city):
        raise RuleViolation("other_lab", gettext("Choose a city from the list."), "city")
    group = plan.stakeholder_group
    if group is not None and group.programme_id != lab.programme_id:
        raise RuleViolation("other_lab", gettext("Choose a type of organisation from the list."), "group")


def _check_limit(quota: Quota) -> None:
    if quota.limit < quota.taken:
        raise RuleViolation(
            "too_few",
            ngettext(
                "%(count)d is taken already. Enter at least %(count)d.",
                "%(count)d are taken already. Enter at least %(count)d.",
                quota.taken,
            )
            % {"count": quota.taken},
            "limit",
        )


def _key(quota: Quota) -> tuple[object, ...]:
    return quota.session_id, quota.mode, quota.city_id, quota.stakeholder_group_id
