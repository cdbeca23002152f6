"""Counts that pages and probes read without counting rows: kept as differences, whose sum is the count.

Whatever changes what is counted adds its difference in the same transaction. Adding a row waits for nobody, so counts
add no lock to the order of locks and hold up no transaction; a task replaces the differences by their sums. Only what
indexes do not answer is counted this way.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Count, F, QuerySet, Sum, Value

from core.jobs.leases import Lease, task
from core.jobs.models import Tally

BATCH_SIZE = 10_000

# (lab id or None, name, part)
Key = tuple[int | None, str, str]


def add(name: str, difference: int, *, lab_id: int | None, part: str = "") -> None:
    """Add to a count, in the transaction of what is counted."""
    add_all({(lab_id, name, part): difference})


def add_all(differences: dict[Key, int]) -> None:
    """Add to several counts, in one statement."""
    rows = [
        Tally(lab_id=lab_id, name=name, part=part, n=n)
        for (lab_id, name, part), n in differences.items()
        if n
    ]
    if rows:
        Tally.objects.bulk_create(rows)


def counts(*names: str, labs: Iterable[int] | None = None) -> dict[Key, int]:
    """Return these counts of these labs, or of all and of what belongs to none, without zeros. One query."""
    rows = Tally.objects.filter(name__in=names)
    if labs is not None:
        rows = rows.filter(lab__in=list(labs))
    summed = rows.order_by().values_list("lab_id", "name", "part").annotate(count=Sum("n"))
    return {(lab_id, name, part): count for lab_id, name, part, count in summed if count}


@task("jobs.compact_tallies", every=timedelta(minutes=5), is_long=True)
def compact(lease: Lease) -> None:
    """Replace the differences of each count by their sum."""
    last = Tally.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while _compact_batch(last):
        lease.renew()


@transaction.atomic
def _compact_batch(last: int) -> int:
    """Replace a batch of rows up to this id; return how many. Rows that another task replaces are skipped."""
    rows = Tally.objects.filter(pk__lte=last).order_by("pk").select_for_update(skip_locked=True)
    taken = list(rows.values_list("pk", "lab_id", "name", "part", "n")[:BATCH_SIZE])
    sums = Counter[Key]()
    for _pk, lab_id, name, part, n in taken:
        sums[lab_id, name, part] += n
    Tally.objects.filter(pk__in=[row[0] for row in taken]).delete()
    add_all(sums)
    return len(taken)


def differing(
    counted: Iterable[QuerySet[Any, Any]], *names: str, repair: bool = False
) -> dict[Key, tuple[int, int]]:
    """Return which of these counts differ from what they count, as (counted, stored); `repair` mends them.

    `counted` are queries of (lab id, name, part, count) for all counts of these names. They and the tallies are read
    in one statement, and mending adds differences, so that what changes meanwhile does no harm.
    """
    kept = Tally.objects.filter(name__in=names).order_by().values("lab_id", "name", "part")
    stored = kept.annotate(count=Sum("n")).values_list("lab_id", "name", "part", "count", Value(1))
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for lab_id, name, part, count, is_stored in stored.union(*counted, all=True):
        found[lab_id, name, part][is_stored] += count
    differ = {key: (real, held) for key, (real, held) in found.items() if real != held}
    if repair:
        add_all({key: real - held for key, (real, held) in differ.items()})
    return differ


def rows(
    of: QuerySet[Any, Any], name: str, *, lab: str = "lab", part: str = "", count: Count
) -> QuerySet[Any, Any]:
    """Return a query of (lab id, name, part, count, 0) for `differing`; `part` names a column, if any."""
    grouped = of.order_by().values(*filter(None, [lab, part])).annotate(count=count)
    return grouped.values_list(
        lab,
        Value(name, output_field=CharField()),
        F(part) if part else Value("", output_field=CharField()),
        "count",
        Value(0),
    )
