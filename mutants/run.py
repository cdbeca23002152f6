"""Running mutants: pytest loads Django and the tests once, then one process is forked per mutant."""

import gc
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from mutants.mutations import Mutant, mutants_of

ROOT = Path(__file__).resolve().parent.parent
# Longer than this many seconds, a test comes after all others.
LONG = 0.5
NO_TEST = "no test reaches it"


def mutants_in(modules: dict[str, list[str]]) -> list[Mutant]:
    """Return the mutants of all these modules."""
    return [
        mutant for path in modules for mutant in mutants_of(path, (ROOT / path).read_text(), str(ROOT / path))
    ]


class MutationRun:
    """The plugin that takes pytest's place in running the tests it has collected."""

    def __init__(self, modules: dict[str, list[str]], lanes: int, folder: Path) -> None:
        self.modules, self.lanes, self.folder = modules, lanes, folder
        self.tests_by_line: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.seconds: dict[int, float] = {}
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.session = session
        self.learn_which_test_runs_which_lines()
        mutants = mutants_in(self.modules)
        from django.db import connections

        self.database = connections["default"].settings_dict["NAME"]
        connections.close_all()
        shutil.copy(self.database, self.folder / "fresh.sqlite3")
        lanes = [self.start_lane(number, mutants) for number in range(self.lanes)]
        statuses = [os.waitpid(lane, 0)[1] for lane in lanes]
        if any(statuses):
            raise RuntimeError("a lane did not come to its end")
        return True

    def run(self, number: int) -> bool:
        """Run one test; tell whether it passed. What it set up for its module and session alone ends with it."""
        item = self.session.items[number]
        before = len(self.failed)
        # The session as "next item" keeps what is set up for the whole session.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.session)
        return len(self.failed) == before

    def learn_which_test_runs_which_lines(self) -> None:
        files = {str(ROOT / path): path for path in self.modules}
        lines: set[tuple[str, int]] = set()

        def in_rules(frame: FrameType, event: str, _argument: Any) -> Any:
            lines.add((files[frame.f_code.co_filename], frame.f_lineno))
            return in_rules

        def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
            return in_rules(frame, "call", None) if frame.f_code.co_filename in files else None

        for number in range(len(self.session.items)):
            lines.clear()
            began = time.perf_counter()
            sys.settrace(trace)
            passed = self.run(number)
            sys.settrace(None)
            self.seconds[number] = time.perf_counter() - began
            if not passed:
                sys.exit(f"Fails without any mutation: {self.failed[-1]}")
            for line in lines:
                self.tests_by_line[line].add(number)

    def start_lane(self, lane: int, mutants: list[Mutant]) -> int:
        """Fork the process that tries every so-manieth mutant, and return its id."""
        if child := os.fork():
            return child
        status = 1
        try:
            with (self.folder / f"lane{lane}.jsonl").open("w") as results:
                for number, mutant in list(enumerate(mutants))[lane :: self.lanes]:
                    tests = self.tests_for(mutant)
                    killer = self.try_out(mutant, tests, lane) if tests else NO_TEST
                    print(json.dumps([number, killer]), file=results, flush=True)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def tests_for(self, mutant: Mutant) -> list[int]:
        """Return the tests that run the changed statement, the shortest first; for a constant, any of its module."""
        wanted = self.modules[mutant.path]
        reached: set[int] = set()
        for (path, line), tests in self.tests_by_line.items():
            if path == mutant.path and (not mutant.function or line in mutant.lines):
                reached |= tests
        items = self.session.items
        chosen = [n for n in reached if items[n].nodeid.removeprefix("tests/").startswith(tuple(wanted))]
        return sorted(
            chosen, key=lambda number: (self.seconds[number] > LONG, round(self.seconds[number], 1), number)
        )

    def try_out(self, mutant: Mutant, tests: list[int], lane: int) -> str:
        """Run the tests against the mutant in a process of its own; return "" where all of them pass."""
        child = os.fork()
        if not child:
            try:
                self.in_child(mutant, tests, lane)
            finally:
                os._exit(2)
        _pid, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return "time is up" if os.WTERMSIG(status) == signal.SIGALRM else "died"
        if os.WEXITSTATUS(status) == 2:
            return "cannot be loaded"
        return (self.folder / f"killer{lane}").read_text() if os.WEXITSTATUS(status) else ""

    def in_child(self, mutant: Mutant, tests: list[int], lane: int) -> None:
        from django.db import connections

        database = self.folder / f"lane{lane}.sqlite3"
        for path in self.folder.glob(f"lane{lane}.sqlite3*"):
            path.unlink()
        shutil.copy(self.folder / "fresh.sqlite3", database)
        connections["default"].settings_dict["NAME"] = str(database)
        replace(mutant)
        signal.alarm(20 + int(5 * sum(self.seconds[number] for number in tests)))
        for number in tests:
            if not self.run(number):
                (self.folder / f"killer{lane}").write_text(self.failed[-1])
                os._exit(1)
        os._exit(0)


def replace(mutant: Mutant) -> None:
    """Put the mutant's code into the functions, or its values into the names, that are loaded from its module."""
    module = sys.modules[mutant.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")]
    if not mutant.function:
        before = dict(vars(module))
        exec(mutant.code, vars(module))  # noqa: S102
        for name, value in list(vars(module).items()):
            for other in list(sys.modules.values()):
                if name in before and value is not before[name] and vars(other).get(name) is before[name]:
                    setattr(other, name, value)
        return
    gc.unfreeze()  # tests/conftest.py froze what is loaded
    changed = dict(codes(mutant.code, str(ROOT / mutant.path)))
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and (new := changed.get(place_of(function.__code__))):
            function.__code__ = new


def codes(code: CodeType, filename: str) -> list[tuple[tuple[str, str, int], CodeType]]:
    found = [] if code.co_name == "<module>" else [((filename, code.co_qualname, code.co_firstlineno), code)]
    return found + [
        pair for inner in code.co_consts if isinstance(inner, CodeType) for pair in codes(inner, filename)
    ]


def place_of(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno
