"""What organisers ask of a lab's schedule."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from tempfile import NamedTemporaryFile
from typing import IO

from django.db.models import F
from django.test import Client
from openpyxl import Workbook

from benchmarks import world
from benchmarks.measuring import Line, cpu_ms, cpu_rounds, queries_of
from core.accounts.models import User
from core.pdf import renderer
from labs.models import Lab, Programme, Staff
from labs.viewer import VISITOR
from sessions.conflicts import conflicts_of
from sessions.exports.contents import contents_of
from sessions.exports.programme_pdf import programme_pdf
from sessions.placing import move_session, placement_of
from sessions.schedule_grid import grid_of

SESSIONS = 1000
ROWS = 5000
PREVIEW_SECONDS, PREVIEW_MEGABYTES = 15, 300
PRINTED, PRINTED_SECONDS = 300, 5
LIMIT = 500  # milliseconds


def schedule(of: Programme) -> list[Line]:
    """Find the conflicts of a lab in which each session runs into the next, in the same room."""
    lab = world.lab(of, "bench-schedule", SESSIONS)
    lab.sessions.update(ends_at=F("ends_at") + timedelta(minutes=30))
    found = len(conflicts_of(lab))
    taken = cpu_rounds(lambda: conflicts_of(lab))
    return [
        Line(
            f"conflicts of {SESSIONS:,} sessions",
            str(taken),
            f"{found:,} conflicts",
            f"at most {LIMIT} ms",
            taken.median <= LIMIT,
            str(queries_of(lambda: conflicts_of(lab))),
            taken,
        ),
        _import(of),
        _printed(of),
    ]


def _printed(of: Programme) -> Line:
    """Print a programme with a warm renderer: the time of both processes, reading included."""
    lab = world.lab(of, "bench-printed", PRINTED)

    def work() -> bytes:
        return programme_pdf(contents_of(lab, VISITOR), "en", lab.revised_at)

    size = len(work())
    milliseconds = cpu_ms(work, 3, helper=renderer.pid())
    renderer.close()
    return Line(
        f"programme PDF of {PRINTED} sessions",
        f"{milliseconds / 1000:.1f} s",
        f"{size // 1024:,} KB",
        f"under {PRINTED_SECONDS} s",
        milliseconds < PRINTED_SECONDS * 1000,
    )


def _import(of: Programme) -> Line:
    """Preview a workbook by the command, in a process of its own: what it takes and how much memory it has at most."""
    lab = world.lab(of, "bench-import", 1)
    Lab.objects.filter(pk=lab.pk).update(starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31))
    with NamedTemporaryFile(suffix=".xlsx") as file:
        _write_workbook(file)
        command = [sys.executable, "manage.py", "import_schedule", file.name, "--lab", lab.slug, "--dry-run"]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _pid, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = used.ru_maxrss // 1024
    is_kept = seconds < PREVIEW_SECONDS and megabytes < PREVIEW_MEGABYTES and process.returncode == 0
    return Line(
        f"preview of an XLSX of {ROWS:,} sessions",
        f"{seconds:.1f} s",
        f"{megabytes} MB at most",
        f"under {PREVIEW_SECONDS} s and {PREVIEW_MEGABYTES} MB",
        is_kept,
    )


def _write_workbook(file: IO[bytes]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sessions")
    sheet.append(
        ["session", "title_en", "title_bg", "abstract_en", "abstract_bg", "starts", "ends", "time_zone", "track",
         "room", "room_capacity", "speakers"]
    )  # fmt: skip
    for number in range(ROWS):
        starts = datetime(2027, 1, 1) + timedelta(days=number % 300, hours=9 + number // 300 % 9)
        sheet.append(
            [f"row-{number}", f"Session {number}", f"Сесия {number}", "What cities learned. " * 10,
             "Какво научиха градовете. " * 10, starts, starts + timedelta(minutes=45), "Europe/Sofia",
             f"Track {number % 8}", f"Room {number % 30}", 40,
             f"Speaker Number{number % 300} (moderator); Speaker Number{(number + 7) % 300}"]
        )  # fmt: skip
    book.save(file)
    file.flush()


GRID, GRID_LIMIT, GRID_QUERIES = 500, 300, 15  # sessions, milliseconds
MOVE_LIMIT = 80  # milliseconds


def grid(of: Programme) -> list[Line]:
    """Ask for the grid of a lab as its organisers' page does, and move one of its sessions back and forth."""
    lab = world.lab(of, "bench-grid", GRID)
    owner = User.objects.create(email="bench-grid@example.org")
    Staff.objects.create(user=owner, role=Staff.Role.OWNER, programme=of)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(owner)
    page = f"/organise/labs/{lab.slug}/schedule/"
    assert client.get(page).status_code == 200
    taken = cpu_rounds(lambda: client.get(page))
    asked = queries_of(lambda: grid_of(lab, "room", "en"))
    session = lab.sessions.select_related("room", "track").get(slug="session-4")
    room = lab.rooms.create(name={"en": "Hall"}, online=True)
    there = replace(placement_of(session), room=room)
    places = [there, placement_of(session)]

    def move() -> None:
        places.reverse()
        move_session(session, places[0], owner)
        conflicts_of(lab)

    moved = cpu_rounds(move)
    return [
        Line(
            f"grid of {GRID} sessions, the whole page",
            str(taken),
            "",
            f"at most {GRID_LIMIT} ms, {GRID_QUERIES} queries",
            taken.median <= GRID_LIMIT and asked <= GRID_QUERIES,
            str(asked),
            taken,
        ),
        Line(
            f"a move among {GRID} sessions, with all conflicts",
            str(moved),
            "",
            f"at most {MOVE_LIMIT} ms",
            moved.median <= MOVE_LIMIT,
            str(queries_of(move)),
            moved,
        ),
    ]
