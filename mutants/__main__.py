"""Mutation testing of the rules: change one thing in a rule, and see whether a test fails. Nothing on disk changes.

    python -m mutants [MODULE …] [--lanes 2] [--verbose]     MODULE: part of a path in rules.toml (default: all)

Each test is run once to learn which lines of the rules it runs. Then one process is forked per mutant; it replaces the
code of the mutated function and runs those tests that rules.toml names for its module and that reach the changed
statement, the shortest first, until one fails. A mutant for which no test fails survives, and so does not the command
(exit 1), unless rules.toml says why nobody could tell the difference.
"""

import argparse
import os
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mutants.mutations import Mutant, mutants_of
from mutants.run import NO_TEST, NOT_TRIED, ROOT, MutationRun

RULES = Path(__file__).with_name("rules.toml")
OPTIONS = ("-n0", "-p", "no:cacheprovider", "-p", "no:terminal", "-o", "addopts=", "--timeout=0")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("module", nargs="*")
    parser.add_argument("--lanes", type=int, default=2, help="how many mutants are tried at a time")
    parser.add_argument("--verbose", action="store_true", help="name the test that fails for each mutant")
    asked = parser.parse_args()
    stated = tomllib.loads(RULES.read_text())
    modules = {
        path: tests
        for path, tests in stated["modules"].items()
        if not asked.module or any(part in path for part in asked.module)
    }
    mutants = [
        mutant
        for path in modules
        for mutant in mutants_of(path, (ROOT / path).read_text(), str(ROOT / path))
        if mutant.function not in stated["no_rules"].get(path, ())
    ]
    began = time.monotonic()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        run = MutationRun(modules, mutants, asked.lanes, Path(folder))
        tests = sorted({f"tests/{name}" for names in modules.values() for name in names})
        status = pytest.main([*OPTIONS, *tests], plugins=[run])
    if run.failed or status != 0:
        print("Without any mutation fails", *run.failed[:1])
        return 2
    survivors = report(mutants, run.killers, stated.get("equivalent", []), asked.verbose)
    print(f"\n{len(mutants)} mutants, {survivors} survive; {(time.monotonic() - began) / 60:.1f} minutes")
    return 1 if survivors else 0


def report(mutants: list[Mutant], killers: list[str], equivalent: list[dict[str, Any]], verbose: bool) -> int:
    """Print a table and the survivors; return how many there are, with excuses for mutants that are none any more."""
    paths = {mutant.path for mutant in mutants}
    excused = {
        (one["module"], one["function"], change)
        for one in equivalent
        for change in one["changes"]
        if one["module"] in paths
    }
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    survivors = []
    for mutant, killer in zip(mutants, killers, strict=True):
        where = f"{mutant.path}:{mutant.lines.start} in {mutant.function or 'the module'}"
        key = (mutant.path, mutant.function, mutant.change)
        lives = killer in ("", NO_TEST, NOT_TRIED)
        counts[mutant.path][(1 if key in excused else 2) if lives else 0] += 1
        if lives and key not in excused:
            survivors.append(f"{where} {killer}\n    {mutant.change}")
        elif lives:
            excused.discard(key)
        if verbose:
            print(f"{where}: {mutant.change}   <- {killer or 'lives'}")
    print(f"{'module':<34}{'killed':>8}{'equivalent':>12}{'survive':>9}")
    for path, (killed, same, alive) in counts.items():
        print(f"{path:<34}{killed:>8}{same:>12}{alive:>9}")
    survivors += [
        f"{path} in {function}, which no mutant survives (take it out of rules.toml)\n    {change}"
        for path, function, change in sorted(excused)
    ]
    print("", *survivors, sep="\n")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(main())
