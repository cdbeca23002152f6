"""The declarations that know no lab: who gets to the view, and how its answer is kept."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from core.accounts.models import User
from core.web import access


def view(request: HttpRequest, **_parts: Any) -> HttpResponse:
    return HttpResponse("inside")


def ask(declared: access.View, user: User | None = None, **headers: str) -> Any:
    request = RequestFactory().get("/some/page/?a=b", headers=headers)
    request.user = user or AnonymousUser()
    return declared(request)


def test_each_declaration_names_itself_for_the_walk_over_all_routes() -> None:
    declared = [
        access.public(lambda request: HttpResponse()),
        access.personal_link(view),
        access.signed_in(view),
        access.superuser(view),
        access.monitoring(view),
    ]
    named = ["public", "personal-link", "signed-in", "superuser", "monitoring"]
    assert [getattr(one, "access", None) for one in declared] == named


@pytest.mark.parametrize("declaration", [access.signed_in, access.superuser])
def test_a_visitor_is_led_to_the_sign_in_page_and_back(declaration: Any) -> None:
    answer = ask(declaration(view))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/some/page/%3Fa%3Db")


def test_an_account_gets_where_an_account_is_asked_for() -> None:
    answer = ask(access.signed_in(view), User())
    assert answer.content == b"inside"
    assert "no-store" in answer["Cache-Control"]


def test_of_accounts_only_a_superuser_sees_what_belongs_to_no_programme() -> None:
    with pytest.raises(Http404):
        ask(access.superuser(view), User())
    assert ask(access.superuser(view), User(is_superuser=True)).content == b"inside"


@pytest.mark.parametrize(
    ("token", "said", "gets_in"),
    [
        ("right", "Bearer right", True),
        ("right", "Bearer wrong", False),
        ("right", "", False),
        ("", "Bearer ", False),
        ("", "", False),
    ],
)
def test_probes_come_with_the_operators_token(
    settings: LazySettings, token: str, said: str, gets_in: bool
) -> None:
    settings.METRICS_TOKEN = token
    if gets_in:
        assert ask(access.monitoring(view), Authorization=said).content == b"inside"
    else:
        with pytest.raises(Http404):
            ask(access.monitoring(view), Authorization=said)


def test_what_a_private_link_opens_is_kept_and_told_by_nobody() -> None:
    answer = ask(access.personal_link(view))
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["X-Robots-Tag"] == "noindex"
