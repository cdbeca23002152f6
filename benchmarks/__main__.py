"""`python -m benchmarks [--small] [PART…]`: prints a table of what was measured, beside the limits of the same run.

Runs on PostgreSQL (DATABASE_URL, or the local server) in a database made for it and dropped afterwards. `--small`
leaves out what needs 1,000,000 rows; parts are the names in PARTS, and all of them where none is named.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.measuring import Line

PARTS = (
    "feeds", "programme", "certificates", "registering", "rush", "draw", "api", "bulk", "outbox", "starting",
    "schedule", "groups", "stored", "volume",
)  # fmt: skip
BIG = {"stored", "volume"}  # what needs 1,000,000 rows


def main() -> None:
    """Make a database, measure, print, drop it."""
    import psycopg

    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--small", action="store_true", help="leave out what needs 1,000,000 rows")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else "postgres:///postgres"
    name = f"citylabs_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server.replace("postgres://", "postgresql://", 1), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            parts = [part for part in asked.parts or PARTS if not (asked.small and part in BIG)]
            _measure(server.rpartition("/")[0] + "/" + name, parts)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _measure(database: str, parts: Collection[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="citylabs-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="benchmarks.settings",
            DATABASE_URL=database,
            VAR_DIR=folder,
            DEBUG="0",
            LOG_LEVEL="ERROR",
        )
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        from benchmarks import (
            api,
            bulk,
            certificates,
            draw,
            groups,
            outbox,
            pages,
            registering,
            rush,
            schedule,
            starting,
            volume,
            world,
        )

        programme = world.programme()
        lines: list[Line] = []
        plans: list[str] = []

        def at_volume() -> list[Line]:
            found, slowest = volume.volume(programme)
            plans.extend(slowest)
            return found

        measures: dict[str, list[Callable[[], list[Line]]]] = {
            "feeds": [lambda: pages.feeds(programme)],
            "programme": [lambda: pages.programme_pages(programme)],
            "certificates": [certificates.lines],
            "registering": [
                lambda: registering.registering(programme),
                lambda: registering.registering_with_all(programme),
            ],
            "rush": [lambda: rush.rush(programme)],
            "draw": [lambda: draw.draw(programme)],
            "api": [lambda: api.lists(programme)],
            "bulk": [bulk.loading],
            "outbox": [lambda: outbox.outbox(programme)],
            "starting": [starting.starting],
            "schedule": [lambda: schedule.schedule(programme), lambda: schedule.grid(programme)],
            "groups": [lambda: groups.groups(programme)],
            "stored": [lambda: registering.registering_beside_many(programme)],
            "volume": [at_volume],
        }
        try:
            for measure in (one for part in PARTS if part in parts for one in measures[part]):
                lines += measure()
        finally:
            # Also what was measured before something failed.
            _print(lines, plans)


def _print(lines: list[Line], plans: Collection[str]) -> None:
    rows = [("what", "median", "min–max", "requests", "beside it", "asked for", "", "queries")]
    for line in lines:
        verdict = {None: "", True: "reached", False: "MISSED"}[line.reached]
        spread, requests = (
            (line.rounds.spread, f"{line.rounds.requests:,}") if line.rounds is not None else ("", "")
        )
        rows.append(
            (line.what, line.measured, spread, requests, line.against, line.limit, verdict, line.queries)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; CPU time"
    )
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    if plans:
        print(
            "\nPlans at 1,000,000 registrations, with the rows that the planner expects:", *plans, sep="\n  "
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
