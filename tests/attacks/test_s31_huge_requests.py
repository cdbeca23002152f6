"""S31 (Django CVE-2026-33033, -108147, -84429, -77050, -1285; CVE-2025-32873): time and memory taken by huge requests.

Whatever is sent, by whomever, is answered soon and in words: never by an error of the service, and never by keeping it.
"""

import gc
import logging
import time
import tracemalloc
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from core.web.idempotency import new_form_key
from tests.pages import form_of, forms_of
from tests.walks import world as w
from tests.walks.exploring import digest

pytestmark = pytest.mark.django_db

SECONDS = 4  # of the processor: far more than any answer takes, far less than what an attack is after
ANSWERS = {200, 302, 303, 400, 403, 404, 405, 409, 413, 422, 429}
PUBLIC = ("/accounts/login/", "/accounts/password/reset/", "/registrations/link/", "/labs/main-lab/register/")
MEGABYTE = 1024 * 1024
LARGE = 100_000
AT_ONCE = MEGABYTE * 7 // 4  # of text in one form: less than what is refused before anybody looks at it


@pytest.fixture
def world() -> w.World:
    return w.build()


def soon(ask: Any, *arguments: Any, **named: Any) -> HttpResponse:
    """Return the answer, which must come in time."""
    cache.clear()
    began = time.process_time()
    response: HttpResponse = ask(*arguments, **named)
    assert time.process_time() - began < SECONDS
    return response


def test_more_text_than_a_form_may_hold_is_refused(world: w.World) -> None:
    for address in PUBLIC:
        for text in ("x" * (3 * MEGABYTE), "é" * (2 * MEGABYTE)):
            data = f"form_key={new_form_key()}&email={text}"
            answer = soon(Client().post, address, data, content_type="application/x-www-form-urlencoded")
            assert answer.status_code in (400, 413)


def test_ten_thousand_fields_are_refused(world: w.World) -> None:
    fields = {f"field{number}": "x" for number in range(10_000)} | {"form_key": new_form_key()}
    for address in PUBLIC:
        assert soon(Client().post, address, fields).status_code in (400, 413)
        plain = "&".join(f"{name}=x" for name in fields)
        answer = soon(Client().post, address, plain, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (400, 413)
        assert soon(Client().get, f"{address}?{plain}").status_code in ANSWERS


@pytest.mark.parametrize(
    "body",
    [
        b"--" + BOUNDARY.encode() + b"\r\n" + b"X: y\r\n" * 100_000,
        (b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n') * 20_000,
        b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="' + b"a" * MEGABYTE + b'"\r\n\r\nx\r\n',
        b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data" + b"; a=b" * 100_000 + b"\r\n\r\nx\r\n",
        b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b" " * MEGABYTE + b"\r\n",
        b"-" * MEGABYTE,
        b"\r\n" * MEGABYTE,
        b"",
    ],
    ids=range(8),
)  # fmt: skip
def test_a_body_of_many_parts_that_is_none_is_refused(world: w.World, body: bytes) -> None:
    answer = soon(Client().generic, "POST", "/registrations/link/", body, content_type=MULTIPART_CONTENT)
    assert answer.status_code in ANSWERS
    assert answer.status_code != 302


def test_files_where_none_is_asked_for_are_not_kept(world: w.World, settings: Any) -> None:
    files = {f"file{number}": SimpleUploadedFile("x", b"x" * 1000) for number in range(101)}
    answer = soon(Client().post, "/registrations/link/", files | {"form_key": new_form_key()})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "en-" * 100_000},
        {"Accept-Language": ",".join(f"l{number};q=0.5" for number in range(50_000))},
        {"Accept-Language": "x" * MEGABYTE},
        {"Cookie": "a=b; " * 100_000},
        {"Cookie": "language=" + "x" * MEGABYTE},
        {"Cookie": "session=" + "x" * MEGABYTE},
        {"If-None-Match": '"x", ' * 100_000},
        {"If-Modified-Since": "x" * MEGABYTE},
        {"Authorization": "Bearer clab_" + "x" * MEGABYTE},
        {"Accept-Encoding": "gzip;q=0.5," * 100_000},
        {"Referer": "http://testserver/" + "x" * MEGABYTE},
        {"User-Agent": "(" * MEGABYTE},
        {"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(50_000))},
        {"X-Forwarded-For": "1.1.1.1," * 100_000},
        {"HX-Current-URL": "http://testserver/" + "%" * MEGABYTE},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_huge_headers_are_answered_soon(world: w.World, headers: dict[str, str]) -> None:
    for address in (
        "/",
        "/labs/main-lab/",
        "/labs/main-lab/calendar.ics",
        "/api/v1/labs",
        "/accounts/login/",
    ):
        answer = soon(Client().get, address, headers=headers)
        assert answer.status_code in ANSWERS | {304, 401}


@pytest.mark.parametrize(
    "name", ["lang", "tz", "theme", "q", "track", "session", "page", "next", "code", "sort"]
)
def test_huge_parameters_are_answered_soon(world: w.World, name: str) -> None:
    visitor, organiser = Client(), world.kinds["organiser"].client()
    for value in ("x" * MEGABYTE, "9" * 100_000, "en-" * 100_000, "(" * 10_000, "\0" * 1000):
        for client, address in (
            (visitor, "/labs/main-lab/"),
            (visitor, "/certificates/"),
            (visitor, "/accounts/login/"),
            (organiser, "/organise/labs/main-lab/registrations/"),
            (organiser, "/organise/labs/main-lab/mail/"),
        ):
            answer = soon(client.get, address, {name: value})
            assert answer.status_code in ANSWERS, address
            assert "language" not in answer.cookies


def test_long_addresses_are_answered_soon(world: w.World) -> None:
    for path in ("x" * MEGABYTE, "-" * 100_000, "%2f" * 50_000, "a/" * 50_000, "0" * 100_000):
        for start in (
            "/labs/",
            "/registrations/",
            "/calendars/",
            "/certificates/",
            "/organise/labs/",
            "/api/v1/labs/",
        ):
            assert soon(Client().get, f"{start}{path}/").status_code in (301, 302, 400, 404, 414)


CONSOLE = (
    "settings/", "new-session/", "sessions/open/", "new-speaker/", "speakers/open-speaker/", "rooms/new/", "tracks/",
    "days/", "people/", "sessions/open/cancel/",
)  # fmt: skip
TEXTS = {
    "letters": "x" * 400_000,
    "emphasis": "*" * 100_000,
    "links": "[" * 100_000,
    "entities": "&#x41;" * 60_000,
    "accents": "e" + "\u0301" * 100_000,
    # Bringing marks into their order takes time that grows with the square of their number.
    "crossed accents": "\u0301\u0327" * 50_000 + "@b.net",
    "spaces": " " * 100_000 + "x",
    "lines": "\n" * 100_000,
    "address": "a@" + "a." * 50_000 + "b",
    "nul": "x\0y",
    "quotes": "> " * 50_000,
}


@pytest.mark.parametrize("text", TEXTS)
def test_huge_texts_in_each_field_are_told_and_not_kept(world: w.World, text: str) -> None:
    """In every field of every form, of visitors and of organisers; as many at once as a form may hold."""
    organiser = world.kinds["organiser"].client()
    places = [(Client(), address) for address in PUBLIC]
    places += [(organiser, f"/organise/labs/main-lab/{path}") for path in CONSOLE]
    places += [(organiser, "/organise/tokens/")]
    before = digest()
    for client, address in places:
        for form in forms_of(client.get(address))[:1]:
            names = [
                name
                for name in form.values
                if not name.endswith("FORMS") and "_key" not in name and "csrf" not in name
            ]
            at_once = max(1, AT_ONCE // len(TEXTS[text].encode()))
            for some in [names[place : place + at_once] for place in range(0, len(names), at_once)]:
                answer = soon(client.post, address, form.values | dict.fromkeys(some, TEXTS[text]))
                assert answer.status_code in ANSWERS, (address, some)
    after = digest()
    kept = {label for label in before if before[label] != after[label]} - {
        "sessions.Session",
        "web.IdempotentRequest",
    }
    assert len(TEXTS[text]) < 100_000 or not any(longest(label) > 40_000 for label in kept)


def longest(label: str) -> int:
    """Return how long the longest text of a table is."""
    from django.apps import apps

    rows = apps.get_model(label)._base_manager.values_list()
    return max((len(str(value)) for row in rows for value in row), default=0)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000, b'{"a":' * 50_000, b'{"name": "' + b"x" * 3 * MEGABYTE + b'"}', b"1" * 100_000, b'"\\ud800"',
        b"\xff" * 1000,
    ],
    ids=range(6),
)  # fmt: skip
def test_the_api_refuses_what_is_too_deep_or_too_long(world: w.World, body: bytes) -> None:
    headers = {"Idempotency-Key": "a-key-of-ours"}
    answer = soon(
        Client().post,
        "/api/v1/labs/main-lab/registrations",
        body,
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code in (400, 413, 422)


def test_two_hundred_hostile_requests_keep_no_memory(world: w.World) -> None:
    client = Client()
    form = form_of(client.get("/registrations/link/"))

    def some(number: int) -> None:
        for place in range(number):
            data = form.values | {"email": "x" * LARGE + str(place)}
            assert client.post("/registrations/link/", data).status_code in ANSWERS
            client.get("/labs/main-lab/", headers={"Accept-Language": f"x{place}," * 200})

    some(10)
    logging.disable()  # the records of this suite's own log keep every request
    tracemalloc.start()
    some(20)
    gc.collect()
    early = tracemalloc.get_traced_memory()[0]
    some(70)
    gc.collect()
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    logging.disable(logging.NOTSET)
    assert late - early < 70 * LARGE / 2  # not even every second text was kept
