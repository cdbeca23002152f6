"""Which body of a country watches over the accessibility of public websites (Directive (EU) 2016/2102, Article 9).

Only where one body answers for the whole country, and is known for certain; the operator can name another one.
"""

from dataclasses import dataclass

from labs.models import Operator

# The Commission's list of the bodies that member states have notified.
ALL_BODIES = "https://digital-strategy.ec.europa.eu/en/policies/web-accessibility-monitoring"


@dataclass(frozen=True)
class EnforcementBody:
    """A body with its own name, the language of that name, and its web address."""

    name: str
    language: str
    address: str


BODIES = {
    "AT": EnforcementBody(
        "Österreichische Forschungsförderungsgesellschaft (FFG)", "de", "https://www.ffg.at/barrierefreiheit"
    ),
    "BG": EnforcementBody("Министерство на електронното управление", "bg", "https://egov.government.bg/"),
    "DK": EnforcementBody("Digitaliseringsstyrelsen", "da", "https://digst.dk/"),
    "EE": EnforcementBody("Tarbijakaitse ja Tehnilise Järelevalve Amet", "et", "https://ttja.ee/"),
    "FI": EnforcementBody(
        "Liikenne- ja viestintävirasto Traficom", "fi", "https://www.saavutettavuusvaatimukset.fi/"
    ),
    "FR": EnforcementBody("Défenseur des droits", "fr", "https://www.defenseurdesdroits.fr/"),
    "GR": EnforcementBody("Υπουργείο Ψηφιακής Διακυβέρνησης", "el", "https://mindigital.gr/"),
    "HR": EnforcementBody("Povjerenik za informiranje", "hr", "https://pristupinfo.hr/"),
    "IT": EnforcementBody("Agenzia per l’Italia Digitale (AgID)", "it", "https://www.agid.gov.it/"),
    "LU": EnforcementBody("Service information et presse", "fr", "https://accessibilite.public.lu/"),
    "RO": EnforcementBody("Autoritatea pentru Digitalizarea României", "ro", "https://www.adr.gov.ro/"),
    "SK": EnforcementBody(
        "Ministerstvo investícií, regionálneho rozvoja a informatizácie SR", "sk", "https://mirri.gov.sk/"
    ),
}


def enforcement_body(operator: Operator | None) -> EnforcementBody | None:
    """Return the body of the operator's country, where it is known."""
    return BODIES.get(operator.country) if operator else None
