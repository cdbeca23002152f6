"""One running service for all stories."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.people import Person, somebody
from tests.e2e.running_service import Service, running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


Newcomer = Callable[..., Person]


@pytest.fixture
def newcomer(
    service: Service, browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Newcomer]:
    """Make people with browsers of their own. Where a story fails, each leaves a picture of the last page."""
    people: dict[str, Person] = {}
    with ExitStack() as stack:

        def come(name: str, **options: Any) -> Person:
            people[name] = stack.enter_context(somebody(browser, service.base, **options))
            return people[name]

        yield come
        report = getattr(request.node, "report_of_call", None)
        if report is not None and report.failed:
            for name, person in people.items():
                picture = tmp_path / f"{name}.png"
                person.page.screenshot(path=picture, full_page=True)
                print(f"{name} saw {person.page.url}: {picture}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.report_of_call = report  # type: ignore[attr-defined]
    return report
