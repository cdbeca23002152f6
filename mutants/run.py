"""Running mutants: pytest loads Django and the tests once, then one process is forked per mutant."""

import gc
import os
import shutil
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from mutants.mutations import Mutant

ROOT = Path(__file__).resolve().parent.parent
# Longer than this many seconds, a test comes after all others.
LONG = 0.5
NO_TEST = "no test reaches it"
NOT_TRIED = "cannot be tried"

Place = tuple[str, str, int]  # of a function: file, qualified name, first line


class MutationRun:
    """The plugin that takes pytest's place in running the tests it has collected.

    `failed` are tests that fail without any mutation; then no mutant is tried. `killers` are by mutant the test that
    fails, "" or NO_TEST or NOT_TRIED for those that live.
    """

    def __init__(
        self, modules: dict[str, list[str]], mutants: list[Mutant], lanes: int, folder: Path
    ) -> None:
        self.modules, self.mutants, self.lanes, self.folder = modules, mutants, lanes, folder
        self.files = {str(ROOT / path): path for path in modules}
        self.tests_by_line: dict[tuple[str, int], set[int]] = defaultdict(set)
        self.seconds: dict[int, float] = {}
        self.failed: list[str] = []
        self.killers = [NO_TEST] * len(mutants)

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.verbose = 0  # pytest-django asks for it, also where pytest prints nothing

    def pytest_runtest_logreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(f"{report.nodeid}\n{report.longreprtext}")

    pytest_collectreport = pytest_runtest_logreport

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.session = session
        for number in range(len(session.items)):
            if not self.failed:
                self.learn(number)
        if not self.failed:
            self.try_all()
        return True

    def run(self, number: int) -> None:
        """Run one test. What it set up for its module and session alone ends with it."""
        from django.core.cache import cache

        cache.clear()  # limits on requests count there, and a mutant's tests come one after the other
        item = self.session.items[number]
        # The session as "next item" keeps what is set up for the whole session.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.session)

    def learn(self, number: int) -> None:
        """Run one test and note how long it takes and which lines of the rules it reaches."""

        def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
            path = self.files.get(frame.f_code.co_filename)
            if path is None:
                return None
            self.tests_by_line[path, frame.f_lineno].add(number)
            return trace

        began = time.perf_counter()
        sys.settrace(trace)
        self.run(number)
        sys.settrace(None)
        self.seconds[number] = time.perf_counter() - began

    def tests_for(self, mutant: Mutant) -> list[int]:
        """Return the tests that run the changed statement, the shortest first; for a constant, any of its module."""
        wanted = tuple(f"tests/{name}" for name in self.modules[mutant.path])
        reached = {
            test
            for (path, line), tests in self.tests_by_line.items()
            if path == mutant.path and (not mutant.function or line in mutant.lines)
            for test in tests
            if self.session.items[test].nodeid.startswith(wanted)
        }
        return sorted(
            reached, key=lambda test: (self.seconds[test] > LONG, round(self.seconds[test], 1), test)
        )

    def try_all(self) -> None:
        """Try each mutant in a process of its own, so many at a time as there are lanes."""
        from django.db import connections

        database = connections["default"].settings_dict
        connections.close_all()
        shutil.copy(database["NAME"], self.folder / "fresh.sqlite3")
        self.functions: dict[Place, list[FunctionType]] = defaultdict(list)
        gc.unfreeze()  # tests/conftest.py froze what is loaded
        for function in gc.get_objects():
            if isinstance(function, FunctionType) and function.__code__.co_filename in self.files:
                self.functions[_place_of(function.__code__)].append(function)
        gc.freeze()
        running: dict[int, int] = {}
        for number, mutant in enumerate(self.mutants):
            if not (tests := self.tests_for(mutant)):
                continue
            while len(running) >= self.lanes:
                self.wait(running)
            if child := os.fork():
                running[child] = number
                continue
            try:
                database["NAME"] = str(
                    shutil.copy(self.folder / "fresh.sqlite3", self.folder / f"{number}.db")
                )
                self.in_child(number, mutant, tests)
            finally:
                os._exit(0)
        while running:
            self.wait(running)

    def wait(self, running: dict[int, int]) -> None:
        """Wait until the next mutant was tried, and note what came of it."""
        child, status = os.wait()
        if child not in running:  # a press of certificates, from the tests before
            return
        number = running.pop(child)
        killer = self.folder / f"{number}.killer"
        ended = "takes too long, or dies" if os.WIFSIGNALED(status) else NOT_TRIED
        self.killers[number] = killer.read_text() if killer.exists() else ended
        for file in self.folder.glob(f"{number}.*"):
            file.unlink()

    def in_child(self, number: int, mutant: Mutant, tests: list[int]) -> None:
        signal.alarm(20 + int(5 * sum(self.seconds[test] for test in tests)))
        self.replace(mutant)
        for test in tests:
            if not self.failed:
                self.run(test)
        (self.folder / f"{number}.killer").write_text("".join(self.failed[:1]).split("\n")[0])

    def replace(self, mutant: Mutant) -> None:
        """Put the mutant's code into the functions, or its values into the names, that come from its module."""
        if mutant.function:
            for code in _codes_in(mutant.code):
                for function in self.functions[_place_of(code)]:
                    function.__code__ = code
            return
        module = vars(sys.modules[mutant.path.removesuffix(".py").replace("/", ".")])
        before = dict(module)
        try:
            exec(mutant.code, module)  # noqa: S102
        except Exception as error:
            self.failed.append(f"cannot be loaded: {error}")
        for name in [name for name, value in before.items() if module[name] is not value]:
            for other in list(sys.modules.values()):
                if vars(other).get(name) is before[name]:
                    setattr(other, name, module[name])


def _codes_in(code: CodeType) -> list[CodeType]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return inner + [code for each in inner for code in _codes_in(each)]


def _place_of(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno
