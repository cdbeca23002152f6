"""The disk fills up under the running service: reading goes on, writing says what to do, and room is all it needs.

Once with a small disk of its own, where the tests may mount one, and once with processes that may write no more to
any file, which needs no rights.
"""

import json
import os
import resource
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.attacks.test_s37_stalled_requests import workers_of
from tests.chaos.invariants import TELL
from tests.e2e.running_service import Service, running
from tests.registrations.form_posts import answers

pytestmark = [
    pytest.mark.xdist_group("workers"),
    pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk, or limits other processes"),
    pytest.mark.skipif(
        os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="has a disk of its own"
    ),
]

MEGABYTE = 1024 * 1024
MAKE_A_LAB = """
from labs.models import Lab
from tests.factories import LabFactory, SessionFactory
LabFactory(slug="main-lab", title="Main lab", visibility="public")
SessionFactory(lab=Lab.objects.get(), slug="open", visibility="public")
"""
READING = (
    "/", "/labs/main-lab/", "/labs/main-lab/calendar.ics", "/labs/main-lab/sessions/open/", "/labs/main-lab/register/",
    "/api/v1/labs", "/api/v1/labs/main-lab/sessions", "/privacy/", "/accounts/login/", "/sitemap.xml", "/health/live",
    "/certificates/",
)  # fmt: skip


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[Service, bool], None]]:
    """Mount a disk of 96 MB at the folder; yields what fills it up (True) and makes room again (False)."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("may not mount a disk here")

    def fill(service: Service, full: bool) -> None:
        if not full:
            (folder / "filler").unlink()
            return
        with (folder / "filler").open("wb", buffering=0) as file:
            for size in (MEGABYTE, 1024, 1):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue

    try:
        yield fill
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def no_writing(folder: Path) -> Iterator[Callable[[Service, bool], None]]:
    """Yield what takes the right to write to files from the web processes (True), and gives it back (False)."""

    def limit(service: Service, full: bool) -> None:
        for pid in workers_of(service):
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))

    yield limit


def ask(service: Service, path: str, data: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
    """Return status, headers and body."""
    request = urllib.request.Request(f"{service.base}{path}", data, headers)
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(request, timeout=120) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


def register(service: Service) -> tuple[int, Any, bytes]:
    """Send the form as a browser does."""
    key = service.manage("shell", "-v", "0", "-c", FORM_KEY).strip()
    data = answers(SimpleNamespace(slug="open"), form_key=key, email=f"{secrets.token_hex(4)}@example.org")  # type: ignore[arg-type]
    sent = {"Origin": service.base, "Sec-Fetch-Site": "same-origin"}
    return ask(service, "/labs/main-lab/register/", urlencode(data, doseq=True).encode(), **sent)


FORM_KEY = "from core.web.idempotency import new_form_key; print(new_form_key())"


def register_by_api(service: Service) -> tuple[int, Any, bytes]:
    body = {
        "name": "Demo participant 17", "email": f"{secrets.token_hex(4)}@example.org", "sessions": ["open"],
        "language": "en", "consent": True, "time_zone": "Europe/Sofia", "city_text": "Plovdiv",
    }  # fmt: skip
    sent = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)}
    return ask(service, "/api/v1/labs/main-lab/registrations", json.dumps(body).encode(), **sent)


@pytest.mark.parametrize("disk", [small_disk, no_writing])
def test_reading_goes_on_and_writing_says_what_to_do(
    disk: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(8)
    monkeypatch.setenv("METRICS_TOKEN", token)
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder) as fill, running(folder) as service:
        service.manage("shell", "-c", MAKE_A_LAB)
        assert register(service)[0] == 200
        before = workers_of(service)

        fill(service, True)
        for _time in range(6):  # both processes, and each of their threads
            assert {path: ask(service, path)[0] for path in READING} == dict.fromkeys(READING, 200)
        assert ask(service, "/metrics", Authorization=f"Bearer {token}")[0] == 200

        status, headers, page = register(service)
        assert (status, headers["Retry-After"]) == (503, "60")
        assert b"<h1>Nothing can be saved at the moment</h1>" in page
        status, headers, problem = register_by_api(service)
        assert (status, headers["Retry-After"]) == (503, "60")
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(problem)["title"] == "Service Unavailable"
        assert workers_of(service) == before  # none was killed by a file that is mapped into memory

        fill(service, False)
        assert register(service)[0] == 200
        assert register_by_api(service)[0] == 202
        assert json.loads(service.manage("shell", "-v", "0", "-c", TELL)) == []


def test_no_counters_are_written_where_nobody_may_read_them(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        assert ask(service, "/")[0] == 200
        assert not (tmp_path / "metrics").exists()
