"""Keys that stand in addresses: none of them reaches a log (ASVS 16.2.5; trust.md §2.2, 9.x).

Django names the address of every request that it refuses. A private link whose form came back with an empty field
stood in the log, ready to be opened by whoever reads logs; so did a link to choose a password.
"""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.http import int_to_base36

from config.logs import mask_keys
from core.web import signed_links
from tests import factories as f
from tests.registrations.form_posts import link, post
from tests.registrations.test_registering import registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the service's own handler writes, formatted as its settings say."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    how = dict(settings.LOGGING["formatters"]["line"])
    assert how.pop("()") == "config.logs.MaskingFormatter"
    from config.logs import MaskingFormatter

    handler.setFormatter(MaskingFormatter(how["format"]))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_private_link_whose_form_is_refused_is_not_in_the_log(client: Client, log: io.StringIO) -> None:
    address = link(registered(f.SessionFactory()), "manage")
    key = address.split("/")[2]

    assert post(client, f"{address}edit/").status_code == 422
    assert Client(enforce_csrf_checks=True).post(f"{address}edit/").status_code == 403
    assert client.get(f"{address}nothing/").status_code == 404
    assert client.get(f"/calendars/{key}.ics").status_code == 404
    assert client.post(address).status_code == 405

    assert key not in log.getvalue()
    assert "Unprocessable Entity: /registrations/[key]/edit/" in log.getvalue()
    assert log.getvalue().count("[key]") >= 4


def test_a_link_to_choose_a_password_is_not_in_the_log(client: Client, log: io.StringIO) -> None:
    user = f.UserFactory()
    key = f"{int_to_base36(user.pk)}-{default_token_generator.make_token(user)}"

    post(client, f"/accounts/password/reset/key/{key}/", {"password1": "short", "password2": "short"})
    client.get(f"/accounts/password/reset/key/{key}/nothing")

    assert key not in log.getvalue()
    assert "/password/reset/key/[key]" in log.getvalue()


def test_a_certificates_code_is_not_in_the_log(client: Client, log: io.StringIO) -> None:
    for path in ("7K3M-Q9TX-2W8H/", "7k3mq9tx2w8h.pdf", "7K3M Q9TX 2W8H/"):
        assert client.get(f"/certificates/{path}").status_code in (302, 404)

    assert not re.search("q9tx", log.getvalue(), re.I)
    assert "Not Found: /certificates/[key]/" in log.getvalue()


def test_the_examples_of_proxies_log_no_key_either() -> None:
    """A proxy names the address of what it could not pass on, as while the service starts anew."""
    private = [
        f"/{before}/{'k' * 48}{after}"
        for before, after in (
            ("registrations", "/edit/"), ("calendars", ".ics"), ("accounts/password/reset/key", "/"),
            ("certificates", ".pdf"),
        )
    ]  # fmt: skip
    deploy = settings.BASE_DIR / "deploy"

    found = re.search(r'request>uri regexp "(.+)" "(.+)"', (deploy / "Caddyfile").read_text())
    assert found is not None
    for address in private:
        written = re.sub(found[1], found[2].replace("$1", r"\1"), address)
        assert "[key]" in written
        assert "kk" not in written

    nginx = (deploy / "nginx.conf").read_text()
    block = re.search(r"location ~ (\S+) \{([^}]+)\}", nginx)
    assert block is not None
    assert all(re.match(block[1], address) for address in private)
    assert {"access_log off;", "error_log /dev/null crit;"} <= {line.strip() for line in block[2].split("\n")}
    redirecting = nginx[: nginx.index("listen 443")]
    assert "access_log off;" in redirecting


def test_an_error_tells_no_key_in_its_traceback(log: io.StringIO) -> None:
    key, _hash = signed_links.new_api_token()
    try:
        raise ValueError(f"Bearer {key}")
    except ValueError:
        logging.getLogger("labs").exception("failed")

    assert key not in log.getvalue()
    assert "ValueError: Bearer clab_[key]" in log.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /organise/labs/lab/registrations/0b0c7f0e-6a55-4d3c-9c5e-0d6f8b6a3f11/",
        "Not Found: /registrations/link/",
        "Not Found: /organise/labs/lab/certificates/replace/",
        "Not Found: /labs/lab/sessions/a-very-long-name-of-a-session-with-much-to-say-about-itself/",
    ],
)
def test_what_opens_nothing_stays_readable(line: str) -> None:
    assert mask_keys(line) == line
