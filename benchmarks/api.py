"""The API's list of sessions, asked of the handler in this process, beside its bytes written from data at hand."""

import json

from pydantic_core import to_json

from benchmarks import world
from benchmarks.measuring import Line, Server, cpu_rounds, queries_of
from core.api.pagination import MAX_LIMIT
from labs.models import Programme

SESSIONS = 1000


def lists(of: Programme) -> list[Line]:
    path = f"/api/v1/labs/{world.lab(of, 'bench-api', SESSIONS).slug}/sessions?limit={MAX_LIMIT}"
    server = Server()
    status, _headers, content = server.get(path)
    data = json.loads(content)
    if status != 200 or len(data["items"]) != SESSIONS:
        raise RuntimeError(f"{status}: {content[:200]!r}")
    bare = cpu_rounds(lambda: to_json(data))
    taken = cpu_rounds(lambda: server.get(path))
    return [
        Line(
            f"API, {SESSIONS:,} sessions ({len(content) // 1024:,} kB)",
            str(taken),
            f"bytes of the same data {bare}",
            "at most 60 ms",
            taken.median <= 60,
            str(queries_of(lambda: server.get(path))),
            taken,
        )
    ]
