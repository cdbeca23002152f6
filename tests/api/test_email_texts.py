"""The API of the texts of a lab's emails."""

import pytest
from django.test import Client

from core.mail.models import EmailTemplate
from labs.models import ApiToken, Lab
from tests import factories as f
from tests.walks.world import api_token_for

pytestmark = pytest.mark.django_db
PLACEHOLDERS = ["{name}", "{registration}", "{lab}", "{programme}", "{contact}"]


@pytest.fixture
def lab() -> Lab:
    return f.LabFactory(slug="fifth")


@pytest.fixture
def caller(lab: Lab) -> Client:
    user = f.StaffFactory(lab=lab).user
    return Client(headers={"Authorization": f"Bearer {api_token_for(user, 'key', scopes=['emails'])}"})


PATH = "/api/v1/labs/fifth/email-texts"
ONE = f"{PATH}/confirmation/en"


def test_texts_are_read_changed_listed_and_reset(caller: Client) -> None:
    standard = {
        "occasion": "confirmation",
        "language": "en",
        "subject": "",
        "introduction": "",
        "closing": "",
    }
    assert caller.get(ONE).json() == {**standard, "placeholders": PLACEHOLDERS}
    assert caller.get(PATH).json() == {"items": [], "count": 0}

    changed = caller.put(ONE, {"subject": "{name}", "closing": "End"}, content_type="application/json")
    expected = {**standard, "subject": "{name}", "closing": "End", "placeholders": PLACEHOLDERS}
    assert (changed.status_code, changed.json()) == (200, expected)
    assert caller.get(PATH).json() == {"items": [expected], "count": 1}

    assert caller.delete(ONE).status_code == 204
    assert caller.delete(ONE).status_code == 204
    assert not EmailTemplate.objects.exists()


def test_what_is_wrong_is_named_by_its_field(caller: Client) -> None:
    typed = {"subject": "{nam}", "introduction": "{name}", "closing": "{{name}} {lab"}
    answer = caller.put(ONE, typed, content_type="application/json")
    assert answer.status_code == 422
    assert {error["field"]: error["message"] for error in answer.json()["errors"]} == {
        "subject": "{nam} is not a placeholder of this email. Choose from the list.",
        "closing": "{{name}}, {lab are not placeholders of this email. Choose from the list.",
    }
    assert not EmailTemplate.objects.exists()


def test_there_are_none_of_other_occasions_languages_and_labs(caller: Client) -> None:
    for path in (f"{PATH}/password_reset/en", f"{PATH}/confirmation/de", "/api/v1/labs/sixth/email-texts"):
        assert caller.get(path).status_code == 404


def test_a_key_without_the_scope_is_refused(lab: Lab) -> None:
    user = f.StaffFactory(lab=lab).user
    others = [scope.value for scope in ApiToken.Scope if scope != ApiToken.Scope.EMAILS]
    caller = Client(headers={"Authorization": f"Bearer {api_token_for(user, 'key', scopes=others)}"})
    assert caller.get(ONE).status_code == 403
    assert caller.put(ONE, {}, content_type="application/json").status_code == 403
