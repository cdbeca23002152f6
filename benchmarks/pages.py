"""Feeds behind the web server, and pages asked of the handler in this process."""

import http.client
from collections.abc import Callable, Mapping
from functools import partial

from django.core.cache import caches
from django.db import connections

from benchmarks import world
from benchmarks.measuring import Line, Rounds, Server, cpu_of_processes, cpu_rounds, queries_of
from benchmarks.serving import serving
from benchmarks.urls import keep_bare
from labs.models import Programme

ROUNDS = 5
REQUESTS = 100
LABS = 10  # on the home page


def feeds(of: Programme) -> list[Line]:
    """Feeds and files of one session, each beside a bare view that sends the same bytes; of the server's processes."""
    large, huge = (world.lab(of, f"bench-{size}", size).slug for size in (1000, 10_000))
    feed, one = f"/labs/{large}/calendar.ics", "/labs/{}/sessions/session-5/calendar.ics"
    handler = Server()
    _status, headers, content = handler.get(feed)
    known = {"If-None-Match": headers["ETag"]}
    bare_feed = keep_bare("feed", content)
    bare_one = keep_bare("one", handler.get(one.format(large))[2])

    def queries(path: str, **asked: str) -> int:
        caches["kept"].clear()
        return queries_of(lambda: handler.get(path, **asked))

    counted = queries(feed), queries(feed, HTTP_IF_NONE_MATCH=headers["ETag"]), queries(one.format(large))
    connections.close_all()
    with serving(workers=1) as (port, pids):

        def served(path: str, headers: Mapping[str, str] | None = None, requests: int = REQUESTS) -> Rounds:
            return _served(port, pids, path, headers or {}, requests)

        bare, plain = served(bare_feed), served(feed)
        compressed = served(feed, {"Accept-Encoding": "gzip"})
        bare_304, unchanged = served("/bare-304/"), served(feed, known)
        bare_file, file, far = served(bare_one), served(one.format(large)), served(one.format(huge))
        ten_thousand = served(f"/labs/{huge}/calendar.ics", requests=10)
    size = f"{content.count(b'BEGIN:VEVENT'):,} entries, {len(content) // 1024} kB"
    return [
        _beside("feed, nothing kept", plain, bare, 4, size, counted[0], 4),
        _beside("feed, gzip", compressed, plain, 1.5, "the plain answer"),
        _beside("feed, 304", unchanged, bare_304, 1.5, "a bare 304", counted[1], 1),
        _beside("file of one session, lab of 1,000", file, bare_file, 4, "a bare view", counted[2], 4),
        _beside("file of one session, lab of 10,000", far, bare_file, 4, "a bare view"),
        Line(
            "feed of 10,000", str(ten_thousand), limit="at most 60 ms", reached=ten_thousand.median <= 60,
            rounds=ten_thousand,
        ),
    ]  # fmt: skip


def _beside(
    what: str, found: Rounds, other: Rounds, times: float, name: str, queries: int = 0, at_most: int = 0
) -> Line:
    """Compare with what the limit is a multiple of."""
    return Line(
        what,
        f"{found} ({found.median / other.median:.1f} ×)",
        f"{name}: {other}",
        f"at most {times:g} ×" + (f", {at_most} queries" if at_most else ""),
        found.median <= times * other.median and queries <= at_most,
        str(queries) if at_most else "",
        found,
    )


def _served(port: int, pids: list[int], path: str, headers: Mapping[str, str], requests: int) -> Rounds:
    """Return CPU ms of the server per answer over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask() -> None:
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        response.read()
        assert response.status in (200, 304), response.status

    for _number in range(20):
        ask()
    found = cpu_rounds(ask, ROUNDS, requests, clock=lambda: cpu_of_processes(pids))
    connection.close()
    return found


def programme_pages(of: Programme) -> list[Line]:
    """The programme page of 300 and 1,000 sessions, and the home page, as visitors ask for them."""
    server = Server()
    lines = []
    for sessions, limit in ((300, 50), (1000, 120)):
        slug = world.lab(of, f"bench-page-{sessions}", sessions).slug
        for language in ("en", "bg"):
            path = f"/labs/{slug}/?lang={language}"
            named = f"programme page, {sessions:,} sessions, {language}"
            lines.append(_page(named, partial(server.get, path), limit))
            etag = server.get(path)[1]["ETag"]
        lines += [
            _page(f"{named}, after a change", partial(server.get, path), None, caches["kept"].clear),
            _page(
                f"{named}, 304",
                partial(server.get, path, HTTP_IF_NONE_MATCH=etag),
                None,
                queries=1,
            ),
        ]
    for number in range(LABS):
        world.lab(of, f"bench-home-{number}", 1000)
    return [*lines, _page(f"home, {LABS} labs of 1,000 sessions", lambda: server.get("/"), 40)]


def _page(
    what: str,
    ask: Callable[[], object],
    limit: float | None,
    before: Callable[[], object] | None = None,
    queries: int = 12,
) -> Line:
    found = cpu_rounds(ask, ROUNDS, 1 if before else 5, before)
    if before is not None:
        before()
    counted = queries_of(ask)
    return Line(
        what,
        str(found),
        limit=(f"at most {limit:g} ms, " if limit else "")
        + f"{queries} {'query' if queries == 1 else 'queries'}",
        reached=counted <= queries and (limit is None or found.median <= limit),
        queries=str(counted),
        rounds=found,
    )
