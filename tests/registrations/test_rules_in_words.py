"""Who may register stands on the lab's page and above the form, before anybody fills it in."""

import pytest
from django.test import Client

from labs.models import Lab
from registrations.rules import RulesPlan, change_rules
from tests import factories as f
from tests.pages import text_of

pytestmark = pytest.mark.django_db
PAGE = "/labs/city-lab/"
FORM = f"{PAGE}register/"
WORDS = {
    "invited": "Registration is by invitation",
    "delegates": "Registration is for delegates of the programme’s cities",
    "domains": "Only addresses of certain organisations can register",
    "approval": "The organisers approve each seat. You get an email",
}


@pytest.fixture
def lab() -> Lab:
    lab = f.LabFactory(slug="city-lab")
    f.SessionFactory(lab=lab, slug="talk")
    return lab  # type: ignore[no-any-return]


def said(client: Client, address: str) -> set[str]:
    page = text_of(client.get(address))
    return {name for name, words in WORDS.items() if words in page}


@pytest.mark.parametrize(
    ("plan", "on_page", "on_form"),
    [
        (RulesPlan(), set(), set()),
        (RulesPlan(access="invited"), {"invited"}, {"invited"}),
        (RulesPlan(access="delegates"), {"delegates"}, {"delegates"}),
        (RulesPlan(email_domains=("city.example",)), {"domains"}, {"domains"}),
        (RulesPlan(needs_approval=True), {"approval"}, {"approval"}),
        (
            RulesPlan(access="invited", email_domains=("city.example",), needs_approval=True),
            {"invited", "domains", "approval"},
            {"invited"},  # without a link there is no form
        ),
    ],
    ids=["usual", "invited", "delegates", "domains", "approval", "several"],
)
def test_rules_are_said_before_the_form_is_filled_in(
    client: Client, lab: Lab, plan: RulesPlan, on_page: set[str], on_form: set[str]
) -> None:
    before = client.get(PAGE).headers["ETag"]
    change_rules(lab, plan)
    assert said(client, PAGE) == on_page
    form = text_of(client.get(FORM))
    titles = {"delegates": "Registration is for delegates"}
    assert {name for name in WORDS if titles.get(name, WORDS[name]) in form} == on_form
    # Who has the page already is sent it again where it says something else.
    again = Client(headers={"if-none-match": before}).get(PAGE)
    assert again.status_code == (200 if on_page else 304)


def test_a_session_with_approval_says_so_beside_its_box(client: Client, lab: Lab) -> None:
    assert "Organisers approve each seat" not in text_of(client.get(FORM))
    lab.sessions.update(needs_approval=True)
    assert "Organisers approve each seat" in text_of(client.get(FORM))
