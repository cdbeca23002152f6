"""Who runs the service: one organisation, entered by a superuser."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core.web.localized_fields import languages_of
from labs.models import Operator
from tests import factories as f
from tests.pages import client_of, form_of, send, text_of

pytestmark = pytest.mark.django_db

ORGANISATION = "/organise/organisation/"


@pytest.fixture
def superuser() -> Client:
    return client_of(f.UserFactory(is_superuser=True))


def test_a_superuser_enters_who_runs_the_service_and_the_contact_page_says_it(
    client: Client, superuser: Client
) -> None:
    assert "has not been entered here yet" in text_of(client.get("/contact/"))
    assert f'href="{ORGANISATION}"' in text_of(superuser.get("/contact/"))
    assert f'href="{ORGANISATION}"' in text_of(superuser.get("/organise/"))
    answers = {
        "name_0": "City of Sofia",
        "name_1": "Столична община",
        "address": "33 Moskovska Street\n1000 Sofia",
        "country": "BG",
        "email": "Labs@Example.org",
        "legal_notice_0": "VAT number: **BG000696327**",
    }
    assert send(superuser, ORGANISATION, **answers)["Location"] == ORGANISATION
    row = Operator.objects.get()
    assert (row.email, row.history.get().history_user is not None) == ("Labs@example.org", True)
    page = text_of(client.get("/contact/"))
    for words in (
        "City of Sofia",
        "33 Moskovska Street<br>1000 Sofia",
        "Bulgaria",
        "<strong>BG000696327</strong>",
    ):
        assert words in page
    assert "Столична община" in text_of(client.get("/contact/?lang=bg"))
    assert "Enter who runs this service" not in text_of(superuser.get("/organise/"))


def test_only_superusers_enter_the_operator() -> None:
    owner = client_of(f.OwnerFactory().user)
    assert owner.get(ORGANISATION).status_code == 404
    assert ORGANISATION not in text_of(owner.get("/organise/"))


def test_there_is_one_operator() -> None:
    f.OperatorFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        f.OperatorFactory(id=2)


def test_two_who_change_the_operator_are_told_of_each_other(superuser: Client) -> None:
    f.OperatorFactory()
    mine = form_of(superuser.get(ORGANISATION)).filled(name_0="Mine")
    send(superuser, ORGANISATION, name_0="Theirs")
    response = superuser.post(ORGANISATION, mine)
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert superuser.post(ORGANISATION, form_of(response).filled()).status_code == 302
    assert languages_of(Operator.objects.get().name)["en"] == "Mine"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name_0": ""}, "Enter the organisation’s name in at least one language."),
        ({"country": "XX"}, "Choose a country from the list."),
        ({"email": "nobody"}, "Enter an email address like"),
        ({"enforcement_address": "ftp://example.org"}, "web address"),
    ],
)
def test_an_operator_that_cannot_be_is_not_saved(
    superuser: Client, answers: dict[str, Any], said: str
) -> None:
    usual = {"name_0": "City", "address": "Street", "country": "BG", "email": "a@example.org"}
    response = send(superuser, ORGANISATION, **(usual | answers))
    assert (response.status_code, Operator.objects.exists()) == (422, False)
    assert said in text_of(response)
