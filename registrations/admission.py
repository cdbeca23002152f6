"""Who may register for a lab, and hold seats, by its rules."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.web.email_addresses import ascii_address, clean_address
from core.web.errors import RuleViolation
from core.web.rate_limits import allow, client_address
from labs.models import Lab
from labs.viewer import Viewer
from registrations import invitations
from registrations.models import Invitation, Registration, RegistrationRules
from registrations.models.rules import rules_of

DOMAINS_LIMIT = 200
# In the minutes for which a lab holds seats. People of one office share a network.
FORMS_PER_NETWORK = 20
DELEGATES_ONLY = _("Only delegates of the programme’s cities can register. Sign in first.")


def may_register(lab: Lab, rules: RegistrationRules, viewers: Iterable[Viewer]) -> bool:
    """Tell whether one of these readers may register for the lab, whatever the email address and the invitation."""
    if rules.access in (RegistrationRules.Access.EVERYONE, RegistrationRules.Access.INVITED):
        return True
    return any(lab.programme_id in viewer.cities_by_programme or viewer.organises(lab) for viewer in viewers)


def may_hold(request: HttpRequest, lab: Lab) -> bool:
    """Tell whether the form of this request may hold seats, and count it: one network must not hold all there are.

    Ask it of each form before anything of the person is looked at, or it tells who is registered.
    """
    minutes = rules_of(lab).hold_minutes
    key = f"{lab.pk} {client_address(request)}"
    return minutes is not None and allow("hold-seats", key, FORMS_PER_NETWORK, minutes * 60)


def check(
    lab: Lab, rules: RegistrationRules, viewers: Iterable[Viewer], email: str, invitation: str = ""
) -> Invitation | None:
    """Raise RuleViolation (codes: delegates_only, other_domain, those of `invitations.check`) for who may not register.

    A domain of the list admits its subdomains. `invitation` is the token of a link; returns the invitation that lets
    the person in, None where none is needed.
    """
    if not may_register(lab, rules, viewers):
        raise RuleViolation("delegates_only", DELEGATES_ONLY)
    check_domain(rules, email)
    if rules.access == RegistrationRules.Access.INVITED:
        return invitations.check(lab, invitation, email)
    return None


def check_domain(rules: RegistrationRules, email: str) -> None:
    """Raise RuleViolation (code: other_domain) for an address that may not register."""
    if rules.email_domains and not _is_listed(email, rules.email_domains):
        raise RuleViolation(
            "other_domain",
            _("Use your work email. Only addresses of certain organisations can register."),
            "email",
        )


def check_again(
    lab: Lab, rules: RegistrationRules, viewers: Iterable[Viewer], registration: Registration
) -> None:
    """Ask the same of a registration whose address is being confirmed; the invitation is that of the form."""
    if rules.access == RegistrationRules.Access.INVITED:
        if registration.invitation_id is None:
            raise RuleViolation("not_invited", invitations.NOT_VALID)
    elif not may_register(lab, rules, viewers):
        raise RuleViolation("delegates_only", DELEGATES_ONLY)


def _is_listed(email: str, domains: Iterable[str]) -> bool:
    domain = ascii_address(email).rpartition("@")[2].lower()
    return any(domain == one or domain.endswith(f".{one}") for one in domains)


def clean_domains(typed: str) -> list[str]:
    """Return domains typed one a line, or between commas, in ASCII, each once and in order. Raises ValidationError."""
    found: dict[str, None] = {}
    for word in typed.replace(",", "\n").split():
        domain = word.strip().lstrip("@")
        try:
            found[ascii_address(clean_address(f"x@{domain}")).rpartition("@")[2].lower()] = None
        except ValidationError:
            message = _("“%(domain)s” is not a domain. Enter domains like example.org, one a line.")
            raise ValidationError(message, params={"domain": domain[:60]}) from None
    if len(found) > DOMAINS_LIMIT:
        raise ValidationError(_("Enter at most %(limit)d domains."), params={"limit": DOMAINS_LIMIT})
    return list(found)
