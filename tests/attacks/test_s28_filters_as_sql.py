"""S28 (Django CVE-2025-64459, CVE-2026-1287, CVE-2026-1312; Hi.Events#1128): filters and sort keys that became SQL.

Names that nobody offered are as if they were not there, and the API refuses them; values that nobody offered are left
out or refused. Never is a row shown that the plain list does not hold, and never is there an error of the service.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests import factories as f
from tests.pages import client_of, form_of
from tests.walks import world as w
from tests.walks.canaries import canaries_in
from tests.walks.exploring import body_of

pytestmark = pytest.mark.django_db

CONSOLE = tuple(
    f"/organise/labs/main-lab/{path}"
    for path in (
        "sessions/", "speakers/", "registrations/", "registrations.csv", "attendance/open/", "certificates/", "mail/",
        "sessions/open/internal/",
    )
)  # fmt: skip
LISTS = (
    *CONSOLE,
    "/labs/main-lab/",
    "/labs/main-lab/register/",
    "/labs/main-lab/calendar.ics",
    "/certificates/",
)
API_LISTS = (
    "/api/v1/programmes", "/api/v1/labs", "/api/v1/labs/main-lab/sessions", "/api/v1/labs/main-lab/speakers",
    "/api/v1/labs/main-lab/registrations", "/api/v1/labs/main-lab/certificates",
    "/api/v1/labs/main-lab/sessions/open/attendance",
)  # fmt: skip
UNOFFERED = {
    "_connector": "OR", "_negated": "True", "pk__gt": "0", "lab": "2", "lab__slug": "other-lab", "lab_id__in": "1,2,3",
    "lab__visibility": "draft", "name__startswith": "Demo", "email__regex": "(a+)+$", "order_by": "-lab.title",
    "ordering": "password", "o": "1) OR (1=1", "all": "1", "user__password__startswith": "md5", "": "x", "%(x)s": "%s",
    "extra": "1=1", "q__icontains": "other", "state[]": "x", "state.in": "x", "lab[slug]": "other-lab",
}  # fmt: skip
VALUES = (
    "' OR 1=1 --", "1); DROP TABLE labs_lab; --", "-lab.title", "lab__slug", "?", "password", "%", "\\", "%s", "%(x)s",
    "(a+)+$", "[", "-1", "0", "9" * 30, "9" * 5000, "1e309", "NaN", "²", "\u0000", "\xed\xa0\x80", "é" * 300, "../..",
    "name,-name",
)  # fmt: skip
# Words are looked for apart from all else: one that finds nothing would hide what the others do.
NAMES = (
    "sort", "session", "seat", "state", "city", "group", "language", "page", "track", "occasion", "standing", "lang",
)  # fmt: skip
OFFERED = {
    "/api/v1/labs": ("programme", "starting_from", "until", "limit", "offset"),
    "/api/v1/labs/main-lab/sessions": (
        "track",
        "visibility",
        "status",
        "starting_from",
        "until",
        "limit",
        "offset",
    ),
    "/api/v1/labs/main-lab/registrations": ("state", "session", "seat", "city", "search", "limit"),
    "/api/v1/labs/main-lab/certificates": ("limit", "offset"),
}
_PASSING = re.compile(r'name="(?:form_key|csrfmiddlewaretoken)" value="[^"]*"')


@pytest.fixture
def world() -> Iterator[w.World]:
    with time_machine.travel(timezone.now(), tick=False):  # the outbox tells how many seconds an email waits
        yield w.build()


def plain(client: Client, address: str, query: Any, headers: dict[str, str]) -> tuple[int, str]:
    cache.clear()
    response = client.get(address, query, headers=headers)
    return response.status_code, _PASSING.sub("", body_of(response).decode(errors="replace"))


def without_links(body: str) -> str:
    """Links of a page may carry the query on; what it lists may not change."""
    return re.sub(r'(?:href|action)="[^"]*"|<input type="hidden"[^>]*>|<option[^>]*>', "", body)


def test_names_that_nobody_offered_change_nothing(world: w.World) -> None:
    wrong, viewer = [], world.kinds["organiser"]
    client = viewer.client()
    for address in LISTS:
        status, body = plain(client, address, {}, viewer.headers)
        assert status == 200, address
        met = plain(client, address, UNOFFERED, viewer.headers)
        if (met[0], without_links(met[1])) != (200, without_links(body)):
            wrong.append((address, met[0]))
    assert wrong == []


def test_names_that_nobody_offered_are_refused_by_the_api(world: w.World) -> None:
    viewer = world.kinds["api_organiser"]
    for address in API_LISTS:
        status, body = plain(viewer.client(), address, UNOFFERED, viewer.headers)
        named = [error["field"] for error in json.loads(body)["errors"]]
        assert (status, named, canaries_in(body)) == (422, list(UNOFFERED), set()), address


def tried(viewer: w.Kind, client: Client, address: str, query: dict[str, Any]) -> list[Any]:
    """Ask, and return what is wrong with the answer."""
    status, body = plain(client, address, query, viewer.headers)
    strange = canaries_in(body) - viewer.may_read
    if status in (200, 301, 302, 303, 400, 404, 422, 429) and not strange:
        return []
    return [(address, {name: str(value)[:20] for name, value in query.items()}, status, strange)]


@pytest.mark.slow
def test_no_value_of_a_page_shows_other_rows_or_breaks_anything(world: w.World) -> None:
    wrong, viewer = [], world.kinds["organiser"]
    client = viewer.client(raise_request_exception=False)
    for address in LISTS:
        for value in VALUES:
            wrong += tried(viewer, client, address, dict.fromkeys(NAMES, value))
            wrong += tried(viewer, client, address, {"q": value, "code": value})
    assert wrong == []


@pytest.mark.slow
def test_no_value_of_the_api_shows_other_rows_or_breaks_anything(world: w.World) -> None:
    wrong, viewer = [], world.kinds["api_organiser"]
    client = viewer.client(raise_request_exception=False)
    for address, names in OFFERED.items():
        for name in names:
            for value in VALUES:
                wrong += tried(viewer, client, address, {name: value})
    assert wrong == []


@pytest.mark.slow
def test_lists_and_doubled_names_break_nothing(world: w.World) -> None:
    wrong = []
    for kind, addresses in (("organiser", LISTS), ("api_organiser", API_LISTS)):
        viewer = world.kinds[kind]
        client = viewer.client(raise_request_exception=False)
        names = (*NAMES, "q", "search", "limit", "offset")
        for address in addresses:
            wrong += tried(viewer, client, address, {name: ["", "x", "²"] for name in names})
            wrong += tried(viewer, client, address, {f"{name}[]": ["x"] for name in names})
            wrong += tried(viewer, client, address, {name: ["x"] * 100 for name in names})
    assert wrong == []


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", "1e3", " 1", "1_0", "0x1", ""])
def test_numbers_of_buttons_and_rows_that_are_none_are_no_error(number: str) -> None:
    """`"²".isdigit()` holds, and `int("²")` does not."""
    lab = f.LabFactory(slug="lab", programme=f.ProgrammeFactory(slug="programme"))
    f.TrackFactory(lab=lab)
    session = f.SessionFactory(lab=lab, slug="session")
    f.AgendaItemFactory(session=session)
    client = client_of(f.OwnerFactory(programme=lab.programme).user)
    for address, data in (
        ("/organise/labs/lab/people/", {"action": f"remove-{number}"}),
        ("/organise/programmes/programme/people/", {"action": f"remove-owner-{number}"}),
        ("/organise/programmes/programme/people/", {"action": f"remove-delegate-{number}"}),
        ("/organise/tokens/", {"action": f"revoke-{number}"}),
        ("/organise/labs/lab/tracks/", {"rows-TOTAL_FORMS": number}),
        ("/organise/labs/lab/tracks/", {"more": "1", "rows-TOTAL_FORMS": number}),
        ("/organise/labs/lab/tracks/", {"rows-0-row": number}),
        ("/organise/labs/lab/sessions/session/", {"agenda-0-row": number, "version": "old"}),
        ("/organise/labs/lab/sessions/session/", {"add": "agenda", "agenda-TOTAL_FORMS": number}),
        ("/organise/labs/lab/sessions/session/internal/", {"city": number}),
    ):
        form = form_of(client.get(address))
        answer = client.post(address, {**form.filled(), **data})
        assert answer.status_code in (200, 302, 404, 422), (address, data)
    answer = client.get("/organise/labs/lab/sessions/session/internal/", {"city": number})
    assert answer.status_code == 200
