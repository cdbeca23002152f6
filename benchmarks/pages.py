"""Feeds and programme pages, asked of the handler in this process."""

from django.core.cache import cache

from benchmarks import world
from benchmarks.measuring import Line, Server, cpu_ms, queries_of
from benchmarks.urls import Bare
from labs.models import Programme


def feeds(of: Programme) -> list[Line]:
    """A lab's feed of 1,000 sessions: cold, warm, and not modified."""
    path = f"/labs/{world.lab(of, 'bench-1000', 1000).slug}/calendar.ics"
    server = Server()
    status, headers, Bare.content = server.get(path)
    assert status == 200, status
    entries = Bare.content.count(b"BEGIN:VEVENT")
    etag = headers["ETag"]
    bare = cpu_ms(lambda: server.get("/bare/"), 60)
    cold = cpu_ms(lambda: server.get(path), 7, cache.clear)
    server.get(path)
    warm = cpu_ms(lambda: server.get(path), 60)
    known = cpu_ms(lambda: server.get(path, HTTP_IF_NONE_MATCH=etag), 60)
    assert server.get(path, HTTP_IF_NONE_MATCH=etag)[0] == 304
    size = f"{entries} entries, {len(Bare.content) // 1024} kB"
    same = f"bare view {bare:.2f} ms"
    known_queries = queries_of(lambda: server.get(path, HTTP_IF_NONE_MATCH=etag))
    return [
        Line(
            f"feed, cold ({size})",
            f"{cold:.1f} ms",
            same,
            queries=str(queries_of(lambda: (cache.clear(), server.get(path)))),
        ),
        Line(
            "feed, warm",
            f"{warm:.2f} ms ({warm / bare:.1f} ×)",
            same,
            "at most 2 × the bare view",
            warm <= 2 * bare,
            str(queries_of(lambda: server.get(path))),
        ),
        Line(
            "feed, 304", f"{known:.2f} ms", same, "at most 2 queries", known_queries <= 2, str(known_queries)
        ),
    ]


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
