"""An organiser plans a lab from a workbook of 60 sessions, in a real browser, with script and without."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from sessions.models import Session
from tests import factories as f
from tests.pages import client_of
from tests.sessions import imports as files

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

HEADER = ["session", "title_en", "title_bg", "starts", "ends", "room", "speakers"]


def workbook() -> bytes:
    """Sixty sessions in four days and rooms; the last is in a room that is taken, and one has no such time."""
    rows: list[list[object]] = [HEADER]
    for number in range(60):
        starts = datetime(2027, 3, 1 + number % 4, 9 + number // 16) + timedelta(minutes=0)
        room = f"Room {number // 4 % 4 + 1}"
        if number == 59:
            starts, room = datetime(2027, 3, 1, 9), "Room 1"
        ends: object = "half past ten" if number == 30 else starts + timedelta(minutes=45)
        people = f"Speaker Number{number} (moderator)"
        rows.append([f"s-{number}", f"Session {number}", f"Сесия {number}", starts, ends, room, people])
    return files.xlsx(Sessions=rows)


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no script"])
def test_sixty_sessions_from_a_workbook(
    browser: Browser, live_server: LiveServer, tmp_path: Path, with_script: bool
) -> None:
    lab = files.lab_to_fill(slug="lab")
    user = f.StaffFactory(lab=lab, role="organiser").user
    (tmp_path / "plan.xlsx").write_bytes(workbook())
    context = browser.new_context(locale="en-GB", java_script_enabled=with_script)
    try:
        key = client_of(user).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        page = context.new_page()
        page.goto(f"{live_server.url}/organise/labs/lab/sessions/")
        page.get_by_role("link", name="Import", exact=True).click()
        page.get_by_label("File", exact=True).set_input_files(tmp_path / "plan.xlsx")
        page.get_by_role("button", name="Show what would change").click()

        expect(page.get_by_text("E32 (ends): “half past ten” is not a date and time.")).to_be_visible()
        page.get_by_role("link", name="New").click()
        expect(page.get_by_text("1 March 2027, 09:00–09:45, Sofia (UTC+2)").first).to_be_visible()
        page.get_by_role("checkbox", name="Session 1", exact=True).uncheck()
        page.get_by_role("button", name="Continue…").click()
        expect(page.get_by_text("New sessions: 58")).to_be_visible()
        page.get_by_role("button", name="Import", exact=True).click()

        expect(page.get_by_role("heading", name="Import finished")).to_be_visible()
        assert Session.objects.filter(lab=lab).count() == 58
        page.get_by_role("link", name="Conflicts").click()
        expect(page.get_by_text("Session 59").first).to_be_visible()
    finally:
        context.close()
