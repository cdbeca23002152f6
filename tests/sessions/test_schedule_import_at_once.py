"""Two imports of a lab at the very same moment, and an import while somebody saves a session."""

import pytest
from django.db import connection

from sessions.models import ScheduleImport, Session
from sessions.schedule_import import imports
from tests.registrations.concurrency import all_at_once
from tests.sessions import imports as files

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's transactions all take one turn"),
    pytest.mark.xdist_group("crowds"),
]
HEADER = ["session", "title_en", "starts", "ends", "room", "speakers"]
ROW = ["opening", "Opening", "2027-03-01 09:30", "2027-03-01 10:30", "Plenary", "Jane Doe"]


def ready(lab, content):
    run = files.preview(lab, content)
    imports.start_applying(run)
    return run


def apply(run):
    return lambda: imports.apply(ScheduleImport.objects.select_related("lab__programme").get(pk=run.pk))


def test_of_two_imports_of_the_same_file_one_creates_and_the_other_is_previewed_anew():
    lab = files.lab_to_fill()
    content = files.csv(HEADER, ROW)
    runs = [ready(lab, content), ready(lab, content)]

    assert all_at_once([apply(run) for run in runs]) == []

    for run in runs:
        run.refresh_from_db()
    assert sorted(run.state for run in runs) == ["applied", "previewed"]
    assert (lab.sessions.count(), lab.rooms.count(), lab.programme.speakers.count()) == (1, 1, 1)
    [other] = [run for run in runs if run.state == "previewed"]
    assert {entry.state for entry in files.entries(other)} == {"unchanged"}


def test_one_import_that_two_workers_apply_is_applied_once():
    lab = files.lab_to_fill()
    run = ready(lab, files.csv(HEADER, ROW))
    assert all_at_once([apply(run), apply(run)]) == []
    run.refresh_from_db()
    assert run.state in ("applied", "previewed")
    assert Session.objects.filter(lab=lab).count() == 1


def test_undoing_twice_at_once_undoes_once():
    lab = files.lab_to_fill()
    run = files.do(lab, files.csv(HEADER, ROW))
    outcomes = all_at_once([lambda: imports.undo(run), lambda: imports.undo(run)])
    assert [type(one).__name__ for one in outcomes] == ["RuleViolation"]
    assert Session.objects.filter(lab=lab).count() == 0
