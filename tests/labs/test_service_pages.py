"""Pages about the service itself: contact, accessibility, privacy, help."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from core.web.accessibility_run import last_run
from labs.enforcement_bodies import ALL_BODIES, BODIES
from labs.models import Operator
from registrations.registering import UNCONFIRMED_DAYS
from tests import factories as f
from tests.pages import client_of, text_of

pytestmark = pytest.mark.django_db

MEMBER_STATES = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip


def test_the_contact_page_lists_public_programmes_with_their_imprints(client: Client) -> None:
    f.ProgrammeFactory(contact_email="open@example.org", imprint={"en": "Open Cities\nStreet 1"})
    f.ProgrammeFactory(contact_email="draft@example.org", visibility="draft")
    page = text_of(client.get("/contact/"))
    assert re.findall(r"mailto:(\w+)", page) == ["open"]
    assert "Open Cities<br> Street 1" in page


def test_the_accessibility_statement_says_who_when_and_whom_to_turn_to(client: Client) -> None:
    page = text_of(client.get("/accessibility/"))
    run = last_run()
    assert "We are committed to making this website accessible" in page
    assert f"examined {run.pages} pages in English, Bulgarian and Greek" in page
    assert f'href="{ALL_BODIES}"' in page
    f.OperatorFactory(accessibility_email="access@example.org")
    page = text_of(client.get("/accessibility/"))
    assert "City of Sofia is committed to making this website accessible" in page
    assert "mailto:access@example.org" in page
    assert ">Министерство на електронното управление</a> (Bulgaria)" in page
    Operator.objects.update(enforcement_body={"en": "Ombudsman"}, enforcement_address="https://example.org/")
    page = text_of(client.get("/accessibility/"))
    assert '<a href="https://example.org/">Ombudsman</a>.' in page
    assert "Министерство" not in page


@pytest.mark.parametrize(
    ("schemes", "said"), [(("light", "dark"), False), (("light", "dark", "forced-colours"), True)]
)
def test_the_accessibility_statement_speaks_of_forced_colours_once_they_were_examined(
    client: Client, monkeypatch: pytest.MonkeyPatch, schemes: tuple[str, ...], said: bool
) -> None:
    run = replace(last_run(), schemes=schemes, pages=140)
    monkeypatch.setattr("labs.views.statements.last_run", lambda: run)
    page = text_of(client.get("/accessibility/"))
    assert ("in forced colours" in page) is said
    assert "examined 140 pages" in page


def test_the_statement_does_not_name_a_body_that_is_not_known_for_certain(client: Client) -> None:
    f.OperatorFactory(country="BE")
    assert "the authority responsible for web accessibility in your country" in text_of(
        client.get("/accessibility/")
    )


def test_every_known_body_is_of_a_member_state() -> None:
    assert set(BODIES) <= MEMBER_STATES
    assert all(body.address.startswith("https://") for body in BODIES.values())


def test_the_privacy_page_names_the_controllers_and_how_long_data_are_kept(client: Client) -> None:
    f.ProgrammeFactory(contact_email="programme@example.org", organiser={"en": "City Association"})
    page = text_of(client.get("/privacy/"))
    assert "City Association" in page
    assert "mailto:programme@example.org" in page
    assert "has not been entered here yet" in page
    assert f"is deleted after {UNCONFIRMED_DAYS} days." in page
    f.OperatorFactory()
    assert "City of Sofia runs the service" in text_of(client.get("/privacy/"))


@pytest.mark.parametrize("page", ["/help/", "/organise/help/"])
def test_every_entry_of_a_help_page_leads_to_its_section(page: str) -> None:
    words = text_of(client_of(f.OwnerFactory().user).get(page))
    entries = re.findall(r'<li><a href="#([a-z]+)">', words)
    assert len(entries) >= 10
    assert entries == re.findall(r'<h2 id="([a-z]+)">', words)
