"""`python -m benchmarks`: prints a table of what was measured, beside the limits measured in the same run.

Runs on PostgreSQL (DATABASE_URL, or the local server) in a database made for it and dropped afterwards.
"""

import os
import platform
import secrets
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Make a database, measure, print, drop it."""
    import psycopg

    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else "postgres:///postgres"
    name = f"citylabs_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server.replace("postgres://", "postgresql://", 1), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            _measure(server.rpartition("/")[0] + "/" + name)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _measure(database: str) -> None:
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
        from benchmarks import certificates, pages, registering, world

        programme = world.programme()
        lines = [*pages.feeds(programme), *pages.programme_pages(programme), *certificates.lines()]
        lines += registering.registering(programme)
    rows = [("what", "measured", "beside it", "asked for", "", "queries")]
    for line in lines:
        verdict = {None: "", True: "reached", False: "MISSED"}[line.reached]
        rows.append((line.what, line.measured, line.against, line.limit, verdict, line.queries))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; CPU time, medians"
    )
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
