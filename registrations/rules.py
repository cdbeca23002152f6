"""The rules of registration that a lab sets for itself."""

from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, ngettext

from core.accounts.models import User
from core.web.errors import InvalidFields
from labs.models import Lab
from labs.revisions import lock_lab, touch
from registrations import opening
from registrations.models import RegistrationRules
from registrations.models.rules import rules_of

# What the lab's public page says of them.
SAID_TO_VISITORS = ("access", "email_domains", "needs_approval")


@dataclass(frozen=True)
class RulesPlan:
    """The fields of `RegistrationRules`, by name. Domains are in ASCII (`admission.clean_domains`)."""

    access: str = RegistrationRules.Access.EVERYONE
    email_domains: tuple[str, ...] = ()
    needs_approval: bool = False
    hold_minutes: int | None = None
    offer_hours: int | None = None
    promotion: str = RegistrationRules.Promotion.ARRIVAL
    overlaps: str = RegistrationRules.Overlaps.WARN
    asks_photos: bool = False
    coming_days: int | None = None
    coming_releases: bool = False
    opening_draw: bool = False
    people_per_minute: int = 120


def plan_of(rules: RegistrationRules) -> RulesPlan:
    """Return the current plan of `rules`."""
    values = {name: getattr(rules, name) for name in RulesPlan.__dataclass_fields__}
    return RulesPlan(**{**values, "email_domains": tuple(rules.email_domains)})


@transaction.atomic
def change_rules(lab: Lab, plan: RulesPlan, by: User | None = None) -> RegistrationRules:
    """Make the lab's rules follow `plan`. Who waits, holds or is offered a seat keeps it. Raises InvalidFields."""
    lock_lab(lab.pk)
    rules = RegistrationRules.objects.filter(lab=lab).first() or RegistrationRules(lab=lab)
    before = plan_of(rules)
    if plan == before:
        return rules
    for name, value in asdict(plan).items():
        setattr(rules, name, list(value) if name == "email_domains" else value)
    try:
        rules.clean_fields(exclude=["lab"])
    except ValidationError as error:
        raise InvalidFields(
            {name: list(messages) for name, messages in error.message_dict.items()}
        ) from error
    if any(getattr(plan, name) != getattr(before, name) for name in SAID_TO_VISITORS):
        touch(lab.pk, sessions=())
    rules._history_user = by  # type: ignore[attr-defined]
    rules.save()
    if rules.opening_draw:
        opening.ensure(lab)
    return rules


def lock_rules(lab: Lab) -> RegistrationRules:
    """Lock the lab and return its rules as they are now."""
    return rules_of(lock_lab(lab.pk))


def seats_in_words(rules: RegistrationRules) -> str:
    """Return when a seat is somebody's, for those who fill in the form, in the active language."""
    if rules.needs_approval:
        return gettext("The organisers approve each seat. They email you what they decide.")
    if rules.hold_minutes is not None:
        words = ngettext(
            "Free seats are held for you for %(minutes)d minute after you send the form. Confirm your email by then.",
            "Free seats are held for you for %(minutes)d minutes after you send the form. Confirm your email by then.",
            rules.hold_minutes,
        )
        return words % {"minutes": rules.hold_minutes}
    return gettext("Your seats are reserved when you confirm your email, first come, first served.")
