"""The light page for requests that waited too long for a thread."""

from typing import Any

import pytest

from config.overload import MAX_WAIT, WAITED, shedding


def ask(
    waited: float, method: str = "GET", path: str = "/labs/lab/", **more: str
) -> tuple[str, dict[str, str], bytes]:
    """Ask a wrapped application that says only "the application"."""
    told: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=status, headers=dict(headers))

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"the application"]

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, WAITED: waited, **more}
    body = b"".join(shedding(application)(environ, start_response))
    return told["status"], told["headers"], body


def test_who_waited_too_long_gets_a_page_that_loads_itself_again() -> None:
    status, headers, body = ask(MAX_WAIT + 0.1, HTTP_ACCEPT_LANGUAGE="de;q=1, el-GR;q=0.8")
    assert (status, headers["Refresh"], headers["Retry-After"]) == ("503 Service Unavailable", "8", "8")
    assert (headers["Content-Language"], headers["Cache-Control"]) == ("el", "no-store")
    assert '<html lang="el">' in body.decode()
    assert int(headers["Content-Length"]) == len(body) < 8_000
    assert '<html lang="bg">' in ask(9, HTTP_COOKIE="language=bg", HTTP_ACCEPT_LANGUAGE="el")[2].decode()
    assert '<html lang="bg">' in ask(9, QUERY_STRING="lang=bg")[2].decode()
    assert '<html lang="en">' in ask(9, QUERY_STRING="lang=%00&lang=xx")[2].decode()


@pytest.mark.parametrize(
    ("waited", "method", "path"),
    [
        (MAX_WAIT, "GET", "/labs/lab/"),
        (60, "POST", "/labs/lab/register/"),
        (60, "GET", "/static/site/site.css"),
        (60, "GET", "/health/ready"),
    ],
)
def test_all_others_reach_the_application(waited: float, method: str, path: str) -> None:
    assert ask(waited, method, path) == ("200 OK", {}, b"the application")


def test_programs_get_a_problem_and_heads_no_body() -> None:
    status, headers, body = ask(60, path="/api/v1/labs")
    assert (status[:3], headers["Content-Type"], body[:1]) == ("503", "application/problem+json", b"{")
    assert ask(60, "HEAD")[2] == b""
