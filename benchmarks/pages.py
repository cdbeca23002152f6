"""Feeds and programme pages, asked of the handler in this process."""

import http.client

from django.core.cache import cache

from benchmarks import world
from benchmarks.measuring import Line, Server, cpu_ms, cpu_of_processes, queries_of
from benchmarks.serving import serving
from benchmarks.urls import BARE_FILE
from labs.models import Programme


def feeds(of: Programme) -> list[Line]:
    """A lab's feed of 1,000 sessions: cold in this process; warm and not modified also behind the web server."""
    path = f"/labs/{world.lab(of, 'bench-1000', 1000).slug}/calendar.ics"
    server = Server()
    status, headers, content = server.get(path)
    assert status == 200, status
    BARE_FILE.write_bytes(content)
    etag = headers["ETag"]
    assert server.get(path, HTTP_IF_NONE_MATCH=etag)[0] == 304
    bare = cpu_ms(lambda: server.get("/bare/"), 60)
    cold = cpu_ms(lambda: server.get(path), 7, _forget)
    server.get(path)
    warm = cpu_ms(lambda: server.get(path), 60)
    known = cpu_ms(lambda: server.get(path, HTTP_IF_NONE_MATCH=etag), 60)
    size = f"{content.count(b'BEGIN:VEVENT')} entries, {len(content) // 1024} kB"
    known_queries = queries_of(lambda: server.get(path, HTTP_IF_NONE_MATCH=etag))
    _forget()
    cold_queries = queries_of(lambda: server.get(path))
    warm_queries = queries_of(lambda: server.get(path))
    with serving(workers=1) as (port, pids):
        served_bare = _served(port, pids, "/bare/")
        served_warm = _served(port, pids, path)
        served_known = _served(port, pids, path, {"If-None-Match": etag})
    same = f"bare view {bare:.2f} ms"
    served = f"bare view {served_bare:.2f} ms"
    return [
        Line(f"feed, cold ({size})", f"{cold:.0f} ms", same, queries=str(cold_queries)),
        Line(
            "feed, warm, handler only",
            f"{warm:.2f} ms ({warm / bare:.1f} ×)",
            same,
            queries=str(warm_queries),
        ),
        Line(
            "feed, warm, server CPU",
            f"{served_warm:.2f} ms ({served_warm / served_bare:.1f} ×)",
            served,
            "at most 2 × the bare view",
            served_warm <= 2 * served_bare,
            str(warm_queries),
        ),
        Line(
            "feed, 304, server CPU",
            f"{served_known:.2f} ms (handler {known:.2f} ms)",
            served,
            "at most 2 queries",
            known_queries <= 2,
            str(known_queries),
        ),
    ]


def _forget() -> None:
    """Let the next feed be made anew: neither the cache nor this process has a copy."""
    cache.clear()


def _served(port: int, pids: list[int], path: str, headers: dict[str, str] | None = None) -> float:
    """Return CPU ms of the server per answer over one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(times: int) -> None:
        for _number in range(times):
            connection.request("GET", path, headers=headers or {})
            connection.getresponse().read()

    ask(20)
    before = cpu_of_processes(pids)
    ask(400)
    taken = (cpu_of_processes(pids) - before) * 1000 / 400
    connection.close()
    return taken


def programme_pages(of: Programme) -> list[Line]:
    """The programme page of labs with 30 and 300 sessions, in English and Bulgarian."""
    server = Server()
    lines = []
    for sessions in (30, 300):
        slug = world.lab(of, f"bench-{sessions}", sessions).slug
        for language in ("en", "bg"):
            path = f"/labs/{slug}/?lang={language}"
            server.get(path)
            taken = cpu_ms(lambda path=path: server.get(path), 9)  # type: ignore[misc]
            queries = queries_of(lambda path=path: server.get(path))  # type: ignore[misc]
            lines.append(
                Line(
                    f"programme page, {sessions} sessions, {language}",
                    f"{taken:.0f} ms",
                    "",
                    "under 100 ms, at most 12 queries",
                    taken < 100 and queries <= 12,
                    str(queries),
                )
            )
    return lines
