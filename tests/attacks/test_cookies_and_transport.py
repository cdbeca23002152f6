"""What a service behind HTTPS promises beyond the walk's headers: cookies of this host alone, never in clear.

Run as it is installed: with its own settings, in a process of its own (ASVS 5.0 3.3.1–3.3.4, 3.4.1, 12.2).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("https")  # one installation for all

ROOT = Path(__file__).resolve().parents[2]
VISIT = """
import json, django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
from core.accounts.models import User
from core.web.idempotency import new_form_key
User.objects.create_superuser("root@example.org", "correct horse battery staple")
told = {}
def tell(name, response):
    told[name] = {
        "status": response.status_code,
        "headers": {key.lower(): value for key, value in response.headers.items()},
        "cookies": {key: dict(cookie, value=cookie.value) for key, cookie in response.cookies.items()},
    }
host = {"Host": "citylabs.example.org"}
tell("clear", Client().get("/", headers=host))
client = Client()
tell("home", client.get("/", secure=True, headers=host))
tell("choice", client.get("/?lang=bg&tz=Europe/Sofia&theme=dark", secure=True, headers=host))
tell("elsewhere", client.get("/", secure=True, headers={"Host": "evil.example"}))
answers = {"login": "root@example.org", "password": "correct horse battery staple", "form_key": new_form_key()}
tell("signed in", client.post("/accounts/login/", answers, secure=True, headers={
    **host, "Origin": "https://citylabs.example.org", "Sec-Fetch-Site": "same-origin"}))
tell("console", client.get("/organise/", secure=True, headers=host))
tell("alive", Client().get("/health/live", headers=host))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the service answers when it is installed under https://."""
    folder = tmp_path_factory.mktemp("https")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "VAR_DIR": str(folder),
        "BASE_URL": "https://citylabs.example.org",
        "ALLOWED_HOSTS": "citylabs.example.org",
        "DEBUG": "true",  # static files under their own names; nothing below depends on it
    }
    done = subprocess.run(
        [sys.executable, "-c", VISIT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_in_clear_nothing_is_said_but_where_to_go(told: dict[str, Any]) -> None:
    assert told["clear"]["status"] == 301
    assert told["clear"]["headers"]["location"] == "https://citylabs.example.org/"
    assert told["clear"]["cookies"] == {}
    assert told["alive"]["status"] == 200  # a probe on the same machine


@pytest.mark.parametrize("page", ["home", "choice", "signed in", "console"])
def test_browsers_are_told_to_stay_with_https_for_a_year(told: dict[str, Any], page: str) -> None:
    said = told[page]["headers"]["strict-transport-security"].split("; ")
    # To be in the browsers' own list is the operator's decision.
    assert said == ["max-age=31536000", "includeSubDomains"]


def test_a_visitor_gets_no_cookie_and_a_choice_is_kept_in_one_that_scripts_cannot_read(
    told: dict[str, Any],
) -> None:
    assert told["home"]["cookies"] == {}
    kept = told["choice"]["cookies"]
    assert {name: cookie["value"] for name, cookie in kept.items()} == {
        "language": "bg",
        "tz": "Europe/Sofia",
        "theme": "dark",
    }
    for cookie in kept.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == ("", "/")


def test_the_sessions_cookie_belongs_to_this_host_alone(told: dict[str, Any]) -> None:
    assert told["signed in"]["status"] == 302
    assert list(told["signed in"]["cookies"]) == ["__Host-session"]
    cookie = told["signed in"]["cookies"]["__Host-session"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["domain"], cookie["path"]) == ("", "/")
    assert len(cookie["value"]) >= 32
    assert told["console"]["status"] == 200


def test_another_host_is_refused(told: dict[str, Any]) -> None:
    assert told["elsewhere"]["status"] == 400
    assert "evil" not in json.dumps(told["elsewhere"])
