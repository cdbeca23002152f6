"""Results that are kept: made once, also for many who ask at once."""

import threading

import pytest
from django.core.cache import caches

from core.web import kept as module
from core.web.kept import kept, kept_each


def test_what_is_kept_is_made_once_and_anew_for_what_it_is_made_of() -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return list(made)

    assert [kept(("page", 1), 60, make) for _number in range(3)] == [[1], [1], [1]]
    assert kept(("page", 2), 60, make) == [1, 1]
    assert kept(("page", 1), 60, make) == [1]


def test_of_several_only_those_that_are_missing_are_made() -> None:
    asked: list[list[str]] = []

    def make(missing: object) -> dict[str, str]:
        asked.append(sorted(missing))  # type: ignore[call-overload]
        return {key: key.upper() for key in missing}  # type: ignore[attr-defined]

    assert kept_each({"a": 1, "b": 2}, 60, make) == {"a": "A", "b": "B"}
    assert kept_each({"a": 1, "b": 3, "c": 4}, 60, make) == {"a": "A", "b": "B", "c": "C"}
    assert kept_each({}, 60, make) == {}
    assert asked == [["a", "b"], ["b", "c"]]


def test_a_hundred_who_ask_at_once_have_it_made_once() -> None:
    made: list[int] = []
    answers: list[str] = []
    ready, go_on = threading.Barrier(100), threading.Event()

    def make() -> str:
        made.append(1)
        go_on.wait()
        return "made"

    def ask() -> None:
        ready.wait()
        answers.append(kept("slow", 60, make))

    threads = [threading.Thread(target=ask) for _number in range(100)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert (made, answers) == ([1], ["made"] * 100)


def test_what_is_kept_may_be_made_of_what_is_kept() -> None:
    """A page that is kept compressed is made of a programme that is kept; no two names may share a lock."""

    def pages() -> None:
        for number in range(500):
            kept(("gzip", number), 60, lambda number=number: kept(("programme", number), 60, lambda: number))

    thread = threading.Thread(target=pages, daemon=True)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_another_release_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept("page", 60, lambda: "old") == "old"
    monkeypatch.setattr(module, "release", lambda: "another")
    assert kept("page", 60, lambda: "new") == "new"


def test_kept_results_crowd_out_no_counter() -> None:
    caches["default"].set("counter", 1)
    for number in range(1000):
        caches["kept"].set(str(number), b"")
    assert caches["default"].get("counter") == 1
