"""Static files as an installation serves them: under hashed names, and under those that emails keep."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from whitenoise.middleware import WhiteNoiseMiddleware

from core.web.middleware import ContentSecurityPolicyMiddleware
from registrations import emails
from tests import factories as f
from tests.emails import with_bodies

Get = Callable[[str], HttpResponse]


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Ask for an address as in an installation; what is no static file answers 404."""
    production = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static.StaticStorage"}}
    folder = tmp_path_factory.mktemp("static")
    (folder.parent / "secret-key").write_text("secret")
    with override_settings(STATIC_ROOT=folder, STORAGES=production, WHITENOISE_AUTOREFRESH=False):
        call_command("collectstatic", interactive=False, verbosity=0)
        static = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
        served = ContentSecurityPolicyMiddleware(static)
        yield lambda address: served(RequestFactory().get(address))


@pytest.mark.django_db
def test_the_emblem_of_an_email_is_served_under_the_name_that_it_keeps_to_every_mail_program(
    get: Get,
) -> None:
    lab = f.LabFactory(programme=f.ProgrammeFactory(eu_funded=True))
    message = with_bodies(emails.already_registered(f.RegistrationFactory(lab=lab)))
    [address] = re.findall(rf'src="{settings.BASE_URL}({settings.STATIC_URL}[^"]+)"', message.html)
    answer = get(address)
    content = b"".join(answer)
    assert content == (settings.BASE_DIR / "static" / address.removeprefix(settings.STATIC_URL)).read_bytes()
    # A webmail's page is of another site. Nothing in the address tells who opens the email.
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "?" not in address


def test_only_what_is_named_by_its_content_is_kept_for_ever(get: Get) -> None:
    hashed = staticfiles_storage.url("site/base.css")
    wrong = hashed.replace(hashed.rsplit(".", 2)[1], "0123456789ab")
    caching = {
        address: (get(address).status_code, get(address).headers.get("Cache-Control"))
        for address in (hashed, "/static/site/base.css", f"/static/site/base.css?v={hashed}", wrong)
    }
    assert list(caching.values()) == [
        (200, "max-age=315360000, public, immutable"),
        (200, "max-age=60, public"),
        (200, "max-age=60, public"),
        (404, None),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "/static/../secret-key",
        "/static/%2e%2e/secret-key",
        "/static/site/..%2f../../secret-key",
        "/static/site/..\\..\\..\\secret-key",
        "/static//etc/passwd",
        "/static/site/base.css%00.png",
        "/static/site/base.css/",
        "/static/site/",
        "/static/",
    ],
)
def test_no_address_leads_out_of_the_folder_or_lists_it(get: Get, address: str) -> None:
    assert get(address).status_code == 404
