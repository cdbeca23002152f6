"""How PostgreSQL carries out the statements of a request: their plans, and which tables they read from end to end."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def plans_of(work: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Do the work and return (sql, plan) of each SELECT that it sent, by EXPLAIN without carrying it out again."""
    with CaptureQueriesContext(connection) as captured:
        work()
    found = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            sql = query["sql"]
            if sql.lstrip("( ").startswith("SELECT"):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}", [])
                plan = cursor.fetchone()[0]
                found.append((sql, (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def sequential_scans(plan: dict[str, Any]) -> set[str]:
    """Return the tables that the plan reads from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}


def in_short(plan: dict[str, Any]) -> str:
    """Return "registration_list on registrations_registration (51 rows) …": how each table is come at."""
    ways = []
    for node in nodes(plan):
        kind, table = node["Node Type"], node.get("Relation Name", "")
        if "Scan" in kind and (table or "Index Name" in node):
            ways.append(f"{kind} {node.get('Index Name', table)} ({node['Plan Rows']})")
    return ", ".join(ways)


def explained(name: str, work: Callable[[], object], at_least: float = 20.0) -> list[str]:
    """Return a line for each statement of the work that the planner thinks costs something."""
    return [
        f"{name}: {in_short(plan)}; cost {plan['Total Cost']:.0f}"
        for _sql, plan in plans_of(work)
        if plan["Total Cost"] >= at_least
    ]
