"""A plugin of pytest for `make chaos`: a table of the figures that tests record with `record_property`."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed", "skipped")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" or report.failed
    ]
    terminalreporter.section("figures")
    for report in sorted(reports, key=lambda one: one.nodeid):
        name = report.nodeid.partition("@")[0].removeprefix("tests/").replace("test_", "")
        terminalreporter.write_line(f"{report.outcome:<7}{report.duration:>7.1f} s  {name}")
        if report.user_properties:
            figures = ", ".join(f"{what} {value}" for what, value in report.user_properties)
            terminalreporter.write_line(f"{'':<18}{figures}")
