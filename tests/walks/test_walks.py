"""Walks every address as every kind of viewer: what may be seen, what must not change, what every answer carries."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F

from labs.models import Lab, Programme
from tests.walks import world as w
from tests.walks.exploring import Exchange, Walk, explore
from tests.walks.routes import routes

# The walk itself has its database by hand; the mark has it made.
pytestmark = pytest.mark.django_db

PEOPLE = (
    "visitor", "nobody", "delegatesofia", "delegatetrikala", "delegateelsewhere", "door", "organiser",
    "organiserelsewhere", "owner", "superuser", "participant", "insider", "contact",
    "speaker",
)  # fmt: skip
PROGRAMS = (
    "api_nobody", "api_delegatesofia", "api_delegatetrikala", "api_delegateelsewhere", "api_door", "api_organiser",
    "api_organiserelsewhere", "api_owner", "api_superuser",
)  # fmt: skip
# Whom `make test-fast` walks as: one of each sort. `make test` walks as everybody.
FAST = {"visitor", "organiser", "insider", "api_nobody", "api_delegatesofia", "api_organiser"}
POLICIES = {
    "public", "personal-link", "signed-in", "organiser", "door", "owner", "monitoring", "superuser", "api",
    "provider",
}  # fmt: skip
CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}


def listed(findings: Iterable[object]) -> str:
    """Return findings one below the other, so that a failing test shows them all."""
    return "\n".join(str(finding) for finding in findings)


def test_every_route_declares_who_may_use_it() -> None:
    assert [route.path for route in routes() if route.policy is None] == []


def test_every_policy_is_one_of_the_known() -> None:
    assert {route.policy for route in routes()} - POLICIES == set()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Walk as everybody. All tests of one walk run in one process, which walks once."""
    if "walk" in metafunc.fixturenames:
        kinds = [
            pytest.param(
                name, marks=[pytest.mark.xdist_group(name), *([] if name in FAST else [pytest.mark.slow])]
            )
            for name in PEOPLE + PROGRAMS
        ]
        metafunc.parametrize("walk", kinds, indirect=True, scope="module")


_latest: dict[str, Walk] = {}


@pytest.fixture(scope="module")
def walk(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Walk:
    """One walk of the whole service, which all tests below look at; its world is gone when they do."""
    if request.param not in _latest:
        _latest.clear()
        with django_db_blocker.unblock(), transaction.atomic():
            assert "test" in str(connection.settings_dict["NAME"])
            world = w.build()
            assert set(world.kinds) == set(PEOPLE + PROGRAMS)
            # A feed that changed in the second that still runs dates itself to the one before: not in the midst of it.
            Lab.objects.update(public_revised_at=F("public_revised_at") - timedelta(minutes=1))
            Programme.objects.update(revised_at=F("revised_at") - timedelta(minutes=1))
            _latest[request.param] = explore(world, request.param)
            transaction.set_rollback(True)
        cache.clear()
    return _latest[request.param]


def test_nobody_meets_a_word_that_is_not_for_them(walk: Walk) -> None:
    leaks = []
    for met in walk.exchanges:
        hidden = met.canaries - walk.kind.may_read
        # The name on a certificate is what its page attests to whoever holds the code.
        if met.address.startswith(("/certificates/", "/api/v1/certificates/")):
            hidden -= {("person", "name"), ("stranger", "name")}
        if hidden:
            leaks.append((met.address, sorted(hidden)))
    assert listed(leaks) == ""


def test_whoever_may_read_a_word_does_meet_it(walk: Walk) -> None:
    """The positive control: there was something to see, in every field."""
    met = {canary for exchange in walk.exchanges for canary in exchange.canaries}
    assert sorted(walk.kind.must_read - met) == []


def test_no_get_and_no_head_changes_anything(walk: Walk) -> None:
    assert walk.changed == []


def test_nothing_breaks(walk: Walk) -> None:
    broken = [
        (met.address, met.status)
        for met in walk.exchanges
        if met.status >= 500 and met.address != "/health/ready"
    ]
    assert listed(broken) == ""
    assert len(walk.exchanges) > 50


def test_every_link_that_a_page_offers_leads_somewhere(walk: Walk) -> None:
    dead = [
        (met.offered_by, met.address, met.status)
        for met in walk.exchanges
        if met.offered_by and met.status not in (200, 302, 304)
    ]
    assert listed(dead) == ""


def test_head_answers_as_get_does_without_a_body(walk: Walk) -> None:
    changing = {"content-length", "etag", "set-cookie", "expires"}  # form keys and the clock differ
    differing = []
    for met, status, headers, body in walk.heads:
        kept = {name: value for name, value in met.headers.items() if name not in changing}
        if body or status != met.status or kept != {k: v for k, v in headers.items() if k not in changing}:
            other = {k for k in kept.keys() | headers.keys() if kept.get(k) != headers.get(k)} - changing
            differing.append((met.address, status, len(body), sorted(other)))
    assert listed(differing) == ""


def directives(policy: str) -> dict[str, str]:
    found = (part.strip().partition(" ") for part in policy.split(";"))
    return {name: value for name, _space, value in found if name}


def problems_of(met: Exchange) -> Iterator[str]:
    """Yield what is missing from the headers of an answer."""
    headers = met.headers
    policy = directives(headers.get("content-security-policy", ""))
    # Files of people and letters are documents without an origin.
    path = met.address.partition("?")[0]
    is_file = path.endswith(("/logo", "/signature", "/body/", "/photo", "/photo/")) or (
        (path.startswith("/programmes/") and "/logos/" in path) or "/files/" in path or _is_slides(path, met)
    )
    own = met.status == 200 and is_file
    if own:
        if "sandbox" not in policy or policy.get("default-src") != "'none'" or "script-src" in policy:
            yield f"policy of a file: {policy}"
    elif policy != (CSP | {"frame-src": "'self'"} if "/mail/" in path else CSP) and policy != CSP:
        yield f"Content-Security-Policy: {policy}"
    if headers.get("x-content-type-options") != "nosniff":
        yield "nosniff"
    if headers.get("x-frame-options") not in ("DENY", "SAMEORIGIN" if own else "DENY"):
        yield "X-Frame-Options"
    if headers.get("cross-origin-opener-policy") != "same-origin":
        yield "Cross-Origin-Opener-Policy"
    if headers.get("cross-origin-resource-policy") not in ("same-origin", "cross-origin"):
        yield "Cross-Origin-Resource-Policy"
    if headers.get("access-control-allow-credentials"):
        yield "offers credentials to other sites"
    shared = (
        headers.get("access-control-allow-origin")
        or headers["cross-origin-resource-policy"] == "cross-origin"
    )
    if (
        shared
        and met.status == 200
        and "public" not in headers.get("cache-control", "")
        and met.policy != "api"
    ):
        yield "is for other sites, but not for everybody"
    if not {"camera=()", "geolocation=()", "microphone=()"} <= set(
        headers.get("permissions-policy", "").split(", ")
    ):
        yield f"Permissions-Policy: {headers.get('permissions-policy')}"
    wanted = (
        {"strict-origin"}
        if met.policy == "personal-link"
        else {"no-referrer", "same-origin", "strict-origin"}
    )
    if headers.get("referrer-policy") not in wanted:
        yield f"Referrer-Policy: {headers.get('referrer-policy')}"
    if not met.content_type and met.status == 200:
        yield "no Content-Type"
    if met.content_type.startswith("text/") and "charset=utf-8" not in headers["content-type"]:
        yield f"no charset: {headers['content-type']}"
    if "server" in headers or "x-powered-by" in headers:
        yield "tells what it runs on"


def _is_slides(path: str, met: Exchange) -> bool:
    """Tell a file of slides from the page on which a speaker hands some in."""
    return "/slides/" in path and met.headers.get("content-type", "").startswith("application/pdf")


def test_every_answer_carries_the_headers_of_a_careful_service(walk: Walk) -> None:
    problems = [(met.address, met.status, found) for met in walk.exchanges for found in problems_of(met)]
    assert listed(problems) == ""


def _is_email(address: str) -> bool:
    """Tell whether this is the text of an email, which is written for the programs that read them."""
    return address.partition("?")[0].endswith("/body/")


def test_no_page_carries_script_or_style_within_itself(walk: Walk) -> None:
    inline = [
        (met.address, met.inline) for met in walk.exchanges if met.inline and not _is_email(met.address)
    ]
    assert listed(inline) == ""


def test_every_page_is_valid_html(walk: Walk) -> None:
    wrong = [
        (met.address, found) for met in walk.exchanges for found in met.invalid if not _is_email(met.address)
    ]
    assert listed(wrong[:100]) == ""


def test_a_reader_without_an_account_gets_no_cookie(walk: Walk) -> None:
    if walk.kind.user is not None:
        return
    # Links of the pages choose a language or a zone, and a choice may be kept.
    told = [
        (met.address, met.cookies)
        for met in walk.exchanges
        if set(met.cookies) - ({"language", "tz", "theme"} if met.offered_by else set())
    ]
    assert listed(told) == ""


def may_be_shared(met: Exchange) -> bool:
    return "public" in met.headers.get("cache-control", "")


def test_what_is_for_one_reader_is_kept_by_nobody_else(walk: Walk) -> None:
    """Only what everybody sees may lie in a shared cache; private links and the console are not stored at all."""
    wrong = []
    for met in walk.exchanges:
        control = met.headers.get("cache-control", "")
        if may_be_shared(met):
            if walk.kind.may_read and met.canaries:
                wrong.append((met.address, "shared with canaries"))
            if met.cookies:
                wrong.append((met.address, "shared, but with a cookie"))
        elif met.policy in ("organiser", "door", "owner", "superuser", "signed-in"):
            if "no-store" not in control and met.status == 200:
                wrong.append((met.address, control))
        elif met.policy == "personal-link" and met.status == 200 and "private" not in control:
            wrong.append((met.address, control))
    assert listed(wrong) == ""


CLOSED_TO = {
    # Who gets 404 where: everybody else does for whom nothing else is said below.
    "organiser": {"nobody", "delegatesofia", "delegatetrikala", "delegateelsewhere", "door"},
    "door": {"nobody", "delegatesofia", "delegatetrikala", "delegateelsewhere"},
    "owner": {"nobody", "delegatesofia", "door", "organiser", "organiserelsewhere"},
    "superuser": {"nobody", "delegatesofia", "door", "organiser", "organiserelsewhere", "owner"},
    "monitoring": set(PEOPLE),
}


def test_closed_doors_answer_like_walls(walk: Walk) -> None:
    """404 to whoever lacks the right; the sign-in page to whoever has not said who it is."""
    wrong = []
    for met in walk.exchanges:
        if walk.kind.user is None and met.policy in ("signed-in", "organiser", "door", "owner", "superuser"):
            if met.status != 302 or not met.headers["location"].startswith("/accounts/login/?next="):
                wrong.append((met.address, met.status))
        elif walk.kind.name in CLOSED_TO.get(met.policy, ()) and met.status not in (404, 405):
            wrong.append((met.address, met.status))
    assert listed(wrong) == ""
