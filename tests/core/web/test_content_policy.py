"""The policy for what pages may load: the same with every answer, put together once."""

import pytest
from csp.decorators import csp_exempt, csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core.web.middleware import ContentSecurityPolicyMiddleware

HEADER = "Content-Security-Policy"


def answered(view=lambda request: HttpResponse(), status: int = 200) -> HttpResponse:
    def get_response(request: HttpRequest) -> HttpResponse:
        response = view(request)
        response.status_code = status
        return response

    return ContentSecurityPolicyMiddleware(get_response)(RequestFactory().get("/"))


def directives(response: HttpResponse) -> dict[str, set[str]]:
    parts = (part.split() for part in response.headers[HEADER].split(";"))
    return {name: set(sources) for name, *sources in parts}


OF_THE_SETTINGS = {
    name: set(sources) for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
}


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_every_answer_carries_the_policy_of_the_settings(status):
    assert directives(answered(status=status)) == OF_THE_SETTINGS


def test_a_view_may_bring_its_own_or_change_it_for_its_own_answers_alone():
    own = answered(lambda request: HttpResponse(headers={HEADER: "sandbox"}))
    wider = answered(csp_update({"img-src": ["https://example.org"]})(lambda request: HttpResponse()))
    none = answered(csp_exempt()(lambda request: HttpResponse()))

    assert own.headers[HEADER] == "sandbox"
    assert directives(wider) == OF_THE_SETTINGS | {"img-src": {"'self'", "data:", "https://example.org"}}
    assert HEADER not in none.headers
    assert directives(answered()) == OF_THE_SETTINGS


def test_djangos_own_pages_about_errors_are_shown_as_they_are_while_developing(settings):
    settings.DEBUG = True

    assert [HEADER in answered(status=status).headers for status in (200, 404, 500)] == [True, False, False]
